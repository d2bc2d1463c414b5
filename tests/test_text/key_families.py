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

from clutch_tui.bootstrap import support_file
from clutch_tui.core import cash, deposits, journal, lost_sales, order_types, quotations, special_orders, updates
from clutch_tui.core import types as core
from clutch_tui.core.outbox import halves, transports
from clutch_tui.core.performance import measures, usage
from clutch_tui.core.price_lists import headings, rows, survey
from clutch_tui.core.records import price_rule
from clutch_tui.core.store import benchmark, upkeep
from clutch_tui.net import monitor
from clutch_tui.net.client import errors
from clutch_tui.net.endpoint_tester import capabilities
from clutch_tui.net.endpoint_tester import tester as endpoint_tester
from clutch_tui.security import keychain
from clutch_tui.support import doctor
from clutch_tui.terminal import bidi_mode, glyphs
from clutch_tui.ui import keys, locked, status, themes
from clutch_tui.ui.screens import insight_lines, order_quote
from tests.doctor_checks import CHECKS

_UNTROUBLED = {"ok", "reachable"}
_TROUBLES = [state for state in get_args(endpoint_tester.State) if state not in _UNTROUBLED]

_OUTCOMES = ["seen", "resent", "replaced", "given_up"]

FAMILIES: dict[str, Iterable[str]] = {
    "cli.orders.quote.": ["price", "qty", "part", "brand", "available"],
    "cli.key.keeper.": get_args(keychain.Keeper),
    "cli.prices.": price_rule.FIGURES,
    "cli.key.sheet.": ["what", "who", "how"],
    "cli.return.would_": ["give", "pay"],
    "connection.": (".".join(pair) for pair in product(get_args(monitor.PartName), get_args(monitor.State))),
    "connection.access.": get_args(monitor.Access),
    "connection.overall.": get_args(status.Overall),
    "connection.sentence.": get_args(status.Overall),
    "connection.frame.": ["in", "out"],
    "connection.period.": usage.PERIODS,
    "connection.part.": get_args(monitor.PartName),
    "connection.state.": get_args(monitor.State),
    "connection.way.": [*get_args(transports.Transport), "both"],
    "difference.": ["refused", "set_aside", "local_sales"],
    "order.delivery.": order_quote.DELIVERY,
    "duration.": ["minutes", "hours", "days", "years"],
    "drawer.ask_": ["open", "pay_in", "pay_out"],
    "doctor.": doctor.OUTCOMES,
    "doctor.check.": CHECKS,
    "doctor.keeper.": ["keyring", "file", "run"],
    "doctor.letters.": get_args(glyphs.Lack),
    "doctor.remedy.letters.": get_args(glyphs.Lack),
    "doctor.remedy.": [name for name, verdict in doctor.OUTCOMES.items() if verdict in ("warning", "problem")],
    "error.api.": [kind.value for kind in errors.Kind],
    "error.field.": ["bad_url", "not_encrypted", "password_in_url", "ws_template"],
    "error.api.tls.": get_args(errors.TlsFault),
    "import.field.": headings.FIELDS,
    "import.ask.": survey.ASKED,
    "import.column.": survey.SAID,
    "import.skipped.": rows.SKIPPED,
    "import.warning.": ["title", "total", "heading_again"],
    "insight.figure.": {name for names in insight_lines._PLACES.values() for name in names},
    "lane.": get_args(core.Lane),
    "locked.hint.": get_args(locked.Way),
    "mode.": [
        *keys.MODES,
        "past_sales",
        "debtors",
        "connection_log",
        "conflicts",
        "part_history",
        "account",
        "supplier_history",
        *keys.OVER_TILL,
        "wanted",
        "closings",
    ],
    "order.": ["accept", "reject", "quote"],
    "order.over.": ["taken", "expired"],
    "order.status.": [*get_args(order_types.OrderStatus), "taken", "expired"],
    "pay.": [*core.PAY_METHODS, core.EXCHANGE],
    "lost_sale.": lost_sales.REASONS,
    "deposit.": special_orders.ON_CANCEL,
    "deposit.state.": [state for state in get_args(deposits.State) if state != "open"],
    "special_order.status.": special_orders.STATUSES,
    "price_rule.scope.": price_rule.SCOPES,
    "cli.drawer.": get_args(cash.DrawerDeed),
    "note.": map(str, cash.NOTES),
    "expense.": (*cash.CATEGORIES, "unnamed"),
    "error.": ("customer.several", "supplier.several"),
    "quotation.paper.": [status for status in quotations.STATUSES if status != "open"],
    "quotation.shows.": quotations.STATUSES,
    "quotation.status.": quotations.STATUSES,
    "queue.half.": halves.HALVES,
    "queue.ask.": ["there", "send_again", "moved", "not_moved"],
    "queue.ask_give_up.": ["create", "update", "delete", "order"],
    "queue.became.": _OUTCOMES,
    "queue.outcome.": _OUTCOMES,
    "queue.why.": [
        *get_args(core.Lane),
        "conflict",
        "applied_flagged",
        "rejected",
        "refused_request",
        "refused_fact",
        "unconfirmed",
        "unclear_stock",
    ],
    "log.level.": journal.LEVELS,
    "support.section.": support_file.SECTIONS,
    "sale.state.": [*get_args(core.SaleStatus), "return"],
    "sync.list_": ["torn", "unfiltered"],
    "sync.stock_by_": ["server", "terminal"],
    "sync.way_": get_args(transports.Transport),
    "tester.remedy.": _TROUBLES,
    "tester.state.": get_args(endpoint_tester.State),
    "tester.sync.": (".".join(pair) for pair in product(get_args(capabilities.Name), get_args(capabilities.Verdict))),
    "settings.bidi_": get_args(bidi_mode.Ordering),
    "settings.letters_": get_args(glyphs.Letters),
    "theme.": [theme.name for theme in themes.THEMES],
    "topic.": insight_lines.TOPICS,
    "measure.": [one.name for one in measures.MEASURES],
    "measure.chart.": get_args(measures.Span),
    "measure.unit.": get_args(measures.Unit),
    "measure.verdict.": get_args(measures.Verdict),
    "trial.": get_args(benchmark.Trial),
    "updates.verdict.": get_args(updates.Verdict),
    "upkeep.": upkeep.STEPS,
    "upkeep.outcome.": get_args(upkeep.Outcome),
}

OPEN: frozenset[str] = frozenset(
    {
        "cash.",  # what was done at the drawer
        "change.",  # what a queued change does
        "flag.",  # what the server found worth saying about a change
        "insight.",  # what the backend advises
        "insight.heading.",
        "insight.word.",
        "log.category.",
        "news.",  # what the backend tells a person
        "move.",  # why stock or an account moved
        "queue.answer.",  # how the server answered a change
        "queue.failed.",  # why a change could not be sent
        "queue.field.",  # a field that no form has
        "queue.status.",
        "refusal.",  # why the server refuses a change
        "tester.advice.",
    }
)

# Modules that build keys from their very first word, and ask `has` for each.
FREE: frozenset[str] = frozenset({"clutch_tui/phrases/changes.py"})
