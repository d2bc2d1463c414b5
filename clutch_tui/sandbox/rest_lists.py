"""Lists over REST: page by page for people and old clients, by `since_seq` for terminals that sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clutch_tui.text.fold import fold, fold_number

from . import epochs, orders, pages, payload, records, shop_day
from .calls import Answer, Call, Encoded, endpoint
from .database import Database, Row
from .epochs import Place
from .pages import Pull
from .payload import JSON, invalid

PAGE_SIZE, LARGEST_PAGE = 50, 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """The listing of one noun: `filters` maps a query name to the column it must equal."""

    collection: str
    plural: str
    table: str
    write: Callable[[Row], JSON]
    order: str = "id"
    filters: dict[str, str] = field(default_factory=dict)
    dated: str = ""
    day: Callable[[date], str] = shop_day.start
    """How the column writes where a day begins."""
    tombstones: bool = True


LISTINGS: dict[str, Listing] = {
    "inventory.list": Listing(
        "items",
        "items",
        "item",
        lambda row: records.record(records.ITEM, row),
        filters={name: name for name in ("category", "brand", "car_brand", "car_model", "supplier", "barcode")},
    ),
    "customers.list": Listing(
        "customers",
        "customers",
        "customer",
        lambda row: records.record(records.CUSTOMER, row),
        filters={"customer_type": "customer_type", "phone": "phone"},
    ),
    "suppliers.list": Listing("suppliers", "suppliers", "supplier", lambda row: records.record(records.SUPPLIER, row)),
    "orders.list": Listing(
        "orders",
        "orders",
        "orders",
        orders.record,
        order="created_at DESC, id",
        filters={"status": "status"},
        dated="created_at",
    ),
    "sales.list": Listing(
        "sales",
        "transactions",
        "sale",
        pages.sale_record,
        order="date DESC, id",
        filters={"status": "status", "customer_id": "customer_id", "device_id": "device_id"},
        dated="day",
        day=date.isoformat,
        tombstones=False,
    ),
}


@endpoint(*LISTINGS)
async def listing(call: Call) -> Answer:
    what = LISTINGS[call.endpoint.name]
    if call.query("since_seq"):
        epoch, pull = call.query("epoch") or None, _pull(call)
        await call.backend.write(epochs.check, call.shop_id, epoch, *pull.places)
        return Answer(await call.backend.read(_since, call.shop_id, what, pull, epoch))
    where, values = _conditions(call, what)
    page = call.whole("page", 1, least=1)
    limit = call.whole("limit", PAGE_SIZE, least=1, most=LARGEST_PAGE)
    return Answer(await call.backend.read(_page, what, where, values, page, limit))


def _pull(call: Call) -> Pull:
    snapshot = call.query("snapshot").lower() in ("true", "1")
    since = call.whole("since", 0) if call.query("since") else None
    limit = call.whole("limit", PAGE_SIZE * 10, 1, pages.PAGE_LIMIT)
    heard = Place(call.whole("heard", 0), call.query("heard_mark") or None)
    return Pull(call.whole("since_seq", 0), snapshot, since, limit, call.query("mark") or None, heard)


def _since(database: Database, shop_id: str, what: Listing, pull: Pull, epoch: str | None) -> Encoded:
    with database.reading() as reading:
        page = pages.read(reading, shop_id, what.collection, pull).wire()
    if epoch not in (None, page["epoch"]):
        raise epochs.refusal(page["epoch"])
    return Encoded(payload.dump({what.plural: page.pop("changes")} | page))


def _page(database: Database, what: Listing, where: str, values: list[str], page: int, limit: int) -> Encoded:
    with database.reading() as reading:
        total = int(reading.value(f"SELECT COUNT(*) FROM {what.table} WHERE {where}", values))
        rows = reading.all(
            f"SELECT * FROM {what.table} WHERE {where} ORDER BY {what.order} LIMIT ? OFFSET ?",
            (*values, limit, (page - 1) * limit),
        )
    pagination = {"page": page, "limit": limit, "total": total, "pages": -(-total // limit)}
    return Encoded(payload.dump({what.plural: [what.write(row) for row in rows], "pagination": pagination}))


def _conditions(call: Call, what: Listing) -> tuple[str, list[str]]:
    conditions, values = ["shop_id = ?"], [call.shop_id]
    if what.tombstones:
        conditions.append("deleted = 0")
    for name, column in what.filters.items():
        if wanted := call.query(name):
            conditions.append(f"LOWER({column}) = LOWER(?)")
            values.append(wanted)
    for word in call.query("search").split():
        keys = {fold(word), fold_number(word)} - {""}
        conditions.append("(" + " OR ".join(["search_key LIKE ? ESCAPE '\\'"] * len(keys)) + ")" if keys else "1 = 0")
        values += [f"%{_escaped(key)}%" for key in sorted(keys)]
    if call.query("low_stock").lower() in ("true", "1") and what.table == "item":
        conditions.append("stock_quantity < min_stock")
    if since := call.query("updated_since"):
        conditions.append("updated_at >= ?")
        values.append(payload.moment(since.replace(" ", "+"), "updated_since"))
    if what.dated:
        _add_dates(call, what, conditions, values)
    return " AND ".join(conditions), values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _add_dates(call: Call, what: Listing, conditions: list[str], values: list[str]) -> None:
    """`date_from` and `date_to` are days of the shop, both of them included."""
    if given := call.query("date_from"):
        conditions.append(f"{what.dated} >= ?")
        values.append(what.day(day(given, "date_from")))
    if given := call.query("date_to"):
        conditions.append(f"{what.dated} < ?")
        values.append(what.day(day(given, "date_to") + timedelta(days=1)))


def day(text: str, name: str) -> date:
    """A day, also out of a whole moment; raises `Invalid`."""
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+")).date()
    except ValueError:
        raise invalid(name, "must be a day such as 2026-11-22") from None
    if not 1900 <= parsed.year <= 9998:
        raise invalid(name, "is out of range")
    return parsed
