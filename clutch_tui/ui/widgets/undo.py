"""Taking back what was typed into a field, and doing it again.

A step is a word that was typed, a run of characters that were deleted, or one thing that was pasted: nobody wants
to take back a sentence letter by letter.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.widgets.input import Selection

STEPS = 100
"""How far back one can go."""


class Moment(NamedTuple):
    """The text of a field at one moment, and the place of its cursor."""

    text: str
    selection: Selection


class Undo:
    """The steps of one field. A text that was put there by the program is no step: what was typed before it is
    forgotten, since it would come back in a field that is used for something else now."""

    def __init__(self) -> None:
        self._past: list[Moment] = []
        self._future: list[Moment] = []
        self._text: str | None = None
        self._goes_on: tuple[bool, int] | None = None
        """Whether the last change typed or deleted one character, and where the next one of its kind would be."""

    def note(self, before: Moment, now: str, *, start: int, end: int, typed: str) -> None:
        """Remember a change: `typed` has taken the place of `before.text[start:end]`, and `now` is there."""
        if before.text == now:
            return
        if self._text != before.text:
            self._past.clear()
        types, deletes = start == end and len(typed) == 1, not typed and end - start == 1
        same_run = self._goes_on in ((True, start), (False, end), (False, start)) and (types or deletes)
        if not (same_run and self._goes_on is not None and self._goes_on[0] == types) or typed.isspace():
            self._past.append(before)
            del self._past[:-STEPS]
        self._future.clear()
        self._text = now
        self._goes_on = (types, start + 1 if types else start) if types or deletes else None

    def back(self, now: Moment) -> Moment | None:
        """The moment before the last step; None where there is none."""
        return self._go(now, self._past, self._future)

    def forth(self, now: Moment) -> Moment | None:
        """The moment that was left by going back; None where there is none."""
        return self._go(now, self._future, self._past)

    def _go(self, now: Moment, from_: list[Moment], to: list[Moment]) -> Moment | None:
        if now.text != self._text:
            self._past.clear()
            self._future.clear()
        if not from_:
            return None
        to.append(now)
        moment = from_.pop()
        self._text, self._goes_on = moment.text, None
        return moment
