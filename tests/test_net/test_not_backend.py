"""Something answers in the server's place: a proxy's page, a captive portal, a path that leads elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.bootstrap import exit_codes, support_file
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.commands import doctor, status, syncing
from clutch_tui.core.outbox import transports
from clutch_tui.core.quantity import whole
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.sync.engine import PING_WITHIN
from clutch_tui.sandbox import server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.support.bundle import NothingToTell
from clutch_tui.text import strings
from clutch_tui.ui.screens import connection_overview
from clutch_tui.ui.status import Status
from tests.patient_loop import skip
from tests.test_net.conftest import settle
from tests.test_net.other_server import TOKEN, OtherServer, serving
from tests.test_net.proxies import Front, front
from tests.test_net.test_differences import install, made
from tests.test_net.till import open_till

READ = 30.0
"""Seconds that a client waits for a byte."""
PAGE = "<html><body><h1>404 Not Found</h1><hr>nginx</body></html>"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with server.running(Settings(db=str(tmp_path / "backend.db"), parts=5)) as running:
        yield running


@pytest.fixture
async def before(sandbox: Running) -> AsyncIterator[Front]:
    async with front(sandbox.port) as one:
        yield one


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("404 Not Found", PAGE),
        ("405 Method Not Allowed", PAGE),
        ("404 Not Found", '{"detail": "Not Found"}'),
        ("404 Not Found", '{"success": false, "error": "ROUTE_NOT_FOUND", "message": "no such route"}'),
    ],
)
@pytest.mark.parametrize("knows_sync", [True, False])
async def test_a_404_of_somebody_else_says_nothing_of_what_the_server_can(
    tmp_path: Path, before: Front, status: str, body: str, knows_sync: bool
) -> None:
    """Ten minutes of it and more: the sale stays counted, `sync` fails, and the first round afterwards sends it."""
    till = await open_till(tmp_path, before)  # type: ignore[arg-type]
    if knows_sync:
        await till.round()
    part = till.do(_part)
    sale = till.sell(part)
    before.answer(status, body)
    for _ in range(8):
        with pytest.raises(ApiError) as failure:
            await till.round()
        assert failure.value.kind in (Kind.NOT_BACKEND, Kind.BREAKER_OPEN)
        till.clock.forward(180)
        till.api.try_now()
    assert (till.queue.unsent, till.queue.local) == (2, 0)
    assert till.ask(transports.of, "sales") == ("sync" if knows_sync else None)
    before.page = b""
    await till.round()
    assert till.queue.unsent == 0
    assert till.sql("SELECT status FROM outbox WHERE record_id = ?", sale) == [("applied",)]
    await till.close()


def _part() -> str:
    from clutch_tui.core import inventory
    from clutch_tui.core.types import PartDraft

    return str(inventory.create(PartDraft(name="فلتر", price=15000), whole(4)).id)


async def test_a_script_hears_that_it_was_not_the_server(tmp_path: Path, before: Front) -> None:
    here = install(tmp_path / "home", f"http://127.0.0.1:{before.port}/api/v1")
    with here.open_store(inline=True) as store:
        made(store)
    before.answer("404 Not Found", PAGE)
    failed = await syncing.sync_once(here)
    assert (failed.code, failed.error_key) == (exit_codes.FAILED, "error.api.not_backend")
    assert failed.differences.queue.unsent == 2
    before.page = b""
    assert (await syncing.sync_once(here)).code == exit_codes.DONE


async def test_a_script_hears_of_the_portal_and_not_that_we_wait(tmp_path: Path, before: Front) -> None:
    """The calls of a round open the breaker one after the other; why they failed is what a person can do about it."""
    before.answer("302 Found", "", "Location: http://login.example/portal")
    failed = await syncing.sync_once(install(tmp_path / "home", f"http://127.0.0.1:{before.port}/api/v1"))
    assert (failed.code, failed.error_key) == (exit_codes.FAILED, "error.api.redirected")


WIFI = {"en": ("Wi-Fi", "sign in"), "ar": ("واي فاي", "تسجيل")}
PORTALS = [
    ("302 Found", "", "Location: http://login.example/portal"),
    ("200 OK", "<html><body>Welcome to our guest network</body></html>"),
    ("511 Network Authentication Required", "<html><body>Please sign in</body></html>"),
    ("404 Not Found", PAGE),
]


def names_the_wifi(text: str, lang: str) -> bool:
    return all(word in text for word in WIFI[lang])


@pytest.mark.parametrize("lang", ["ar", "en"])
@pytest.mark.parametrize("portal", PORTALS)
async def test_every_door_says_to_sign_in_to_the_network(
    tmp_path: Path, before: Front, portal: tuple[str, ...], lang: strings.Language, capsys: pytest.CaptureFixture[str]
) -> None:
    before.answer(*portal)
    here = install(tmp_path / "home", before.base_url)
    spoken = strings.language()
    strings.use(lang)
    try:
        assert names_the_wifi((await syncing.sync_once(here)).message, lang), "sync"
        report = await support_file.check_up(here, None)
        said = [doctor.sentence(one) + (doctor.remedy(one) or "") for one in report.findings if one.check == "http"]
        assert names_the_wifi(" ".join(said), lang), "doctor"

        with here.open_store() as store:
            network = here.network(here.settings, store, lambda _nouns: None)
            with pytest.raises(ApiError):
                await network.sync_once(1.0)
            snapshot = network.monitor.snapshot()
            seen = connection_overview.OverviewFigures(
                Status(overall=snapshot.overall), snapshot, (), store.clock.now()
            )
            assert names_the_wifi(connection_overview.draw(seen, 400).plain, lang), "the connection's screen"
            await network.connection_log.write_state()
            capsys.readouterr()
            await asyncio.to_thread(status.run, here, as_json=False)
            assert names_the_wifi(capsys.readouterr().out, lang), "status"
            await network.api.close()
    finally:
        strings.use(spoken)


async def test_a_route_that_a_server_lacks_is_missing_and_asked_about_once(tmp_path: Path) -> None:
    async with serving(OtherServer()) as other:
        till = await open_till(tmp_path, other, api_key=TOKEN)  # type: ignore[arg-type]
        for _ in range(2):
            with pytest.raises(ApiError) as failure:
                await till.api.call("suppliers.list", retry=False)
            assert failure.value.kind is Kind.MISSING_ROUTE
            assert failure.value.values["method"] == "GET"
        assert till.monitor.part("api").state == "up"
        await till.close()


async def test_a_404_that_is_cut_in_the_middle_is_no_answer(tmp_path: Path, before: Front) -> None:
    till: Any = await open_till(tmp_path, before)  # type: ignore[arg-type]
    before.answer("404 Not Found", '{"success": false, "err')
    with pytest.raises(ApiError) as failure:
        await till.api.call("sales.sync", body={}, retry=False)
    assert failure.value.kind is Kind.NOT_JSON
    await till.close()


async def test_a_server_that_is_frozen_costs_one_call_and_a_ping(tmp_path: Path) -> None:
    """It takes the connection and says nothing: the other calls of the round would only wait as long."""
    asked: list[str] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode().split()[1])
        await settle()
        skip(READ if len(asked) == 1 else PING_WITHIN)
        await reader.read()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    environ = {"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file", "CLUTCH_API_KEY": "k"}
    overrides = {
        "backend.base_url": f"http://127.0.0.1:{port}/api/v1",
        "backend.shop_id": "s",
        "backend.read_timeout": READ,
    }
    failed = await syncing.sync_once(Installation.find(environ, overrides))
    listening.close()
    assert failed.error_key == "error.api.timeout"
    assert [path.partition("?")[0].removeprefix("/api/v1") for path in asked] == ["/system/version", "/system/ping"]


async def test_the_support_file_asks_a_frozen_server_once(tmp_path: Path) -> None:
    """The doctor has found that it is silent: no tester asks it for every endpoint."""
    asked: list[str] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if line := await reader.readline():
            asked.append(line.decode().split()[1].removeprefix("/api/v1"))
            await settle()
            skip(support_file.LOOK_WITHIN)
        await reader.read()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    here = install(tmp_path / "home", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/api/v1")
    story = support_file.Story(here)
    await story.doctor()
    with pytest.raises(NothingToTell):
        await story.tester()
    listening.close()
    assert asked == ["/system/health"]
