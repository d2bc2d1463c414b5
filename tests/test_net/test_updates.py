"""Updates: what the backend says of versions is asked once a day, judged, kept, and never a nuisance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from clutch_tui import __version__, cli
from clutch_tui.bootstrap import exit_codes
from clutch_tui.core import journal, updates
from clutch_tui.errors import Problem
from clutch_tui.net import update_check as asking
from clutch_tui.net import wire
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.attempt import Answer
from clutch_tui.net.client.errors import ApiError
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.support import upgrade
from tests.test_net.till import HandClock, Till, open_till

NEWS = {"version": "9.1.0", "changes": ["Faster"], "changes_ar": ["أسرع"]}


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=1, faults=True)) as server:
        yield server


@pytest.fixture
async def till(tmp_path: Path, sandbox: Running) -> AsyncIterator[Till]:
    till = await open_till(tmp_path, sandbox)
    yield till
    await till.close()


async def control(sandbox: Running, **order: object) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        assert (await client.post(f"{sandbox.root}/__control", json=order)).status_code == 200


async def test_a_newer_version_is_told_once_with_its_news_in_both_languages(till: Till, sandbox: Running) -> None:
    assert till.ask(updates.standing, __version__).verdict == "unknown"
    assert (await asking.check(till.api, till.store)).verdict == "current"
    await control(sandbox, do="release", **NEWS)
    for _ in range(3):
        found = await asking.check(till.api, till.store)
    assert (found.verdict, found.latest) == ("available", "9.1.0")
    assert [(one.changes_in("en"), one.changes_in("ar")) for one in found.news] == [(("Faster",), ("أسرع",))]
    assert [one.kind for one in till.ask(journal.notifications, None, 0, 9)] == ["update_available"]
    assert till.ask(updates.standing, "9.1.0").verdict == "current"


async def test_below_the_minimum_an_update_is_required(till: Till, sandbox: Running) -> None:
    await control(sandbox, do="minimum_client", version="9.0")
    assert (await asking.check(till.api, till.store)).verdict == "required"


class _Days(HandClock):
    """Looks follow each other a quarter of an hour apart; after `end` seconds the program is left."""

    end = 0.0

    async def sleep(self, seconds: float) -> None:
        self.forward(900.0)
        if self.elapsed >= self.end:
            raise asyncio.CancelledError


@pytest.mark.parametrize(("refused", "hours"), [(False, [0, 24, 48]), (True, [0, 1, 2])])
async def test_the_backend_is_asked_once_a_day_and_each_hour_while_it_refuses_us(
    tmp_path: Path, sandbox: Running, refused: bool, hours: list[int]
) -> None:
    clock = _Days()
    till = await open_till(tmp_path, sandbox, clock=clock)
    till.store.clock = clock
    till.monitor.set("api", "up")
    if refused:
        till.monitor.set("sync", "down", Problem("error.api.too_old"))
    clock.end = hours[-1] * 3600 + 1800
    asked: list[float] = []

    def heard(nouns: frozenset[str]) -> None:
        asked.append(clock.elapsed)

    with pytest.raises(asyncio.CancelledError):
        await asking.watch(till.api, till.store, till.monitor, clock, heard)
    assert [int(one / 3600) for one in asked] == hours
    await till.close()


async def test_a_server_without_versions_is_no_trouble(till: Till, sandbox: Running) -> None:
    await sandbox.stop()
    with pytest.raises(ApiError):
        await asking.check(till.api, till.store)
    assert till.ask(updates.standing, __version__).verdict == "unknown"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({}, "current"),
        ({"latest_client": "next week", "minimum_client": "?"}, "current"),
        (
            {"latest_client": "10.0", "changelog": ["a sentence", {"version": "10.0", "changes": "one\ntwo"}]},
            "available",
        ),
        ({"latest_client": "v0.0.9", "minimum_client": None, "changelog": None}, "current"),
    ],
)
async def test_odd_answers_lock_nobody_out(till: Till, answer: dict[str, object], verdict: str) -> None:
    found = till.do(updates.keep, answer, __version__)
    assert found.verdict == verdict
    assert all(one.version == "10.0" and one.changes == ("one", "two") for one in found.news)


@pytest.mark.parametrize(
    ("changelog", "news"),
    [
        ("Faster", []),
        (5, []),
        (None, []),
        ({"version": "9.1.0"}, []),
        ([NEWS, None, 7, ["x"], {"version": {"a": 1}}, {"version": "9.2", "changes": [None]}, "Faster"], ["9.1.0"]),
    ],
)
async def test_news_that_cannot_be_read_hide_no_newer_version(changelog: object, news: list[str]) -> None:
    reading = wire.read_answer("system.version", {"version": "1", "latest_client": "9.1.0", "changelog": changelog})
    assert reading.record is not None
    assert reading.record["latest_client"] == "9.1.0"
    assert [one["version"] for one in reading.record["changelog"] if isinstance(one, dict)] == news


@pytest.mark.parametrize("changelog", ["Faster", 5, {"version": "9.1.0"}, [None, NEWS, []]])
async def test_odd_news_that_were_kept_are_passed_over(till: Till, changelog: object) -> None:
    found = till.do(updates.keep, {"latest_client": "9.1.0", "changelog": changelog}, __version__)
    assert found.verdict == "available"
    assert [one.version for one in found.news] == (["9.1.0"] if isinstance(changelog, list) else [])


@pytest.mark.parametrize("answer", [[], "9.1.0", {"latest_client": "9.1.0"}, {"version": {"a": 1}}])
def test_an_answer_that_makes_no_sense_ends_the_command_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: object
) -> None:
    async def call(*args: object, **kwargs: object) -> Answer:
        return Answer(200, answer, {}, {}, 1.0, 9, "r")

    monkeypatch.setattr(Api, "call", call)
    monkeypatch.setenv("CLUTCH_HOME", str(tmp_path))
    monkeypatch.setenv("CLUTCH_LANG", "en")
    monkeypatch.setenv("CLUTCH_SECRETS", "file")
    monkeypatch.setenv("CLUTCH_BASE_URL", "http://127.0.0.1:1/api/v1")
    with pytest.raises(SystemExit) as ended:
        cli.main(["update", "--check"])
    assert ended.value.code == exit_codes.FAILED
    said = capsys.readouterr()
    assert said.err.startswith("The server gave an answer that makes no sense (")
    assert "Traceback" not in said.err + said.out


def test_the_program_has_its_own_changelog_in_both_languages() -> None:
    for language in ("en", "ar"):
        assert __version__ in upgrade.changelog(language)
    assert "clutch-tui" in upgrade.upgrade_command()
