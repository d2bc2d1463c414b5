"""The app over a real store file, without a network: what a test of a screen starts from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from textual.app import App, ScreenError
from textual.css.query import NoMatches
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerCancelled

from clutch_tui.config import settings as config
from clutch_tui.config.paths import Home
from clutch_tui.core import inventory, state
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from clutch_tui.text import strings
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Unexpected
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.key_order import KeysInOrder
from clutch_tui.ui.services import Services
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words
from tests.fresh_store import open_new

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds until a wait is given up. Only a failure takes them; a busy machine must not."""

PARTS = (
    PartDraft(
        name="فلتر زيت تويوتا",
        name_en="Oil filter Toyota",
        part_number="OF-100",
        barcode="6221000000017",
        price=12_500,
        min_stock=whole(2),
    ),
    PartDraft(
        name="تيل فرامل أمامي",
        name_en="Front brake pads",
        part_number="06L-115-562-B",
        price=85_000,
        min_stock=whole(2),
    ),
    PartDraft(name="بوجيه", name_en="Spark plug", part_number="NGK-7", price=9_550, min_stock=whole(20)),
)


class Shop:
    """A store file with a few parts in it, and a second connection to look at it with."""

    def __init__(self, folder: Path) -> None:
        self.home = Home.find(environ={"CLUTCH_HOME": str(folder)})
        self.home.prepare()
        self.path = self.home.database("", "")
        self.store = open_new(self.path, inline=True)
        self.store.run_now(state.put_setting, "works_alone", True)
        self.parts = [self.store.run_now(inventory.create, draft, whole(10)) for draft in PARTS]
        self.settled = self.changes()

    def _open(self, settings: config.Settings) -> Store:
        store = Store.open(self.path)
        rate = int(settings.shop.tax_rate * 100)
        store.run_now(state.begin, rate=rate, prices_include_tax=True, cash_rounding=25, timezone="Africa/Cairo")
        return store

    def read(self, function: Callable[..., T], *args: Any) -> T:
        return self.store.read_now(function, *args)

    def changes(self) -> list[tuple[str, str]]:
        """Kind and type of every change in the outbox, oldest first."""

        def rows() -> list[tuple[str, str]]:
            return [tuple(row) for row in db.execute("SELECT kind, type FROM outbox ORDER BY n").fetchall()]

        return self.store.read_now(rows)

    @property
    def new_changes(self) -> list[tuple[str, str]]:
        """What has entered the outbox since the shop was set up."""
        return self.changes()[len(self.settled) :]

    def services(self, language: strings.Language = "ar") -> Services:
        settings = config.load(self.home, environ={}, overrides={"text.language": language})

        def save(changes: Mapping[str, Any]) -> config.Settings:
            config.save(self.home, changes)
            return config.load(self.home, environ={})

        def takes_along(changes: Mapping[str, Any]) -> bool:
            config.load(self.home, environ={}, overrides=changes)  # wrong settings are refused before any question
            return False

        return Services(
            settings=replace(settings, text=replace(settings.text, language=language)),
            device_id="11111111-1111-4111-8111-111111111111",
            receipts=self.home.data_dir / "receipts",
            exports=self.home.data_dir / "exports",
            open_store=self._open,
            save_settings=save,
            takes_along=takes_along,
        )


@contextmanager
def shop_in(folder: Path) -> Iterator[Shop]:
    shop = Shop(folder)
    before = strings.language()
    try:
        yield shop
    finally:
        shop.store.close()
        strings.use(before)


@asynccontextmanager
async def open_app(
    shop: Shop, language: strings.Language = "ar", *, mode: str = "sales", notifications: bool = False
) -> AsyncIterator[tuple[ClutchApp, Pilot[int]]]:
    """The running app at 80x24, its store open, the given screen in front."""
    app = ClutchApp(shop.services(language))
    if not notifications:
        _keep_toasts(app)
    async with app.run_test(size=(80, 24), notifications=notifications) as pilot:
        await until(pilot, lambda: app.is_open)
        if mode != "sales":
            await app.switch_mode(mode)
        await settle(pilot)
        yield app, pilot


def _keep_toasts(app: ClutchApp) -> None:
    """Let what was said be there until a test has looked, however long that takes."""
    notify = app.notify

    def keep(message: str, **more: Any) -> None:
        notify(message, **{**more, "timeout": 3600.0})

    app.notify = keep  # type: ignore[method-assign]


def has_keys(app: App[Any]) -> bool:
    """Whether a key is under way or held."""
    return isinstance(app, KeysInOrder) and bool(app._held or app._under_way or app._waiting)


def rows_shown(table: WindowTable[Any]) -> list[Any]:
    """The rows that are on the screen now, from above."""
    rows = (table.row_at(n) for n in range(table._top, min(table.count, table._top + table._height)))
    return [row for row in rows if row is not None]


async def settle(pilot: Pilot[Any], seconds: float = PATIENCE) -> None:
    """Wait until no key is held and no worker is reading or writing; those that wait for a dialog's answer do not
    count."""

    def adds() -> list[Worker[Any]]:
        return [one for one in pilot.app.workers if one.group == "add" and not one.is_finished]

    for _ in range(3):
        await pilot.pause()
        await _come_about(pilot, lambda: not has_keys(pilot.app), seconds)
        await _come_about(pilot, lambda: not adds() or isinstance(pilot.app.screen, ModalScreen), PATIENCE)
        quick = [one for one in pilot.app.workers if one.group in _QUICK and not one.is_finished]
        if quick:
            with suppress(WorkerCancelled):  # another search has taken its place
                await pilot.app.workers.wait_for_complete(quick)


_QUICK = {"window", "window-rows", "load", "search", "cart", "status", "save", "room", "conflicts", "profile"}


async def until(pilot: Pilot[Any], holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let the app work until something is true, and come to rest then; fails after some seconds. What another screen
    than the one that is asked for has not got is not true yet."""
    if await _come_about(pilot, holds, seconds):
        await pilot.pause()


async def _come_about(pilot: Pilot[Any], holds: Callable[[], object], seconds: float) -> bool:
    """Let an app that was at rest work until something is true, and come to rest then; gives back whether it was true
    from the beginning, so that the app is at rest as it was."""
    deadline = monotonic() + seconds
    missing: Exception | None = None
    at_once = True
    while True:
        try:
            if holds():
                break
        except (NoMatches, AttributeError) as error:
            missing = error
        if monotonic() > deadline:
            raise AssertionError(f"it did not come about; in front: {_in_front(pilot.app)}") from missing
        at_once = False
        await asyncio.sleep(0.005)
    if not at_once:
        await pilot.pause()
    return at_once


def _in_front(app: App[Any]) -> str:
    """The screens that lie upon each other, and what toasts say: where a test that waits in vain has got to."""
    try:
        screens = " > ".join(type(screen).__name__ for screen in app.screen_stack)
    except ScreenError:
        screens = "nothing"
    return " | ".join([screens, *(str(one.message) for one in app._notifications)])


_CHARACTERS = {"space": " ", "plus": "+", "minus": "-"}
HAND = 0.2
"""Seconds between two keys of a hand: far more than a scanner leaves."""
_pressed_at = 0.0


def next_moment(lasting: float = 0.0) -> float:
    """When the next keys are pressed that take so many seconds, on the monotonic clock: as long after the last ones as
    a hand needs, so that what belongs to one run hangs on what a test says and not on the machine."""
    global _pressed_at
    begin = max(monotonic(), _pressed_at + HAND)
    _pressed_at = begin + lasting
    return begin


async def hand_is_back() -> None:
    """Wait until the next keys are pressed now and not a moment later: where what they mean hangs on what stands there
    at that moment."""
    await asyncio.sleep(max(0.0, _pressed_at + HAND - monotonic()))


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys as the terminal's driver hands them over, in one piece, and let the app come to rest once.
    (`Pilot.press` rests twice for each key, which is most of a test's time.)"""
    moment = next_moment()
    for key in keys:
        event = Key(key, _CHARACTERS.get(key, key if len(key) == 1 else None))
        event.time = moment
        event.set_sender(pilot.app)
        pilot.app.post_message(event)
    await pilot.pause()


async def open_form(app: ClutchApp, pilot: Pilot[Any], key: str) -> FormDialog[Any]:
    """The form that a key opens, once it is in front."""
    await press(pilot, key)
    await until(pilot, lambda: isinstance(app.screen, FormDialog))
    form = app.screen
    assert isinstance(form, FormDialog)
    return form


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type in one piece, as keys come over SSH."""
    moment = next_moment()
    for letter in text:
        event = Key(_character_to_key(letter), letter)
        event.time = moment
        event.set_sender(pilot.app)
        pilot.app.post_message(event)
    await pilot.pause()


async def type_by_hand(pilot: Pilot[Any], text: str, pace: float = HAND) -> None:
    """Type so slowly that no text can be a scan, which keys in one piece can."""
    began = next_moment(pace * len(text))
    for n, letter in enumerate(text):
        event = Key(_character_to_key(letter), letter)
        event.time = began + n * pace
        event.set_sender(pilot.app)
        pilot.app.post_message(event)
    await pilot.pause()


async def read_question(pilot: Pilot[Any]) -> None:
    """Wait until the question in front counts as read, so that Enter answers it."""
    question = pilot.app.screen
    assert isinstance(question, Unexpected)

    def would_answer() -> bool:
        return not question.is_unread(Key("enter", None))

    await until(pilot, would_answer)


def words_on(app: ClutchApp) -> str:
    """Every sentence on the screen in front, in logical order."""
    return "\n".join(one.text for one in app.screen.query(Words) if one.display)


def toasts(app: ClutchApp) -> list[str]:
    return [str(one.message) for one in app._notifications]
