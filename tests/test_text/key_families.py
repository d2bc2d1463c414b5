"""Keys that are built while the program runs: `t(f"connection.state.{state}")`.

The walker of `test_catalogues.py` sees only the fixed head of such a key. Declare the family here:

- in `FAMILIES` when the program knows every value it can take, imported from where they are defined, so that a
  new one is missed at once: both catalogues must have a sentence for each of them;
- in `OPEN` when values come from elsewhere (words of a backend, rows of older versions) and the code asks `has`
  first: sentences under this head count as used, none is demanded.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import get_args

from clutch_tui.core import headings, updates
from clutch_tui.core import types as core
from clutch_tui.net import capabilities, connection, doctor, errors, tester
from clutch_tui.ui import glyphs, keys, status, terminal, themes
from clutch_tui.ui.screens import insight_lines

_UNTROUBLED = {"ok", "reachable"}
_TROUBLES = [state for state in get_args(tester.State) if state not in _UNTROUBLED]

FAMILIES: dict[str, Iterable[str]] = {
    "connection.": (".".join(pair) for pair in product(get_args(connection.PartName), get_args(connection.State))),
    "connection.access.": get_args(connection.Access),
    "connection.overall.": get_args(status.Overall),
    "connection.part.": get_args(connection.PartName),
    "connection.state.": get_args(connection.State),
    "doctor.": doctor.OUTCOMES,
    "doctor.check.": doctor.CHECKS,
    "doctor.keeper.": ["keyring", "file", "run"],
    "doctor.letters.": get_args(glyphs.Lack),
    "doctor.remedy.letters.": get_args(glyphs.Lack),
    "doctor.remedy.": [name for name, verdict in doctor.OUTCOMES.items() if verdict in ("warning", "problem")],
    "error.api.": [kind.value for kind in errors.Kind],
    "error.api.tls.": get_args(errors.TlsFault),
    "import.field.": headings.FIELDS,
    "conflict.": ["delete", "delete_anyway", "answer", "answer_anyway"],
    "insight.figure.": {name for names in insight_lines._PLACES.values() for name in names},
    "lane.": get_args(core.Lane),
    "mode.": [*keys.MODES, "past_sales", "part_history", "customer_history", "supplier_history"],
    "order.": ["accept", "reject", "quote"],
    "order.status.": get_args(core.OrderStatus),
    "pay.": get_args(core.PayMethod),
    "sale.state.": [*get_args(core.SaleStatus), "return"],
    "tester.remedy.": _TROUBLES,
    "tester.state.": get_args(tester.State),
    "tester.sync.": (".".join(pair) for pair in product(get_args(capabilities.Name), get_args(capabilities.Verdict))),
    "settings.bidi_": get_args(terminal.Ordering),
    "theme.": [theme.name for theme in themes.THEMES],
    "topic.": insight_lines.TOPICS,
    "updates.verdict.": get_args(updates.Verdict),
}

OPEN: frozenset[str] = frozenset(
    {
        "change.",  # what a queued change does
        "flag.",  # what the server found worth saying about a change
        "insight.",  # what the backend advises
        "insight.heading.",
        "insight.word.",
        "log.category.",
        "news.",  # what the backend tells a person
        "move.",  # why stock or an account moved
        "tester.advice.",
    }
)

# Modules that build keys from their very first word, and ask `has` for each.
FREE: frozenset[str] = frozenset({"clutch_tui/ui/screens/queue.py"})
