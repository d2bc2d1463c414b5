"""The abilities of the terminal, as the doctor's findings: its size and colours, its letters, who orders Arabic."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from clutch_tui.support.doctor import Check, Finding
from clutch_tui.terminal.bidi_mode import ADVICE_COMMANDS, Ordering, advice, identify
from clutch_tui.terminal.glyphs import Glyphs, colours

COLUMNS, LINES = 80, 24


def terminal_size() -> tuple[int, int] | None:
    """Columns and lines of the terminal that this process writes to; None where it writes to none."""
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            if stream is not None and stream.isatty():
                return os.get_terminal_size(stream.fileno())
        except OSError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class TerminalChecks:
    """One look at the terminal; `size` is None where there is none."""

    glyphs: Glyphs
    ordering: Ordering = "auto"
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    size: tuple[int, int] | None = field(default_factory=terminal_size)

    def checks(self) -> tuple[Check, ...]:
        return (
            Check("terminal", self.terminal),
            Check("letters", self.letters),
            Check("order", self.order, ("letters",)),
        )

    async def terminal(self) -> Finding:
        if self.size is None:
            return Finding("terminal", "none")
        columns, lines = self.size
        term = self.environment.get("TERM", "")
        values = {"term": term, "columns": columns, "lines": lines, "colours": colours(self.environment)}
        if term in ("", "dumb", "unknown"):
            return Finding("terminal", "dumb", values)
        return Finding("terminal", "fits" if columns >= COLUMNS and lines >= LINES else "small", values)

    async def letters(self) -> Finding:
        return Finding("letters", self.glyphs.lack or "all", {"locale": self.glyphs.locale})

    async def order(self) -> Finding:
        """Return who puts Arabic in order, and what only the user can set so that it happens once."""
        if self.ordering in ("terminal", "off"):
            return Finding("order", self.ordering)
        if (key := advice(self.environment)) is not None:
            kind = key.rpartition(".")[2]
            if kind != "linux":  # the console's trouble is its font, which `letters` has judged
                return Finding("order", kind, {"command": ADVICE_COMMANDS[key]})
        return Finding("order", "app", {"terminal": identify(self.environment)})
