"""Fills a new database: two shops, their people and keys, and in the first one three months of trade.

Written straight into the tables: seeding through the protocol would take a minute. What is written is what
the protocol would have left behind: every row has a number of the shop's counter, balances are sums.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from . import auth, catalogue, demo_data, demo_quotations, demo_special_orders, payload
from .catalogue import Part, table
from .database import Database, Transaction
from .demo_history import Trade
from .payload import JSON
from .records import CUSTOMER, ITEM, SUPPLIER, Noun, search_key, unwritten

_SHOPS: tuple[JSON, ...] = (
    {
        "id": demo_data.SHOP_ID,
        "name": "النور لقطع غيار السيارات",
        "name_en": "Al Nour Auto Parts",
        "address": "12 شارع الترعة البولاقية، شبرا، القاهرة",
        "phone": "0220000012",
        "email": "owner@clutch.test",
        "car_brands": payload.dump(["Hyundai", "Kia", "Nissan", "Toyota", "Chevrolet", "Renault", "Mitsubishi"]),
        "lat": "30.0771",
        "lng": "31.2454",
        "receipt_footer": "البضاعة المباعة ترد خلال 14 يوم بالفاتورة. شكرا لزيارتكم",
        "api_key": demo_data.API_KEY,
    },
    {
        "id": demo_data.SECOND_SHOP_ID,
        "name": "الفتح لقطع الغيار",
        "name_en": "Al Fath Spare Parts",
        "address": "45 شارع جمال عبد الناصر، الإسكندرية",
        "phone": "0320000045",
        "email": "second@clutch.test",
        "car_brands": payload.dump(["Fiat", "Lada", "Skoda", "Opel"]),
        "lat": "31.2156",
        "lng": "29.9553",
        "receipt_footer": "شكرا لزيارتكم",
        "api_key": demo_data.SECOND_API_KEY,
    },
)
_SAME: JSON = {
    "currency": "EGP",
    "language": "ar",
    "timezone": "Africa/Cairo",
    "tax_rate": "0.14",
    "prices_include_tax": 1,
    "credit_limit": 2_000_000,
    "counter": 0,
    "floor": 0,
    "event_seq": 0,
}


@dataclass(slots=True)
class Rows:
    """Rows for one table, written in one go."""

    table: str
    rows: list[JSON] = field(default_factory=list)

    def write(self, transaction: Transaction) -> None:
        if not self.rows:
            return
        names = list(self.rows[0])
        sql = f"INSERT INTO {self.table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        transaction.execute_many(sql, [tuple(row.values()) for row in self.rows])


def build(database: Database) -> None:
    """The shops, and in the first one as many parts as the settings ask for."""
    with database.writing(demo_data.SHOP_ID) as transaction:
        Rows("shop", [shop | _SAME for shop in _SHOPS]).write(transaction)
        _people(transaction)
        if database.settings.parts:
            _stock(database, transaction, database.settings.parts)


@cache
def _hashed(salt: str) -> str:
    return auth.hash_password(demo_data.PASSWORD, salt)


def _people(transaction: Transaction) -> None:
    rows = []
    for n, (email, phone, name, role, shop_id) in enumerate(demo_data.PEOPLE):
        salt = f"demo-{n}"
        password = _hashed(salt)
        row = {"id": f"00000000-0000-7000-8000-{n + 1:012x}", "shop_id": shop_id, "email": email, "phone": phone}
        rows.append(row | {"name": name, "role": role, "salt": salt, "password": password})
    Rows("person", rows).write(transaction)


def _stock(database: Database, transaction: Transaction, count: int) -> None:
    rng = random.Random(database.settings.seed)
    opening = database.clock.now() - timedelta(days=95)
    ids = _Ids(opening, rng)
    suppliers = _suppliers(ids, rng)
    shelf = {ids.next(): part for part in catalogue.parts(count, rng)}
    customers = _customers(ids, rng)
    trade = Trade(database.clock.now(), rng, ids.next, shelf, customers)
    trade.run()
    demo_special_orders.add(trade, _Ids(opening, random.Random(f"special orders {database.settings.seed}")).next)
    _write_items(transaction, shelf, trade, rng)
    Rows("supplier", [_numbered(transaction, row) for row in _supplier_rows(transaction, suppliers)]).write(transaction)
    Rows("customer", [_numbered(transaction, row) for row in _settled(customers, trade)]).write(transaction)
    Rows("sale", [_numbered(transaction, row) for row in trade.sales]).write(transaction)
    Rows("sale_line", [row | {"shop_id": transaction.shop_id} for row in trade.lines]).write(transaction)
    Rows("document", [_numbered(transaction, row) for row in trade.documents]).write(transaction)
    Rows("account_entry", [row | {"shop_id": transaction.shop_id} for row in trade.entries]).write(transaction)
    Rows("orders", [_numbered(transaction, row) for row in trade.orders]).write(transaction)
    Rows("document", [_numbered(transaction, row) for row in demo_quotations.rows(trade)]).write(transaction)


class _Ids:
    """UUIDv7 in rising order out of the seed alone."""

    def __init__(self, start: Any, rng: random.Random) -> None:
        self._at, self._rng = start, rng

    def next(self) -> str:
        self._at += timedelta(milliseconds=1)
        return payload.new_id(self._at, self._rng)


def _numbered(transaction: Transaction, row: JSON) -> JSON:
    return row | {"shop_id": transaction.shop_id, "seq": transaction.take()}


def _fresh(record_id: str, noun: Noun, values: JSON, at: str) -> JSON:
    """A row at version 1 with its search key; `seq` and the shop come when it is written."""
    start: JSON = {"id": record_id, "version": 1, "versions": "{}", "deleted": 0, "updated_at": at}
    return start | {"search_key": search_key(noun, values)} | unwritten(noun) | values


def _write_items(transaction: Transaction, shelf: dict[str, Part], trade: Trade, rng: random.Random) -> None:
    rows = []
    for item_id, part in shelf.items():
        minimum = max(1, min(12, round(part.weight)))
        values: JSON = {
            "name": part.name,
            "name_en": part.name_en,
            "part_number": part.part_number,
            "barcode": part.barcode,
            "oem_number": part.oem_number,
            "category": part.category,
            "brand": part.brand,
            "car_brand": part.car_brand,
            "car_model": part.car_model,
            "year": part.year,
            "price": part.price,
            "cost": part.cost,
            "stock_quantity": _on_shelf(minimum, rng) * 1000,
            "min_stock": minimum * 1000,
            "unit": part.unit,
            "decimals": part.decimals,
            "location": part.location,
            "supplier": rng.choice(_who_delivers()[part.location[0]]),
        }
        rows.append(_numbered(transaction, _fresh(item_id, ITEM, values, trade.opening)))
    Rows("item", rows).write(transaction)


@cache
def _who_delivers() -> dict[str, list[str]]:
    """The suppliers of each zone of the shelves."""
    suppliers: dict[str, list[str]] = {}
    for row in table("people"):
        for zone in row.get("zones", ""):
            suppliers.setdefault(zone, []).append(row["value"])
    return suppliers


def _on_shelf(minimum: int, rng: random.Random) -> int:
    """Most shelves are full enough; one in nine is below its minimum, and some of those are empty."""
    if rng.random() < 0.11:
        return rng.randint(0, max(0, minimum - 1))
    return minimum + rng.randint(0, minimum * 3 + 2)


def _suppliers(ids: _Ids, rng: random.Random) -> dict[str, JSON]:
    suppliers: dict[str, JSON] = {}
    for n, row in enumerate(row for row in table("people") if row["kind"] == "supplier"):
        suppliers[ids.next()] = {
            "name": row["value"],
            "contact_person": f"أ/ {_person(rng)}",
            "phone": f"02200001{n:02d}",
            "email": f"sales{n + 1}@supplier.test",
            "address": row["address"],
            "payment_terms": row["terms"],
            "rating": f"{rng.randint(30, 50) / 10}",
        }
    return suppliers


def _supplier_rows(transaction: Transaction, suppliers: dict[str, JSON]) -> list[JSON]:
    return [_fresh(key, SUPPLIER, values, transaction.now) for key, values in suppliers.items()]


def _person(rng: random.Random) -> str:
    first = rng.choice([row["value"] for row in table("people") if row["kind"] in ("man", "woman")])
    second, family = (
        rng.choice([row["value"] for row in table("people") if row["kind"] == kind]) for kind in ("man", "family")
    )
    return f"{first} {second} {family}"


def _customers(ids: _Ids, rng: random.Random) -> dict[str, JSON]:
    """Workshops first: they come most often and have an account. The numbers are nobody's: 01x 0000 ...."""
    workshops = [row["value"] for row in table("people") if row["kind"] == "workshop"]
    streets = [row["value"] for row in table("people") if row["kind"] == "street"]
    weights = [int(car["popularity"]) for car in table("cars")]
    customers: dict[str, JSON] = {}
    for n in range(180):
        workshop = n < len(workshops)
        car = rng.choices(table("cars"), weights)[0]
        plate = f"{' '.join(rng.sample('ابجدرسصطعفقلمنوى', 3))} {rng.randint(1000, 9999)}"
        info = {"brand": car["brand"], "model": car["model"], "year": car["years"][:4], "plate_number": plate}
        customers[ids.next()] = {
            "name": workshops[n] if workshop else _person(rng),
            "phone": f"01{rng.choice('0125')}0000{n + 1:04d}",
            "email": "",
            "address": rng.choice(streets),
            "customer_type": "workshop" if workshop else "retail",
            "car_info": "{}" if workshop else payload.dump(info),
        }
    return customers


def _settled(customers: dict[str, JSON], trade: Trade) -> list[JSON]:
    rows = []
    accounts: dict[str, list[JSON]] = {}
    for entry in trade.entries:
        accounts.setdefault(entry["customer_id"], []).append(entry)
    for key, values in customers.items():
        mine = accounts.get(key, [])
        visits = [entry["at"] for entry in mine if entry["kind"] == "sale"]
        row = _fresh(key, CUSTOMER, values, trade.opening)
        row["balance"] = sum(entry["amount"] for entry in mine)
        row["total_purchases"] = sum(entry["purchase"] for entry in mine)
        row["last_visit"] = max(visits, default=None)
        row["stub"] = 0
        row["created_at"] = min(visits, default=trade.opening)
        rows.append(row)
    return rows
