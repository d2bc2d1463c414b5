"""How a command ends: its exit code, and the sentence of whatever went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from clutch_tui import logs
from clutch_tui.text import strings
from clutch_tui.text.format import isolate
from clutch_tui.text.format import told as shown
from clutch_tui.text.harmless import escaped

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3
"""Done (a sale made offline is done); failed or partly failed; wrong usage or configuration; nothing reachable."""


def sentence(error: object) -> str:
    """The sentence of anything that carries `key` and `values`: what happened, what is safe, what to do."""
    key = str(getattr(error, "key", ""))
    values: Mapping[str, object] = getattr(error, "values", {}) or {}
    return strings.t(key, **shown(values)) if strings.has(key) else unexpected()


def unexpected() -> str:
    """The sentence for a mistake of the program's own: where the details are, or that they could not be written."""
    folder = logs.unwritten()
    return strings.t("error.unexpected") if folder is None else strings.t("error.unlogged", folder=isolate(str(folder)))


def complain(error: Exception, code: int) -> int:
    """Print an error that carries a key as one sentence on stderr, and as JSON on stdout where that was asked
    for; gives back `code`."""
    print(sentence(error), file=sys.stderr)
    if "--json" in sys.argv:
        told = {"error": getattr(error, "key", ""), "message": sentence(error)}
        print(escaped(json.dumps(told, ensure_ascii=False)))
    return code
