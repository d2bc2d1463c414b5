"""A program in a real pseudo-terminal, its screen in memory.

    with Terminal([sys.executable, "-m", "clutch_tui"], env={"CLUTCH_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("المبيعات")
        terminal.type("فلتر")
        terminal.press("down", "enter")
        assert terminal.cursor == (12, 3)

Nothing here sleeps: every wait reads what the program writes until its condition holds or the deadline is
over, and then fails with the screen as it stood. The screen holds what a person sees: Arabic is joined and in
visual order there, so look for it with `wait_for` and `shows`, which take text as it is written.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

from clutch_tui.text.bidi import visual

PATIENCE = 120.0
"""Seconds until a wait is given up. Only a failure takes them; a busy machine must not."""
ROOT = Path(__file__).parents[1]

KEYS = {
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "home": "\x1b[H", "end": "\x1b[F", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "insert": "\x1b[2~", "delete": "\x1b[3~", "backspace": "\x7f",
    "enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "escape": "\x1b", "space": " ",
    "shift+left": "\x1b[1;2D", "shift+right": "\x1b[1;2C", "ctrl+left": "\x1b[1;5D",
    "ctrl+right": "\x1b[1;5C", "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS",
    "f5": "\x1b[15~", "f6": "\x1b[17~", "f7": "\x1b[18~", "f8": "\x1b[19~",
    "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}  # fmt: skip
KEYS.update({f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"})

# pyte prints the bodies of DCS and APC strings and some CSI forms (kitty's keyboard protocol, mode requests)
_UNKNOWN_TO_PYTE = re.compile(
    r"\x1b[P_^X].*?\x1b\\"
    r"|\x1b\[[<=>][0-9;]*[ -/]*[@-~]"
    r"|\x1b\[\?[0-9;]*(?:u|\$p)",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:[P_^X\]](?:[^\x07\x1b]|\x1b(?!\\))*|\[[0-?]*[ -/]*)?\Z")


class TerminalTimeout(AssertionError):
    """The screen never came to show what a test waited for; the message carries the screen."""


class Terminal:
    """One program on its own controlling terminal of `columns` x `lines` cells.

    `answers` are replies of the terminal: when the program writes the key, the value is typed (XTVERSION and
    the like). Variables of the surrounding terminal are kept out of the program's environment.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        answers: Mapping[str, str] | None = None,
    ) -> None:
        self.output = ""
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._answers = dict(answers or {})
        self._master, slave = os.openpty()
        self._set_size(columns, lines)
        try:
            self.process = subprocess.Popen(
                list(command),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=_environment() | dict(env or {}),
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def text(self) -> str:
        """The screen, a line each, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and line of the terminal's cursor, from 0."""
        return self.screen.cursor.x, self.screen.cursor.y

    def line(self, y: int) -> str:
        """Return line `y` as it stands, blanks included."""
        return self.screen.display[y]

    def shows(self, text: str) -> bool:
        """Whether a line holds `text`, given as it is written: drawn by the app, or printed by a plain program."""
        seen = visual(text)
        return any(seen in line or text in line for line in self.screen.display)

    def type(self, text: str) -> None:
        """Send `text` as typed characters."""
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def press(self, *keys: str) -> None:
        """Send keys by Textual's names ("down", "ctrl+q", "f2"); anything unknown is typed as it is."""
        for key in keys:
            self.type(KEYS.get(key, key))

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the program is told by SIGWINCH."""
        self.screen.resize(lines, columns)
        self._set_size(columns, lines)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def wait_for(self, wanted: str | Callable[[Terminal], object], timeout: float = PATIENCE) -> None:
        """Read until the screen shows the text, or the function returns something true.

        Raises:
            TerminalTimeout: it did not within `timeout` seconds, or the program ended before.
        """
        holds = wanted if callable(wanted) else (lambda terminal: terminal.shows(wanted))
        deadline = time.monotonic() + timeout
        while not holds(self):
            if not self._read(deadline - time.monotonic()) and not holds(self):
                raise TerminalTimeout(f"no {wanted!r} within {timeout} s; the screen:\n{self.text}")

    def settle(self, still: float, timeout: float = PATIENCE) -> None:
        """Read until the program has neither written nor worked for `still` seconds: for pictures. Tests wait for
        what they want to see instead."""
        deadline = time.monotonic() + timeout
        resting_since = time.monotonic()
        while time.monotonic() < min(deadline, resting_since + still):
            if self._read(min(0.02, deadline - time.monotonic())) or self._works:
                resting_since = time.monotonic()

    @property
    def _works(self) -> bool:
        """Whether a thread of the program runs, or would if the machine had time for it."""
        try:
            states = [path.read_text().rpartition(")")[2].split()[0] for path in self._threads.glob("*/stat")]
        except OSError:  # one has just ended
            return True
        return "R" in states

    @property
    def _threads(self) -> Path:
        return Path(f"/proc/{self.process.pid}/task")

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Read until the program ends and return its exit code."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()):
            continue
        try:
            return self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TerminalTimeout(f"still running after {timeout} s; the screen:\n{self.text}") from None

    def close(self) -> None:
        """End the program if it still runs, and give the terminal back."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self, timeout: float) -> bool:
        """Take what the program has written; False when time is over or it has closed its terminal."""
        if timeout <= 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says EIO when the last descriptor of the other side is closed
            return False
        if not data:
            return False
        self._feed(self._decoder.decode(data))
        return True

    def _feed(self, data: str) -> None:
        self.output += data
        data = self._pending + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        data, self._pending = data[:cut], data[cut:]
        for question, answer in self._answers.items():
            for _ in range(data.count(question)):
                self.type(answer)
        self._stream.feed(_UNKNOWN_TO_PYTE.sub("", data))


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "TEXTUAL_ANIMATIONS": "none",
    }
