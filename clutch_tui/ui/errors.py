"""The one funnel for what goes wrong: into the log, onto the screen in one sentence."""

from __future__ import annotations

import logging
from traceback import format_exception

from textual.dom import DOMNode

from clutch_tui.errors import ClutchError, key_of
from clutch_tui.phrases.errors import explain
from clutch_tui.text.format import isolated_values
from clutch_tui.text.strings import has, t

log = logging.getLogger("clutch_tui.ui")


def at_field(error: BaseException) -> str:
    """The sentence of an error at the field in which it was typed: without the option, file and setting that whoever
    writes settings by hand knows."""
    if isinstance(error, ClutchError) and has(key := error.key.replace("error.config.", "error.field.")):
        return t(key, **isolated_values(error.values))
    return explain(error)


def is_missing(error: BaseException | None) -> bool:
    """Tell whether the server does not have what it was asked for, so that asking again would change nothing."""
    return key_of(error) == "error.api.missing_route"


def report(node: DOMNode, error: BaseException) -> None:
    """Log an error and show one toast about it. The place for every failure that no field can show."""
    note(error)
    node.app.notify(explain(error), severity="error", timeout=8)


def note(error: BaseException) -> None:
    """Log an error. For a screen that says it in a place of its own.

    One with a sentence is a refusal, and no fault of the program: its key says all. The way it went is kept where
    something without a sentence has caused it, such as a disk, and for what has no sentence. Never its values: they are
    for the screen, where the name of a customer belongs.
    """
    key = key_of(error)
    if not key:
        log.error("%s", type(error).__name__, exc_info=error)
    elif _is_refusal(error.__cause__):
        log.info("refused: %s", key)
    else:
        log.warning("%s", key, exc_info=error)


def _is_refusal(cause: BaseException | None) -> bool:
    """Tell whether all that an error came from has sentences, too, or it came from nothing else."""
    return cause is None or (bool(key_of(cause)) and _is_refusal(cause.__cause__))


def last_words(error: BaseException | None) -> str:
    """Log what ends the program, and give back what may be printed of it on the bare terminal: the way it went, without
    a secret and without the values of variables."""
    from clutch_tui.security.redaction import hide_text

    log.critical("the program ended", exc_info=error)
    way = "".join(format_exception(error)) if error is not None else ""
    return f"{t('error.ended')}\n\n{hide_text(way)}"
