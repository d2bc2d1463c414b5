"""What the terminal is told, and that it is always told to go back."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from clutch_tui.terminal.bidi_mode import ADVICE_COMMANDS, advice, identify, order_modes, ordered_terminal
from clutch_tui.text import bidi
from clutch_tui.text.strings import has
from tests.terminal import Terminal

BEGIN, END = "\x1b[8l", "\x1b[8h"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "version", "emulator"),
    [
        ({"KONSOLE_VERSION": "230804"}, "", "konsole"), ({}, "Konsole 23.08.4", "konsole"),
        ({"MLTERM": "3.9.3"}, "", "mlterm"), ({"TERM": "xterm-kitty"}, "", "kitty"), ({}, "kitty(0.32)", "kitty"),
        ({"VTE_VERSION": "7200"}, "", "vte"), ({"TERM": "linux"}, "", "linux"),
        ({"TERM": "xterm-256color"}, "XTerm(379)", "other"),
    ],
)  # fmt: skip
def test_terminals_by_what_they_say_of_themselves(environment: dict[str, str], version: str, emulator: str) -> None:
    assert identify(environment, version) == emulator


def test_each_terminal_is_told_in_its_own_words() -> None:
    assert (order_modes("auto", {}).begin, order_modes("auto", {}).end) == (BEGIN, END)
    konsole = order_modes("auto", {}, "Konsole 23.08")
    assert konsole.begin == BEGIN + "\x1b]50;BidiRenderingEnabled=false\x07"
    assert konsole.end == END + "\x1b]50;BidiRenderingEnabled=true\x07"
    mlterm = order_modes("app", {"MLTERM": "3.9"})
    assert mlterm.begin.endswith("\x1b]5379;use_ctl=false\x07")
    assert order_modes("off", {"MLTERM": "3.9"}).begin == ""
    assert order_modes("terminal", {}).begin == END


def test_xterm_sends_escape_for_alt_and_is_left_as_it_was() -> None:
    modes = order_modes("auto", {"XTERM_VERSION": "XTerm(379)"})
    assert modes.begin == BEGIN + "\x1b[?1036;1039s\x1b[?1036;1039h"
    assert modes.end == END + "\x1b[?1036;1039r"


def test_tmux_hands_it_on() -> None:
    modes = order_modes("auto", {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert modes.begin == "\x1bPtmux;\x1b\x1b[8l\x1b\\" + BEGIN


def test_a_crash_gives_the_terminal_back() -> None:
    stream = Tty()

    def crash() -> None:
        with ordered_terminal("auto", {}, stream):
            assert stream.getvalue() == BEGIN
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    assert stream.getvalue() == BEGIN + END


def test_nothing_is_written_into_a_file() -> None:
    stream = io.StringIO()
    with ordered_terminal("auto", {}, stream):
        assert stream.getvalue() == ""


@pytest.mark.parametrize(("ordering", "ours"), [("auto", True), ("app", True), ("terminal", False), ("off", False)])
def test_who_orders(ordering: str, ours: bool) -> None:
    try:
        with ordered_terminal(ordering, {}, Tty()):  # type: ignore[arg-type]
            assert bidi.needs_order("لا") is ours
            assert (bidi.visual("لا") == "ﻻ") is ours
    finally:
        bidi.leave_order_to_terminal(False)


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"TERM": "xterm-kitty"}, "force_ltr yes"), ({"TERM": "linux"}, "setfont Arabic-Fixed16"),
        ({"TMUX": "x", "VTE_VERSION": "7200"}, "set -g allow-passthrough on"),
        ({"VTE_VERSION": "7200"}, None), ({"TERM": "xterm-256color"}, None),
    ],
)  # fmt: skip
def test_advice_for_what_only_the_user_can_set(environment: dict[str, str], command: str | None) -> None:
    key = advice(environment)
    assert (ADVICE_COMMANDS[key] if key else None) == command
    assert key is None or has(key)


PROGRAM = """
from clutch_tui.terminal import bidi_mode
bidi_mode.ANSWER_WITHIN = 120.0  # on the busiest machine
with bidi_mode.ordered_terminal("auto") as modes:
    print("begun", "konsole" if "50;Bidi" in modes.begin else "other")
"""


@pytest.mark.parametrize(
    ("environment", "answer", "said"),
    [
        ({"SSH_TTY": "/dev/pts/9"}, "\x1bP>|Konsole 23.08.4\x1b\\\x1b[?62;1c", "begun konsole"),
        ({"SSH_TTY": "/dev/pts/9"}, "\x1b[?62;1c", "begun other"),
        ({}, "", "begun other"),
    ],
)
def test_konsole_is_known_through_ssh(environment: dict[str, str], answer: str, said: str) -> None:
    answers = {"\x1b[>0q\x1b[c": answer} if answer else {}
    with Terminal([sys.executable, "-c", PROGRAM], env=environment, answers=answers) as terminal:
        terminal.wait_for(said)
        assert terminal.wait_exit() == 0
        assert terminal.output.count(END) == 1
        assert ("\x1b[>0q" in terminal.output) is bool(environment)


def test_an_app_that_dies_gives_the_terminal_back(tmp_path: Path) -> None:
    program = tmp_path / "dying.py"
    program.write_text(
        dedent("""
        from textual.app import App
        from clutch_tui.ui.bidi_filter import BidiApp
        from clutch_tui.terminal.bidi_mode import ordered_terminal
        class Dying(BidiApp, App[None]):
            def on_key(self) -> None:
                raise RuntimeError("no more")
            def on_ready(self) -> None:
                self.notify("here")
        with ordered_terminal("auto") as modes:
            app = Dying()
            app.order_modes = modes
            app.run()
        """)
    )
    with Terminal([sys.executable, str(program)]) as terminal:
        terminal.wait_for("here")
        assert BEGIN in terminal.output
        terminal.press("x")
        terminal.wait_exit()
        assert "no more" in terminal.output
        assert terminal.output.rindex(END) > terminal.output.rindex(BEGIN)
