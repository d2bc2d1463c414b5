"""What the shop has offered to people at the counter: prices that still hold, some that do not, one sold, one lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from . import payload, shop_day
from .demo_history import ENOUGH, Trade, written
from .payload import JSON

_TILL, _CASHIER = "d0000000-0000-7000-8000-0000000000d1", "سارة فهمي"


@dataclass(frozen=True, slots=True)
class _Offer:
    """Who asked, so many days ago, and for how many the prices hold. The numbers are nobody's."""

    ago: int
    days: int
    name: str
    phone: str
    baskets: int = 1
    percent: int = 0
    note: str = ""
    lost: str = ""


_OFFERS = (
    _Offer(19, 7, "كريم سواق التاكسي", "01000009901"),
    _Offer(6, 14, "أستاذ مدحت", "01100009902", baskets=2, lost="لقاها أرخص في التوفيقية"),
    _Offer(3, 7, "أم أحمد", "01200009903", note="تسأل ابنها الأول"),
    _Offer(1, 14, "الأسطى رجب", "01500009904", baskets=2, percent=5),
)
_NUMBERS, _NUMBER_OF_SOLD = (1, 3, 4, 5), 2


def rows(trade: Trade) -> list[JSON]:
    """The documents of the quotations, oldest first, as the protocol would have left them; none in a shop that is too
    small to be asked. Called last: it draws from the same chance as everything else."""
    if len(trade.shelf) < ENOUGH:
        return []
    documents: list[JSON] = []
    if (sale := _sale_of_one(trade)) is not None:
        documents += _sold(trade, sale)
    for n, offer in zip(_NUMBERS, _OFFERS, strict=True):
        documents += _offered(trade, n, offer)
    return sorted(documents, key=lambda row: str(row["at"]))


def _sale_of_one(trade: Trade) -> JSON | None:
    """The first sale of the last ten days to a customer who took several things."""
    since = payload.to_text(trade.now - timedelta(days=10))
    for row in trade.sales:
        body: JSON = payload.load(row["body"])
        whole = row["status"] == "completed" and row["return_of"] is None
        if whole and row["date"] > since and row["customer_id"] and len(body["items"]) > 1:
            return body
    return None


def _sold(trade: Trade, sale: JSON) -> list[JSON]:
    sold_at = datetime.fromisoformat(sale["date"])
    items = [item | {"part_number": trade.shelf[item["item_id"]].part_number} for item in sale["items"]]
    who = trade.customers[sale["customer_id"]]
    body = {name: sale[name] for name in ("customer_id", "customer_name", "subtotal", "discount", "tax", "total")}
    body |= {"customer_phone": who["phone"], "items": items, "note": ""}
    made = _quotation(trade, _NUMBER_OF_SOLD, sold_at - timedelta(days=1), 7, body)
    named = {"sale_id": sale["id"], "receipt_number": sale["receipt_number"]}
    return [made, _end(trade, "quotation_sold", made, named, sold_at)]


def _offered(trade: Trade, n: int, offer: _Offer) -> list[JSON]:
    wanted: dict[str, int] = {}
    for _ in range(offer.baskets):
        wanted |= trade.basket()
    lines = [trade.line(item_id, quantity) for item_id, quantity in wanted.items()]
    subtotal = sum(line["total"] for line in lines)
    discount = subtotal * offer.percent // 10_000 * 100
    total = subtotal - discount
    body: JSON = {
        "customer_id": None,
        "customer_name": offer.name,
        "customer_phone": offer.phone,
        "items": [written(line) | {"part_number": trade.shelf[line["item_id"]].part_number} for line in lines],
        "subtotal": payload.money(subtotal),
        "discount": payload.money(discount),
        "tax": payload.money(round(total * 14 / 114)),
        "total": payload.money(total),
        "note": offer.note,
    }
    day = shop_day.of(trade.now) - timedelta(days=offer.ago)
    at = datetime.combine(day, time(13, 5 + n), tzinfo=shop_day.CAIRO)
    made = _quotation(trade, n, at, offer.days, body)
    ended = _end(trade, "quotation_lost", made, {"reason": offer.lost}, at + timedelta(days=2))
    return [made, ended] if offer.lost else [made]


def _quotation(trade: Trade, n: int, at: datetime, days: int, body: JSON) -> JSON:
    head = {
        "number": f"A-Q{n:05d}",
        "date": payload.to_text(at),
        "valid_until": (shop_day.of(at) + timedelta(days=days)).isoformat(),
        "device_id": _TILL,
        "cashier": _CASHIER,
    }
    return _document(trade, "quotation", None, at, head | body)


def _end(trade: Trade, kind: str, quotation: JSON, what: JSON, at: datetime) -> JSON:
    return _document(trade, kind, quotation["id"], at, {"quotation_id": quotation["id"]} | what)


def _document(trade: Trade, kind: str, about: str | None, at: datetime, body: JSON) -> JSON:
    row: JSON = {"id": trade.new_id(), "kind": kind, "sale_id": about, "at": payload.to_text(at)}
    return row | {"body": payload.dump(body), "pulled": 1}
