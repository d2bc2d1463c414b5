"""Discounts that stay what they are, cash that can be handed over, and money that goes back as it came.

The rules are those of `docs/money.md`; `tests/money_reference.py` holds a million tickets against them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import aftersales, inventory, money, past_sales, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import NOTHING, ONE, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import (
    Cart,
    CartLine,
    Discount,
    PartDraft,
    Payment,
    PayMethod,
    Receipt,
    Sale,
    SaleQuery,
    TaxRules,
)
from tests.fresh_store import open_new

COINS = TaxRules(cash_rounding=25)
TENTH = Discount(percent=10_00)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_new(tmp_path / "shop.db", inline=True) as opened:
        opened.run_now(state.put_tax_rules, COINS)
        yield opened


def line(price: int, quantity: int = 1, name: str = "p", discount: Discount | None = None) -> CartLine:
    return CartLine(name, "قطعة", "P-1", whole(quantity), price, discount or Discount())


def sell(store: Store, made: Cart, *payments: Payment) -> Receipt:
    return store.run_now(sales.checkout, made, payments, cashier="sara", device_id="d", rules=COINS)


def bought(store: Store, *lines: CartLine, customer_id: str | None = None) -> Cart:
    return replace(store.run_now(sales.open_cart), lines=lines, customer_id=customer_id)


def give_back(
    store: Store, sale: Sale, pieces: Mapping[int, int], payments: tuple[Payment, ...] | None = None
) -> Receipt:
    options: Any = {"payments": payments, "cashier": "sara", "device_id": "d", "reason": "r"}
    return store.run_now(aftersales.give_back, sale.id, {n: whole(count) for n, count in pieces.items()}, **options)


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return store.read_now(lambda: db.execute(sql).fetchall())


# --- how money is divided --------------------------------------------------------------------------------


def test_shares_come_to_the_whole() -> None:
    assert money.shares(100, (1, 1, 1)) == (33, 34, 33)
    assert money.shares(1, (0, 0, 5)) == (0, 0, 1)
    assert money.shares(7, ()) == ()
    assert money.shares(0, (0, 0)) == (0, 0)


@pytest.mark.parametrize(
    ("amount", "coin", "nearest", "below"),
    [(40_62, 25, 40_50, 40_50), (40_63, 25, 40_75, 40_50), (12, 25, 0, 0), (33, 0, 33, 33), (33, 1, 33, 33)],
)
def test_amounts_come_to_coins(amount: int, coin: int, nearest: int, below: int) -> None:
    assert (money.to_coin(amount, coin), money.down_to_coin(amount, coin)) == (nearest, below)


def test_what_is_written_with_decimals_comes_to_whole_piastres() -> None:
    assert [money.hundredths(Decimal(text)) for text in ("0.005", "-0.005", "12.344999", "7")] == [1, -1, 1234, 700]


# --- discounts -------------------------------------------------------------------------------------------


def test_a_percentage_off_a_line_is_reckoned_anew() -> None:
    made = carts.set_discount(Cart("c", (line(33_33),)), 0, TENTH)
    assert made.lines[0].off == 3_33
    made = carts.set_quantity(made, 0, whole(3))
    assert made.lines[0].off == 10_00
    made = carts.set_price(made, 0, 50_00)
    assert made.lines[0].total == 135_00
    ten = carts.set_discount(Cart("c", (line(66_50, 10),)), 0, TENTH)
    assert carts.set_quantity(ten, 0, ONE).lines[0].total == 59_85


def test_a_percentage_off_the_sale_follows_its_lines() -> None:
    made = carts.with_discount(Cart("c", (line(100_00), line(50_00, name="q"))), TENTH)
    assert carts.net(made) == 135_00
    assert carts.net(carts.remove_line(made, 0)) == 45_00
    more = carts.add_line(made, _part("r", 10_00), whole(5))
    assert carts.net(more) == 180_00
    assert carts.net(carts.set_discount(more, 0, TENTH)) == 171_00
    assert carts.totals(more, TaxRules(), "visa").discount == 20_00


def test_an_amount_stays_what_was_typed_and_never_takes_more_than_there_is() -> None:
    made = carts.set_discount(Cart("c", (line(10_00, 3),)), 0, Discount(25_00))
    assert carts.set_quantity(made, 0, ONE).lines[0].total == 0
    assert carts.set_quantity(carts.set_quantity(made, 0, ONE), 0, whole(5)).lines[0].total == 25_00
    all_off = carts.with_discount(Cart("c", (line(10_00),)), Discount(10_00))
    assert carts.remove_line(all_off, 0) == Cart("c")


def _part(part_id: str, price: int) -> Any:
    draft = PartDraft(name="قطعة", price=price)
    return inventory.Part(part_id, draft, NOTHING, NOTHING, 1, None, None, False, False)


def test_a_saved_cart_keeps_the_kind_of_its_discounts(store: Store) -> None:
    made = bought(store, line(100_00, 2, discount=TENTH))
    made = carts.with_discount(made, Discount(5_00))
    store.run_now(sales.save_cart, made)
    assert store.read_now(sales.open_carts) == (made,)
    old = {**asdict(made), "discount": 500, "lines": [{**asdict(made.lines[0]), "discount": 2_000}]}
    store.run_now(db.execute, "UPDATE cart SET body = ?", (json.dumps(old),))
    (opened,) = store.read_now(sales.open_carts)
    assert (opened.discount, opened.lines[0].discount) == (Discount(5_00), Discount(20_00))


def test_a_receipt_knows_the_percentages_and_the_server_gets_money(store: Store) -> None:
    made = carts.with_discount(bought(store, line(100_00, 2, discount=TENTH)), Discount(percent=5_00))
    sale = sell(store, made, Payment("cash", 171_00))
    for one in (sale, store.read_now(sales.get, sale.id)):
        assert (one.percent, one.lines[0].percent, one.lines[0].discount, one.totals.discount) == (
            500,
            1000,
            2000,
            2900,
        )
    ((payload,),) = rows(store, "SELECT payload FROM outbox WHERE kind = 'sale'")
    body = json.loads(payload)
    assert (body["discount"], body["items"][0]["discount"]) == (2900, 2000)
    assert "percent" not in payload


@pytest.mark.parametrize("of", ["line", "sale"])
def test_a_cart_changed_only_in_its_discount_is_another_sale(store: Store, of: str) -> None:
    """The receipt of the first would have been handed out for it, over another sum."""
    made = bought(store, line(100_00))
    first = sell(store, made, Payment("cash", 100_00))
    cheaper = carts.set_discount(made, 0, TENTH) if of == "line" else carts.with_discount(made, TENTH)
    second = sell(store, cheaper, Payment("cash", 90_00))
    assert (second.totals.total, first.totals.total) == (90_00, 100_00)
    assert second.id != first.id
    assert sell(store, cheaper, Payment("cash", 90_00)).id == second.id


# --- cash in coins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid", "rounding"),
    [
        ((Payment("visa", 50_00), Payment("cash", 40_50)), -12),
        ((Payment("cash", 40_50), Payment("visa", 50_00)), -12),
        ((Payment("cash", 90_50),), -12),
        ((Payment("cash", 40_75), Payment("visa", 49_87)), 0),
        ((Payment("visa", 90_62),), 0),
        ((Payment("visa", 90_50), Payment("cash", 0)), -12),
    ],
)
def test_the_cash_part_of_a_sale_is_payable_and_the_sums_add_up(
    store: Store, paid: tuple[Payment, ...], rounding: int
) -> None:
    sale = sell(store, bought(store, line(90_62)), *paid)
    assert (sale.totals.rounding, sale.totals.total) == (rounding, 90_62 + rounding)
    assert sum(payment.amount for payment in sale.payments) == sale.totals.total
    assert all(payment.amount for payment in sale.payments)
    ((payload,),) = rows(store, "SELECT payload FROM outbox WHERE kind = 'sale'")
    body = json.loads(payload)
    assert body["subtotal"] - body["discount"] + body["rounding"] == body["total"]
    assert sum(payment["amount"] for payment in body["payments"]) == body["total"]


@pytest.mark.parametrize(
    ("paid", "key"),
    [
        ((Payment("visa", 50_00), Payment("cash", 40_62)), "error.sale.unpaid"),
        ((Payment("cash", 20_10), Payment("cash", 70_40)), "error.sale.not_in_coins"),
        ((Payment("visa", 91_00), Payment("cash", 0)), "error.sale.unpaid"),
        ((Payment("visa", 90_62), Payment("instapay", 0)), "error.sale.unpaid"),
        ((Payment("visa", 90_50),), "error.sale.unpaid"),
    ],
)
def test_what_coins_do_not_come_to_is_not_taken(store: Store, paid: tuple[Payment, ...], key: str) -> None:
    with pytest.raises(ShopError) as refused:
        sell(store, bought(store, line(90_62)), *paid)
    assert refused.value.key == key
    assert rows(store, "SELECT count(*) FROM sale") == [(0,)]


@pytest.mark.parametrize("payments", [(), (Payment("cash", 0),), (Payment("visa", 0),)])
def test_what_costs_nothing_is_sold_without_a_payment(store: Store, payments: tuple[Payment, ...]) -> None:
    sale = sell(store, bought(store, line(10_00, discount=Discount(10_00))), *payments)
    assert (sale.totals.total, sale.payments) == (0, ())
    assert give_back(store, sale, {1: 1}).payments == ()


# --- what goes back --------------------------------------------------------------------------------------


def by_method(*receipts: Receipt) -> dict[PayMethod, int]:
    sums: dict[PayMethod, int] = {}
    for receipt in receipts:
        for payment in receipt.payments:
            sums[payment.method] = sums.get(payment.method, 0) + payment.amount
    return sums


def test_money_goes_back_as_it_came_method_by_method(store: Store) -> None:
    """A card that had paid 50.00 of 90.62 was given 90.62."""
    sale = sell(store, bought(store, line(90_62)), Payment("visa", 50_00), Payment("cash", 40_50))
    back = give_back(store, sale, {1: 1})
    assert back.payments == (Payment("visa", 50_00), Payment("cash", 40_50))
    assert (back.totals.total, back.totals.rounding) == (90_50, -12)
    ((payload,),) = rows(store, "SELECT payload FROM outbox WHERE kind = 'return'")
    assert [(one["method"], one["amount"]) for one in json.loads(payload)["payments"]] == [
        ("visa", 50_00),
        ("cash", 40_50),
    ]
    moved = [("sale", "visa", 50_00), ("sale", "cash", 40_50), ("return", "visa", -50_00), ("return", "cash", -40_50)]
    assert rows(store, "SELECT kind, method, amount FROM money_move ORDER BY id") == moved


def test_a_sale_says_what_came_back_of_it_and_a_return_of_what(store: Store) -> None:
    sale = sell(store, bought(store, line(10_00, 2)), Payment("cash", 20_00))
    for times, said in ((1, "some"), (1, "all")):
        back = give_back(store, sale, {1: times})
        assert (back.number_of_sale, back.own) == (sale.receipt_number, True)
        listed = store.read_now(past_sales.page, SaleQuery(), None, 0, 10)
        assert [row.returned for row in listed if row.id == sale.id] == [said]
        assert {row.returned for row in listed if row.id != sale.id} == {""}


def test_a_return_goes_off_the_account_first_and_never_onto_it(store: Store) -> None:
    made = bought(store, line(30_10, 3), customer_id="c-1")
    sale = sell(store, made, Payment("cash", 40_25), Payment("credit", 50_00))
    returns = [give_back(store, sale, {1: 1}) for _ in range(3)]
    assert [one.payments for one in returns] == [
        (Payment("credit", 30_10),),
        (Payment("credit", 19_90), Payment("cash", 10_25)),
        (Payment("cash", 30_00),),
    ]
    assert [one.totals.rounding for one in returns] == [0, 5, -10]
    assert by_method(*returns) == by_method(sale)
    assert rows(store, "SELECT sum(amount) FROM account_move") == [(0,)]


def test_a_person_may_choose_but_not_give_more_than_came(store: Store) -> None:
    sale = sell(store, bought(store, line(30_00, 3)), Payment("visa", 50_00), Payment("cash", 40_00))
    for payments, key in (
        ((Payment("visa", 60_00),), "error.sale.refund_over_paid"),
        ((Payment("instapay", 30_00),), "error.sale.refund_over_paid"),
        ((Payment("visa", 10_00),), "error.sale.refund_sum"),
        ((Payment("visa", 20_00), Payment("cash", 15_00)), "error.sale.refund_sum"),
        ((Payment("visa", 20_10), Payment("cash", 9_90)), "error.sale.not_in_coins"),
        ((Payment("cash", 0), Payment("visa", 30_00)), "error.sale.refund_over_paid"),
        ((), "error.sale.refund_sum"),
    ):
        with pytest.raises(ShopError) as refused:
            give_back(store, sale, {1: 1}, payments)
        assert refused.value.key == key
    assert give_back(store, sale, {1: 1}, (Payment("cash", 30_00),)).totals.total == 30_00
    assert give_back(store, sale, {1: 2}).payments == (Payment("visa", 50_00), Payment("cash", 10_00))


def test_the_last_cash_return_can_be_paid_in_the_coins_there_are(store: Store) -> None:
    """The smallest coin may be another by then: what is given is payable and never more than came in."""
    sale = sell(store, bought(store, line(13_25, 2)), Payment("cash", 26_50))
    assert give_back(store, sale, {1: 1}).totals.total == 13_25
    store.run_now(state.put_tax_rules, replace(COINS, cash_rounding=100))
    last = give_back(store, sale, {1: 1})
    assert (last.totals.total, last.totals.rounding) == (13_00, -25)


def test_of_a_sale_whose_payments_are_not_told_the_rest_counts_as_cash(store: Store) -> None:
    sale = sell(store, bought(store, line(20_00)), Payment("visa", 20_00))
    store.run_now(db.execute, "UPDATE payment SET amount = 1500")
    assert give_back(store, sale, {1: 1}).payments == (Payment("visa", 15_00), Payment("cash", 5_00))
    store.run_now(db.execute, "DELETE FROM sale WHERE kind = 'return'")
    store.run_now(db.execute, "DELETE FROM payment")
    assert give_back(store, sale, {1: 1}).payments == (Payment("visa", 20_00),)


def test_a_sale_on_nobodys_account_breaks_nothing(store: Store) -> None:
    """Another program wrote it: there is no account that the money could come off."""
    sale = sell(store, bought(store, line(20_00)), Payment("visa", 20_00))
    store.run_now(db.execute, "UPDATE payment SET method = 'credit'")
    with pytest.raises(ShopError, match="credit_needs_customer"):
        give_back(store, sale, {1: 1})
    assert store.run_now(aftersales.void, sale.id, "a mistake", "sara").status == "voided"
    assert rows(store, "SELECT count(*) FROM account_move") == [(0,)]


def test_a_void_gives_back_what_a_return_would(store: Store) -> None:
    """Rule 16 holds for it, too: of another program's sale the rest was paid in cash."""
    sale = sell(store, bought(store, line(20_00)), Payment("cash", 5_00), Payment("visa", 5_00), Payment("cash", 10_00))
    store.run_now(db.execute, "UPDATE payment SET amount = 300 WHERE method = 'visa'")
    store.run_now(aftersales.void, sale.id, "a mistake", "sara")
    moved = rows(store, "SELECT method, count(*), sum(amount) FROM money_move WHERE kind = 'void' GROUP BY method")
    assert moved == [("cash", 1, -17_00), ("visa", 1, -3_00)]


def test_a_return_that_names_no_lines_keeps_its_sale_from_being_voided(store: Store) -> None:
    """Another program may say only what a return came to: the money must not go back a second time."""
    sale = sell(store, bought(store, line(20_00, 2)), Payment("cash", 40_00))
    give_back(store, sale, {1: 1})
    store.run_now(db.execute, "UPDATE sale_line SET sale_line = NULL")
    with pytest.raises(ShopError, match="has_returns"):
        store.run_now(aftersales.void, sale.id, "a mistake", "sara")


def test_what_is_left_of_the_cash_is_no_excuse_for_giving_less(store: Store) -> None:
    sale = sell(store, bought(store, line(30_00, 2)), Payment("visa", 50_00), Payment("cash", 10_00))
    with pytest.raises(ShopError, match="refund_sum"):
        give_back(store, sale, {1: 1}, (Payment("cash", 10_00),))
    assert give_back(store, sale, {1: 1}, (Payment("cash", 10_00), Payment("visa", 20_00))).totals.total == 30_00


def test_cash_goes_back_last_wherever_it_stood_among_the_payments(store: Store) -> None:
    sale = sell(store, bought(store, line(30_00, 2)), Payment("cash", 10_00), Payment("visa", 50_00))
    assert give_back(store, sale, {1: 1}).payments == (Payment("visa", 30_00),)


def test_nothing_goes_back_where_another_program_gave_more_than_there_was(store: Store) -> None:
    sale = sell(store, bought(store, line(30_00, 2)), Payment("cash", 60_00))
    give_back(store, sale, {1: 1})
    store.run_now(db.execute, "UPDATE sale SET total = 70000 WHERE kind = 'return'")
    last = give_back(store, sale, {1: 1})
    assert (last.totals.total, last.payments) == (0, ())


def test_a_part_at_another_price_is_a_line_of_its_own(store: Store) -> None:
    part = store.run_now(inventory.create, PartDraft(name="قطعة", price=30_00))
    made = carts.set_price(carts.add_line(store.run_now(sales.open_cart), part), 0, 25_00)
    again = carts.add_line(carts.add_line(made, part), part)
    assert [(one.quantity, one.price) for one in again.lines] == [(ONE, 25_00), (whole(2), 30_00)]
