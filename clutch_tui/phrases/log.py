"""The connection's log in words: for its screen, for the command line and for what is exported."""

from __future__ import annotations

from collections.abc import Mapping

from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, is_rtl, t

REASON = "problem"
"""The value that names the problem behind a change of state, by its key; its own values stand beside it."""


def sentence(event: str, values: Mapping[str, object]) -> str:
    """An entry as a sentence, with the reason where it has one. One that we have no words for says what it carries."""
    shown_values = {name: _kept_together(value) for name, value in values.items()}
    words = t(event, **shown_values) if has(event) else _kept_together(f"{event} {dict(values) or ''}".strip())
    reason = str(values.get(REASON) or "")
    return f"{words}. {t(reason, **shown_values)}" if reason and has(reason) else str(words)


def category_word(category: str) -> str:
    """A part of the connection in words; one that we have no word for stays as it is."""
    key = f"log.category.{category}"
    return t(key) if has(key) else category


def problem_words(problem: Mapping[str, object]) -> str:
    """A kept problem as a sentence; a key that the catalogue lacks stays a key."""
    key, values = str(problem.get("key", "")), problem.get("values")
    return t(key, **values) if has(key) and isinstance(values, dict) else str(_kept_together(key))


def _kept_together(value: object) -> object:
    return shown.isolate(value) if isinstance(value, str) and is_rtl() else value
