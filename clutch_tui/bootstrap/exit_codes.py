"""Exit codes of the commands, and how one that failed says so."""

from __future__ import annotations

import json
import sys

from clutch_tui.errors import key_of
from clutch_tui.phrases.errors import explain
from clutch_tui.text.harmless import escaped

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3
"""Done (a sale made offline is done); failed or partly failed; wrong usage or configuration; nothing reachable."""


def complain(error: Exception, code: int) -> int:
    """Print an error that carries a key as one sentence on stderr, and as JSON on stdout where that was asked
    for; gives back `code`."""
    print(explain(error), file=sys.stderr)
    if "--json" in sys.argv:
        failure = {"error": key_of(error), "message": explain(error)}
        print(escaped(json.dumps(failure, ensure_ascii=False)))
    return code
