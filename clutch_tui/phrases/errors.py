"""Whatever went wrong, in one sentence: what happened, what is safe, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from clutch_tui.support import logs
from clutch_tui.text import strings
from clutch_tui.text.format import isolate, isolated_values


def explain(error: object) -> str:
    """The sentence of an error, or of anything else that carries a catalogue `key` and `values`, in the language that
    is in force. Whatever carries none is a mistake of the program's own and gets `unexpected`."""
    key = getattr(error, "key", None)
    if not isinstance(key, str) or not strings.has(key):
        return unexpected()
    values = getattr(error, "values", None)
    return strings.t(key, **isolated_values(values)) if isinstance(values, Mapping) else strings.t(key)


def unexpected() -> str:
    """The sentence for a mistake of the program's own: where the details are, or that they could not be written."""
    folder = logs.unwritten()
    return strings.t("error.unexpected") if folder is None else strings.t("error.unlogged", folder=isolate(str(folder)))
