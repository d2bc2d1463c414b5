"""Whatever went wrong, in one sentence: what happened, what is safe, what to do."""

from __future__ import annotations

from clutch_tui.errors import ClutchError, Problem
from clutch_tui.support import logs
from clutch_tui.text import strings
from clutch_tui.text.format import isolate, isolated_values


def explain(error: BaseException | Problem | None) -> str:
    """Return the sentence of an error in the language that is in force. One that has none is a mistake of the program's
    own and gets `unexpected`."""
    if not isinstance(error, ClutchError | Problem) or not strings.has(error.key):
        return unexpected()
    return strings.t(error.key, **isolated_values(error.values))


def unexpected() -> str:
    """The sentence for a mistake of the program's own: where the details are, or that they could not be written."""
    folder = logs.unwritten()
    return strings.t("error.unexpected") if folder is None else strings.t("error.unlogged", folder=isolate(str(folder)))
