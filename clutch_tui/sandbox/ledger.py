"""The memory of what was ever answered, for ever: the reason why a change that is sent twice counts once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import payload
from .database import Reading, Transaction
from .payload import JSON

KINDS_OF_2 = frozenset(
    {
        *("deposit", "deposit_forfeit", "exchange", "lost_sale", "payment_void"),
        *("quotation", "quotation_lost", "quotation_sold", "special_order", "special_order_step"),
    }
)
"""Facts, and rows of them, that a program of version 1 does not know."""
FACTS = frozenset({"sale", "return", "void", "payment", "cash", "count", "adjust", "receive"}) | KINDS_OF_2
FIELDS_OF_2 = {"item": ("unit", "decimals"), "sale": ("exchange_id", "without_receipt")}
"""Fields, by the type of their record, that such a program does not know either."""
TYPES_OF_2 = frozenset({"price_rule"})
"""Types of record, and rows of them, that it does not know."""
ADDITIONS = frozenset({"car", "expense", "line_note", "reference"})
"""Texts of facts that version 1 does not have."""
_OTHERS = {"fraction", "level", "quote", "quote_line", "return_without_receipt", "unit"}
RECORDS = tuple(sorted(KINDS_OF_2 | TYPES_OF_2 | ADDITIONS | _OTHERS))
"""What this server names of version 2. `fraction`: quantities may have decimals. `level`: a sale's line says its price
level. `quote`: an order's quote is kept, corrected and withdrawn; `quote_line`: each of its lines says part, brand and
when it can be had. `return_without_receipt`: its rows say that they are no sales. `unit`: a part says its unit and its
decimals."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change as a terminal sends it, by whichever endpoint."""

    change_id: str
    kind: str
    type: str
    id: str
    n: int = 0
    at: str = ""
    epoch: str | None = None
    base: JSON = field(default_factory=dict)
    was: JSON = field(default_factory=dict)
    fields: JSON = field(default_factory=dict)
    body: JSON = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Covers what the change says, not what it was based on: a base may be filled in at the first send."""
        return payload.digest(self.kind, self.type, self.id, self.fields, self.body)


@dataclass(frozen=True, slots=True)
class Origin:
    """The sender of a change."""

    device_id: str = ""
    lineage: str = ""
    person: str = ""


@dataclass(slots=True)
class Outcome:
    """The outcome of a change; `seq` is filled in when its transaction knows its highest number."""

    status: str = "applied"
    seq: int = 0
    version: int | None = None
    flags: list[str] = field(default_factory=list)
    applied: list[str] | None = None
    theirs: JSON | None = None
    record: JSON | None = None
    code: str | None = None
    message: str | None = None
    errors: list[JSON] | None = None
    after: float | None = None
    first: JSON | None = None
    mark: str | None = None
    """The mark of `seq`."""

    def flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)

    def wire(self) -> JSON:
        names = (
            "mark",
            "version",
            "flags",
            "applied",
            "theirs",
            "record",
            "code",
            "message",
            "errors",
            "after",
            "first",
        )
        values = {name: getattr(self, name) for name in names}
        kept = {k: v for k, v in values.items() if v is not None and not (k == "flags" and not v)}
        return {"status": self.status, "seq": self.seq} | kept


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger row that exists already."""

    hash: str
    seq: int
    result: JSON
    http_status: int | None
    http_body: str | None


def find(reading: Reading, shop_id: str, change_id: str) -> Entry | None:
    row = reading.one(
        "SELECT hash, seq, result, http_status, http_body FROM ledger WHERE shop_id = ? AND change_id = ?",
        (shop_id, change_id),
    )
    if row is None:
        return None
    return Entry(row["hash"], row["seq"], payload.load(row["result"]), row["http_status"], row["http_body"])


def write(
    transaction: Transaction, change: Change, origin: Origin, outcome: Outcome, http: tuple[int, str] | None
) -> None:
    """Put the answer beside its effect. `http` is the REST answer, kept whole for replays."""
    status, body = http or (None, None)
    transaction.execute(
        "INSERT INTO ledger (shop_id, change_id, hash, kind, type, record_id, device_id, at, seq, result,"
        " http_status, http_body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            transaction.shop_id,
            change.change_id,
            change.hash,
            change.kind,
            change.type,
            change.id,
            origin.device_id,
            transaction.now,
            outcome.seq,
            payload.dump(outcome.wire()),
            status,
            body,
        ),
    )


def known(reading: Reading, shop_id: str, change_ids: list[str]) -> dict[str, JSON]:
    """The stored results of those changes that the ledger knows; the others are left out."""
    results: dict[str, JSON] = {}
    for start in range(0, len(change_ids), 500):
        part = change_ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        rows = reading.all(
            f"SELECT change_id, result FROM ledger WHERE shop_id = ? AND change_id IN ({marks})",
            (shop_id, *part),
        )
        results.update({row["change_id"]: payload.load(row["result"]) for row in rows})
    return results


def highest(reading: Reading, shop_id: str, lineage: str) -> int:
    """The highest number seen of this lineage; 0 for one that was never seen."""
    value: Any = reading.value("SELECT highest FROM lineage WHERE shop_id = ? AND lineage = ?", (shop_id, lineage))
    return int(value or 0)


def is_taken(reading: Reading, shop_id: str, lineage: str, change: Change) -> bool:
    """Tell whether another change has come under this number of the lineage: a clone of the disk has sent it."""
    if change.n <= 0:
        return False
    known = reading.value(
        "SELECT change_id FROM lineagenumber WHERE shop_id = ? AND lineage = ? AND n = ?", (shop_id, lineage, change.n)
    )
    return known not in (None, change.change_id)


def remember(transaction: Transaction, origin: Origin, change: Change) -> None:
    """Note that a number of the sender's lineage has arrived, whatever became of its change."""
    if not origin.lineage or change.n <= 0:
        return
    transaction.execute(
        "INSERT INTO lineage (shop_id, lineage, device_id, highest) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (shop_id, lineage) DO UPDATE SET highest ="
        " CASE WHEN excluded.highest > lineage.highest THEN excluded.highest ELSE lineage.highest END",
        (transaction.shop_id, origin.lineage, origin.device_id, change.n),
    )
    transaction.execute(
        "INSERT OR IGNORE INTO lineagenumber (shop_id, lineage, n, change_id) VALUES (?, ?, ?, ?)",
        (transaction.shop_id, origin.lineage, change.n, change.change_id),
    )


def of_version_1(sale: JSON) -> JSON:
    """A sale's body, or its row, without what a program of version 1 does not know in its lines."""
    lines = sale.get("items")
    if not isinstance(lines, list):
        return sale
    return sale | {"items": [_without_level(line) if isinstance(line, dict) else line for line in lines]}


def _without_level(line: JSON) -> JSON:
    return {name: value for name, value in line.items() if name != "level"}
