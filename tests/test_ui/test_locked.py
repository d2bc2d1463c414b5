"""The door of a locked shop: passphrase, recovery key, a fresh start; or leaving, with everything as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory
from clutch_tui.core.database import cipher
from clutch_tui.core.database.cipher_key import Cost
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Confirm
from clutch_tui.ui.locked import Locked
from clutch_tui.ui.widgets.text_field import TextField
from tests.homes import installation
from tests.test_ui.shop_app import until

WORDS = "محل الأمانة"


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """A home whose database opens with a passphrase; with one part in it."""
    here = installation(tmp_path)
    here.protection.keychain.renew_from(WORDS, Cost(rounds=1, memory=8, lanes=1))
    with here.open_store(inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="بوجيه", part_number="NGK-1"), whole(3))
    return installation(tmp_path)


def app_of(here: Installation) -> ClutchApp:
    return ClutchApp(here.services())


async def locked(app: ClutchApp, pilot: Pilot[int]) -> Locked:
    await until(pilot, lambda: isinstance(app.screen, Locked))
    assert isinstance(app.screen, Locked)
    return app.screen


def has_its_part(app: ClutchApp) -> bool:
    return app.store.read_now(inventory.find_code, "NGK-1") is not None


async def type_in(pilot: Pilot[int], text: str) -> None:
    await pilot.press(*text, "enter")


async def test_the_passphrase_opens_the_shop(here: Installation) -> None:
    app = app_of(here)
    async with app.run_test(size=(80, 24)) as pilot:
        door = await locked(app, pilot)
        await type_in(pilot, "wrong one")
        await until(pilot, lambda: door._refusal.display)
        assert (door.rows[0].typed, door.rows[0].field.has_focus) == ("", True)
        await pilot.pause()
        assert door._refusal.display, "emptying the field is no typing"
        await type_in(pilot, WORDS)
        await until(pilot, lambda: app.is_open)
        assert has_its_part(app)


async def test_the_recovery_key_opens_it_when_the_passphrase_is_forgotten(here: Installation) -> None:
    here.protection.keychain.unlock(WORDS)
    (key,) = here.protection.keys()
    app = app_of(installation(here.home.config_dir))
    async with app.run_test(size=(80, 24)) as pilot:
        await locked(app, pilot)
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, Locked) and app.screen._way == "recovery")
        door = await locked(app, pilot)
        field = door.rows[0].field
        assert isinstance(field, TextField)
        field.value = key.recovery[:-1]
        await type_in(pilot, "0" if key.recovery[-1] != "0" else "1")
        await until(pilot, lambda: door._refusal.display)
        await pilot.press("backspace")
        await type_in(pilot, key.recovery[-1])
        await until(pilot, lambda: app.is_open)
        assert has_its_part(app)
    installation(here.home.config_dir).open_store(inline=True).close()  # from now on nobody is asked


async def test_a_lost_key_leaves_the_old_database_whole(here: Installation) -> None:
    home = here.home.config_dir
    content = here.database().read_bytes()
    shutil.rmtree(home / "keys")
    app = app_of(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await locked(app, pilot)
        assert here.database().read_bytes() == content
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("escape")
        await locked(app, pilot)
        assert here.database().read_bytes() == content
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: app.is_open)
        assert not has_its_part(app)
    (aside,) = here.database().parent.glob("shop.db.locked-*Z")
    assert aside.read_bytes() == content


async def test_whoever_cannot_open_it_leaves_and_nothing_has_changed(here: Installation) -> None:
    content = here.database().read_bytes()
    app = app_of(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await locked(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 1
    assert here.database().read_bytes() == content


async def test_a_passphrase_is_chosen_at_the_first_start(tmp_path: Path) -> None:
    app = app_of(installation(tmp_path, CLUTCH_DATABASE__KEY="passphrase", CLUTCH_LANG="en"))
    async with app.run_test(size=(80, 24)) as pilot:
        door = await locked(app, pilot)
        steps: list[Callable[[], bool]] = [lambda: door._refusal.display, lambda: app.is_open]
        for typed, done in zip(("somewhat else", "a good one"), steps, strict=True):
            door.rows[0].field.focus()
            for row in door.rows:
                row.take_back()
            await type_in(pilot, "a good one")
            await type_in(pilot, typed)
            await until(pilot, done)
    with pytest.raises(Exception, match="passphrase_needed"):
        installation(tmp_path).open_store()


async def test_the_till_encrypts_what_is_left_of_another_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clutch_tui.ui.app.TIDY_AFTER", 0.05)
    before = installation(
        tmp_path,
        CLUTCH_BACKEND__BASE_URL="http://127.0.0.1:9/v1",
        CLUTCH_BACKEND__SHOP_ID="before",
        CLUTCH_DATABASE__ENCRYPTION="false",
    )
    before.open_store(inline=True).close()
    app = app_of(installation(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: cipher.kind(before.database()) == "encrypted")
        assert app.is_open


async def test_a_damaged_record_asks_for_the_recovery_key(here: Installation) -> None:
    home = here.home.config_dir
    here.protection.keychain.unlock(WORDS)
    (key,) = here.protection.keys()
    here.home.keys_file.write_text(json.dumps({"keys": [{"name": key.name, "keeper": "file", "key": "0" * 64 + "Z"}]}))
    app = app_of(installation(home))
    async with app.run_test(size=(80, 24)) as pilot:
        door = await locked(app, pilot)
        assert door._way == "recovery"
        field = door.rows[0].field
        assert isinstance(field, TextField)
        field.value = key.recovery
        await pilot.press("enter")
        await until(pilot, lambda: app.is_open)
        assert has_its_part(app)
    installation(home).open_store(inline=True).close()
