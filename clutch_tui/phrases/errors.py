"""Whatever went wrong, in one sentence: what happened, what is safe, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from clutch_tui.errors import ClutchError, Problem
from clutch_tui.support import logs
from clutch_tui.text import strings
from clutch_tui.text.format import isolate, isolated_values, name, of_language


def explain(error: BaseException | Problem | None) -> str:
    """Return the sentence of an error in the language that is in force. One that has none is a mistake of the program's
    own and gets `unexpected`."""
    if not isinstance(error, ClutchError | Problem) or not strings.has(error.key):
        return unexpected()
    return strings.t(error.key, **isolated_values(in_language(error.values)))


def in_language(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return the values of an error; of a thing's two names, `name` and `name_en`, the one that belongs to the
    language is its `name`."""
    if "name_en" not in values:
        return values
    return {**values, "name": name(of_language(str(values["name"]), str(values["name_en"])))}


def unexpected() -> str:
    """The sentence for a mistake of the program's own: where the details are, or that they could not be written."""
    folder = logs.unwritten()
    return strings.t("error.unexpected") if folder is None else strings.t("error.unlogged", folder=isolate(str(folder)))
