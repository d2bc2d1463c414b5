"""The demo shop: believable, consistent with itself, and the same again from the same seed."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from clutch_tui.sandbox import catalogue, demo_data, pages, payload
from clutch_tui.sandbox.app import create_backend
from clutch_tui.sandbox.database import Database, Reading
from clutch_tui.sandbox.pages import Pull
from clutch_tui.sandbox.settings import Settings

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
ARABIC = re.compile("[\u0621-\u064a]")


class Fixed:
    def now(self) -> datetime:
        return NOW


def _open(parts: int = 1400, seed: int = 1) -> Database:
    settings = Settings(inline=True, parts=parts, seed=seed, clock=Fixed(), rng=random.Random(1))
    return create_backend(settings).database


@pytest.fixture(scope="module")
def shop() -> Database:
    return _open()


def _fingerprint(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as reading:
        tables = ("item", "customer", "supplier", "sale", "sale_line", "document", "account_entry", "orders")
        rows = [reading.all(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]
    return [tuple(row) for table in rows for row in table]


def test_the_same_seed_makes_the_same_shop_and_another_seed_another(shop: Database) -> None:
    assert _fingerprint(shop) == _fingerprint(_open())
    assert _fingerprint(shop) != _fingerprint(_open(seed=2))


def test_known_check_digits() -> None:
    known = ("4006381333931", "5901234123457", "9780306406157")
    assert [catalogue.check_digit(code[:12]) for code in known] == [code[12] for code in known]


def test_parts_are_as_a_shop_writes_them(shop: Database) -> None:
    with shop.reading() as reading:
        rows = reading.all("SELECT * FROM item WHERE shop_id = ?", (demo_data.SHOP_ID,))
    assert len(rows) == 1400
    for row in rows:
        assert ARABIC.search(row["name"]), row["name"]
        assert re.search("[A-Za-z]", row["name_en"]), row["name_en"]
        assert len(row["barcode"]) == 13
        assert row["barcode"].startswith("622")
        assert catalogue.check_digit(row["barcode"][:12]) == row["barcode"][12]
        assert 0 < row["cost"] < row["price"], tuple(row)
        assert row["price"] % 100 == 0
        assert re.fullmatch(r"[A-Z]-\d\d-\d", row["location"])
        assert row["part_number"] == row["part_number"].strip() != ""
    for column in ("part_number", "barcode"):
        assert len({row[column] for row in rows}) == len(rows)
    assert len({row["category"] for row in rows}) >= 10
    assert len({(row["car_brand"], row["car_model"]) for row in rows}) >= 60
    names = " ".join(row["name"] for row in rows)
    for word in (
        "طلمبة مياه",
        "تيل فرامل أمامي",
        "بوجيه",
        "سير كاتينة",
        "فلتر زيت",
        "مساعد أمامي",
        "كوبلن",
        "رمان بلي",
    ):
        assert word in names


def test_oem_numbers_follow_each_makers_style() -> None:
    parts = catalogue.parts(6000, random.Random(3))
    styles = {
        ("Hyundai", "Oil filter"): r"26300-[A-Z0-9]{2}\d0\d",
        ("Nissan", "Oil filter"): r"15208-[A-Z0-9]{4}[A-Z]",
        ("Toyota", "Spark plug"): r"90919-[A-Z0-9]{2}\d\d0",
        ("Skoda", "Front brake disc"): r"[0-9][A-Z0-9]\d 615 301 [A-Z]",
        ("Chery", "Front brake pads"): r"[A-Z0-9]+-3501080",
    }
    for (maker, kind), style in styles.items():
        numbers = {part.oem_number for part in parts if part.car_brand == maker and part.name_en.startswith(kind)}
        assert numbers
        assert all(re.fullmatch(style, number) for number in numbers), numbers
    same: dict[tuple[str, str], str] = {}
    for part in parts:
        if part.car_model:
            kind = part.name_en.split(f" {part.car_brand} ")[0]
            assert same.setdefault((kind, part.car_model), part.oem_number) == part.oem_number


def test_people_are_nobody(shop: Database) -> None:
    with shop.reading() as reading:
        customers = reading.all("SELECT * FROM customer")
        suppliers = reading.all("SELECT * FROM supplier")
    assert len(customers) >= 150
    assert len({row["phone"] for row in customers}) == len(customers)
    assert all(re.fullmatch(r"01[0125]0000\d{4}", row["phone"]) for row in customers)
    assert all(row["email"].endswith(".test") for row in suppliers)
    assert len(suppliers) >= 10


def test_three_months_have_the_rhythm_of_a_week(shop: Database) -> None:
    with shop.reading() as reading:
        days = {row["day"]: row["n"] for row in reading.all("SELECT day, COUNT(*) AS n FROM sale GROUP BY day")}
        latest = reading.value("SELECT MAX(date) FROM sale")
    assert len(days) >= 90
    mean = {
        weekday: sum(n for day, n in days.items() if date.fromisoformat(day).weekday() == weekday) / 13
        for weekday in range(7)
    }
    assert mean[4] < min(mean[day] for day in (0, 1, 2, 3, 5, 6)) / 2, "Friday is short"
    assert max(mean, key=lambda day: mean[day]) == 3, "Thursday is the best day"
    assert latest < "2026-11-22T15:00:00.000Z"


def test_the_books_agree(shop: Database) -> None:
    with shop.reading() as reading:
        _balances(reading)
        _sales(reading)
        shop_row = reading.shop(demo_data.SHOP_ID)
        numbers = [
            row[0]
            for table in ("item", "supplier", "customer", "sale", "document", "orders")
            for row in reading.all(f"SELECT seq FROM {table} WHERE shop_id = ?", (demo_data.SHOP_ID,))
        ]
    assert sorted(numbers) == list(range(1, shop_row["counter"] + 1))


def _balances(reading: Reading) -> None:
    rows = reading.all(
        "SELECT customer.balance, customer.total_purchases, COALESCE(SUM(amount), 0), COALESCE(SUM(purchase), 0)"
        " FROM customer LEFT JOIN account_entry entry ON entry.customer_id = customer.id GROUP BY customer.id"
    )
    assert any(row[0] > 0 for row in rows), "somebody owes something"
    for row in rows:
        assert (row[0], row[1]) == (row[2], row[3])
        assert row[0] >= 0


def _sales(reading: Reading) -> None:
    wrong = reading.all(
        "SELECT sale.id FROM sale JOIN sale_line line ON line.sale_id = sale.id AND line.shop_id = sale.shop_id"
        " GROUP BY sale.id HAVING SUM(line.total) <> sale.subtotal OR sale.subtotal - sale.discount <> sale.total"
    )
    assert wrong == []


def test_what_came_back_names_the_line_that_it_was_sold_in(shop: Database) -> None:
    """Lines are counted from 1, as terminals do; else what came back would seem to be there to come back again."""
    with shop.reading() as reading:
        rows = reading.all("SELECT id, body FROM sale WHERE return_of IS NOT NULL")
        sold = {row["id"]: json.loads(row["body"])["items"] for row in reading.all("SELECT id, body FROM sale")}
    assert len(rows) > 20
    for body in (json.loads(row["body"]) for row in rows):
        for line in body["items"]:
            assert line["sale_line"] >= 1
            assert sold[body["return_of"]][line["sale_line"] - 1]["item_id"] == line["item_id"]


def test_open_orders_wait_for_an_answer(shop: Database) -> None:
    with shop.reading() as reading:
        found = pages.read(reading, demo_data.SHOP_ID, "orders", Pull(0)).changes
    waiting = [order for order in found if order["status"] == "pending"]
    assert len(waiting) >= 4
    assert all(datetime.fromisoformat(order["expires_at"]) > NOW + timedelta(hours=1) for order in waiting)


def test_a_very_large_shop_has_no_part_twice() -> None:
    parts = catalogue.parts(60_000, random.Random(1))
    assert len({part.part_number for part in parts}) == len({part.barcode for part in parts}) == 60_000


def test_quotations_are_open_over_sold_and_lost(shop: Database) -> None:
    kinds = ("quotation", "quotation_sold", "quotation_lost")
    with shop.reading() as reading:
        found = pages.read(reading, demo_data.SHOP_ID, "sales", Pull(0, limit=20_000, protocol=2)).changes
    made, sold, lost = ([row for row in found if row["type"] == kind] for kind in kinds)
    sales = {row["id"]: row for row in found if row["type"] == "sale"}
    assert [row["number"] for row in made] == sorted(row["number"] for row in made)
    today = NOW.date().isoformat()
    ended = {row["quotation_id"] for row in (*sold, *lost)}
    holds = [row["valid_until"] >= today for row in made if row["id"] not in ended]
    assert (len(sold), len(lost), sorted(holds)) == (1, 1, [False, True, True])
    for row in made:
        assert sum(Decimal(item["total"]) for item in row["items"]) == Decimal(row["subtotal"])
        assert Decimal(row["subtotal"]) - Decimal(row["discount"]) == Decimal(row["total"])
        assert row["at"] < payload.to_text(NOW)
    by_id = {row["id"]: row for row in made}
    assert ended <= set(by_id)
    (one,) = sold
    sale = sales[one["sale_id"]]
    assert (one["receipt_number"], by_id[one["quotation_id"]]["total"]) == (sale["receipt_number"], sale["total"])
    assert all(row["reason"] for row in lost)


def test_special_orders_are_on_their_way_and_here_with_deposits_on_the_account(shop: Database) -> None:
    with shop.reading() as reading:
        found = pages.read(reading, demo_data.SHOP_ID, "sales", Pull(0, limit=20_000, protocol=2)).changes
    by_kind = {kind: [row for row in found if row["type"] == kind] for kind in ("special_order", "deposit", "payment")}
    made = {row["id"]: row for row in by_kind["special_order"]}
    assert [row["item_id"] is None for row in made.values()] == [False, True, True]
    assert [row["step"] for row in found if row["type"] == "special_order_step"] == ["here"]
    paid = {row["id"]: row for row in by_kind["payment"]}
    assert len(by_kind["deposit"]) == 2
    for row in by_kind["deposit"]:
        order, payment = made[row["special_order_id"]], paid[row["payment_id"]]
        assert (payment["customer_id"], payment["amount"]) == (order["customer_id"], row["amount"])
        assert Decimal(row["amount"]) <= Decimal(order["price"])
