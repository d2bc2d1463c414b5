"""Orders from the marketplace: listed, answered once, and turned into a sale."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clutch_tui.core import aftersales, journal, orders, sales
from clutch_tui.core.cart import net, totals
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.order_types import OrderLine, OrderQuery
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.quantity import NOTHING, ONE, Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import replica_rows
from clutch_tui.core.types import Payment, TaxRules
from clutch_tui.net.sync.messages import write_fields
from tests.test_core.shop import HandClock, queue, stock_shelf


@pytest.fixture
def placed(store: Store) -> Store:
    """Three orders as a pull stores them, named by age: o3 pending, o2 quoted, o1 completed."""
    stock_shelf(store)
    rows = [("o1", "completed", "منى"), ("o2", "quoted", "خالد"), ("o3", "pending", "أحمد")]

    def write() -> None:
        for n, (order_id, status, customer) in enumerate(rows, 1):
            record = {
                "id": order_id,
                "order_number": f"ORD-10{n}",
                "customer_id": f"c{n}",
                "customer_name": customer,
                "phone": f"0100000000{n}",
                "status": status,
                "created_at": f"2026-11-2{n}T08:00:00.000Z",
                "version": 4,
            }
            items = [{"item_name": "طلمبة مياه"}, {"item_name": "كاوتش استبن"}]
            row = record | orders.keys_of({**record, "items": items})
            db.execute(
                f"INSERT INTO orders ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
            )
            db.execute("INSERT INTO order_line VALUES (?, 1, 'part-1', 'طلمبة مياه', 2000, 14000)", (order_id,))
            db.execute("INSERT INTO order_line VALUES (?, 2, NULL, 'كاوتش استبن', 1000, NULL)", (order_id,))

    store.run_now(write)
    return store


def numbers(store: Store, text: str = "", *, open_only: bool = False) -> list[str]:
    q = OrderQuery(text=text, open_only=open_only)
    rows = store.read_now(orders.page, q, None, 0, 10)
    assert store.read_now(orders.count, q) == len(rows)
    return [row.order_number for row in rows]


def test_the_order_whose_number_was_typed_comes_first(placed: Store) -> None:
    placed.run_now(db.execute, "UPDATE orders SET search_key = search_key || ' ord102 102'")
    for typed in ("ORD-102", "ord 102", "102"):
        assert numbers(placed, typed) == ["ORD-102", "ORD-103", "ORD-101"], typed
        q = OrderQuery(text=typed, open_only=False)
        first, *others = placed.read_now(orders.page, q, None, 0, 9)
        assert placed.read_now(orders.page, q, first.key, 0, 9) == tuple(others)
        assert placed.read_now(orders.page, q, others[0].key, 0, 9) == tuple(others[1:])


def test_orders_are_listed_newest_first(placed: Store) -> None:
    assert numbers(placed) == ["ORD-103", "ORD-102", "ORD-101"]
    assert numbers(placed, open_only=True) == ["ORD-103", "ORD-102"]
    assert numbers(placed, "احمد") == ["ORD-103"]
    assert numbers(placed, "ord102") == ["ORD-102"]
    assert numbers(placed, "+201000000001") == ["ORD-101"]
    assert numbers(placed, "طلمبه", open_only=True) == ["ORD-103", "ORD-102"]
    rows = placed.read_now(orders.page, OrderQuery(open_only=False), None, 0, 10)
    assert placed.read_now(orders.page, OrderQuery(open_only=False), rows[0].key, 0, 10) == rows[1:]
    assert rows[0].pieces == 3


def test_accepting_shows_at_once_and_asks_once(placed: Store) -> None:
    order = placed.run_now(orders.accept, "o3")
    assert (order.status, order.answer) == ("accepted", "accept")
    (change,) = queue(placed)
    assert (change["kind"], change["type"], change["base"]) == ("accept", "order", {"*": 4})
    for again in (orders.accept, lambda order_id: orders.reject(order_id, "x")):
        with pytest.raises(ShopError, match=r"error\.order\.answered"):
            placed.run_now(again, "o3")
    assert placed.read_now(journal.verify_audit) is None


def test_the_servers_copy_survives_a_refusal(placed: Store) -> None:
    placed.run_now(orders.reject, "o3", " مش متوفر ")
    assert queue(placed)[0]["payload"] == {"reason": "مش متوفر"}
    body = placed.read_now(db.execute, "SELECT body FROM base_record WHERE type = 'order'").fetchone()[0]
    assert '"status": "pending"' in body


def test_a_quote_carries_prices_and_their_sum(placed: Store, clock: HandClock) -> None:
    lines = (OrderLine("part-1", "طلمبة مياه", whole(2), 140_00), OrderLine(None, "كاوتش استبن", ONE, 900_00))
    order = placed.run_now(orders.quote, "o3", lines, clock.now() + timedelta(days=3), "")
    assert order.status == "quoted"
    body = queue(placed)[0]["payload"]
    assert body["total"] == 1180_00
    assert body["valid_until"] == "2026-11-25T09:00:00.000Z"
    assert body["lines"][0] == {
        "item_name": "طلمبة مياه", "quantity": whole(2), "price": 140_00, "item_id": "part-1"
    }  # fmt: skip


def test_fractions_are_quoted_and_sold_as_they_were_asked_for(placed: Store, clock: HandClock) -> None:
    """0.75 at 140.05 comes to 105.0375; what is sold in pieces stays in the cart as it was asked for, and is not sold
    so."""
    placed.run_now(db.execute, "UPDATE order_line SET quantity = 750 WHERE n = 1")
    lines = (OrderLine("part-1", "طلمبة مياه", Quantity(750), 140_05),)
    placed.run_now(orders.quote, "o3", lines, clock.now() + timedelta(days=3), "")
    body = queue(placed)[0]["payload"]
    assert (body["total"], body["lines"][0]["quantity"]) == (105_04, 750)
    audited = placed.read_now(lambda: db.execute("SELECT detail FROM audit").fetchone()[0])
    assert json.loads(audited)["lines"][0]["quantity"] == "0.75", "the audit says units"
    cart = placed.run_now(orders.to_cart, "o3")
    assert [(line.quantity, line.total) for line in cart.lines] == [(Quantity(750), 105_04)]
    options: Any = {"cashier": "s", "device_id": "d", "rules": TaxRules()}
    with pytest.raises(ShopError, match=r"quantity\.pieces"):
        placed.run_now(sales.checkout, cart, (Payment("cash", 105_04),), **options)
    placed.run_now(db.execute, "UPDATE part SET unit = 'LTR', decimals = 2 WHERE id = 'part-1'")
    placed.run_now(sales.discard_cart, cart.id)
    cart = placed.run_now(orders.to_cart, "o3")
    sale = placed.run_now(sales.checkout, cart, (Payment("cash", 105_04),), **options)
    assert [(line.quantity, line.unit) for line in sale.lines] == [(Quantity(750), "LTR")]
    assert cart.notes == "1 × كاوتش استبن"


QUOTED = (OrderLine("part-1", "طلمبة مياه", ONE, 450_00), OrderLine("part-2", "فلتر زيت", ONE, 177_50))


TOMORROW = "2026-11-23"
OFFERED = (
    OrderLine("part-2", "طلمبة مياه", ONE, 450_00, brand="Bosch", available=TOMORROW),
    OrderLine(None, "كاوتش استبن", ONE, None, available="no"),
)
"""One of the two that were wanted, of another part and tomorrow; the other not at all."""


def test_a_quote_goes_up_to_servers_of_every_version(placed: Store, clock: HandClock) -> None:
    """In the words that the server knows when it is first sent, and in the same ones ever after."""
    placed.run_now(orders.quote, "o3", OFFERED, clock.now() + timedelta(days=3), "مع الضمان")
    assert placed.run_now(outbox.claim, "rest") == (), "nothing was heard of the server yet"
    placed.run_now(abilities.learn, 1, ())
    (change,) = placed.run_now(outbox.claim, "rest")
    assert (change.kind, change.lane) == ("quote", "fast")
    assert change.payload["lines"] == [{"item_name": "طلمبة مياه", "quantity": ONE, "price": 450_00}]
    assert change.payload["notes"] == f"مع الضمان; طلمبة مياه: Bosch, {TOMORROW}"
    placed.run_now(abilities.learn, 2, ("quote", "quote_line"))
    (again,) = placed.run_now(outbox.claim, "rest")
    assert again.payload == change.payload


def test_a_server_that_knows_them_is_told_part_brand_and_day(placed: Store, clock: HandClock) -> None:
    placed.run_now(abilities.learn, 2, ("quote", "quote_line"))
    order = placed.run_now(orders.quote, "o3", OFFERED, clock.now() + timedelta(days=3))
    assert order.quote is not None
    assert (order.quote.lines, order.total) == (OFFERED, 450_00)
    (change,) = placed.run_now(outbox.claim, "rest")
    offered, missing = write_fields(change)["lines"]
    assert offered == {
        "item_name": "طلمبة مياه", "quantity": 1, "price": Decimal("450.00"), "item_id": "part-2",
        "brand": "Bosch", "available": TOMORROW,
    }  # fmt: skip
    assert missing == {"item_name": "كاوتش استبن", "quantity": 1, "available": "no"}


def test_what_was_quoted_of_another_brand_is_sold_and_what_was_not_offered_is_not(
    placed: Store, clock: HandClock
) -> None:
    placed.run_now(orders.quote, "o3", OFFERED, clock.now() + timedelta(days=3))
    cart = placed.run_now(orders.to_cart, "o3")
    assert [(line.part_id, line.quantity, line.price) for line in cart.lines] == [("part-2", ONE, 450_00)]
    assert net(cart) == 450_00
    assert cart.notes == "1 × كاوتش استبن"
    again = placed.read_now(lambda: orders.begin_quote(orders.get("o3")))
    assert [line for line, _ in again] == list(OFFERED), "a correction begins with what was said"


@pytest.mark.parametrize(
    ("available", "key"),
    [("yesterday", "available"), ("2026-11-21", "available"), ("2028-01-01", "available"), ("no", "nothing_offered")],
)
def test_a_day_on_which_nothing_comes(placed: Store, clock: HandClock, available: str, key: str) -> None:
    lines = (OrderLine("part-1", "طلمبة مياه", ONE, 5_00, available=available),)
    with pytest.raises(ShopError, match=f"error.order.{key}"):
        placed.run_now(orders.quote, "o3", lines, clock.now() + timedelta(days=3))
    assert queue(placed) == []


def meant(store: Store, order_id: str) -> list[tuple[str, bool] | None]:
    found = store.read_now(lambda: orders.suggestions(orders.get(order_id)))
    return [None if one is None else (one.part.id, one.is_tied) for one in found]


def test_words_that_a_person_has_tied_to_a_part_are_known_the_next_time(placed: Store) -> None:
    assert meant(placed, "o3") == [("part-1", False), None]
    with pytest.raises(ShopError, match=r"error\.order\.names_part"):
        placed.run_now(orders.tie, "o3", 0, "part-2")
    placed.run_now(orders.tie, "o3", 1, "part-2")
    placed.run_now(db.execute, "UPDATE order_line SET name = 'كـاوتش  إستبن' WHERE n = 2 AND order_id = 'o2'")
    assert meant(placed, "o3")[1] == meant(placed, "o2")[1] == ("part-2", True)
    cart = placed.run_now(orders.to_cart, "o3")
    assert [line.part_id for line in cart.lines] == ["part-1", "part-2"]
    assert cart.notes == ""
    placed.run_now(orders.tie, "o3", 1, "part-3")
    assert meant(placed, "o2")[1] == ("part-3", True), "what is said last counts"
    placed.run_now(db.execute, "UPDATE part SET deleted = 1 WHERE id = 'part-3'")
    assert meant(placed, "o3")[1] is None


def test_a_tie_is_made_by_a_quote_and_outlives_every_pull(placed: Store, clock: HandClock) -> None:
    lines = (QUOTED[0], OrderLine("part-2", "كاوتش استبن", ONE, 99_00))
    placed.run_now(orders.quote, "o3", lines, clock.now() + timedelta(days=3))
    placed.run_now(replica_rows.store, "order", [], snapshot=True)
    placed.run_now(replica_rows.store, "order", [pulled("o7")], snapshot=False)
    assert meant(placed, "o7") == [("part-2", True)]


def pulled(order_id: str, **fields: Any) -> dict[str, Any]:
    """An order as a pull brings it: of something that it calls by a name alone."""
    row: dict[str, Any] = dict.fromkeys(("customer_id", "created_at", "expires_at", "quote"))
    row |= dict.fromkeys(("phone", "delivery_address", "notes", "reason"), "") | {"total": 0, "seq": 1, "version": 1}
    items = [{"item_id": None, "item_name": "كاوتش استبن", "quantity": ONE, "price": None}]
    row |= {"id": order_id, "order_number": f"MK-{order_id}", "customer_name": "منى", "items": items}
    return row | {"status": "pending", "deleted": False} | fields


def test_what_another_till_has_quoted_is_learned_from_its_quote(placed: Store) -> None:
    line = {"item_id": "part-2", "item_name": "كاوتش استبن", "quantity": ONE, "price": 99_00}
    quote = {"lines": [line], "total": 99_00, "valid_until": None, "notes": ""}
    placed.run_now(replica_rows.store, "order", [pulled("o8", status="quoted", quote=quote)], snapshot=False)
    assert meant(placed, "o3")[1] == ("part-2", True)
    placed.run_now(orders.tie, "o3", 1, "part-3")
    placed.run_now(replica_rows.store, "order", [pulled("o8", status="quoted", quote=quote)], snapshot=False)
    assert meant(placed, "o3")[1] == ("part-3", True), "what was said here stands"


def test_what_ends_first_stands_first(placed: Store) -> None:
    rows = [
        pulled("late", expires_at="2026-11-22T12:00:00.000Z"),
        pulled("soon", expires_at="2026-11-22T09:10:00.000Z"),
        pulled("quoted", status="quoted", expires_at="2026-11-22T20:00:00.000Z", quote=quote_until("11:00")),
        pulled("agreed", status="accepted", expires_at="2026-11-22T09:01:00.000Z"),
        pulled(
            "gone", status="cancelled", expires_at="2026-11-22T08:00:00.000Z", created_at="2026-12-01T00:00:00.000Z"
        ),
    ]
    placed.run_now(replica_rows.store, "order", rows, snapshot=False)
    expected = ["MK-soon", "MK-quoted", "MK-late", "ORD-103", "ORD-102", "MK-agreed", "MK-gone", "ORD-101"]
    assert numbers(placed) == expected
    assert numbers(placed, open_only=True) == expected[:-2]
    q = OrderQuery(open_only=False)
    whole_list = placed.read_now(orders.page, q, None, 0, 10)
    assert [row.ends_at and row.ends_at.hour for row in whole_list[:4]] == [9, 11, 12, None]
    for n, row in enumerate(whole_list):
        assert placed.read_now(orders.page, q, row.key, 0, 10) == whole_list[n + 1 :], row.order_number


def quote_until(hour: str) -> dict[str, Any]:
    line = {"item_id": None, "item_name": "كاوتش استبن", "quantity": ONE, "price": 99_00}
    return {"lines": [line], "total": 99_00, "valid_until": f"2026-11-22T{hour}:00.000Z", "notes": ""}


@pytest.mark.parametrize(
    ("before", "after", "reason", "kind"),
    [
        ("quoted", "accepted", "", "order_accepted"),
        ("quoted", "cancelled", "customer", "order_cancelled"),
        ("pending", "cancelled", "taken", "order_taken"),
        ("pending", "cancelled", "expired", "order_expired"),
        ("accepted", "cancelled", "", "order_cancelled"),
        ("pending", "accepted", "", None),
        ("pending", "quoted", "", None),
        ("cancelled", "cancelled", "taken", None),
        ("accepted", "completed", "", None),
    ],
)
def test_what_becomes_of_an_order_without_us_is_news_once(
    placed: Store, before: str, after: str, reason: str, kind: str | None
) -> None:
    placed.run_now(replica_rows.store, "order", [pulled("o9", status=before)], snapshot=False)
    assert placed.read_now(journal.notifications, None, 0, 9) == (), "an order that was not known is no such news"
    for _ in range(2):
        row = pulled("o9", status=after, reason=reason, version=2)
        placed.run_now(replica_rows.store, "order", [row], snapshot=False)
    told = placed.read_now(journal.notifications, None, 0, 9)
    assert [(one.kind, one.values["order_number"]) for one in told] == ([(kind, "MK-o9")] if kind else [])


def test_what_this_till_has_answered_itself_is_no_news_and_that_it_came_too_late_is(placed: Store) -> None:
    placed.run_now(replica_rows.store, "order", [pulled("o9", status="quoted")], snapshot=False)
    placed.run_now(orders.accept, "o9")
    placed.run_now(replica_rows.store, "order", [pulled("o9", status="accepted", version=2)], snapshot=False)
    assert placed.read_now(journal.notifications, None, 0, 9) == ()
    placed.run_now(replica_rows.store, "order", [pulled("o9", status="cancelled", reason="taken")], snapshot=False)
    assert [one.kind for one in placed.read_now(journal.notifications, None, 0, 9)] == ["order_taken"]


def test_what_was_quoted_is_what_is_sold(placed: Store, clock: HandClock) -> None:
    """The shelf says 150.00 and 45.50 for what was quoted at 627.50 together."""
    placed.run_now(
        db.execute, "UPDATE order_line SET part_id = 'part-2', name = 'فلتر زيت', quantity = 1000 WHERE n = 2"
    )
    placed.run_now(db.execute, "UPDATE order_line SET quantity = 1000, price = NULL WHERE n = 1")
    placed.run_now(orders.quote, "o3", QUOTED, clock.now() + timedelta(days=3))
    quote = placed.read_now(orders.get, "o3").quote
    assert quote is not None
    assert (quote.total, quote.valid_until) == (627_50, clock.now() + timedelta(days=3))
    cart = placed.run_now(orders.to_cart, "o3")
    assert [(line.part_id, line.price) for line in cart.lines] == [("part-1", 450_00), ("part-2", 177_50)]
    assert net(cart) == 627_50


def test_a_servers_quote_binds_with_what_it_takes_off_and_leaves_out(placed: Store) -> None:
    """A quote of 400 for one of the two lines, of which one piece costs 450 by itself."""
    lines = [{"item_name": "طلمبة مياه", "item_id": None, "quantity": ONE, "price": 450_00}]
    quote = orders.quote_text({"lines": lines, "total": 400_00, "valid_until": None, "notes": ""})
    placed.run_now(db.execute, "UPDATE orders SET quote = ? WHERE id = 'o2'", (quote,))
    cart = placed.run_now(orders.to_cart, "o2")
    assert [(line.part_id, line.quantity, line.price) for line in cart.lines] == [("part-1", ONE, 450_00)]
    assert net(cart) == 400_00
    assert "كاوتش استبن" in cart.notes


def test_two_lines_of_one_name_are_two_lines(placed: Store) -> None:
    """The second of them means another part than the first."""
    placed.run_now(db.execute, "UPDATE order_line SET name = 'فلتر', part_id = 'part-1' WHERE n = 1")
    placed.run_now(db.execute, "UPDATE order_line SET name = 'فلتر', part_id = 'part-2' WHERE n = 2")
    lines = [{"item_id": None, "item_name": "فلتر", "quantity": whole(n), "price": n * 100_00} for n in (1, 2)]
    quote = orders.quote_text({"lines": lines, "total": 500_00, "valid_until": None, "notes": ""})
    placed.run_now(db.execute, "UPDATE orders SET quote = ? WHERE id = 'o2'", (quote,))
    made = placed.run_now(orders.to_cart, "o2")
    assert [(line.part_id, line.quantity, line.price) for line in made.lines] == [
        ("part-1", whole(1), 100_00),
        ("part-2", whole(2), 200_00),
    ]
    assert made.notes == ""


def test_an_open_quote_is_corrected_and_withdrawn_where_the_server_knows_that(placed: Store, clock: HandClock) -> None:
    until = clock.now() + timedelta(days=3)
    for attempt in (lambda: orders.quote("o2", QUOTED, until), lambda: orders.withdraw("o2")):
        with pytest.raises(ShopError, match="quote_stands"):
            placed.run_now(attempt)
    placed.run_now(abilities.learn, 2, ["quote"])
    with pytest.raises(ShopError, match="not_quoted"):
        placed.run_now(orders.withdraw, "o3")
    corrected = placed.run_now(orders.quote, "o2", QUOTED, until)
    assert (corrected.status, corrected.total) == ("quoted", 627_50)
    placed.run_now(db.execute, "UPDATE outbox SET answered_at = '', status = 'applied'")
    order = placed.run_now(orders.withdraw, "o2")
    assert (order.status, order.total, order.quote) == ("pending", 0, None)
    assert queue(placed)[-1]["payload"] == {"withdraw": True}


@pytest.mark.parametrize(
    ("lines", "days", "key"),
    [
        ((), 1, "error.order.no_price"),
        ((OrderLine(None, "a", ONE, None),), 1, "error.order.no_price"),
        ((OrderLine(None, "a", ONE, 5), OrderLine(None, "b", ONE, 0)), 1, "error.order.no_price"),
        ((OrderLine(None, "a", ONE, -5),), 1, "error.order.price"),
        ((OrderLine(None, "a", NOTHING, 5),), 1, "error.order.price"),
        ((OrderLine(None, "a", ONE, 5),), 0, "error.order.past"),
    ],
)
def test_a_quote_that_cannot_be_meant(
    placed: Store, clock: HandClock, lines: tuple[OrderLine, ...], days: int, key: str
) -> None:
    with pytest.raises(ShopError) as error:
        placed.run_now(orders.quote, "o3", lines, clock.now() + timedelta(days=days), "")
    assert error.value.key == key
    assert placed.read_now(orders.get, "o3").status == "pending"
    assert queue(placed) == []


def test_what_is_finished_waits_for_no_answer(placed: Store) -> None:
    with pytest.raises(ShopError, match=r"error\.order\.answered"):
        placed.run_now(orders.accept, "o1")
    with pytest.raises(ShopError, match=r"error\.order\.no_reason"):
        placed.run_now(orders.reject, "o3", " ")
    with pytest.raises(ShopError, match=r"error\.order\.unknown"):
        placed.run_now(orders.accept, "o9")


def test_an_order_becomes_one_cart_and_one_sale(placed: Store) -> None:
    cart = placed.run_now(orders.to_cart, "o3")
    assert [(line.part_id, line.quantity, line.price) for line in cart.lines] == [("part-1", whole(2), 140_00)]
    assert (cart.customer_id, cart.customer_phone, cart.order_id) == ("c3", "01000000003", "o3")
    assert cart.notes == "1 × كاوتش استبن"
    assert placed.run_now(orders.to_cart, "o3") == cart

    assert placed.read_now(orders.sold_as, "o3") is None
    total = totals(cart, TaxRules()).total
    pay = (Payment("cash", total),)
    sale = placed.run_now(sales.checkout, cart, pay, cashier="s", device_id="d", rules=TaxRules())
    assert queue(placed)[-1]["payload"]["order_id"] == "o3"
    assert placed.read_now(orders.sold_as, "o3") == sale.receipt_number
    with pytest.raises(ShopError, match=r"error\.order\.sold"):
        placed.run_now(orders.to_cart, "o3")
    placed.run_now(aftersales.void, sale.id, "رجع في كلامه", "s")
    assert placed.read_now(orders.sold_as, "o3") is None
    assert placed.run_now(orders.to_cart, "o3").id != cart.id


def test_an_order_that_names_nothing_of_ours_makes_no_cart(placed: Store) -> None:
    placed.run_now(db.execute, "DELETE FROM order_line WHERE n = 1")
    with pytest.raises(ShopError, match=r"error\.order\.no_parts"):
        placed.run_now(orders.to_cart, "o3")
    assert placed.read_now(sales.open_carts) == ()
