"""The till by keyboard: from the scan to the receipt, down to the rows and the outbox of the store."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Digits

from clutch_tui.core import aftersales, cash, customers, inventory, past_sales, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.types import CustomerDraft, Discount, PartDraft, Payment, Sale, SaleQuery, TaxRules
from clutch_tui.phrases import changes
from clutch_tui.text import strings
from clutch_tui.text.format import amount, date, money, name, phone
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose, Confirm
from clutch_tui.ui.screens.customers import PickCustomer
from clutch_tui.ui.screens.discount import DiscountDialog
from clutch_tui.ui.screens.give_back import ReturnDialog
from clutch_tui.ui.screens.past_sales import PastSalesScreen, methods, state_word
from clutch_tui.ui.screens.pay import PayDialog, quick_amounts
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.void import VoidDialog
from clutch_tui.ui.widgets.big_figure import BigFigure
from clutch_tui.ui.widgets.scan_field import ScanField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import Words
from tests.test_ui.shop_app import Shop, open_app, press, rows_shown, settle, toasts, type_text, until, words_on

LANGUAGES: tuple[strings.Language, ...] = ("ar", "en")


def till(app: ClutchApp) -> SalesScreen:
    screen = app.get_screen_stack("sales")[0]
    assert isinstance(screen, SalesScreen)
    return screen


def total(app: ClutchApp) -> str:
    """What stands under the lines of the sale."""
    return till(app).lines.query_one("#cart-total", Words).text


async def scan(app: ClutchApp, pilot: Pilot[int], code: str) -> None:
    """Type a code and press Enter, as a scanner does."""
    before = till(app).cart
    await type_text(pilot, code)
    await press(pilot, "enter")
    await until(pilot, lambda: till(app).cart is not before)
    await settle(pilot)


def sold(shop: Shop) -> list[Sale]:
    rows = shop.read(past_sales.page, SaleQuery(), None, 0, 10)
    return [shop.read(sales.get, row.id) for row in rows]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_scan_pay_receipt(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "6221000000017")
        await scan(app, pilot, "ngk7")
        await type_text(pilot, "*3")
        await press(pilot, "enter", "plus", "minus")
        await settle(pilot)
        assert [(line.part_number, line.quantity) for line in till(app).cart.lines] == [
            ("OF-100", ONE),
            ("NGK-7", whole(3)),
        ]
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await type_text(pilot, "500")
        assert t("pay.change", amount="").strip(": ") in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await settle(pilot)
        (sale,) = sold(shop)
        assert sale.totals.total == 12_500 + 3 * 9_550
        assert (sale.tendered, sale.change) == (50_000, 50_000 - sale.totals.total)
        assert sale.receipt_number in words_on(app)
        large = [str(one.value) for one in app.screen.query(Digits)]
        assert large == [amount(sale.totals.total), amount(sale.change)]
        assert app.screen.query_one(BigFigure).region.bottom <= app.screen.query_one(VerticalScroll).region.y
        assert shop.new_changes == [("sale", "sale")]
        assert shop.read(inventory.get, shop.parts[2].id).stock == whole(7)
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.lines == ()
        assert toasts(app) == []


async def test_the_row_under_the_cursor_is_sold_with_enter(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await type_text(pilot, "تيل")
        await settle(pilot)
        assert [row.part_number for row in rows_shown(till(app).hits)] == ["06L-115-562-B"]
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines)
        assert till(app).field.value == ""
        assert not till(app).hits.display


async def test_what_matches_nothing_stays_in_the_field(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await type_text(pilot, "no such part")
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app))
        assert till(app).field.value == "no such part"
        assert "No part has this number or name" in toasts(app)[0]
        await press(pilot, "escape")
        assert till(app).field.value == ""


async def test_a_scan_replaces_what_found_nothing(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await type_text(pilot, "no such part")
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).field.value == "no such part")
        await type_text(pilot, "NGK-7")
        assert till(app).field.value == "NGK-7"
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines)
        assert till(app).field.value == ""


async def test_what_matches_several_says_so(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        till(app).post_message(ScanField.Entered("f"))  # Enter was faster than the list below the field
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("sales.several", text=name("f"))]


@pytest.mark.parametrize("typed", ["*3", "3*", "٣*", "*٣", "3 *"])
async def test_a_quantity_before_or_behind_the_star(shop: Shop, typed: str) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await type_text(pilot, typed)
        await until(pilot, lambda: till(app).field.value == typed and not till(app).hits.display)
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines[0].quantity == whole(3))
        assert toasts(app) == []


async def test_new_tax_rules_reach_the_open_cart(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        assert "125.00" in total(app)
        rules = TaxRules(rate=1_000, prices_include_tax=False, cash_rounding=25)
        await app.write("shop", state.put_tax_rules, rules)
        await until(pilot, lambda: "137.50" in total(app))


async def test_nonsense_never_crashes(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        for typed in ("*0", "*99999999999", "***", "-", "+", "'; DROP TABLE part; --", "٪", "🙂", "*٣"):
            till(app).field.value = typed
            await press(pilot, "enter")
            await settle(pilot)
            (line,) = till(app).cart.lines
            assert line.quantity == (whole(3) if typed == "*٣" else ONE), typed


@pytest.mark.parametrize("typed", ["*99999999999999999999", "1000001*", f"*{'9' * 5000}", "1234567*OF-100"])
async def test_too_many_pieces_are_a_quantity_and_no_code(shop: Shop, typed: str) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        till(app).field.value = typed
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("error.sale.quantity")]
        assert (till(app).cart.lines[0].quantity, till(app).field.value) == (ONE, typed)


async def test_zeros_before_a_quantity_count_for_nothing(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await scan(app, pilot, f"*{'0' * 20}7")
        assert till(app).cart.lines[0].quantity == whole(7)


async def test_times_before_a_code(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "4*OF-100")
        assert till(app).cart.lines[0].quantity == whole(4)


async def test_price_discount_and_removal(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await scan(app, pilot, "NGK-7")
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one("Input").value = "100"  # type: ignore[attr-defined]
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines[1].price == 10_000)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, DiscountDialog))
        app.screen.query_one("Input").value = "10"  # type: ignore[attr-defined]
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines[1].off == 1_000)
        await press(pilot, "up")
        await press(pilot, "delete")
        await until(pilot, lambda: len(till(app).cart.lines) == 1)
        assert till(app).cart.lines[0].part_number == "NGK-7"
        assert "90.00" in total(app)


@pytest.mark.parametrize(
    ("keys", "typed", "line", "sale"),
    [
        (("f5",), "10%", Discount(percent=1000), Discount()),
        (("f5", "f5"), "١٢٫٥٪", Discount(), Discount(percent=1250)),
        (("f5",), "10", Discount(1000), Discount()),
    ],
)
async def test_a_discount_in_one_window(
    shop: Shop, keys: tuple[str, ...], typed: str, line: Discount, sale: Discount
) -> None:
    """A percentage stays one: it is reckoned anew for three, and for what is added later."""
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "NGK-7")
        for key in keys:
            await press(pilot, key)
            await until(pilot, lambda: isinstance(app.screen, DiscountDialog))
        await type_text(pilot, typed)
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is till(app))
        await settle(pilot)
        assert (till(app).cart.lines[0].discount, till(app).cart.discount) == (line, sale)
        await type_text(pilot, "*3")
        await press(pilot, "enter")
        await scan(app, pilot, "NGK-7")
        off = {"10%": 38_20, "10": 10_00}.get(typed, 47_75)
        assert carts.net(till(app).cart) == 4 * 95_50 - off


async def test_what_is_typed_goes_along_to_the_whole_sale_and_is_judged_there(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        await scan(app, pilot, "OF-100")
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, DiscountDialog))
        await type_text(pilot, "200")
        await press(pilot, "enter")
        assert t("error.sale.discount") in words_on(app)
        await press(pilot, "f5")
        assert t("discount.result", whole="220.50", off="200.00", left=money(20_50)) in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.discount == Discount(200_00)
        await press(pilot, "f5", "f5")
        await until(pilot, lambda: isinstance(app.screen, DiscountDialog))
        await press(pilot, "delete", "enter")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.discount == Discount()


async def test_a_percentage_is_seen_on_the_cart(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        made = carts.set_discount(till(app).cart, 0, Discount(percent=1250))
        till(app)._change(carts.with_discount(made, Discount(percent=500)))
        await settle(pilot)
        (shown,) = [placed for placed in till(app).lines.table.placed if placed.column.title == "sales.discount"]
        assert shown.column.value(till(app).lines.table.row) == "12.5%"
        assert "(5%)" in words_on(app)
        assert t("sales.rounding", amount="0.12") in total(app)


@pytest.mark.parametrize("typed", ["%", "e", "-"])
async def test_a_refused_character_is_not_swallowed(shop: Shop, typed: str) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, f"10{typed}")
        await until(pilot, lambda: t("error.number.refused", text=name(typed)) in words_on(app))
        await type_text(pilot, "5")
        assert t("error.number.refused", text=name(typed)) not in words_on(app)


async def test_a_number_that_a_character_was_left_out_of_is_not_taken(shop: Shop) -> None:
    """`1e5` was taken as 15, in one piece with its Enter or not."""
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, *"1e5", "enter", "enter")
        await until(pilot, lambda: t("error.number.left_out", text=name("e")) in words_on(app))
        assert isinstance(app.screen, PayDialog)
        assert app.screen.due == 125_00
        await press(pilot, *"15", "enter")
        await until(pilot, lambda: app.screen.due == 110_00)


async def test_the_part_number_gives_way_to_a_discount_only(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "NGK-7")

        def titles() -> list[str]:
            return [placed.column.title for placed in till(app).lines.table.placed]

        assert "part.number" in titles()
        assert "sales.discount" not in titles()
        screen = till(app)
        screen._change(carts.set_discount(screen.cart, 0, Discount(100)))
        assert "sales.discount" in titles()


async def test_the_cart_survives_the_program(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await settle(pilot)
    async with open_app(shop) as (app, pilot):
        await until(pilot, lambda: till(app).cart is not None)
        assert [line.part_number for line in till(app).cart.lines] == ["OF-100"]


async def test_a_parked_cart_comes_back(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: not till(app).cart.lines)
        await scan(app, pilot, "NGK-7")
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "2")
        await until(pilot, lambda: till(app).cart.lines[0].part_number == "OF-100")


async def test_a_split_payment(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "f3")
        await type_text(pilot, "100")
        await press(pilot, "enter")
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        (sale,) = sold(shop)
        assert {one.method: one.amount for one in sale.payments} == {"visa": 10_000, "cash": 2_500}


async def test_a_card_gives_no_change_and_credit_needs_a_customer(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "f3")
        await type_text(pilot, "9999")
        await press(pilot, "enter")
        assert "Only cash gives change" in words_on(app)
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, PickCustomer))
        await press(pilot, "escape")
        await until(pilot, lambda: t("pay.credit_needs_customer") in words_on(app))
        await press(pilot, *["backspace"] * 4, "enter")  # never taken in cash instead
        await until(pilot, lambda: isinstance(app.screen, PickCustomer))
        await press(pilot, "escape")
        await until(pilot, lambda: t("pay.credit_needs_customer") in words_on(app))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till(app))
        assert shop.new_changes == []


async def test_paying_twice_sells_once(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "enter", "enter", "f2", "enter")
        await settle(pilot)
        assert len(sold(shop)) == 1


async def test_a_new_customer_on_the_sale(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f3")
        await until(pilot, lambda: app.screen is not till(app))
        await type_text(pilot, "Mona")
        await press(pilot, "f2")
        await until(pilot, lambda: app.screen.query("#field-name"))
        await press(pilot, "f2")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.customer_name == "Mona"
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "f6", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        (sale,) = sold(shop)
        assert (sale.customer_name, sale.payments[0].method) == ("Mona", "credit")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_on_account_asks_for_the_customer_and_goes_on_as_it_was(shop: Shop, language: strings.Language) -> None:
    mona = shop.store.run_now(customers.create, CustomerDraft(name="Mona", phone="01001234567"))
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await type_text(pilot, "100")
        await press(pilot, "f3", "enter", *"25", "f6", *"mona", "enter")
        await until(pilot, lambda: "Mona" in words_on(app) and isinstance(app.screen, PayDialog))
        assert app.screen.query_one("#pay-amount", TextField).value == "25"
        assert app.screen.query_one("#pay-due", Words).text == t("pay.due", amount=money(25_00))
        assert app.screen.query_one(".dialog--box").region.bottom <= 24
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        (sale,) = sold(shop)
        assert {one.method: one.amount for one in sale.payments} == {"visa": 100_00, "credit": 25_00}
        assert (sale.customer_id, shop.read(customers.get, mona.id).balance) == (mona.id, 25_00)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_on_account_says_how_far_above_the_limit_it_goes(shop: Shop, language: strings.Language) -> None:
    shop.store.run_now(customers.create, CustomerDraft(name="Mona", phone="01001234567"))
    shop.store.run_now(state.put_setting, "shop.settings", {"credit_limit": 100_00})
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "f6", *"mona", "enter")
        above = t("pay.above_limit", amount=money(25_00))
        await until(pilot, lambda: above in app.screen.query_one("#pay-account", Words).text)
        assert app.screen.query_one(".dialog--box").region.bottom <= 24
        await press(pilot, "f3", *"25", "enter", "f6")
        await until(pilot, lambda: above not in app.screen.query_one("#pay-account", Words).text)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_typed_decides_what_is_above_the_limit(shop: Shop, language: strings.Language) -> None:
    """A part that the limit allows was warned of with the whole sale, and parts that went before were forgotten."""
    shop.store.run_now(customers.create, CustomerDraft(name="Mona"))
    shop.store.run_now(state.put_setting, "shop.settings", {"credit_limit": 100_00})

    def account() -> str:
        return app.screen.query_one("#pay-account", Words).text

    def above(beyond: int) -> str:
        return t("pay.above_limit", amount=money(beyond))

    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2", "f6", *"mona", "enter")
        await until(pilot, lambda: above(25_00) in account())
        await type_text(pilot, "80")
        await until(pilot, lambda: above(25_00) not in account())
        assert above(0) not in account()
        await press(pilot, "enter")
        await until(pilot, lambda: t("pay.due", amount=money(45_00)) in words_on(app))
        await until(pilot, lambda: above(25_00) in account())
        await type_text(pilot, "30")
        await until(pilot, lambda: above(10_00) in account())
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert money(10_00) in words_on(app)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, *["backspace"] * 2, "f8")
        await until(pilot, lambda: above(25_00) in account() and t("pay.due", amount=money(125_00)) in words_on(app))


@pytest.mark.parametrize("keys", [("f2", "f6", "enter", "enter"), ("f3", "enter")])
async def test_enter_alone_picks_no_customer(shop: Shop, keys: tuple[str, ...]) -> None:
    """F6 and Enter is the habit for "all of it on account": the debt was the first customer's of the list."""
    for name_ in ("Ahmed", "Mona"):
        shop.store.run_now(customers.create, CustomerDraft(name=name_))
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, *keys)
        await until(pilot, lambda: t("customer.pick_first") in words_on(app))
        picker = app.screen
        assert isinstance(picker, PickCustomer)
        assert not picker.table.has_class("-active")
        assert till(app).cart.customer_id is None
        await press(pilot, "down")
        await until(pilot, lambda: picker.table.has_class("-active"))
        assert t("customer.pick_first") not in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.customer_name == "Mona")
        assert sold(shop) == []


async def test_the_first_customer_of_the_list_is_picked_by_moving_or_typing(shop: Shop) -> None:
    for name_ in ("Ahmed", "Mona"):
        shop.store.run_now(customers.create, CustomerDraft(name=name_))
    async with open_app(shop, "en") as (app, pilot):
        for keys in (("down", "up"), ("up",), ("a",)):
            await press(pilot, "f3", "f8")
            await until(pilot, lambda: app.screen is till(app) and till(app).cart.customer_id is None)
            await press(pilot, "f3", *keys, "enter")
            await until(pilot, lambda: till(app).cart.customer_name == "Ahmed")


async def test_a_customer_who_was_named_while_paying_stays_on_the_sale(shop: Shop) -> None:
    shop.store.run_now(customers.create, CustomerDraft(name="Mona"))
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2", "f6", *"mona", "enter", "escape")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.customer_name == "Mona"


async def sell_one(app: ClutchApp, pilot: Pilot[int], code: str) -> None:
    await scan(app, pilot, code)
    await press(pilot, "f2")
    await until(pilot, lambda: isinstance(app.screen, PayDialog))
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
    await press(pilot, "enter")
    await until(pilot, lambda: app.screen is till(app))


async def test_void_and_receipt_of_a_past_sale(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot, "OF-100")
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 1)
        await settle(pilot)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await press(pilot, "f2")
        await until(pilot, lambda: list((shop.home.data_dir / "receipts").glob("*.txt")))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "enter")
        assert t("error.field.empty") in words_on(app)
        await type_text(pilot, "mistake")
        await press(pilot, "enter")
        await until(pilot, lambda: ("void", "sale") in shop.new_changes)
        assert sold(shop)[0].status == "voided"
        assert shop.read(inventory.get, shop.parts[0].id).stock == whole(10)
        (saved,) = (shop.home.data_dir / "receipts").glob("*.txt")
        assert "OF-100" in saved.read_text("utf-8")


async def test_one_piece_of_three_comes_back(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot, "3*NGK-7")
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 1)
        await settle(pilot)
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        await press(pilot, "escape")  # nothing was typed, so that nothing is asked
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        await type_text(pilot, "1")
        await press(pilot, "down")
        await type_text(pilot, "broken")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert ("return", "sale") in shop.new_changes
        assert shop.read(inventory.get, shop.parts[2].id).stock == whole(8)


async def test_what_came_back_is_not_voided_and_comes_back_once(shop: Shop) -> None:
    """And it is said before anybody has filled in a form."""
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot, "3*NGK-7")
        (sale,) = sold(shop)
        shop.store.run_now(
            lambda: aftersales.give_back(
                sale.id, {sale.lines[0].n: whole(3)}, cashier="", device_id="d", reason="broken"
            )
        )
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 2)
        await settle(pilot)
        await press(pilot, "down")
        for key, why in (("f6", "error.sale.all_back"), ("f8", "error.sale.has_returns")):
            await press(pilot, key)
            await until(pilot, lambda why=why: t(why, number=sale.receipt_number) in toasts(app))
            assert isinstance(app.screen, PastSalesScreen)


def sell_in_parts(shop: Shop, *payments: Payment, quantity: int = 1) -> Sale:
    """Oil filters at 125.00 for a customer, paid in parts."""
    customer = shop.store.run_now(customers.create, CustomerDraft(name="منى"))
    bought = carts.add_line(shop.store.run_now(sales.open_cart), shop.parts[0], whole(quantity))
    rules = TaxRules(rate=0, prices_include_tax=True, cash_rounding=25)
    return shop.store.run_now(
        lambda: sales.checkout(carts.with_customer(bought, customer), payments, cashier="", device_id="d", rules=rules)
    )


async def first_past_sale(app: ClutchApp, pilot: Pilot[int], key: str) -> None:
    """Open the past sales and press a key on the newest."""
    await press(pilot, "f7")
    await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.row is not None)
    await settle(pilot)
    await press(pilot, key)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_return_says_what_goes_back_before_it_is_saved(shop: Shop, language: strings.Language) -> None:
    sell_in_parts(shop, Payment("cash", 25_00), Payment("credit", 100_00))
    async with open_app(shop, language) as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        assert t("sale.goes_back_nothing") in words_on(app)
        await press(pilot, "f5")
        said = t("sale.goes_back", total=money(125_00))
        await until(pilot, lambda: said in words_on(app))
        assert f"{t('pay.credit')} 100.00 + {t('pay.cash')} 25.00" in words_on(app)
        await press(pilot, "f6")
        await until(pilot, lambda: f"{t('pay.cash')} 25.00 + {t('pay.credit')} 100.00" in words_on(app))
        await press(pilot, "f5")
        await until(pilot, lambda: t("sale.goes_back_nothing") in words_on(app))
        await press(pilot, "f5")
        await type_text(pilot, "broken")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert sold(shop)[0].payments == (Payment("cash", 25_00), Payment("credit", 100_00))
        assert sold(shop)[1].receipt_number in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        rows = {row.kind: row for row in shop.read(past_sales.page, SaleQuery(), None, 0, 5)}
        assert state_word(rows["sale"]) == t("sale.state.returned")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_return_says_how_many_may_come_back_however_long_the_name_is(
    shop: Shop, language: strings.Language
) -> None:
    called = "Stabilizer link rear Suzuki Van Suzuki Genuine"
    part = shop.store.run_now(inventory.create, PartDraft(name=called, name_en=called, price=100_00), whole(10))
    bought = carts.add_line(shop.store.run_now(sales.open_cart), part, whole(3))
    rules = TaxRules(rate=0, prices_include_tax=True, cash_rounding=25)
    paid = (Payment("cash", 300_00),)
    shop.store.run_now(lambda: sales.checkout(bought, paid, cashier="", device_id="d", rules=rules))
    async with open_app(shop, language) as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        assert isinstance(app.screen, ReturnDialog)
        label = app.screen.rows[0].label
        assert label.text.endswith("…\u2069 (3)")
        assert "Stabilizer link rear Suzuki" in label.text
        await until(pilot, lambda: label.content_size.width)
        assert cell_len(label.text) <= label.content_size.width


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("parts", "large"),
    [
        ((Payment("cash", 125_00),), ["125.00"]),
        ((Payment("cash", 25_00), Payment("credit", 100_00)), ["125.00", "25.00"]),
        ((Payment("visa", 125_00),), ["125.00", "0.00"]),
    ],
)
async def test_what_is_handed_out_for_a_return_stands_large_above_its_paper(
    shop: Shop, language: strings.Language, parts: tuple[Payment, ...], large: list[str]
) -> None:
    sell_in_parts(shop, *parts)
    async with open_app(shop, language) as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        await press(pilot, "f5")
        await type_text(pilot, "broken")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog) and app.screen.query(Digits))
        assert [str(one.value) for one in app.screen.query(Digits)] == large
        assert t("receipt.hand_out") in words_on(app)
        assert app.screen.query(BigFigure).last().region.bottom <= app.screen.query_one(VerticalScroll).region.y
        assert app.screen.query_one(".dialog--box").region.bottom <= 24


async def test_a_return_is_saved_as_it_was_shown_or_not_at_all(shop: Shop) -> None:
    """Some of the sale came back meanwhile: what the clerk saw is not what is due any more."""
    sale = sell_in_parts(shop, Payment("cash", 250_00), quantity=2)
    async with open_app(shop, "en") as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        shop.store.run_now(
            lambda: aftersales.give_back(sale.id, {1: ONE}, cashier="", device_id="d", reason="elsewhere")
        )
        await press(pilot, "f5")
        await type_text(pilot, "broken")
        await press(pilot, "f2")
        await until(pilot, lambda: t("error.sale.over_returned", name="فلتر زيت تويوتا") in toasts(app))
        assert len(sold(shop)) == 2


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_void_says_what_goes_back_and_what_is_odd(shop: Shop, language: strings.Language) -> None:
    sale = sell_in_parts(shop, Payment("cash", 25_00), Payment("credit", 100_00))
    shop.store.run_now(db.execute, "UPDATE sale SET own = 0, business_day = '2020-01-01'")
    async with open_app(shop, language) as (app, pilot):
        await first_past_sale(app, pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, VoidDialog))
        for words in (
            t("sale.goes_back", total=money(125_00)),
            f"{t('pay.credit')} 100.00 + {t('pay.cash')} 25.00",
            t("sale.of_another_till"),
            t("sale.of_another_day", date=date(sale.at)),
        ):
            assert words in words_on(app)
        await press(pilot, "enter")
        assert t("error.field.empty") in words_on(app)
        await type_text(pilot, "a mistake")
        await press(pilot, "enter")
        await until(pilot, lambda: ("void", "sale") in shop.new_changes)


@pytest.mark.parametrize("keys", [("alt+1",), ("f9", "1")])
async def test_going_to_the_till_leaves_the_past_sales(shop: Shop, keys: tuple[str, ...]) -> None:
    async with open_app(shop) as (app, pilot):
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        await press(pilot, keys[0])
        for key in keys[1:]:
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await press(pilot, key)
        await until(pilot, lambda: app.screen is till(app))


async def test_cancelling_the_sale_asks(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.lines
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: not till(app).cart.lines)


def test_likely_amounts_begin_with_the_exact_one() -> None:
    assert quick_amounts(12_345) == (12_345, 12_500, 13_000, 14_000, 15_000)
    assert quick_amounts(20_000)[0] == 20_000


async def test_a_scanner_faster_than_the_screen_loses_nothing(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        keys = [*"OF-100", "enter", *"ngk7", "enter", *"6221000000017", "enter", *"*5", "enter", "plus"]
        await press(pilot, *keys)
        await until(pilot, lambda: len(till(app).cart.lines) == 2)
        await until(
            pilot, lambda: {one.part_number: one.quantity for one in till(app).cart.lines}.get("OF-100") == whole(6)
        )
        assert till(app).field.value == ""
        assert toasts(app) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_the_customer_owes_stands_at_the_till(shop: Shop, language: strings.Language) -> None:
    hassan = shop.store.run_now(customers.create, CustomerDraft(name="Hassan", phone="01001234567"))
    shop.store.run_now(db.execute, "UPDATE customer SET balance = 1912275 WHERE id = ?", (hassan.id,))
    shop.store.run_now(state.put_setting, "shop.settings", {"credit_limit": 500000})
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, shop.parts[0].draft.part_number)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, PickCustomer))
        await type_text(pilot, "Hassan")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        await until(pilot, lambda: "19,122.75" in words_on(app) and "5,000.00" in words_on(app))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("called", ["Hassan Abdel Rahman", "Hassan Abdel Rahman Abdel Moneim for Spare Parts and Oils"])
async def test_no_number_beside_the_customer_is_cut(shop: Shop, language: strings.Language, called: str) -> None:
    """Of the telephone number the last figures were missing, and what was left looked like a whole one."""
    hassan = shop.store.run_now(customers.create, CustomerDraft(name=called, phone="01000000002"))
    shop.store.run_now(db.execute, "UPDATE customer SET balance = 1912275 WHERE id = ?", (hassan.id,))
    shop.store.run_now(state.put_setting, "shop.settings", {"credit_limit": 20_000_00})
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await till(app).sell_to(shop.read(customers.get, hassan.id))
        line = till(app).lines.query_one("#cart-customer", Words)
        await until(pilot, lambda: "20,000.00" in line.text)
        assert cell_len(line.text) <= line.content_size.width
        assert "0100" not in line.text
        assert line.text.endswith("…")
        assert all(figures in line.text for figures in ("19,122.75", "Hassan Abdel"))
        await pilot.resize_terminal(140, 24)
        await until(pilot, lambda: line.content_size.width > 130 and phone("01000000002") in line.text)
        assert called in line.text
        assert not line.text.endswith("…")


async def test_no_sum_of_the_sale_is_cut(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        dear = carts.set_quantity(carts.set_price(till(app).cart, 0, 1_234_567_89), 0, whole(100))
        till(app)._change(carts.with_discount(dear, Discount(percent=1250)))
        line = till(app).lines.query_one("#cart-sums", Words)
        await until(pilot, lambda: "(12.5%)" in line.text)
        assert cell_len(line.text) <= line.content_size.width
        assert line.text.endswith("…")


async def test_a_void_that_takes_out_more_than_there_is_says_so(shop: Shop) -> None:
    rules = shop.read(state.tax_rules)
    made = carts.add_line(shop.store.run_now(sales.open_cart), shop.parts[0])
    paid = (Payment("cash", carts.totals(made, rules).total),)
    shop.store.run_now(lambda: sales.checkout(made, paid, cashier="", device_id="d", rules=rules))
    shop.store.run_now(cash.close, paid[0].amount, drawer_id="d", actor="")
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 1)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "wrong")
        await press(pilot, "enter")
        await until(pilot, lambda: any("below zero" in words for words in toasts(app)))


def test_a_number_that_two_receipts_have_is_no_number_of_a_part() -> None:
    strings.use("en")
    (of_sale,) = changes.flag_lines(("duplicate_number",), {}, "sale")
    (of_part,) = changes.flag_lines(("duplicate_number",), {}, "item")
    assert "receipt number" in of_sale
    assert "part number" in of_part


# --- paying in parts -------------------------------------------------------------------------------------


async def pay_dialog(app: ClutchApp, pilot: Pilot[int]) -> PayDialog:
    await press(pilot, "f2")
    await until(pilot, lambda: isinstance(app.screen, PayDialog))
    assert isinstance(app.screen, PayDialog)
    return app.screen


async def test_the_cash_part_of_a_sale_is_payable_and_its_rounding_is_seen(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        till(app)._change(carts.set_price(till(app).cart, 0, 90_62))
        dialog = await pay_dialog(app, pilot)
        assert t("pay.rounding", exact="90.62", rounding="-0.12") in words_on(app)
        await press(pilot, "f3")
        await until(pilot, lambda: not dialog.rounding_line.display)
        await type_text(pilot, "50")
        await press(pilot, "enter", "f2")
        await until(pilot, lambda: dialog.due == 40_50)
        assert t("pay.rounding", exact="40.62", rounding="-0.12") in words_on(app)
        await type_text(pilot, "20.10")
        await press(pilot, "enter")
        assert t("pay.not_in_coins", coin=money(25)) in words_on(app)
        dialog.field.value = ""
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert sold(shop)[0].payments == (Payment("visa", 50_00), Payment("cash", 40_50))
        assert "-0.12" in words_on(app)
        (row,) = shop.read(past_sales.page, SaleQuery(), None, 0, 10)
        assert (row.payments, methods(row)) == (sold(shop)[0].payments, f"{t('pay.visa')} + {t('pay.cash')}")
        await press(pilot, "enter", "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.row == row)
        assert f"{t('pay.visa')} 50.00 + {t('pay.cash')} 40.50" in words_on(app)


async def test_a_part_is_taken_off_alone_and_leaving_asks(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        dialog = await pay_dialog(app, pilot)
        await press(pilot, "f3")
        for amount in ("10", "20"):
            await type_text(pilot, amount)
            await press(pilot, "enter")
        await press(pilot, "f4")
        await type_text(pilot, "5.50")
        await press(pilot, "enter", "f3")
        assert dialog.due == 60_00
        await press(pilot, "f8")  # the last of the card's
        assert dialog.due == 80_00
        await press(pilot, "f4", "f8")
        assert dialog.due == 85_50
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "10.00" in words_on(app)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is dialog)
        assert dialog.due == 85_50
        await press(pilot, "f8", "escape")
        await until(pilot, lambda: app.screen is till(app))
        assert till(app).cart.lines


async def test_the_part_in_a_question_changes_its_language_with_it(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        for key, question in (("f4", "sales.ask_price"), ("ctrl+n", "sales.ask_quantity")):
            await press(pilot, key)
            await until(pilot, lambda: isinstance(app.screen, Ask))
            (line,) = till(app).cart.lines
            for language, called in (("ar", line.name), ("en", line.name_en)):
                await press(pilot, "f12")
                await until(pilot, lambda language=language: strings.language() == language)
                assert app.screen.heading.text == t(question, name=name(called))
            await press(pilot, "escape")
            await until(pilot, lambda: app.screen is till(app))
