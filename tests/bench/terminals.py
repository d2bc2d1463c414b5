"""A program in a pseudo-terminal with a stopwatch: what it writes, when, and what changes on the screen.

While a program is being timed, what it writes is only taken down; the screen is drawn afterwards, so that the
emulation costs the measured program nothing.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clutch_tui.text.bidi import visual
from tests.terminal import Terminal, TerminalTimeout

_ESCAPES = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system commands: titles and the like
    rb"|\x1b[PX^_].*?\x1b\\"  # strings of device control and applications
    rb"|\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences
    rb"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)


def without_escapes(written: bytes) -> bytes:
    """What a program wrote, the letters alone."""
    return _ESCAPES.sub(b"", written)


@dataclass(frozen=True, slots=True)
class Press:
    """What one key did. `paint` is None where nothing changed on the screen; times in milliseconds."""

    size: int
    paint: float | None
    done: float
    cells: int


class TimedTerminal(Terminal):
    """A `Terminal` whose chunks carry the time at which they were read."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self._chunks: list[tuple[float, bytes]] = []
        self._drawn = 0
        self._started = time.perf_counter()
        super().__init__(command, env=env)

    def first_frame(self, *texts: str, timeout: float = 30.0) -> float:
        """Read until all of these texts stand on the screen; milliseconds since before the program was started.

        They are looked for in what was written, and on the screen only when nothing more is waiting to be read: what
        stands there already may have been passed over in writing.
        """
        wanted = [visual(text).encode() for text in texts]
        deadline = time.monotonic() + timeout
        while True:
            if not self._read(deadline - time.monotonic()):
                self.draw()
                raise TerminalTimeout(f"no {texts} within {timeout} s; the screen:\n{self.text}")
            shown = without_escapes(b"".join(data for _, data in self._chunks))
            if all(text in shown for text in wanted) or self._stands(texts):
                return (self._chunks[-1][0] - self._started) * 1e3

    def _stands(self, texts: Sequence[str]) -> bool:
        if select.select([self._master], [], [], 0)[0]:
            return False
        self.draw()
        return all(self.shows(text) for text in texts)

    def settle(self, quiet: float = 0.4, limit: float = 20.0) -> None:
        """Read until the program has written nothing for `quiet` seconds."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and self._read(quiet):
            continue
        self.draw()

    def draw(self) -> None:
        """Bring the screen up to what was read."""
        for _, data in self._chunks[self._drawn :]:
            self._feed(self._decoder.decode(data))
        self._drawn = len(self._chunks)

    def pressed(self, key: str, quiet: float) -> Press:
        """Press a key and read until the program has been quiet for so many seconds. What it wrote before, such
        as a cursor that blinked meanwhile, does not count."""
        while self._read(0.001):
            continue
        self.draw()
        first, at = len(self._chunks), time.perf_counter()
        self.press(key)
        if self._read(2.0):
            while self._read(quiet):
                continue
        chunks = self._chunks[first:]
        before = self._cells()
        paint: float | None = None
        for when, data in chunks:
            self._feed(self._decoder.decode(data))
            if paint is None and self._cells() != before:
                paint = (when - at) * 1e3
        self._drawn = len(self._chunks)
        changed = sum(a != b for a, b in zip(before, self._cells(), strict=True))
        done = (chunks[-1][0] - at) * 1e3 if chunks else 0.0
        return Press(sum(len(data) for _, data in chunks), paint, done, changed)

    def written_in(self, seconds: float) -> int:
        """How many bytes the program writes while nobody does anything."""
        first, end = len(self._chunks), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        return sum(len(data) for _, data in self._chunks[first:])

    @property
    def memory(self) -> float:
        """Resident megabytes of the program now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]

    @property
    def effort(self) -> float:
        """Milliseconds of processor time that the program's threads have taken so far: what a busy machine does not
        stretch as much as it stretches waiting."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6

    def _cells(self) -> list[object]:
        return [self.screen.buffer[y][x] for y in range(self.screen.lines) for x in range(self.screen.columns)]

    def _read(self, timeout: float) -> bool:
        if timeout <= 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self._chunks.append((time.perf_counter(), data))
        return bool(data)
