"""Three months of trade over a counter in Cairo: quiet Fridays, full Thursdays, workshops on account."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate

from clutch_tui.text.fold import fold, fold_number

from . import payload, shop_day
from .catalogue import Part
from .payload import JSON

DAYS = 91
ENOUGH = 400
"""Parts from which on everybody finds theirs; a shop with fewer has fewer customers."""
# Monday first: Friday is short, Thursday before the weekend is long.
_WEEK = (1.0, 0.95, 1.0, 1.3, 0.3, 1.15, 1.05)
_HOURS = (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
_BUSY = (3, 5, 7, 7, 5, 4, 6, 8, 9, 9, 6, 3)
_METHODS, _HOW_OFTEN = ("cash", "instapay", "visa", "vodafone_cash"), (70, 12, 10, 8)
# What goes over the counter together.
_BASKETS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("زيوت وسوائل", "فلاتر"), 30),
    (("زيوت وسوائل", "فلاتر", "فلاتر"), 14),
    (("فرامل",), 14),
    (("فرامل", "زيوت وسوائل"), 6),
    (("عفشة",), 14),
    (("عفشة", "عفشة"), 8),
    (("كهرباء",), 12),
    (("سيور", "سيور", "تبريد"), 6),
    (("تبريد", "زيوت وسوائل"), 8),
    (("نقل حركة",), 6),
    (("موتور",), 6),
    (("إضاءة وصاج",), 9),
    (("بطاريات",), 4),
    (("وقود",), 4),
    (("مستلزمات",), 5),
    (("شكمان",), 2),
)
_PAIRS = {"زيوت وسوائل": (1, 1, 1, 1, 2), "كهرباء": (1, 1, 4), "عفشة": (1, 1, 2), "إضاءة وصاج": (1, 1, 2)}
_MEASURES = (500, 1000, 1500, 2000, 2500, 4000, 4500)
"""What is wanted of what is sold by the litre, the metre or the kilogram."""
_DEVICES = ("d0000000-0000-7000-8000-0000000000d1", "d0000000-0000-7000-8000-0000000000d2")


@dataclass(slots=True)
class Trade:
    """The rows that three months leave behind. `run` fills them; the caller gives them their numbers."""

    now: datetime
    rng: random.Random
    new_id: Callable[[], str]
    shelf: dict[str, Part]
    customers: dict[str, JSON]
    sales: list[JSON] = field(default_factory=list)
    lines: list[JSON] = field(default_factory=list)
    documents: list[JSON] = field(default_factory=list)
    entries: list[JSON] = field(default_factory=list)
    orders: list[JSON] = field(default_factory=list)
    _pools: dict[tuple[str, str], tuple[list[str], list[float]]] = field(default_factory=dict)
    _models: tuple[list[str], list[float]] = ([], [])
    _balances: dict[str, int] = field(default_factory=dict)

    @property
    def opening(self) -> str:
        return payload.to_text(self.now - timedelta(days=DAYS + 4))

    def run(self) -> None:
        self._sort_shelf()
        today = shop_day.of(self.now)
        for ago in range(DAYS, -1, -1):
            self._day(today - timedelta(days=ago), ago)
        self._open_orders()

    def _sort_shelf(self) -> None:
        """Parts by category and car, with the weights for drawing one."""
        pools: dict[tuple[str, str], tuple[list[str], list[float]]] = {}
        for item_id, part in self.shelf.items():
            for key in {(part.category, part.car_model), (part.category, "")}:
                ids, weights = pools.setdefault(key, ([], []))
                ids.append(item_id)
                weights.append(part.weight)
        self._pools = {key: (ids, list(accumulate(weights))) for key, (ids, weights) in pools.items()}
        models: dict[str, float] = {}
        for part in self.shelf.values():
            if part.car_model:
                models[part.car_model] = models.get(part.car_model, 0) + part.weight
        self._models = (list(models), list(accumulate(models.values())))

    def _day(self, day: date, ago: int) -> None:
        payday = 1.15 if day.day >= 27 or day.day <= 4 else 1.0
        growth = 1 + (DAYS - ago) / DAYS * 0.15
        choice = min(1.0, len(self.shelf) / ENOUGH)
        visits = round(self.rng.gauss(34, 4) * _WEEK[day.weekday()] * payday * growth * choice)
        moments = sorted(
            datetime(
                day.year,
                day.month,
                day.day,
                self.rng.choices(_HOURS, _BUSY)[0],
                self.rng.randrange(60),
                self.rng.randrange(60),
                tzinfo=shop_day.CAIRO,
            )
            for _ in range(max(3, visits))
        )
        for moment in moments:
            if moment < self.now:
                self._sell(moment, day)
        if day.weekday() == 3 and ago:
            self._collect(moments[-1])

    def basket(self) -> dict[str, int]:
        """What one customer wants, in thousandths of each part's unit."""
        names, weights = self._models
        model = self.rng.choices(names, cum_weights=weights)[0] if names else ""
        categories = self.rng.choices([basket for basket, _ in _BASKETS], [weight for _, weight in _BASKETS])[0]
        chosen: dict[str, int] = {}
        for category in categories:
            pool = self._pools.get((category, model)) or self._pools.get((category, ""))
            if pool is None:
                continue
            item_id = self.rng.choices(pool[0], cum_weights=pool[1])[0]
            chosen[item_id] = self.rng.choice(_PAIRS.get(category, (1,))) * 1000
            if self.shelf[item_id].decimals:
                chosen[item_id] = self.rng.choice(_MEASURES)
        return chosen or {next(iter(self.shelf)): 1000}

    def _sell(self, moment: datetime, day: date) -> None:
        items = [self.line(item_id, quantity) for item_id, quantity in self.basket().items()]
        customer = self._customer()
        subtotal = sum(line["total"] for line in items)
        discount = subtotal // 2000 * 100 if customer and self.rng.random() < 0.25 else 0
        workshop = customer is not None and self.customers[customer]["customer_type"] == "workshop"
        credit = workshop and self.rng.random() < 0.4 and self._balances.get(customer or "", 0) < 1_500_000
        method = "credit" if credit else self.rng.choices(_METHODS, _HOW_OFTEN)[0]
        self._record(moment, day, items, customer, subtotal, discount, method)
        if self.rng.random() < 0.006:
            self._void(self.sales[-1], moment + timedelta(minutes=4))
        elif self.rng.random() < 0.015 and not discount and moment + timedelta(hours=1) < self.now:
            self._return(self.sales[-1], items, moment + timedelta(hours=1), day)

    def line(self, item_id: str, quantity: int) -> JSON:
        """What of one part is on a paper: quantity in thousandths of its unit, price and total in piastres."""
        part = self.shelf[item_id]
        sold: JSON = {"item_id": item_id, "item_name": part.name, "quantity": quantity, "price": part.price}
        return sold | {"total": payload.priced(part.price, quantity)}

    def _customer(self) -> str | None:
        """Half of those who come are strangers; the workshops, first in the list, come most."""
        if self.rng.random() < 0.5:
            return None
        ids = list(self.customers)
        return ids[min(int(self.rng.paretovariate(0.7)) - 1, len(ids) - 1)]

    def _record(
        self,
        moment: datetime,
        day: date,
        items: list[JSON],
        customer: str | None,
        subtotal: int,
        discount: int,
        method: str,
        original: str | None = None,
    ) -> None:
        at, total, sign = payload.to_text(moment), subtotal - discount, -1 if original else 1
        tax = round(total * 14 / 114)
        device = _DEVICES[len(self.sales) % 2]
        receipt = f"{'AB'[len(self.sales) % 2]}-{len(self.sales) // 2 + 1:06d}"
        who = self.customers[customer] if customer else {}
        body: JSON = {
            "id": self.new_id(),
            "receipt_number": receipt,
            "date": at,
            "device_id": device,
            "cashier": "سارة فهمي",
            "customer_id": customer,
            "customer_name": who.get("name", ""),
            "items": [written(line) for line in items],
            "subtotal": payload.money(subtotal),
            "discount": payload.money(discount),
            "tax": payload.money(tax),
            "rounding": payload.money(0),
            "total": payload.money(total),
            "payments": [{"method": method, "amount": payload.money(total)}],
            "payment_method": method,
            "status": "returned" if original else "completed",
            "return_of": original,
            "order_id": None,
            "business_day": day.isoformat(),
            "notes": "",
        }
        self._keep(body, items, sign, at, total, subtotal, discount, tax)
        if customer:
            owed, kind = total * sign if method == "credit" else 0, "return" if original else "sale"
            self.enter(customer, owed, kind, body["id"], at, total * sign)

    def _keep(
        self, body: JSON, items: list[JSON], sign: int, at: str, total: int, subtotal: int, discount: int, tax: int
    ) -> None:
        credit = total * sign if body["payment_method"] == "credit" else 0
        row: JSON = {name: body[name] for name in ("id", "receipt_number", "date", "device_id", "customer_id")}
        row |= {"day": body["business_day"], "status": body["status"], "return_of": body["return_of"]}
        row |= {"subtotal": subtotal * sign, "discount": discount * sign, "tax": tax * sign, "total": total * sign}
        row |= {"credit": credit, "notes": "", "body": payload.dump(body), "version": 1, "versions": "{}"}
        receipt = body["receipt_number"]
        row |= {"updated_at": at, "search_key": f"{fold(body['customer_name'])} {fold(receipt)} {fold_number(receipt)}"}
        self.sales.append(row)
        for n, line in enumerate(items):
            self.lines.append(
                {
                    "shop_id": "",
                    "sale_id": body["id"],
                    "n": n,
                    "line_id": str(n),
                    "item_id": line["item_id"],
                    "item_name": line["item_name"],
                    "quantity": line["quantity"] * sign,
                    "price": line["price"],
                    "total": line["total"] * sign,
                    "day": body["business_day"],
                }
            )

    def enter(self, customer: str, amount: int, kind: str, ref: str, at: str, purchase: int = 0) -> None:
        """Put an amount on a customer's account."""
        row = {"shop_id": "", "customer_id": customer, "amount": amount, "purchase": purchase}
        self.entries.append(row | {"kind": kind, "ref": ref, "at": at})
        self._balances[customer] = self._balances.get(customer, 0) + amount

    def _return(self, sale: JSON, items: list[JSON], moment: datetime, day: date) -> None:
        line = items[0]
        method = "credit" if sale["credit"] else "cash"
        back = [line | {"sale_line": 1}]  # counted from 1
        self._record(moment, day, back, sale["customer_id"], line["total"], 0, method, sale["id"])

    def _void(self, sale: JSON, moment: datetime) -> None:
        at = payload.to_text(moment)
        sale["status"], sale["version"], sale["updated_at"] = "voided", 2, at
        body = {"sale_id": sale["id"], "reason": "غلطة في الفاتورة"}
        self._document("void", body, at, sale["id"])
        if sale["customer_id"]:
            self.enter(sale["customer_id"], -sale["credit"], "void", sale["id"], at, -sale["total"])

    def _document(self, kind: str, body: JSON, at: str, sale_id: str | None = None) -> str:
        row: JSON = {"id": self.new_id(), "kind": kind, "sale_id": sale_id, "at": at, "body": payload.dump(body)}
        self.documents.append(row | {"pulled": 1})
        return str(row["id"])

    def _collect(self, moment: datetime) -> None:
        """On Thursdays the workshops pay most of what they owe."""
        for customer, balance in list(self._balances.items()):
            if balance < 20_000 or self.rng.random() < 0.35 or moment >= self.now:
                continue
            amount = min(balance, round(balance * self.rng.choice((0.5, 0.75, 1)) / 10_000) * 10_000)
            at = payload.to_text(moment)
            body = {"customer_id": customer, "amount": payload.money(amount), "method": "cash", "note": ""}
            self.enter(customer, -amount, "payment", self._document("payment", body, at), at)

    def _open_orders(self) -> None:
        """Orders of the last days: most are over, the last ones wait for an answer."""
        over = ("completed", "completed", "rejected", "cancelled", "accepted", "quoted")
        ids = list(self.customers)
        for n in range(14):
            created = self.now - timedelta(hours=(14 - n) * 7 if n < 8 else (14 - n) * 0.1)
            status = over[n % len(over)] if n < 8 else "pending"
            if n == 7:
                status = "quoted"
            customer = ids[self.rng.randrange(12, len(ids))] if len(ids) > 12 else ids[0]
            self.orders.append(self._order(n, created, status, customer))

    def _order(self, n: int, created: datetime, status: str, customer: str) -> JSON:
        who = self.customers[customer]
        chosen = self.basket()
        lines: list[JSON] = [
            {"item_id": key, "item_name": self.shelf[key].name, "quantity": payload.units(quantity), "price": None}
            for key, quantity in chosen.items()
        ]
        total = sum(payload.priced(self.shelf[key].price, quantity) for key, quantity in chosen.items())
        priced = status in ("quoted", "accepted", "completed")
        quote = None
        if priced:
            for line in lines:
                line["price"] = payload.money(self.shelf[line["item_id"]].price)
            quote = payload.dump({"lines": lines, "total": payload.money(total)})
        elif n == 13:  # in the customer's own words, which a person must make out
            lines.append({"item_id": None, "item_name": "ماسورة حنفية الردياتير", "quantity": 1, "price": None})
        order_id, at = self.new_id(), payload.to_text(created)
        return {
            "id": order_id,
            "order_number": f"MK-{n + 1:05d}",
            "market_id": order_id,
            "customer_id": customer,
            "customer_name": who["name"],
            "phone": who["phone"],
            "lines": payload.dump(lines),
            "total": total if priced else 0,
            "status": status,
            "reason": "مش متوفر" if status == "rejected" else "",
            "quote": quote,
            "delivery_address": who["address"],
            "notes": "",
            "created_at": at,
            "expires_at": payload.to_text(max(created, self.now) + timedelta(hours=6)),
            "version": 1,
            "versions": "{}",
            "deleted": 0,
            "updated_at": at,
            "search_key": f"{fold(who['name'])} {fold_number(who['phone'])} mk{n + 1:05d}",
        }


def written(line: JSON) -> JSON:
    """A line of a sale as it travels."""
    money = {name: payload.money(line[name]) for name in ("price", "total")}
    return line | money | {"quantity": payload.units(line["quantity"]), "discount": payload.money(0)}
