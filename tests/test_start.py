"""The first frame: what is imported before it, also where the database is encrypted, and that it is there at once.

What one line imports at the top of a module, every start pays for. So each module that a start loads before its
first frame, beyond those of the smallest Textual app, stands in a list here; whoever adds one has thought about it.
"""

from __future__ import annotations

import ast
import asyncio
import io
import json
import signal
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config.paths import Home
from clutch_tui.text import strings
from clutch_tui.text.bidi import visual
from clutch_tui.ui import shop
from clutch_tui.ui.app import ClutchApp
from tests.bench.terminals import TimedTerminal, without_escapes
from tests.terminal import Terminal
from tests.test_ui.shop_app import shop_in

HELLO = """
import json, sys
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("Hello")
    def on_mount(self):
        self.call_after_refresh(self.painted)
    def painted(self):
        json.dump(sorted(sys.modules), open(sys.argv[1], "w"))
        self.exit()
Hello().run()
"""
OURS = """
import json, sys
place = sys.argv.pop()
from clutch_tui.terminal import thin_wire
from clutch_tui.ui import app
display = thin_wire._Difference.render_segments
def render(self, console):
    written = display(self, console)
    if place is not None:
        json.dump(sorted(sys.modules), open(place, "w"))
        globals()["place"] = None
    return written
thin_wire._Difference.render_segments = render
from clutch_tui.cli import main
main()
"""
"""The program, taking down what is imported at the moment at which its first frame goes out."""

FRAME_BEGINS = b"\x1b[?6l"
"""Of a whole frame, on a terminal of which nothing is known."""
ALLOWED = {
    "clutch_tui": "bootstrap cli config core errors net phrases security support terminal text ui",
    "clutch_tui.bootstrap": "composition exit_codes run",
    "clutch_tui.config": "paths rules settings sources",
    "clutch_tui.core": "clock errors performance",
    "clutch_tui.core.performance": "gauges histogram meter",
    "clutch_tui.phrases": "errors",
    "clutch_tui.security": "redaction",
    "clutch_tui.support": "logs",
    "clutch_tui.terminal": """bidi_mode cells front_buffer glyphs plain_lines read_keys scanner thin_wire
        wire_encoder""",
    "clutch_tui.text": "bidi catalogue digits format harmless levels shaping shop_time strings",
    "clutch_tui.ui": """app bidi_filter errors gauges key_order keys mirror overlays scan_routing screens scroll_bars
        services shop status style_sheet themes turned_lines widgets""",
    "clutch_tui.ui.screens": "frame sales till_entry till_notes till_prices",
    "clutch_tui.ui.widgets": """cart_view column key_bar marked_part notice part_columns scan_field search_field
        status_strip table_lines text_field undo window window_table words""",
}
ALSO = {"_blake2", "_hashlib", "encodings", "gc", "hashlib", "logging", "resource", "rich", "textual"}
ALSO |= {"_decimal", "decimal"}  # up to 3.13 they come with Textual's own `fractions`
"""What else may come along: all of it small, or of Textual's own."""


@pytest.fixture
def homes(tmp_path: Path) -> dict[str, Home]:
    """Two terminals that have been used before: one with a plain database, one with an encrypted one."""
    homes = {}
    for name, encryption in (("plain", False), ("encrypted", True)):
        environ = {"CLUTCH_HOME": str(tmp_path / name), "CLUTCH_LANG": "ar"}
        installation = Installation.find(environ, {"database.encryption": encryption})
        installation.save_settings({"database.encryption": encryption})
        with installation.open_store(inline=True) as store:
            assert (store.key is not None) == encryption
        Installation.find(environ)  # the settings are remembered for the next start
        homes[name] = installation.home
    return homes


def imported(program: str, place: Path, home: Home | None = None) -> set[str]:
    """The modules that a program has imported by its first frame, started in a terminal."""
    environment = {"CLUTCH_HOME": str(home.config_dir if home else place.parent), "CLUTCH_LANG": "ar"}
    with Terminal([sys.executable, "-c", program, str(place)], env=environment) as terminal:
        terminal.wait_for(lambda _: place.exists() and place.read_text().endswith("]"))
    return set(json.loads(place.read_text()))


def test_what_is_imported_before_the_first_frame(homes: dict[str, Home], tmp_path: Path) -> None:
    allowed = {f"{package}.{name}" for package, names in ALLOWED.items() for name in names.split()} | set(ALLOWED)
    bare = imported(HELLO, tmp_path / "bare.json")
    for name, home in homes.items():
        more = imported(OURS, tmp_path / f"{name}.json", home) - bare
        assert "clutch_tui.ui.screens.sales" in more
        ours = {module for module in more if module.startswith("clutch_tui")}
        assert ours <= allowed, (name, ours - allowed)
        others = {module.partition(".")[0] for module in more - ours}
        assert others <= ALSO, (name, sorted(more - ours))


def test_the_first_frame_is_whole(homes: dict[str, Home]) -> None:
    """What is written first holds the field and the keys; it once was a frame without either, and another."""
    strings.use("ar")
    command = [sys.executable, "-c", "from clutch_tui.cli import main; main()"]
    environment = {"CLUTCH_HOME": str(homes["encrypted"].config_dir), "CLUTCH_LANG": "ar"}
    with TimedTerminal(command, env=environment) as terminal:
        terminal.first_frame(strings.t("sales.scan"), strings.t("sales.pay"))
        written = b"".join(data for _, data in terminal._chunks)
    first = without_escapes(written.split(FRAME_BEGINS)[1]).decode()
    assert all(visual(strings.t(key)) in first for key in ("mode.sales", "sales.scan", "sales.pay"))


async def test_tasks_begin_in_their_turn_on_every_python(tmp_path: Path) -> None:
    """From 3.12 on Textual has each task begin at the line that makes it, so the first screen's widgets asked for a
    screen before there was one: the program ended before its first frame. `run_test` never takes that way."""
    factories = []

    async def look(pilot: Pilot[int]) -> None:
        factories.append(asyncio.get_running_loop().get_task_factory())
        pilot.app.exit(0)

    with shop_in(tmp_path) as opened:
        app = ClutchApp(opened.services("en"))
        assert await app.run_async(headless=True, size=(80, 24), auto_pilot=look) == 0
    assert factories == [None]


@pytest.mark.parametrize("name", shop.__all__)
def test_a_lazy_module_is_where_the_type_checker_sees_it(name: str) -> None:
    """What is missing there is found by no checker, and by the screen only when somebody opens it."""
    imported = next(
        f"{node.module}.{name}"
        for node in ast.walk(ast.parse(Path(shop.__file__).read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and name in [one.name for one in node.names]
    )
    assert getattr(shop, name).__name__ == imported


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_was_told_to_end_says_so(homes: dict[str, Home], ending: signal.Signals) -> None:
    """As every program that a signal ends: whoever started it must not take that for a person who left."""
    environment = {"CLUTCH_HOME": str(homes["plain"].config_dir), "CLUTCH_LANG": "en"}
    with Terminal([sys.executable, "-m", "clutch_tui"], env=environment) as terminal:
        terminal.wait_for("F12")
        terminal.process.send_signal(ending)
        assert terminal.wait_exit() == 128 + ending
        assert "\x1b[?1049l" in terminal.output  # and the terminal is as it was


def test_a_driver_of_textuals_own_needs_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """`textual serve` runs the program behind pipes and draws it in a browser."""
    from clutch_tui.bootstrap import run
    from clutch_tui.bootstrap.exit_codes import USAGE

    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run.run_app() == USAGE

    class Reached(Exception):
        """The check for a terminal is passed."""

    def find(*_: object) -> None:
        raise Reached

    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    monkeypatch.setattr(run.Installation, "find", find)
    with pytest.raises(Reached):
        run.run_app()
