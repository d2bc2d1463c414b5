"""What the shop has ordered for its customers: one on its way with a deposit, one that is here, one of what it does not
carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from . import payload, shop_day
from .demo_history import ENOUGH, Trade
from .payload import JSON

_TILL, _CASHIER = "d0000000-0000-7000-8000-0000000000d1", "سارة فهمي"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a customer wants, so many days ago: the part that runs out most, or what the shop does not carry."""

    ago: int
    text: str = ""
    price: int = 0
    deposit: int = 0
    expected: int = 0
    here: bool = False


_WISHES = (
    _Wish(6, here=True, deposit=200_00),
    _Wish(3, text="كمبروسر تكييف لانسر 2008 أصلي", price=4_200_00, deposit=1_000_00, expected=4),
    _Wish(1, text="طقم وش كوتشات شنطة مرسيدس W124", price=950_00, expected=2),
)


def add(trade: Trade, new_id: Callable[[], str]) -> None:
    """Add them to what has happened in the shop, with the deposits on their customers' accounts; none in a shop that is
    too small for that. `new_id` is a chance of its own, so that nothing else that is drawn depends on it."""
    if len(trade.shelf) < ENOUGH:
        return
    scarce = iter(sorted(trade.shelf, key=lambda key: (-trade.shelf[key].price, key))[10:])
    customers = iter(list(trade.customers)[3:])
    for n, wish in enumerate(_WISHES, 1):
        _ordered(trade, new_id, n, wish, next(customers), None if wish.text else next(scarce))


def _ordered(
    trade: Trade, new_id: Callable[[], str], n: int, wish: _Wish, customer_id: str, item_id: str | None
) -> None:
    day = shop_day.of(trade.now) - timedelta(days=wish.ago)
    at = datetime.combine(day, time(12, 10 + n), tzinfo=shop_day.CAIRO)
    number, who = f"A-S{n:05d}", trade.customers[customer_id]
    part = None if item_id is None else trade.shelf[item_id]
    order_id = new_id()

    def tell(kind: str, about: str | None, moment: datetime, body: JSON, id: str = "") -> str:
        row: JSON = {"id": id or new_id(), "kind": kind, "sale_id": about, "at": payload.to_text(moment)}
        trade.documents.append(row | {"body": payload.dump(body), "pulled": 1})
        return str(row["id"])

    body: JSON = {
        "number": number,
        "date": payload.to_text(at),
        "device_id": _TILL,
        "cashier": _CASHIER,
        "customer_id": customer_id,
        "customer_name": who["name"],
        "customer_phone": who["phone"],
        "item_id": item_id,
        "item_name": wish.text if part is None else part.name,
        "part_number": "" if part is None else part.part_number,
        "quantity": payload.units(1000),
        "price": payload.money(wish.price if part is None else part.price),
        "expected": (shop_day.of(trade.now) + timedelta(days=wish.expected)).isoformat() if wish.expected else "",
        "note": "",
    }
    tell("special_order", None, at, body, order_id)
    if wish.deposit:
        left = min(wish.deposit, wish.price if part is None else part.price)
        amount = payload.money(left)
        said = {"customer_id": customer_id, "amount": amount, "method": "cash", "note": number}
        payment_id = tell("payment", None, at, said)
        trade.enter(customer_id, -left, "payment", payment_id, payload.to_text(at))
        named = {"special_order_id": order_id, "payment_id": payment_id, "customer_id": customer_id, "amount": amount}
        tell("deposit", payment_id, at, named)
    if wish.here:
        step = {"special_order_id": order_id, "step": "here", "reason": "", "sale_id": "", "receipt_number": ""}
        tell("special_order_step", order_id, at + timedelta(days=4), step)
