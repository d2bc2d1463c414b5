"""The pages that a terminal pulls: rows in the order of the shop's counter, page by page.

A page with `more` ends at its last row; the last page ends at the counter as it stood at that read. A
snapshot leaves out tombstones, but for those buried after it began: a terminal that has already been given
such a row would keep it for ever, as its next pull starts above the tombstone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import epochs, orders, payload, records
from .database import Reading, Row
from .epochs import Place
from .ledger import FIELDS_OF_2, KINDS_OF_2, TYPES_OF_2, of_version_1
from .payload import JSON

PAGE_LIMIT = 5000
SNAPSHOT_DAYS = 400


@dataclass(frozen=True, slots=True)
class Pull:
    """The place where a terminal stands, and what it wants next."""

    cursor: int
    snapshot: bool = False
    since: int | None = None
    limit: int = PAGE_LIMIT
    mark: str | None = None
    """The mark that the terminal was told with `cursor`."""
    heard: Place = epochs.NOTHING
    """The highest number that it was ever told."""
    protocol: int = 1
    """The version that the caller speaks: rows that are not in it are left out."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The numbers that only this shop's present history may have given out."""
        return Place(self.cursor, self.mark), Place(self.since or 0), self.heard


@dataclass(frozen=True, slots=True)
class Page:
    changes: list[JSON]
    cursor: int
    more: bool
    since: int | None
    reset: str | None
    epoch: str
    mark: str | None
    """The mark of `cursor`."""
    since_mark: str | None
    """The mark of `since`."""

    def wire(self) -> JSON:
        wire = {
            "epoch": self.epoch,
            "reset": self.reset,
            "changes": self.changes,
            "cursor": self.cursor,
            "mark": self.mark,
            "more": self.more,
            "since": self.since,
        }
        return wire if self.since is None else wire | {"since_mark": self.since_mark}


# Reads the rows above a cursor, in order: shop, cursor, tombstones above (None: all of them), limit.
_Read = Callable[[Reading, str, int, int | None, int], list[JSON]]


def read(reading: Reading, shop_id: str, collection: str, pull: Pull) -> Page:
    """The next page of `inventory`, `customers`, `suppliers`, `orders` or `sales`."""
    shop = reading.shop(shop_id)
    floor, head = int(shop["floor"]), int(shop["counter"])

    def page(rows: list[JSON], cursor: int, *, more: bool = False, reset: str | None = None) -> Page:
        epoch = epochs.present(reading, shop_id)
        marks = reading.mark_of(shop_id, cursor), reading.mark_of(shop_id, since or 0)
        return Page(rows, cursor, more, since, reset, epoch, *marks)

    since = (head if pull.cursor == 0 or pull.since is None else pull.since) if pull.snapshot else None
    if floor > (pull.cursor if since is None else since):
        return page([], pull.cursor, reset="floor")
    limit = max(1, min(pull.limit, PAGE_LIMIT))
    rows = _COLLECTIONS[collection](reading, shop_id, pull.cursor, since, limit + 1)
    if len(rows) > limit:
        rows = rows[:limit]
        return page(_readable(rows, pull.protocol), rows[-1]["seq"], more=True)
    return page(_readable(rows, pull.protocol), head)


def _readable(rows: list[JSON], protocol: int) -> list[JSON]:
    if protocol > 1:
        return rows
    unknown = KINDS_OF_2 | TYPES_OF_2
    return [_without_2(row) for row in rows if row["type"] not in unknown and not row.get("without_receipt")]


def _without_2(row: JSON) -> JSON:
    later = FIELDS_OF_2.get(row["type"], ())
    kept = {name: value for name, value in row.items() if name not in later}
    if row["type"] == "sale":
        kept = of_version_1(kept)
    if row["type"] == "sale" and "exchange_id" in row:  # what was exchanged had been paid in some way
        kept["payments"] = [_without_exchange(payment) for payment in row.get("payments") or ()]
    return kept


def _without_exchange(payment: JSON) -> JSON:
    if payment.get("method") != "exchange":
        return payment
    return {"method": payment.get("way") or "cash", "amount": payment["amount"]}


def _records(noun: records.Noun) -> _Read:
    def read_rows(reading: Reading, shop_id: str, cursor: int, since: int | None, limit: int) -> list[JSON]:
        rows = reading.all(
            f"SELECT * FROM {noun.table} WHERE shop_id = ? AND seq > ? AND (deleted = 0 OR seq > ?)"
            " ORDER BY seq LIMIT ?",
            (shop_id, cursor, -1 if since is None else since, limit),
        )
        return [{"type": noun.type} | records.record(noun, row) for row in rows]

    return read_rows


def _inventory(reading: Reading, shop_id: str, cursor: int, since: int | None, limit: int) -> list[JSON]:
    """Parts and price rules, merged by number."""
    parts = _records(records.ITEM)(reading, shop_id, cursor, since, limit)
    rules = _records(records.PRICE_RULE)(reading, shop_id, cursor, since, limit)
    if not rules:
        return parts
    return sorted((*parts, *rules), key=lambda row: int(row["seq"]))[:limit]


def _orders(reading: Reading, shop_id: str, cursor: int, since: int | None, limit: int) -> list[JSON]:
    rows = reading.all(
        "SELECT * FROM orders WHERE shop_id = ? AND seq > ? ORDER BY seq LIMIT ?", (shop_id, cursor, limit)
    )
    return [{"type": "order"} | orders.record(row) for row in rows]


def sale_record(row: Row) -> JSON:
    """The sale as its terminal wrote it, with what has become of it since."""
    body: JSON = payload.load(row["body"])
    body |= {"id": row["id"], "status": row["status"], "notes": row["notes"], "version": row["version"]}
    return body | {"updated_at": row["updated_at"], "deleted": False, "seq": row["seq"]}


def document_record(row: Row) -> JSON:
    body: JSON = payload.load(row["body"])
    return body | {"type": row["kind"], "id": row["id"], "at": row["at"], "version": 1, "seq": row["seq"]}


def _sales(reading: Reading, shop_id: str, cursor: int, since: int | None, limit: int) -> list[JSON]:
    """Sales and the other facts of sales.sync, merged by number. A snapshot reaches back 400 days."""
    first = "" if since is None else _days_before(reading.now, SNAPSHOT_DAYS)
    sales = reading.all(
        "SELECT * FROM sale WHERE shop_id = ? AND seq > ? AND date >= ? ORDER BY seq LIMIT ?",
        (shop_id, cursor, first, limit),
    )
    documents = reading.all(
        "SELECT * FROM document WHERE shop_id = ? AND pulled = 1 AND seq > ? AND at >= ? ORDER BY seq LIMIT ?",
        (shop_id, cursor, first, limit),
    )
    rows = [{"type": "sale"} | sale_record(row) for row in sales]
    rows += [document_record(row) for row in documents]
    rows.sort(key=lambda row: int(row["seq"]))
    return rows[:limit]


def _days_before(now: str, days: int) -> str:
    return payload.to_text(datetime.fromisoformat(now) - timedelta(days=days))


_COLLECTIONS: dict[str, _Read] = {noun.plural: _records(noun) for noun in records.NOUNS.values()} | {
    "inventory": _inventory,
    "orders": _orders,
    "sales": _sales,
}
