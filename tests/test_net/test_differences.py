"""What is on one side only: every place that says "everything is sent and everything is here" counts the same."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.commands import doctor, status, syncing
from clutch_tui.core import inventory, unfinished_imports
from clutch_tui.core.database.db import execute
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import differences, quarantine
from clutch_tui.core.sync.differences import Stranded
from clutch_tui.core.types import PartDraft
from clutch_tui.phrases import differences as difference_phrases
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.support.machine_checks import HomeDatabases, MachineChecks
from clutch_tui.text import strings
from clutch_tui.text.strings import t, tn
from tests.test_net.till import sell


@pytest.fixture(autouse=True)
def _english() -> Any:
    before = strings.language()
    strings.use("en")
    yield
    strings.use(before)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with server.running(Settings(db=str(tmp_path / "backend.db"), parts=12, faults=True)) as running:
        yield running


def install(folder: Path, base_url: str = "", shop_id: str = demo_data.SHOP_ID, *, saved: bool = True) -> Installation:
    environ = {"CLUTCH_HOME": str(folder), "CLUTCH_SECRETS": "file", "CLUTCH_API_KEY": demo_data.API_KEY}
    installation = Installation.find(environ)
    if base_url and saved:
        installation.save_settings({"backend.base_url": base_url, "backend.shop_id": shop_id})
    return installation


def made(store: Store) -> str:
    """A part and a sale of it; the sale's id."""
    part = store.run_now(inventory.create, PartDraft(name="بوجيه", price=9_550), whole(3))
    return str(store.run_now(sell, part.id, 1, 9_550))


def change(store: Store, sql: str) -> None:
    store.run_now(execute, sql)


async def test_a_round_after_which_all_is_exchanged_says_so(tmp_path: Path, sandbox: Running) -> None:
    here = install(tmp_path / "home", sandbox.base_url)
    done = await syncing.sync_once(here)
    assert (done.code, done.message) == (exit_codes.DONE, t("cli.sync.done"))
    assert not done.differences.counts


@pytest.mark.parametrize(
    ("sql", "reason", "code"),
    [
        ("UPDATE outbox SET lane = 'local', answered_at = NULL WHERE kind <> 'sale'", "local", exit_codes.DONE),
        ("UPDATE outbox SET lane = 'local', answered_at = NULL WHERE kind = 'sale'", "local_sales", exit_codes.FAILED),
        ("UPDATE outbox SET lane = 'attention', status = 'rejected'", "refused", exit_codes.FAILED),
        ("INSERT INTO set_aside VALUES ('inventory', 'x', 'stock: no number', '')", "set_aside", exit_codes.FAILED),
        ("DELETE FROM sync_state WHERE name = 'sales.epoch'", "arriving", exit_codes.FAILED),
        ("INSERT INTO sync_state VALUES ('orders.renew', '1')", "arriving", exit_codes.FAILED),
    ],
)
async def test_whatever_is_on_one_side_only_is_told(
    tmp_path: Path, sandbox: Running, sql: str, reason: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = install(tmp_path / "home", sandbox.base_url)
    with here.open_store(inline=True) as store:
        made(store)
    assert (await syncing.sync_once(here)).code == exit_codes.DONE
    with here.open_store(inline=True) as store:
        change(store, sql)

    async def nothing(_self: object, _patience: float) -> None:
        """A round that finds nothing to do."""

    monkeypatch.setattr("clutch_tui.net.network.Network.sync_once", nothing)
    done = await syncing.sync_once(here)
    assert done.differences.counts == {reason: 2 if reason == "refused" else 1}
    assert (done.code, not done.differences.counts) == (code, False)
    assert done.differences.is_sent == (reason in ("set_aside", "arriving"))
    assert done.message == "\n".join(difference_phrases.sentences(done.differences)) != t("cli.sync.done")


async def test_a_row_that_cannot_be_read_is_missing_until_it_can(tmp_path: Path, sandbox: Running) -> None:
    here = install(tmp_path / "home", sandbox.base_url)
    with here.open_store(inline=True) as store:
        store.run_now(quarantine.note, "inventory", [("p-1", "bad"), (None, "no id")])
        assert store.read_now(quarantine.count, "inventory") == 2
        store.run_now(quarantine.came, "inventory", ["p-1"])
        assert store.read_now(quarantine.count) == 1
        store.run_now(quarantine.note, "inventory", [("p-2", "bad")], anew=True)
        assert store.read_now(quarantine.count) == 2
        store.run_now(quarantine.complete, "inventory")
        assert store.read_now(quarantine.count) == 1
        store.run_now(quarantine.note, "inventory", [], anew=True)
        store.run_now(quarantine.complete, "inventory")
        assert store.read_now(quarantine.count) == 0


# --- other databases -----------------------------------------------------------------------------------


async def test_work_done_before_a_shop_is_known_moves_along_at_the_first_sign_in(
    tmp_path: Path, sandbox: Running
) -> None:
    here = install(tmp_path / "home", sandbox.base_url, shop_id="")
    with here.open_store(inline=True) as store:
        made(store)
    settings = here.save_settings({"backend.shop_id": demo_data.SHOP_ID})
    with here.open_store(inline=True) as store:
        assert store.read_now(outbox.summary).unsent == 2
    assert here.stranded(settings) == ()
    done = await syncing.sync_once(here)
    assert (done.code, not done.differences.counts) == (exit_codes.DONE, True)


async def test_work_of_a_shop_whose_id_was_missing_moves_along_once_it_is_entered(
    tmp_path: Path, sandbox: Running
) -> None:
    """A key alone reaches the server, which refuses the sync calls of no shop and answers others: the work is not bound
    by that to a shop without a name, to which nobody could ever send it."""
    here = install(tmp_path / "home", sandbox.base_url, shop_id="")
    with here.open_store(inline=True) as store:
        made(store)
    assert (await syncing.sync_once(here)).error_key == "error.api.forbidden.shop"
    here.save_settings({"backend.shop_id": demo_data.SHOP_ID})
    done = await syncing.sync_once(here)
    assert (done.code, not done.differences.counts) == (exit_codes.DONE, True)
    assert here.stranded() == ()


async def test_work_that_the_server_has_seen_goes_to_no_other_shop(tmp_path: Path, sandbox: Running) -> None:
    """The key without an id was the first shop's: the second one does not get what was sold there."""
    here = install(tmp_path / "home", sandbox.base_url, shop_id="")
    with here.open_store(inline=True) as store:
        made(store)
    await syncing.sync_once(here)
    here.save_settings({"backend.shop_id": demo_data.SECOND_SHOP_ID})
    with here.open_store(inline=True) as store:
        assert store.read_now(outbox.summary).unsent == 0
    (left,) = here.stranded()
    assert (left.unsent, left.server_shop) == (2, demo_data.SHOP_ID)
    assert not left.may_belong_to(demo_data.SECOND_SHOP_ID, demo_data.SECOND_SHOP_ID)


async def test_a_wrong_path_leaves_its_work_in_sight_until_a_person_sends_it(
    tmp_path: Path, sandbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = sandbox.base_url.replace("/api/v1", "/api/v2")
    here = install(tmp_path / "home", wrong)
    with here.open_store(inline=True) as store:
        sale = made(store)
    failed = await syncing.sync_once(here)
    assert (failed.code, failed.error_key, failed.differences.queue.unsent) == (
        exit_codes.FAILED,
        "error.api.not_backend",
        2,
    )

    here = install(tmp_path / "home", sandbox.base_url)
    done = await syncing.sync_once(here)
    (left,) = done.differences.stranded
    assert (left.unsent, left.base_url, left.shop_id, left.heard) == (2, wrong, demo_data.SHOP_ID, False)
    assert done.code == exit_codes.FAILED
    said = tn("difference.stranded", 2, place=difference_phrases.place(left), file=left.path.name)
    assert done.message.splitlines() == [said, t("doctor.remedy.stranded.left")], "and what a person types"
    assert await asyncio.to_thread(status.run, here, as_json=True) == exit_codes.FAILED
    assert json.loads(capsys.readouterr().out)["stranded"][0]["unsent"] == 2

    assert await here.must_be_same_shop(left) == demo_data.SHOP_ID
    await here.send_stranded(left.path)
    done = await syncing.sync_once(here)
    assert (done.code, not done.differences.counts) == (exit_codes.DONE, True)
    with here.open_store(inline=True) as store:
        assert store.read_now(execute, "SELECT count(*) FROM sale WHERE id = ?", (sale,)).fetchone() == (1,)


async def test_what_belongs_to_another_shop_is_not_sent(tmp_path: Path, sandbox: Running) -> None:
    here = install(tmp_path / "home", sandbox.base_url)
    other = Stranded(tmp_path / "x.db", 3, None, "https://other", "", "their-shop", True)
    with pytest.raises(ShopError, match=r"error\.stranded\.other_shop"):
        await here.must_be_same_shop(other)
    for unknown in (replace(other, server_shop="", shop_id=""), replace(other, server_shop="", shop_id="theirs")):
        with pytest.raises(ShopError, match=r"error\.stranded\.other_shop"):
            await here.must_be_same_shop(unknown)


def test_a_database_that_another_window_works_with_is_not_stranded(tmp_path: Path) -> None:
    first, second = ("http://127.0.0.1:9/a", "http://127.0.0.1:9/b")
    with install(tmp_path, first).open_store(inline=True) as store:
        made(store)
        here = install(tmp_path, second)
        assert here.stranded() == ()
    assert [one.unsent for one in here.stranded()] == [2]


@pytest.mark.parametrize("how", ["emptied", "damaged", "no key"])
async def test_a_database_that_nobody_can_look_into_may_hold_work(
    tmp_path: Path, sandbox: Running, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = install(tmp_path / "home", "http://127.0.0.1:9/a")
    with other.open_store(inline=True) as store:
        made(store)
    path = other.database()
    if how == "emptied":
        os.truncate(path, 0)
    elif how == "damaged":
        with path.open("r+b") as file:
            file.write(b"no page" * 1000)
    else:
        other.home.keys_file.unlink()

    here = install(tmp_path / "home", sandbox.base_url)
    (left,) = here.stranded()
    assert (left.path, left.unsent, bool(left.fault)) == (path, 0, True)
    done = await syncing.sync_once(here)
    assert (done.code, done.differences.counts) == (exit_codes.FAILED, {"untold": 1})
    assert done.message == t("difference.untold", file=path.name) == difference_phrases.stranded(left)
    assert done.differences.counts
    assert await asyncio.to_thread(status.run, here, as_json=False) == exit_codes.FAILED
    assert t("difference.untold", file=path.name) in capsys.readouterr().out
    told = await MachineChecks(
        here.home, here.settings, here.vault(), databases=HomeDatabases(stranded=here.stranded)
    ).stranded()
    assert (told.name, told.values) == ("stranded.untold", {"path": str(path)})
    with pytest.raises(ShopError, match=r"error\.stranded\.other_shop"):
        await here.must_be_same_shop(left)


def test_a_database_that_was_given_up_is_no_news(tmp_path: Path) -> None:
    """Whoever set it aside knows that its key is lost."""
    here = install(tmp_path / "home", "http://127.0.0.1:9/a")
    with here.open_store(inline=True) as store:
        made(store)
    here.home.keys_file.unlink()
    here = install(tmp_path / "home")
    here.start_over(here.settings)
    with here.open_store(inline=True):
        assert here.stranded() == ()


# --- status --------------------------------------------------------------------------------------------


def test_status_makes_no_database_in_an_empty_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = install(tmp_path / "home")
    assert status.run(here, as_json=False) == exit_codes.DONE
    assert capsys.readouterr().out.strip() == t("status.no_database")
    assert not list((tmp_path / "home").rglob("*.db"))


def test_status_ends_with_1_where_somebody_has_to_do_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = install(tmp_path, "http://127.0.0.1:9/a")
    with here.open_store(inline=True) as store:
        made(store)
        store.run_now(
            execute,
            "INSERT INTO connection_state VALUES ('database', 'up', ?1, '{}', '2026-01-01T00:00:00.000Z', ?2)",
            ("2026-01-01T00:00:00.000Z", os.getpid()),
        )
    assert status.run(here, as_json=False) == exit_codes.DONE, "what was sold just now goes out by itself"
    assert t("connection.state.up") in capsys.readouterr().out, (
        "a database that has just been read is no part that is off"
    )
    with here.open_store(inline=True) as store:
        change(store, "UPDATE outbox SET at = '2026-01-01T00:00:00.000Z'")
    assert status.run(here, as_json=False) == exit_codes.FAILED
    with here.open_store(inline=True) as store:
        change(store, "UPDATE outbox SET answered_at = at, lane = 'attention', status = 'rejected'")
    assert status.run(here, as_json=False) == exit_codes.FAILED
    found = here.open_store(inline=True)
    with found as store:
        assert store.read_now(differences.between).counts["refused"] == 2


@pytest.mark.parametrize("lang", ["ar", "en"])
async def test_an_import_that_was_cut_off_is_told_at_every_door(
    tmp_path: Path, sandbox: Running, lang: strings.Language, capsys: pytest.CaptureFixture[str]
) -> None:
    strings.use(lang)
    here = install(tmp_path / "home", sandbox.base_url)
    with here.open_store(inline=True) as store:
        store.run_now(unfinished_imports.note, "f", "list.csv", 501)
    done = await syncing.sync_once(here)
    (said,) = difference_phrases.sentences(done.differences)
    assert "list.csv" in said
    assert (done.code, done.message) == (exit_codes.DONE, said)
    assert done.differences.is_sent
    assert done.differences.counts
    assert await asyncio.to_thread(status.run, here, as_json=False) == exit_codes.FAILED, "somebody has to do something"
    assert said in capsys.readouterr().out.splitlines()
    machine_checks = MachineChecks(
        here.home, here.settings, here.vault(), databases=HomeDatabases(find_key=here.protection.find_key)
    )
    await machine_checks.database()
    finding = await machine_checks.queue()
    assert (finding.name, finding.verdict) == ("queue.unfinished", "warning")
    assert "list.csv" in doctor.sentence(finding)
    assert doctor.remedy(finding)
