"""Keys as a terminal sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import ClassVar, cast

import pytest
from textual.app import App, ComposeResult
from textual.events import Event, Key
from textual.widgets import Input

from clutch_tui.terminal.read_keys import ReadParser
from clutch_tui.text.strings import Language, t
from clutch_tui.ui import key_order
from clutch_tui.ui.key_order import Held, KeysInOrder
from clutch_tui.ui.keys import MODES
from clutch_tui.ui.screens.customers import PickCustomer
from tests.test_ui.shop_app import PATIENCE, Shop, has_keys, open_app, press, toasts, until


async def test_a_dialog_is_answered_before_one_goes_elsewhere(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, PickCustomer))
        await press(pilot, "alt+2", "f9")
        assert app.current_mode == "sales"
        assert isinstance(app.screen, PickCustomer)
        await press(pilot, "escape", "alt+2")
        await until(pilot, lambda: app.current_mode == "inventory")


@pytest.mark.parametrize("digit", range(10))
async def test_alt_and_a_digit_goes_to_a_screen_even_from_a_field(shop: Shop, digit: int) -> None:
    async with open_app(shop, "en", mode="inventory" if digit == 1 else "sales") as (app, pilot):
        (key,) = ReadParser().feed(f"\x1b[{ord(str(digit))};3u")
        assert isinstance(key, Key)
        key.set_sender(app)
        app.post_message(key)
        await until(pilot, lambda: app.current_mode == MODES[(digit - 1) % 10])


@pytest.mark.parametrize("first", ["ctrl+p", "f1", "f9"])
@pytest.mark.parametrize("second", ["ctrl+p", "f1", "f9"])
async def test_help_menu_and_palette_take_turns(shop: Shop, first: str, second: str) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, first, second, first, second, first, second, first)
        await until(pilot, lambda: len(app.screen_stack) < 3)
        await press(pilot, "escape", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_no_palette_stays_behind_on_another_screen(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "ctrl+p", "alt+2")
        await until(pilot, lambda: app.current_mode == "inventory")
        await press(pilot, "ctrl+p", "escape", "alt+1")
        await until(pilot, lambda: app.current_mode == "sales")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_ctrl_c_says_in_words_how_one_leaves(shop: Shop, language: Language) -> None:
    async with open_app(shop, language, mode="queue") as (app, pilot):
        await press(pilot, "ctrl+c")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("app.how_to_quit", key="Ctrl+Q")]


class Dealing(KeysInOrder, App[None]):
    """Notes the order in which keys are dealt with, and deals with none to its end."""

    scan_prefix = ""
    dealt: ClassVar[list[str]] = []

    async def _deal_with(self, held: Held) -> None:
        assert isinstance(held, Key)
        self.dealt.append(held.key)
        self._under_way = held


async def test_a_key_never_overtakes_those_that_are_held() -> None:
    """Between the end of one key and the next that is held, a new key may come in: it is the last."""
    async with Dealing().run_test() as pilot:
        app = cast(Dealing, pilot.app)
        app._held.append((Key("f5", None), None))
        await app.on_event(Key("f2", None))
        assert app.dealt == ["f5"]
        assert [getattr(held, "key", "") for held, _ in app._held] == ["f2"]


class Slow(Input):
    """Deals with a key when it is let to."""

    async def on_key(self) -> None:
        await cast(Typing, self.app).may_go_on.wait()


class Typing(KeysInOrder, App[None]):
    """Types "a" and "b" into a field that is slow, without waiting for it."""

    scan_prefix = ""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = asyncio.Event()
        self.taken: list[str] = []

    def compose(self) -> ComposeResult:
        yield Slow()

    async def on_event(self, event: Event) -> None:
        is_new = isinstance(event, Key) and not event.is_forwarded
        await super().on_event(event)
        if is_new:
            self.taken.append(cast(Key, event).key)

    async def type(self, until: Callable[[], object]) -> None:
        for letter in "ab":
            key = Key(letter, letter)
            key.set_sender(self)
            self.post_message(key)
        async with asyncio.timeout(PATIENCE):
            while not (self.taken == ["a", "b"] and until()):  # noqa: ASYNC110 - another task's doing
                await asyncio.sleep(0.005)

    @property
    def held(self) -> list[str]:
        return [getattr(held, "key", "") for held, _ in self._held]


async def test_a_machine_that_stood_still_lets_no_key_overtake_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that took half a second to draw was taken for a key that was lost."""
    looks = count()
    monkeypatch.setattr(key_order, "monotonic", lambda: monotonic() + 3600 * next(looks))
    async with Typing().run_test() as pilot:
        app = cast(Typing, pilot.app)
        await app.type(lambda: True)
        held = app.held
        app.may_go_on.set()
        await until(pilot, lambda: not has_keys(app))
        assert held == ["b"]
        assert app.query_one(Input).value == "ab"


async def test_a_key_that_is_lost_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "LOST_AFTER", 2)
    async with Typing().run_test() as pilot:
        app = cast(Typing, pilot.app)
        await app.type(lambda: not app.held)
        app.may_go_on.set()
        await until(pilot, lambda: not has_keys(app))


def test_names_of_textual_that_the_order_of_keys_uses() -> None:
    key = Key("a", "a")
    assert not key._stop_propagation
    key.stop()
    assert key._stop_propagation


async def test_no_screen_is_opened_while_the_program_ends(shop: Shop) -> None:
    """A start that was still going on put one among those that were being closed, and the end was a traceback."""
    async with open_app(shop, "en") as (app, _):
        pass
    before = set(app._screen_stacks)
    await app.switch_mode("orders")
    assert set(app._screen_stacks) == before
