"""Which price rule counts, what it makes of a price, and what becomes of the prices of a cart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, inventory, pricing, quotation_carts, quotations, sales
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.pricing import PriceRule, price_for
from clutch_tui.core.quantity import ONE, Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import (
    Cart,
    Customer,
    CustomerDraft,
    Part,
    PartDraft,
    Payment,
    PriceRuleDraft,
    Sale,
    TaxRules,
)
from tests.test_core.shop import queue, stock_shelf

RULES = TaxRules()


def rule(
    level: str = "workshop",
    scope: str = "all",
    *,
    percent: int = 0,
    price: int = 0,
    from_quantity: int = 0,
    rounding: int = 0,
    id: str = "r",
) -> PriceRule:
    return PriceRule(id, level, scope, percent, price, Quantity(from_quantity), rounding)


@pytest.mark.parametrize(
    ("rules", "level", "quantity", "price", "priced_by"),
    [
        ([], "workshop", 1, 100_00, ""),
        ([rule(percent=1000)], "workshop", 1, 90_00, "workshop"),
        ([rule(percent=1000)], "", 1, 100_00, ""),
        ([rule(percent=1000)], "wholesale", 1, 100_00, ""),
        ([rule("retail", percent=500)], "", 1, 95_00, "retail"),
        ([rule("retail", percent=500)], "gold", 1, 95_00, "retail"),
        ([rule("retail", percent=500), rule(percent=1000)], "workshop", 1, 90_00, "workshop"),
        ([rule("retail", "part", price=50_00), rule(percent=1000)], "workshop", 1, 90_00, "workshop"),
        ([rule(percent=1000), rule(scope="brand", percent=2000)], "workshop", 1, 80_00, "workshop"),
        ([rule(scope="brand", percent=2000), rule(scope="category", percent=500)], "workshop", 1, 95_00, "workshop"),
        ([rule(scope="category", percent=500), rule(scope="part", percent=0)], "workshop", 1, 100_00, "workshop"),
        ([rule(percent=500), rule(percent=1000, from_quantity=10_000)], "workshop", 9, 95_00, "workshop"),
        ([rule(percent=500), rule(percent=1000, from_quantity=10_000)], "workshop", 10, 90_00, "workshop"),
        ([rule(percent=1000, from_quantity=10_000)], "workshop", 9, 100_00, ""),
        (
            [rule(scope="part", percent=500, from_quantity=5_000), rule(percent=1000, from_quantity=10_000)],
            "workshop",
            10,
            95_00,
            "workshop",
        ),
        ([rule(price=70_00)], "workshop", 1, 70_00, "workshop"),
        ([rule(price=70_00, percent=5000)], "workshop", 1, 70_00, "workshop"),
        ([rule(percent=333, rounding=25)], "workshop", 1, 96_75, "workshop"),
        ([rule(percent=10000)], "workshop", 1, 0, "workshop"),
        ([rule(percent=1000, id="older"), rule(percent=2000, id="younger")], "workshop", 1, 80_00, "workshop"),
        ([rule(percent=2000, id="younger"), rule(percent=1000, id="older")], "workshop", 1, 80_00, "workshop"),
    ],
)
def test_the_most_particular_rule_of_the_level_counts(
    rules: list[PriceRule], level: str, quantity: int, price: int, priced_by: str
) -> None:
    told = price_for(rules, 100_00, level, whole(quantity))
    assert (told.price, told.level) == (price, priced_by)


@pytest.fixture
def parts(store: Store) -> dict[str, Part]:
    return stock_shelf(store)


def make(store: Store, **fields: object) -> str:
    from clutch_tui.core import price_rules

    return str(store.run_now(price_rules.create, PriceRuleDraft(**{"level": "workshop", **fields})).id)  # type: ignore[arg-type]


def workshop(store: Store) -> Customer:
    made: Customer = store.run_now(customers.create, CustomerDraft(name="ورشة الأمل", customer_type="workshop"))
    return made


def priced(store: Store, cart: Cart) -> list[tuple[int, str]]:
    return [(line.price, line.level) for line in store.read_now(pricing.as_priced_now, cart).lines]


def test_a_rule_is_found_by_part_by_category_and_by_brand_however_they_are_written(
    store: Store, parts: dict[str, Part]
) -> None:
    pump, oil_filter, plug, genuine = parts.values()
    make(store, scope="part", item_id=pump.id, price=120_00)
    make(store, scope="category", target="فلاتـر", percent=1000)
    make(store, scope="brand", target="vag", percent=2000)
    make(store, scope="all", percent=500)
    cart = carts.with_customer(Cart("c"), workshop(store))
    for part in (pump, oil_filter, plug, genuine):
        cart = carts.add_line(cart, part)
    assert priced(store, cart) == [
        (120_00, "workshop"),
        (40_95, "workshop"),
        (114_00, "workshop"),
        (240_00, "workshop"),
    ]
    nobody = carts.with_customer(cart, None)
    assert priced(store, nobody) == [(150_00, ""), (45_50, ""), (120_00, ""), (300_00, "")]


def test_how_much_of_a_part_is_bought_counts_over_all_its_lines(store: Store, parts: dict[str, Part]) -> None:
    pump = parts["WP-100"]
    make(store, level="retail", percent=1000, from_quantity=whole(10))
    cart = carts.add_line(carts.set_price(carts.add_line(Cart("c"), pump, whole(6)), 0, 140_00), pump, whole(4))
    assert len(cart.lines) == 2
    assert priced(store, cart) == [(140_00, ""), (135_00, "retail")]
    assert priced(store, carts.set_quantity(cart, 1, whole(3)))[1] == (150_00, "")


def test_what_was_typed_and_what_was_quoted_stays(store: Store, parts: dict[str, Part]) -> None:
    pump = parts["WP-100"]
    customer = workshop(store)
    cart = carts.with_customer(carts.add_line(Cart("c"), pump), customer)
    typed = carts.set_price(cart, 0, 111_00)
    made = store.run_now(
        lambda: quotations.quote(
            typed, valid_until=quotations.usual_end(), name="", cashier="", device_id="d", rules=RULES
        )
    )
    make(store, percent=1000)
    assert priced(store, typed) == [(111_00, "")]
    both = store.read_now(quotation_carts.recall, made.id)
    assert priced(store, both.quoted) == [(111_00, "")]
    assert [(line.price, line.level) for line in both.today.lines] == [(135_00, "workshop")]
    assert both.changed == (("طلمبة مياه", 111_00, 135_00),)


def test_one_more_of_what_lies_there_at_a_level_is_more_of_it(store: Store, parts: dict[str, Part]) -> None:
    make(store, level="retail", percent=1000)
    cart = store.read_now(pricing.as_priced_now, carts.add_line(Cart("c"), parts["WP-100"]))
    (line,) = carts.add_line(cart, parts["WP-100"]).lines
    assert (line.quantity, line.price) == (whole(2), 135_00)


def sell(store: Store, cart: Cart) -> Sale:
    total = carts.totals(cart, RULES, "visa").total
    return store.run_now(sales.checkout, cart, [Payment("visa", total)], cashier="", device_id="d", rules=RULES)


def test_a_sale_remembers_at_which_level_it_was_and_says_so_to_a_server_that_knows_levels(
    store: Store, parts: dict[str, Part]
) -> None:
    make(store, percent=1000)
    cart = carts.add_line(carts.with_customer(Cart("c"), workshop(store)), parts["WP-100"])
    cart = store.read_now(pricing.as_priced_now, carts.add_line(cart, parts["OF-200"]))
    sold = sell(store, carts.set_price(cart, 1, 40_00))
    assert [line.level for line in sold.lines] == ["workshop", ""]
    assert [line.level for line in store.read_now(sales.get, sold.id).lines] == ["workshop", ""]
    (said,) = [change["payload"] for change in queue(store) if change["kind"] == "sale"]
    assert [line.get("level") for line in said["items"]] == ["workshop", None]

    def sent() -> list[object]:
        (change,) = [one for one in store.run_now(outbox.claim, "sales") if one.kind == "sale"]
        return [line.get("level") for line in change.payload["items"]]

    store.run_now(abilities.learn, 1, [])
    assert sent() == [None, None]
    store.run_now(abilities.learn, 2, ["level"])
    assert sent() == [None, None]  # frozen as it was sent first
    again = sell(store, replace(cart, id="d"))
    changes = {one.id: one for one in store.run_now(outbox.claim, "sales")}
    assert [line.get("level") for line in changes[again.id].payload["items"]] == ["workshop", "workshop"]


def test_a_price_that_a_server_changes_is_told_and_taken_as_it_was_told(store: Store, parts: dict[str, Part]) -> None:
    pump, oil_filter = parts["WP-100"], parts["OF-200"]
    make(store, level="retail", percent=1000)
    cart = carts.add_line(carts.add_line(Cart("c"), pump, whole(2)), oil_filter)
    cart = store.read_now(pricing.as_priced_now, carts.set_price(cart, 1, 44_00))

    def now() -> pricing.Prices:
        return store.read_now(pricing.of_parts, [pump.id, oil_filter.id])

    assert pricing.news(cart, now()) == ()
    for part in (pump, oil_filter):
        store.run_now(inventory.edit, part.id, replace(part.draft, price=200_00), seen=part)
    (told,) = pricing.news(cart, now())  # a price that was typed is nobody's business
    assert (told.part_id, told.was, told.price.price, told.price.level) == (pump.id, 135_00, 180_00, "retail")
    more = pricing.repriced(carts.set_quantity(cart, 0, whole(3)), now())
    assert more.lines[0].price == 135_00  # nobody has taken it
    taken = pricing.with_news(more, [told])
    assert [(line.price, line.level) for line in taken.lines] == [(180_00, "retail"), (44_00, "")]
    assert pricing.news(taken, now()) == ()
    assert pricing.with_news(carts.set_price(cart, 0, 1_00), [told]).lines[0].price == 1_00
    assert pricing.with_news(taken, [told]) == taken


def test_a_rule_that_ends_is_told_and_a_price_that_is_gone_is_not(store: Store, parts: dict[str, Part]) -> None:
    from clutch_tui.core import price_rules

    pump = parts["WP-100"]
    rule_id = make(store, level="retail", percent=1000)
    cart = store.read_now(pricing.as_priced_now, carts.add_line(Cart("c"), pump))
    store.run_now(price_rules.delete, rule_id, seen=store.read_now(price_rules.get, rule_id))
    (told,) = pricing.news(cart, store.read_now(pricing.of_parts, [pump.id]))
    assert (told.was, told.price) == (135_00, pricing.Price(150_00))
    store.run_now(inventory.edit, pump.id, replace(pump.draft, price=0), seen=pump)
    assert pricing.news(cart, store.read_now(pricing.of_parts, [pump.id])) == ()


def test_what_others_have_taken_from_the_shelf_is_told_once_there_is_too_little(
    store: Store, parts: dict[str, Part]
) -> None:
    pump = parts["WP-100"]
    cart = carts.add_line(Cart("c"), pump, whole(3))
    before = store.read_now(pricing.of_parts, [pump.id])
    store.run_now(inventory.adjust, pump.id, whole(-2), "x")
    now = store.read_now(pricing.of_parts, [pump.id])
    assert pricing.shortages(cart, before, now) == ()
    store.run_now(inventory.adjust, pump.id, whole(-1), "x")
    less = store.read_now(pricing.of_parts, [pump.id])
    (short,) = pricing.shortages(cart, now, less)
    assert (short.wanted, short.stock) == (whole(3), whole(2))
    assert pricing.shortages(cart, less, less) == ()
    assert pricing.still_short(cart, [short], less) == (short,)
    assert pricing.still_short(carts.set_quantity(cart, 0, whole(2)), [short], less) == ()
    assert pricing.still_short(cart, [short], before) == ()


def test_a_part_without_a_price_has_one_where_its_level_has(store: Store) -> None:
    part = store.run_now(inventory.create, PartDraft(name="بدون سعر"), ONE)
    make(store, level="retail", scope="part", item_id=part.id, price=12_00)
    assert priced(store, carts.add_line(Cart("c"), part)) == [(12_00, "retail")]
    assert priced(store, carts.add_line(Cart("c"), part, price=9_00)) == [(9_00, "")]
