"""The app on a terminal in memory: what stands there is at every step what Textual itself would have drawn."""

from __future__ import annotations

import asyncio
import copy
import inspect
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import pyte
import pytest
from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._context import visible_screen_stack
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input, Static

from clutch_tui.core import inventory
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.terminal.thin_wire import ThinWire
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.widgets.key_bar import KeyBar
from tests.terminal import ROOT, Terminal
from tests.test_ui.shop_app import PATIENCE, Shop, open_app, press, settle, until

SIZES = ((80, 24), (100, 30), (60, 20), (80, 23))


INVENTORY = "\x1b[50;3u"  # Alt+2, as terminals send it that can tell it from Esc and 2


class MemoryDriver(HeadlessDriver):
    """A terminal in memory that the app takes for a real one."""

    is_headless = False

    def __init__(self, app: App[Any], **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self.screen = pyte.Screen(*self._get_terminal_size())
        self.screen.reset_mode(7, private=True)  # no wrapping, as Textual's driver has it
        self._stream = pyte.Stream(self.screen)
        self.written = 0

    def write(self, data: str) -> None:
        self.written += len(data.encode())
        for y in range(self.screen.lines):
            _ = self.screen.buffer[y]  # pyte does not move lines that it has never been asked for
        self._stream.feed(data)

    def resize(self, width: int, height: int) -> None:
        self._size = width, height
        self.screen.resize(height, width)
        self._app.post_message(Resize(Size(width, height), Size(width, height)))

    def cells(self) -> list[list[object]]:
        return _seen(self.screen)


def _seen(screen: pyte.Screen) -> list[list[object]]:
    """What one sees: of a blank neither the colour of its letter nor its weight."""
    return [
        [
            one if one.data != " " or one.underscore or one.reverse or one.strikethrough else (one.data, one.bg)
            for one in (screen.buffer[y][x] for x in range(screen.columns))
        ]
        for y in range(screen.lines)
    ]


def drawn_by_textual(app: App[Any]) -> list[list[object]]:
    """The screen as Textual draws it into an empty terminal."""
    screen = pyte.Screen(*app.size)
    screen.reset_mode(7, private=True)
    stream = pyte.Stream(screen)
    visible_screen_stack.set(app._background_screens)
    for y, strip in enumerate(app.screen._compositor.render_strips(), 1):
        fresh = Strip([Segment(text, _fresh(style)) for text, style, _ in strip])
        stream.feed(f"\x1b[{y};1H{fresh.render(app.console)}")
    return _seen(screen)


def _fresh(style: Style | None) -> Style | None:
    """A style that does not remember the codes of another test's terminal."""
    if style is not None:
        style = copy.copy(style)
        style._ansi = None
    return style


def terminal_of(app: App[Any]) -> MemoryDriver:
    assert isinstance(app._driver, MemoryDriver)
    return app._driver


async def on_terminal(app: App[Any], steps: Callable[[Pilot[Any]], Awaitable[None]]) -> None:
    """Run the app on a terminal in memory, and the steps with it."""

    async def drive(pilot: Pilot[Any]) -> None:
        await steps(pilot)
        app.exit()

    app.driver_class = MemoryDriver
    await app.run_async(size=(80, 24), auto_pilot=drive)


async def same(pilot: Pilot[Any]) -> None:
    """Wait until the terminal shows what it should; fail with both if it never does."""
    app = pilot.app
    deadline = monotonic() + PATIENCE
    while terminal_of(app).cells() != drawn_by_textual(app):
        if monotonic() > deadline:
            shown, wanted = terminal_of(app).cells(), drawn_by_textual(app)
            wrong = [(y, x, shown[y][x], wanted[y][x]) for y in range(len(wanted)) for x in range(len(wanted[0]))
                     if shown[y][x] != wanted[y][x]]  # fmt: skip
            raise AssertionError(f"{len(wrong)} cells differ: {wrong[:5]}")
        await pilot.pause(0.01)


def fill(shop: Shop, count: int = 60) -> None:
    for n in range(count):
        name = ("فِلتر زيت", "تيل فرامل", "Ölfilter 機油", "كويتش")[n % 4]
        shop.store.run_now(
            inventory.create,
            PartDraft(name=f"{name} {n * 7919 % 1000}", part_number=f"P-{n:03}", price=n * 125),
            whole(n),
        )


KEYS = (
    *("down", "up", "pagedown", "pageup", "home", "end", "tab", "enter", "escape", "backspace"),
    *("f", "2", "*", "plus", "f1", "f9", "f12", "ctrl+p", "f3", "f6", "ctrl+l"),
    *(f"alt+{n}" for n in range(1, 10)),
)


@pytest.mark.parametrize(
    ("seed", "environment"),
    [
        (1, {"COLORTERM": "truecolor"}),
        (2, {"TERM": "xterm-256color", "COLORTERM": ""}),
        (3, {"TERM": "linux", "COLORTERM": ""}),
        (4, {"COLORTERM": "truecolor", "NO_COLOR": "1"}),
    ],
)
async def test_whatever_is_pressed_the_terminal_shows_the_screen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    fill(shop)
    chance = random.Random(seed)
    app = ClutchApp(shop.services())

    async def step(pilot: Pilot[Any]) -> str:
        dice = chance.random()
        if dice < 0.06:
            terminal_of(app).resize(*(size := chance.choice(SIZES)))
            await until(pilot, lambda: app.screen.size == size)
            return f"resize {size}"
        if dice < 0.12:
            app.notify("تم الحفظ", timeout=chance.choice((0.05, 60)))
            return "toast"
        if dice < 0.15:
            app.theme = chance.choice(("clutch-dark", "clutch-light", "textual-ansi"))
            return "theme"
        keys = [chance.choice(KEYS)] * chance.choice((1, 1, 3))
        await press(pilot, *keys)
        return "+".join(keys)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.is_open)
        done = []
        for _ in range(16):
            done.append(await step(pilot))
            await settle(pilot)
            try:
                await same(pilot)
            except AssertionError as error:
                raise AssertionError(f"after {done}: {error}") from None

    await on_terminal(app, steps)


async def test_what_it_costs(shop: Shop) -> None:
    """Bytes, roughly; tests/bench holds them against plain Textual."""
    fill(shop)
    app = ClutchApp(shop.services())

    async def cost(pilot: Pilot[Any], *keys: str) -> int:
        before = terminal_of(app).written
        await press(pilot, *keys)
        await settle(pilot)
        await same(pilot)
        return terminal_of(app).written - before

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.is_open)
        await press(pilot, "alt+2")
        await settle(pilot)
        await press(pilot, *["down"] * 30)
        await settle(pilot)
        await same(pilot)
        assert 0 < await cost(pilot, "down") < 1000
        assert 0 < await cost(pilot, "pagedown") < 3000
        assert 0 < await cost(pilot, "alt+1") < 6000
        await cost(pilot, "z")
        assert 0 < await cost(pilot, "z") < 250
        before = terminal_of(app).written
        app.screen.refresh()
        await pilot.pause()
        assert terminal_of(app).written == before, "drawing the same again writes nothing"
        terminal_of(app)._stream.feed("\x1b[2J\x1b[5;9r\x1b[4h\x1b[31;7mBroadcast message from root\n\n\n\n\n\n\n\n\n")
        await press(pilot, "ctrl+l")
        await same(pilot)
        assert terminal_of(app).screen.margins is None

    await on_terminal(app, steps)


async def test_a_resize_to_the_same_size_draws_everything(shop: Shop) -> None:
    """So it is after a suspension: the terminal was used by others meanwhile."""
    app = ClutchApp(shop.services())

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.is_open)
        await settle(pilot)
        await same(pilot)
        terminal_of(app)._stream.feed("\x1b[H\x1b[2J$ fg\r\n")
        terminal_of(app).resize(80, 24)
        await same(pilot)

    await on_terminal(app, steps)


async def test_what_a_batch_holds_back_is_drawn_behind_it_and_not_before(shop: Shop) -> None:
    """Textual makes that frame, throws it away, and takes it for drawn."""
    app = ClutchApp(shop.services())

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.is_open)
        await settle(pilot)
        await same(pilot)
        before = terminal_of(app).cells()
        with app.batch_update():
            app.screen.query_one(KeyBar).display = False
            app.screen._refresh_layout(app.size)
            await asyncio.sleep(0)
            assert terminal_of(app).cells() == before
        await same(pilot)
        assert terminal_of(app).cells() != before

    await on_terminal(app, steps)


class Linked(ThinWire, App[None]):
    """Something that cells cannot hold."""

    def compose(self) -> ComposeResult:
        yield Static("see [link='https://example.org']there[/link]", id="link")
        yield Input(id="field")


async def test_what_is_not_understood_goes_out_as_textual_writes_it() -> None:
    app = Linked()
    sent: list[RenderableType | None] = []
    thinned = app._thinned

    def look(screen: Any, update: RenderableType | None) -> RenderableType | None:
        result = thinned(screen, update)
        sent.append(update if result is update else None)
        return result

    app._thinned = look  # type: ignore[method-assign]

    async def steps(pilot: Pilot[Any]) -> None:
        await same(pilot)
        await pilot.press("a", "b", "tab")
        await same(pilot)
        link = app.query_one("#link", Static)
        for text in ("no link", "[link='https://example.org']here[/link] it is", "no link"):
            link.update(text)
            await same(pilot)
        app.action_repaint()
        await same(pilot)

    await on_terminal(app, steps)
    kinds = [type(one) for one in sent]
    assert LayoutUpdate in kinds
    assert kinds[-1] is type(None)


async def test_a_screen_in_memory_is_left_alone(shop: Shop) -> None:
    async with open_app(shop) as (app, _):
        update = app.screen._compositor.render_full_update()
        assert app._thinned(app.screen, update) is update
        assert app._front is None


@pytest.mark.parametrize("mode", ["is_inline", "is_web"])
async def test_a_few_lines_of_a_shell_and_a_browser_are_left_alone(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Linked()

    async def steps(pilot: Pilot[Any]) -> None:
        await same(pilot)
        update = app.screen._compositor.render_full_update()
        with monkeypatch.context() as patch:
            patch.setattr(Linked, mode, True)
            assert app._thinned(app.screen, update) is update

    await on_terminal(app, steps)


def test_names_of_textual() -> None:
    """What `thin_wire` uses of Textual's inside."""
    assert list(inspect.signature(App._display).parameters) == ["self", "screen", "renderable"]
    assert list(inspect.signature(CompositorUpdate.render_segments).parameters) == ["self", "console"]
    assert list(inspect.signature(LayoutUpdate).parameters) == ["strips", "region"]
    assert list(inspect.signature(ChopsUpdate).parameters) == ["chops", "spans", "chop_ends"]
    assert "isinstance(renderable, CompositorUpdate)" in inspect.getsource(App._display)
    assert "self._batch_count -= 1" in inspect.getsource(App._end_batch)
    assert "self.call_later(self._compositor_refresh)" in inspect.getsource(Screen._refresh_layout)


@pytest.mark.parametrize(
    ("term", "erases"),
    [("xterm-256color", True), ("linux", True), ("screen-256color", False), ("foot-nobody-knows", True), ("", False)],
)
def test_terminals_that_erase_in_colour(term: str, erases: bool) -> None:
    """In a process each: curses reads one terminal's description and keeps to it."""
    asked = "import os; from clutch_tui.terminal.thin_wire import erases_in_colour as ask; print(ask(os.environ))"
    answer = subprocess.run(
        [sys.executable, "-c", asked], env=os.environ | {"TERM": term}, cwd=ROOT, capture_output=True, text=True
    )
    assert answer.stdout.strip() == str(erases), answer.stderr


def test_a_real_terminal_suspended_written_over_and_resized(shop: Shop) -> None:
    fill(shop)
    program = [sys.executable, "-c", "from clutch_tui.cli import main; main()"]
    with Terminal(program, env={"CLUTCH_HOME": str(shop.home.config_dir), "CLUTCH_LANG": "en"}) as terminal:

        def screen(_: Terminal = terminal) -> list[str]:
            return terminal.text.splitlines()[1:]  # an age above goes on

        terminal.wait_for("Pay")
        terminal.press(INVENTORY)
        terminal.wait_for("Price: 12.50")
        terminal.settle(0.3)
        whole = screen()

        terminal._feed("\x1b[2J\x1b[3;9rwall: the system goes down\n\n\n\n\n\n\n")
        assert screen() != whole
        terminal.press("ctrl+l")
        terminal.wait_for(lambda _: screen() == whole)

        os.kill(terminal.process.pid, signal.SIGTSTP)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        terminal._feed("\x1b[H\x1b[2J$ ls\r\n$ fg\r\n")
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.wait_for(lambda _: screen() == whole)

        terminal.resize(100, 30)
        terminal.wait_for(lambda _: "F12" in terminal.line(29))
        terminal.resize(80, 24)
        terminal.wait_for(lambda _: screen() == whole)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
