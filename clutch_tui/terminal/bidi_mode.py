"""Who orders Arabic, the terminal or we: ask, tell it, and give it back as it was.

A terminal that orders text by itself (VTE, Konsole, mlterm) would order ours a second time. ECMA-48 has a mode
for it: `CSI 8 l` leaves the cells where they are put. Konsole and mlterm have their own words for the same; they
tell their names in the environment, and Konsole through SSH by XTVERSION. Textual draws on standard error, so
that is where all this is written. Modes are given back after a crash too, and while the app is suspended.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TextIO

from clutch_tui.text import bidi

Ordering = Literal["auto", "app", "terminal", "off"]
"""The setting `text.bidi`: who puts Arabic in order. `terminal` tells it to, `off` draws letters as they come."""

Emulator = Literal["konsole", "mlterm", "kitty", "vte", "linux", "other"]

_EXPLICIT, _IMPLICIT = "\x1b[8l", "\x1b[8h"
_OWN_WORDS: dict[Emulator, tuple[str, str]] = {
    "konsole": ("\x1b]50;BidiRenderingEnabled=false\x07", "\x1b]50;BidiRenderingEnabled=true\x07"),
    "mlterm": ("\x1b]5379;use_ctl=false\x07", "\x1b]5379;use_ctl=true\x07"),
}
# xterm sends Alt and a digit as one Latin-1 letter ("\u00b2" for Alt+2), which a field would take, unless it is told to
# send ESC and the digit as other terminals do (`read_keys` says what that means)
_ALT_SENDS_ESCAPE, _ALT_AS_BEFORE = "\x1b[?1036;1039s\x1b[?1036;1039h", "\x1b[?1036;1039r"
_ASK = "\x1b[>0q\x1b[c"  # XTVERSION, then a question that every terminal answers, so that waiting ends
_VERSION = re.compile(r"\x1bP>\|([^\x1b]*)\x1b\\")
_ATTRIBUTES = re.compile(r"\x1b\[\?[0-9;]*c")
ANSWER_WITHIN = 1.0
"""Seconds that a terminal has for its answer."""


@dataclass(frozen=True, slots=True)
class OrderModes:
    """What is written to the terminal when we begin to order, and when we end."""

    begin: str = ""
    end: str = ""


def identify(environment: Mapping[str, str], version: str = "") -> Emulator:
    """Return the kind of terminal by its environment, and by its answer to XTVERSION if there was one."""
    term = environment.get("TERM", "")
    if environment.get("KONSOLE_VERSION") or version.startswith("Konsole"):
        return "konsole"
    if environment.get("MLTERM"):
        return "mlterm"
    if environment.get("KITTY_WINDOW_ID") or "kitty" in term or version.startswith("kitty"):
        return "kitty"
    if environment.get("VTE_VERSION"):
        return "vte"
    return "linux" if term == "linux" else "other"


def order_modes(ordering: Ordering, environment: Mapping[str, str], version: str = "") -> OrderModes:
    """Return what this terminal must be told so that it does what the setting says."""
    if ordering == "off":
        return OrderModes()
    begin, end = _OWN_WORDS.get(identify(environment, version), ("", ""))
    begin, end = _EXPLICIT + begin, _IMPLICIT + end
    if ordering == "terminal":
        begin = end
    if environment.get("XTERM_VERSION"):
        begin, end = begin + _ALT_SENDS_ESCAPE, end + _ALT_AS_BEFORE
    if environment.get("TMUX"):
        begin, end = _through_tmux(begin), _through_tmux(end)
    return OrderModes(begin, end)


def advice(environment: Mapping[str, str]) -> str | None:
    """Return the key of what only the user can set, for the doctor; None if nothing is to be done.

    The `{command}` of the sentence stands in `ADVICE_COMMANDS`.
    """
    emulator = identify(environment)
    if emulator == "kitty":
        return "terminal.advice.kitty"
    if emulator == "linux":
        return "terminal.advice.linux"
    if environment.get("TMUX") and emulator == "vte":
        return "terminal.advice.tmux"
    return None


ADVICE_COMMANDS = {
    "terminal.advice.kitty": "force_ltr yes",
    "terminal.advice.linux": "setfont Arabic-Fixed16",
    "terminal.advice.tmux": "set -g allow-passthrough on",
}


@contextmanager
def ordered_terminal(
    ordering: Ordering, environment: Mapping[str, str] | None = None, stream: TextIO | None = None
) -> Iterator[OrderModes]:
    """Take over the order of text from the terminal, and give it back whatever happens inside.

    Give what this yields to the app (`app.order_modes = modes`), which repeats it around a suspension.
    """
    environment = os.environ if environment is None else environment
    stream = sys.__stderr__ if stream is None else stream
    bidi.leave_order_to_terminal(ordering in ("terminal", "off"))
    if stream is None or not stream.isatty():
        yield OrderModes()
        return
    modes = order_modes(ordering, environment, _version(environment, stream) if ordering == "auto" else "")
    _write(stream, modes.begin)
    try:
        yield modes
    finally:
        _write(stream, modes.end)


def _through_tmux(sequence: str) -> str:
    """Return `sequence` for tmux itself and, wrapped, for the terminal around it."""
    escaped = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{escaped}\x1b\\{sequence}"


def _write(stream: TextIO, sequence: str) -> None:
    if sequence:
        stream.write(sequence)
        stream.flush()


def _version(environment: Mapping[str, str], stream: TextIO) -> str:
    """Ask a terminal at the other end of SSH for its name; a local one has told it in the environment.

    Returns nothing where nobody can answer: no terminal on standard input, or tmux, which answers for itself.
    """
    remote = environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")
    if not remote or environment.get("TMUX") or sys.__stdin__ is None or not sys.__stdin__.isatty():
        return ""
    return ask_version(sys.__stdin__.fileno(), stream, ANSWER_WITHIN)


def ask_version(descriptor: int, stream: TextIO, within: float) -> str:
    """Ask the terminal for its name and version (XTVERSION); empty if it does not say within so many seconds."""
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    answer = ""
    try:
        tty.setcbreak(descriptor)
        _write(stream, _ASK)
        deadline = time.monotonic() + within
        while not _ATTRIBUTES.search(answer) and (left := deadline - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                answer += os.read(descriptor, 1024).decode("ascii", "replace")
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
    found = _VERSION.search(answer)
    return found[1] if found else ""
