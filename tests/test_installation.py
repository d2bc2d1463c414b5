"""Where the work of a terminal goes when a server is set up: from the file of no shop to that of the first shop."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config import settings
from clutch_tui.core import inventory, state
from clutch_tui.core.database import db
from clutch_tui.core.database.cipher_key import Cost
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.store import first_shop
from clutch_tui.core.types import PartDraft
from clutch_tui.text import format as shown
from clutch_tui.text import shop_time
from tests.homes import open_home

URL = "http://127.0.0.1:9"
FIRST = {"backend.base_url": URL, "backend.shop_id": "one"}
SECOND = {"backend.base_url": URL, "backend.shop_id": "two"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home in which one part was added while no server was set up."""
    environ = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file"}
    with Installation.find(environ).open_store(inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="بوجيه", price=9_550), whole(3))
    return environ


def unsent(installation: Installation) -> int:
    with installation.open_store(inline=True) as store:
        return store.read_now(outbox.summary).unsent


def test_the_first_server_that_is_saved_gets_what_was_done_alone(environ: dict[str, str]) -> None:
    installation = Installation.find(environ)
    alone = installation.database()
    assert installation.takes_along(installation.save_settings(FIRST))
    assert unsent(installation) == 1
    assert not alone.exists()
    assert not installation.takes_along(installation.settings)
    assert not list(alone.parent.glob("shop.db-*"))


def test_a_server_for_one_run_gets_nothing(environ: dict[str, str]) -> None:
    assert unsent(Installation.find(environ, FIRST)) == 0
    assert unsent(Installation.find(environ)) == 1


def test_a_second_shop_gets_nothing(environ: dict[str, str]) -> None:
    installation = Installation.find(environ)
    installation.save_settings(FIRST)
    assert unsent(installation) == 1
    installation.save_settings(SECOND)
    assert unsent(installation) == 0
    installation.save_settings(FIRST)
    assert unsent(installation) == 1


def test_a_start_after_a_crash_between_saving_and_moving_ends_the_move(environ: dict[str, str]) -> None:
    alone = Installation.find(environ)
    settings.save(alone.home, FIRST)
    assert unsent(Installation.find(environ)) == 1
    assert not alone.database().exists()


def test_work_that_belongs_to_a_server_stays(environ: dict[str, str]) -> None:
    alone = Installation.find(environ)
    with alone.open_store(inline=True) as store:
        store.run_now(state.put, "epoch", "e-1")
    target = alone.home.database(URL, "one")
    assert not first_shop.adopt(alone.database(), target, alone.protection.find_key)
    assert alone.database().exists()
    assert not target.exists()


def test_a_stray_log_is_not_replayed_into_the_shop(environ: dict[str, str]) -> None:
    alone = Installation.find(environ)
    target = alone.home.database(URL, "one")
    target.with_name(f"{target.name}-wal").write_bytes(b"stray")
    assert not first_shop.adopt(alone.database(), target, alone.protection.find_key)


def test_a_file_that_another_window_has_open_is_not_taken_away(environ: dict[str, str]) -> None:
    installation = Installation.find(environ)
    with open_home(installation.home.config_dir) as other:
        other.run_now(state.put, "note", "here")
        installation.save_settings(FIRST)
        with pytest.raises(ShopError, match=r"error\.store\.in_use"):
            installation.open_store(inline=True)
        assert other.read_now(outbox.summary).unsent == 1
    assert unsent(installation) == 1


@pytest.mark.parametrize(
    ("typed", "refused", "asked"),
    [
        (("wrong", "wronger", "the right one"), "", 3),
        (("wrong", "wronger", "wrongest", "the right one"), "error.key.wrong_passphrase", 3),
        (("wrong", None), "error.key.wrong_passphrase", 2),
    ],
)
def test_a_wrong_passphrase_is_asked_for_again_but_not_for_ever(
    tmp_path: Path, typed: tuple[str | None, ...], refused: str, asked: int
) -> None:
    environ = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file"}
    first = Installation.find(environ)
    first.protection.keychain.renew_from("the right one", Cost(rounds=1, memory=8, lanes=1))
    first.open_store(inline=True).close()
    why: list[str] = []

    def ask(error: ShopError) -> str | None:
        why.append(error.key)
        return typed[len(why) - 1]

    here = Installation.find(environ)
    here.ask_passphrase = ask
    with pytest.raises(ShopError, match=refused) if refused else nullcontext():
        here.open_store(inline=True).close()
    assert why == ["error.key.passphrase_needed", *["error.key.wrong_passphrase"] * (asked - 1)]


def test_the_paper_and_the_business_day_go_by_one_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a minute past nine in the evening, UTC, it is the next day in Riyadh, and still the same in Cairo."""
    monkeypatch.setattr(shop_time, "_present", shop_time.USUAL)
    moment = datetime(2026, 11, 22, 21, 1, tzinfo=UTC)
    environ = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file", "CLUTCH_SHOP__TIMEZONE": "Asia/Riyadh"}
    with Installation.find(environ).open_store(inline=True) as store:
        monkeypatch.setattr(db, "now", lambda: moment)
        assert store.read_now(state.business_day) == "2026-11-23"
    assert shown.file_stamp(moment) == "2026-11-23_0001"
    assert "23" in shown.date(moment)
