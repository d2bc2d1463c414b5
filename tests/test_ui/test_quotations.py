"""Quotations by keyboard: from the cart to the paper, and from the list back to the till."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, held_carts, inventory, past_sales, quotation_carts, quotations, sales, state
from clutch_tui.core.cart import add_line, totals, with_customer
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.quotations import Quotation, QuotationQuery
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment, Sale, SaleQuery, TaxRules
from clutch_tui.text import strings
from clutch_tui.text.bidi import LTR, RTL, visual
from clutch_tui.text.format import NumberError, amount, day, money, part_number
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose, Confirm, ShowText
from clutch_tui.ui.screens.customer_page import CustomerDialog
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.quotation_paper import QuotationDialog
from clutch_tui.ui.screens.quotations import QuotationsScreen
from clutch_tui.ui.screens.quote import QuoteDialog, last_day
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.take_up import PricesDialog
from clutch_tui.ui.widgets.key_bar import KeyBar
from clutch_tui.ui.widgets.palette import Palette
from tests.test_ui import test_scans as scans
from tests.test_ui.shop_app import Shop, open_app, press, read_question, settle, toasts, type_text, until, words_on
from tests.test_ui.test_key_order import late_rows
from tests.test_ui.test_sales import LANGUAGES, till, total

GONE_BY = "2026-01-15"
"""A day that is over."""


def fill(shop: Shop, *numbers: int, pieces: int = 1) -> Any:
    """A cart with parts of the shop, kept."""
    cart = shop.store.run_now(sales.open_cart)
    for n in numbers or (0,):
        cart = add_line(cart, shop.parts[n], whole(pieces))
    return cart


def quoted(shop: Shop, *numbers: int, name: str = "", until: str = "") -> Quotation:
    """A quotation that was made before."""
    more = {"name": name, "cashier": "سارة", "device_id": "d", "rules": shop.read(state.tax_rules)}
    usual = shop.read(quotations.usual_end)
    made: Quotation = shop.store.run_now(quotations.quote, fill(shop, *numbers), valid_until=usual, **more)
    if until:
        move = "UPDATE quotation SET valid_until = ? WHERE id = ?"
        shop.store.run_now(db.execute, move, (until, made.id))
    return made


def there(shop: Shop) -> list[Quotation]:
    rows = shop.read(quotations.page, QuotationQuery(), None, 0, 99)
    return [shop.read(quotations.get, row.id) for row in rows]


def sold(shop: Shop) -> list[Sale]:
    rows = shop.read(past_sales.page, SaleQuery(), None, 0, 10)
    return [shop.read(sales.get, row.id) for row in rows]


def reprice(shop: Shop, n: int, price: int) -> None:
    seen = shop.read(inventory.get, shop.parts[n].id)
    shop.store.run_now(inventory.edit, seen.id, replace(seen.draft, price=price), seen=seen)


async def sell_one(app: ClutchApp, pilot: Pilot[int], code: str = "OF-100") -> None:
    await press(pilot, *code, "enter")
    await until(pilot, lambda: till(app).cart.lines)
    await settle(pilot)


async def open_list(app: ClutchApp, pilot: Pilot[int]) -> QuotationsScreen:
    await press(pilot, "f11")
    await until(pilot, lambda: isinstance(app.screen, QuotationsScreen))
    await settle(pilot)
    screen = app.screen
    assert isinstance(screen, QuotationsScreen)
    return screen


async def take_up(app: ClutchApp, pilot: Pilot[int]) -> None:
    """What the first row of the list is, at the till."""
    await open_list(app, pilot)
    await press(pilot, "f5")
    await until(pilot, lambda: app.screen is till(app) and till(app).cart.lines)
    await settle(pilot)


async def pay(app: ClutchApp, pilot: Pilot[int]) -> None:
    await press(pilot, "f2")
    await until(pilot, lambda: isinstance(app.screen, PayDialog))
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
    await press(pilot, "enter")
    await settle(pilot)


def prices(app: ClutchApp) -> list[int]:
    return [line.price for line in till(app).cart.lines]


def rows_of(app: ClutchApp) -> list[str]:
    """The cells that are on the screen, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def on_screen(app: ClutchApp, words: str) -> bool:
    base = RTL if strings.is_rtl() else LTR
    return any(visual(words, base).strip() in row for row in rows_of(app))


# --- making one ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["f11", "ctrl+g"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_four_keys_after_the_cart_a_quotation_is_made_and_saved(
    shop: Shop, language: strings.Language, key: str
) -> None:
    keys = (key, "enter", "f2", "enter")
    assert len(keys) == 4
    async with open_app(shop, language) as (app, pilot):
        await sell_one(app, pilot)
        await press(pilot, *keys)
        await until(pilot, lambda: there(shop) and app.screen is till(app) and not till(app).cart.lines)
        await until(pilot, lambda: toasts(app))
        (made,) = there(shop)
        assert (made.totals.total, made.status) == (125_00, "open")
        assert made.valid_until == shop.read(quotations.usual_end)
        (said,) = toasts(app)
        assert said.startswith(t("quotation.saved", path="").rstrip())
        (paper,) = (shop.home.data_dir / "receipts").iterdir()
        assert made.number in paper.read_text(encoding="utf-8")
        assert shop.new_changes == [("quotation", "quotation")]
        assert shop.read(sales.open_carts) == ()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_dialog_says_what_it_comes_to_and_the_day(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await sell_one(app, pilot)
        await press(pilot, "f11")
        await until(pilot, lambda: isinstance(app.screen, QuoteDialog))
        end = shop.read(quotations.usual_end)
        assert t("quotation.comes_to", total=money(125_00), day=day(end)) in words_on(app)
        await press(pilot, "down", "down", "end", "backspace", "0")
        today = shop.read(state.business_day)
        await until(pilot, lambda: day(today) in words_on(app))
        await press(pilot, "x")
        await until(pilot, lambda: day(today) not in words_on(app))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_typed_is_on_the_paper(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await sell_one(app, pilot)
        await press(pilot, "f11")
        await until(pilot, lambda: isinstance(app.screen, QuoteDialog))
        await type_text(pilot, "أم أحمد")
        await press(pilot, "enter")  # somebody has begun to fill in: it goes on
        await type_text(pilot, "0100 123 4567")
        await press(pilot, "enter", "end", "backspace", "3", "enter")
        await type_text(pilot, "من غير تركيب")
        assert isinstance(app.screen, QuoteDialog)
        assert there(shop) == []
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        (made,) = there(shop)
        assert (made.customer_name, made.customer_phone, made.note) == ("أم أحمد", "0100 123 4567", "من غير تركيب")
        assert made.valid_until == shop.read(quotations.usual_end, 3)
        await settle(pilot)
        for words in ("أم أحمد", "من غير تركيب", made.number, day(made.valid_until)):
            assert words in words_on(app)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till(app))
        assert not till(app).cart.lines


async def test_the_customer_of_the_sale_is_the_one_that_is_quoted(shop: Shop) -> None:
    mona = shop.store.run_now(customers.create, CustomerDraft(name="Mona Samir", phone="01001234567"))
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f3", *"mona", "enter")
        await until(pilot, lambda: till(app).cart.customer_id == mona.id)
        await sell_one(app, pilot)
        await press(pilot, "f11")
        await until(pilot, lambda: isinstance(app.screen, QuoteDialog))
        assert "Mona Samir" in words_on(app)
        assert [row.entry.name for row in app.screen.rows] == ["holds", "note"]
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        (made,) = there(shop)
        assert (made.customer_id, made.customer_phone) == (mona.id, "01001234567")


@pytest.mark.parametrize("typed", ["", "x", "400", "-3", "1/1/2020", "31/2", "99999999999", "2026-13-01", "7.5", "0/0"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_day_is_said_at_its_field_and_can_be_mended(
    shop: Shop, language: strings.Language, typed: str
) -> None:
    async with open_app(shop, language) as (app, pilot):
        await sell_one(app, pilot)
        await press(pilot, "f11")
        await until(pilot, lambda: isinstance(app.screen, QuoteDialog))
        await press(pilot, "down", "down", "end", "backspace")
        await type_text(pilot, typed)
        await press(pilot, "f2")
        await until(pilot, lambda: t("quotation.no_such_day", most=366) in words_on(app))
        assert isinstance(app.screen, QuoteDialog)
        assert there(shop) == []
        await press(pilot, *["backspace"] * len(typed), "5", "f2")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        assert there(shop)[0].valid_until == shop.read(quotations.usual_end, 5)


TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("typed", "end"),
    [
        ("0", "2026-12-01"),
        (" 7 ", "2026-12-08"),
        ("٧", "2026-12-08"),
        ("366", "2027-12-02"),
        ("25/12", "2026-12-25"),
        ("1/12", "2026-12-01"),
        ("5-1", "2027-01-05"),
        ("٢٥/١٢", "2026-12-25"),
        ("25/12/26", "2026-12-25"),
        ("2027-01-05", "2027-01-05"),
    ],
)
def test_a_day_is_read_as_it_is_typed(typed: str, end: str) -> None:
    assert last_day(typed, TODAY) == end


@pytest.mark.parametrize("typed", ["", "soon", "367", "29/2", "30/11/2026", "3/12/2027", "٧٧٧٧", "1/2/3/4"])
def test_what_no_quotation_can_hold_until_is_refused(typed: str) -> None:
    with pytest.raises(NumberError, match=r"366"):
        last_day(typed, TODAY)


@pytest.mark.parametrize("field", range(4))
async def test_a_scan_is_neither_a_name_nor_a_day_nor_an_answer(shop: Shop, field: int) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot)
        await press(pilot, "f11")
        await until(pilot, lambda: isinstance(app.screen, QuoteDialog))
        await press(pilot, *["down"] * field)
        await scans.scan(pilot)
        await until(pilot, lambda: toasts(app))
        assert isinstance(app.screen, QuoteDialog)
        assert not any(row.changed for row in app.screen.rows)
        assert there(shop) == []
        assert scans.lines(app) == {"OF-100": 1}


async def test_the_next_customers_first_scan_takes_the_paper_off(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot)
        await press(pilot, "f11", "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        await scans.scan(pilot)
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.lines)
        assert len(there(shop)) == 1


async def test_what_is_scanned_right_before_is_part_of_it(shop: Shop) -> None:
    """`code Enter F11 Enter` in one piece: the key waits until the part is in the cart."""
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *"OF-100", "enter", *"NGK-7", "enter", "f11", "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        (made,) = there(shop)
        assert [line.part_number for line in made.lines] == ["OF-100", "NGK-7"]


async def test_leaving_it_leaves_the_sale_as_it_was(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot)
        before = till(app).cart
        await press(pilot, "f11", "escape")
        await until(pilot, lambda: app.screen is till(app))
        await settle(pilot)
        assert till(app).cart == before
        assert there(shop) == []


async def test_the_cart_of_an_order_is_refused_before_anything_is_filled_in(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await till(app).take(replace(fill(shop), order_id="order-1"))
        await settle(pilot)
        await press(pilot, "f11")
        await until(pilot, lambda: toasts(app) == [t("error.quotation.of_order")])
        assert app.screen is till(app)


async def test_a_sale_that_another_window_took_is_not_quoted_here(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot)
        taken = till(app).cart.id

        def refuse(cart_id: str) -> None:
            if cart_id == taken:
                raise ShopError(held_carts.ELSEWHERE)

        await press(pilot, "f11")
        await until(pilot, lambda: isinstance(app.screen, QuoteDialog))
        monkeypatch.setattr(held_carts, "check", refuse)
        monkeypatch.setattr(held_carts, "elsewhere", lambda: frozenset({taken}))
        await press(pilot, "enter")
        await until(pilot, lambda: t(held_carts.ELSEWHERE) in words_on(app))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.id != taken)
        assert there(shop) == []


# --- the list ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_state_is_seen_whole_at_80_columns(shop: Shop, language: strings.Language) -> None:
    made = [quoted(shop, name="حسن", until=end) for end in (GONE_BY, "", "", "")]
    shop.store.run_now(quotations.lose, made[2].id, "غالي", "سارة")
    body = {"id": "e", "type": "quotation_sold", "quotation_id": made[3].id, "sale_id": "s", "note": "", "seq": 1}
    shop.store.run_now(quotations.store_pulled, [{**body, "at": "2026-11-22T09:00:00.000Z", "receipt_number": "R-1"}])
    async with open_app(shop, language) as (app, pilot):
        await open_list(app, pilot)
        for one in there(shop):
            for words in (t(f"quotation.status.{one.status}"), one.number, day(one.valid_until), amount(125_00)):
                assert on_screen(app, words), words
        assert not any("…" in row for row in rows_of(app))
        assert app.screen.query_one(KeyBar).region.height <= 2
        for heading in ("quotation.number", "quotation.valid_until", "common.status", "common.total"):
            assert on_screen(app, t(heading))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_f7_goes_through_the_states_and_says_which(shop: Shop, language: strings.Language) -> None:
    quoted(shop)
    quoted(shop, until=GONE_BY)
    async with open_app(shop, language) as (app, pilot):
        screen = await open_list(app, pilot)
        seen = []
        for _ in range(5):
            seen.append((screen.narrowed, screen.table.count, screen.filter.text))
            await press(pilot, "f7")
            await settle(pilot)
        assert seen == [
            (None, 2, ""),
            *(
                (status, count, t(f"quotation.shows.{status}"))
                for status, count in zip(quotations.STATUSES, (1, 1, 0, 0), strict=True)
            ),
        ]
        assert screen.narrowed is None


async def test_a_search_finds_it_and_enter_shows_its_paper(shop: Shop) -> None:
    wanted = quoted(shop, 0, name="Hassan")
    quoted(shop, 1, name="Mona")
    async with open_app(shop, "en") as (app, pilot):
        await open_list(app, pilot)
        await press(pilot, *"hassan", "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        await settle(pilot)
        assert wanted.number in words_on(app)
        await press(pilot, "escape", "f3")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))


@pytest.mark.parametrize(("language", "typed"), [("ar", "عروض الأسعار"), ("ar", "quotations"), ("en", "quotations")])
@pytest.mark.parametrize("mode", ["inventory", "customers"])
async def test_the_palette_leads_there_from_every_screen(
    shop: Shop, mode: str, language: strings.Language, typed: str
) -> None:
    shop.store.run_now(customers.create, CustomerDraft(name="Hassan"))
    quoted(shop)
    async with open_app(shop, language, mode=mode) as (app, pilot):
        await press(pilot, "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await type_text(pilot, typed)
        await settle(pilot)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationsScreen))
        await until(pilot, lambda: app.screen.table.count == 1)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till(app))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_help_names_both_keys(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "f1")
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        assert "F11" in words_on(app)
        assert t("sales.help_quotation") in words_on(app)


async def test_the_till_below_the_list_turns_with_the_language(shop: Shop) -> None:
    quoted(shop)
    async with open_app(shop, "ar") as (app, pilot):
        await open_list(app, pilot)
        await press(pilot, "f12", "f5")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.lines)
        await settle(pilot)
        (row,) = [row for row in rows_of(app) if "To pay" in row]
        assert row.startswith(" To pay")


@pytest.mark.parametrize("by_page", [False, True])
async def test_a_customers_quotations_are_one_key_from_the_customer(shop: Shop, by_page: bool) -> None:
    hassan = shop.store.run_now(customers.create, CustomerDraft(name="Hassan"))
    quoted(shop, name="Mona")
    cart, rules = with_customer(fill(shop), hassan), TaxRules()
    end = shop.read(quotations.usual_end)
    more = {"valid_until": end, "cashier": "", "device_id": "d", "rules": rules}
    shop.store.run_now(quotations.quote, cart, **more)
    async with open_app(shop, "en", mode="customers") as (app, pilot):
        if by_page:
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(app.screen, CustomerDialog))
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, QuotationsScreen))
        await until(pilot, lambda: app.screen.table.count == 1)
        await settle(pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.lines)
        assert till(app).cart.customer_id == hassan.id


# --- back at the till ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_that_holds_comes_at_its_prices_and_becomes_the_sale(shop: Shop, language: strings.Language) -> None:
    made = quoted(shop, 0, 1)
    reprice(shop, 0, 200_00)
    async with open_app(shop, language) as (app, pilot):
        await take_up(app, pilot)
        assert prices(app) == [125_00, 850_00]
        shown = {"number": part_number(made.number), "day": day(made.valid_until)}
        said = t("quotation.still_holds", **shown, quoted=money(975_00), today=money(1_050_00))
        assert toasts(app) == [said]
        assert t("sales.of_quotation", number=part_number(made.number)) in total(app)
        assert on_screen(app, made.number)
        await pay(app, pilot)
        (sale,) = sold(shop)
        (now,) = there(shop)
        assert (sale.totals.total, now.status, now.receipt_number) == (975_00, "sold", sale.receipt_number)
        assert made.number not in total(app), "the next sale is another"


async def test_where_no_price_has_changed_nothing_is_said(shop: Shop) -> None:
    quoted(shop)
    async with open_app(shop, "en") as (app, pilot):
        await take_up(app, pilot)
        assert toasts(app) == []


@pytest.mark.parametrize(("answer", "price"), [("1", 200_00), ("2", 125_00)])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_that_has_expired_asks_at_which_prices(
    shop: Shop, language: strings.Language, answer: str, price: int
) -> None:
    made = quoted(shop, 0, 1, until=GONE_BY)
    reprice(shop, 0, 200_00)
    async with open_app(shop, language) as (app, pilot):
        await open_list(app, pilot)
        await press(pilot, "f5", "enter", answer, "enter")  # of these, nobody can have read what they answer
        await until(pilot, lambda: isinstance(app.screen, PricesDialog))
        await settle(pilot)
        assert isinstance(app.screen, PricesDialog)
        await read_question(pilot)
        brief = [total for total in (975_00, 1_050_00) if on_screen(app, money(total))]
        assert brief == [975_00, 1_050_00]
        assert day(GONE_BY) in words_on(app)
        assert amount(125_00) in app.screen.changed_lines.text
        assert amount(200_00) in app.screen.changed_lines.text
        assert amount(850_00) not in app.screen.changed_lines.text
        await press(pilot, "enter")  # none is marked
        await settle(pilot)
        assert isinstance(app.screen, PricesDialog)
        await press(pilot, answer)
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.lines)
        assert prices(app) == [price, 850_00]
        assert till(app).cart.quotation_id == made.id
        await settle(pilot)
        await pay(app, pilot)
        assert there(shop)[0].status == "sold"


async def test_a_question_that_is_left_sells_nothing(shop: Shop) -> None:
    quoted(shop, until=GONE_BY)
    reprice(shop, 0, 200_00)
    async with open_app(shop, "en") as (app, pilot):
        screen = await open_list(app, pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, PricesDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is screen)
        assert not till(app).cart.lines
        assert shop.read(sales.open_carts) == ()


async def test_one_that_has_expired_at_todays_prices_says_so_and_comes(shop: Shop) -> None:
    made = quoted(shop, until=GONE_BY)
    async with open_app(shop, "en") as (app, pilot):
        await take_up(app, pilot)
        named = {"number": part_number(made.number), "day": day(GONE_BY)}
        assert toasts(app) == [t("quotation.over_unchanged", **named)]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_that_was_sold_is_an_example_at_todays_prices(shop: Shop, language: strings.Language) -> None:
    made = quoted(shop)
    async with open_app(shop, language) as (app, pilot):
        await take_up(app, pilot)
        await pay(app, pilot)
        reprice(shop, 0, 200_00)
        await take_up(app, pilot)
        (sale,) = sold(shop)
        named = {"number": part_number(made.number), "receipt": part_number(sale.receipt_number)}
        assert t("quotation.sold_already", **named, day="") in toasts(app)
        assert (prices(app), till(app).cart.quotation_id) == ([200_00], None)
        assert made.number not in total(app)
        await pay(app, pilot)
        assert there(shop)[0].receipt_number == sale.receipt_number


async def test_the_sale_that_was_at_the_till_is_parked(shop: Shop) -> None:
    quoted(shop, 1)
    async with open_app(shop, "en") as (app, pilot):
        await sell_one(app, pilot)
        before = till(app).cart
        await app.action_mode("quotations")
        await until(pilot, lambda: isinstance(app.screen, QuotationsScreen))
        await settle(pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.id != before.id)
        await settle(pilot)
        assert prices(app) == [850_00]
        parked = [cart for cart in shop.read(sales.open_carts) if cart.parked]
        assert parked == [replace(before, parked=True)]


async def test_it_comes_to_the_till_however_late_the_store_is(shop: Shop) -> None:
    """The list has gone by then: what it had begun must not have gone with it."""
    made = quoted(shop)
    async with open_app(shop, "en") as (app, pilot):
        await open_list(app, pilot)
        done = Event()
        assert app.store._writer is not None
        app.store._writer.submit(done.wait, 600)
        try:
            await press(pilot, "f5")
            await until(pilot, lambda: app.screen is till(app))
            await asyncio.sleep(0.2)
        finally:
            done.set()
        await until(pilot, lambda: till(app).cart.quotation_id == made.id)


async def test_taken_up_again_it_is_the_sale_that_was_begun(shop: Shop) -> None:
    made = quoted(shop)
    async with open_app(shop, "en") as (app, pilot):
        await take_up(app, pilot)
        await type_text(pilot, "*3")
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines[0].quantity == whole(3))
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: app.screen is till(app) and not till(app).cart.lines)
        await settle(pilot)
        await take_up(app, pilot)
        assert till(app).cart.lines[0].quantity == whole(3)
        named = {"number": part_number(made.number), "day": day(made.valid_until)}
        assert t("quotation.open_already", **named) in toasts(app)
        assert len(shop.read(sales.open_carts)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_that_was_begun_in_its_days_is_gone_on_with_after_them_and_both_sums_are_said(
    shop: Shop, language: strings.Language
) -> None:
    """A second sale of it was begun beside the first, and each could be paid."""
    made = quoted(shop)
    cart = shop.read(quotation_carts.recall, made.id).quoted
    shop.store.run_now(sales.park, cart)
    shop.store.run_now(db.execute, "UPDATE quotation SET valid_until = ?", (GONE_BY,))
    reprice(shop, 0, 15_000)
    async with open_app(shop, language) as (app, pilot):
        await take_up(app, pilot)
        assert till(app).cart.id == cart.id
        assert len(shop.read(sales.open_carts)) == 1
        sums = {"quoted": money(made.totals.total), "today": money(15_000)}
        named = {"number": part_number(made.number), "day": day(GONE_BY)}
        assert t("quotation.open_over", **named, **sums) in toasts(app)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_other_rules_of_tax_than_on_the_paper_are_said(shop: Shop, language: strings.Language) -> None:
    made = quoted(shop)
    shop.store.run_now(state.learn_shop, None, {"tax_rate": 14, "prices_include_tax": False})
    async with open_app(shop, language) as (app, pilot):
        await take_up(app, pilot)
        named = {"number": part_number(made.number), "day": day(made.valid_until)}
        asked = money(carts.totals(till(app).cart, shop.read(state.tax_rules), "visa").total)
        said = t("quotation.comes_to_other", **named, paper=money(made.totals.total), now=asked)
        assert said in toasts(app)


async def test_what_is_not_sold_any_more_is_named(shop: Shop) -> None:
    quoted(shop, 0, 1)
    gone = shop.read(inventory.get, shop.parts[0].id)
    shop.store.run_now(inventory.delete, gone.id, seen=gone)
    async with open_app(shop, "en") as (app, pilot):
        await take_up(app, pilot)
        await until(pilot, lambda: toasts(app))
        (said,) = toasts(app)
        assert "Oil filter Toyota" in said
        assert "brake" not in said


async def test_what_is_sold_after_the_cart_was_emptied_ends_no_quotation(shop: Shop) -> None:
    made = quoted(shop)
    async with open_app(shop, "en") as (app, pilot):
        await take_up(app, pilot)
        await press(pilot, "f8")
        await until(pilot, lambda: not till(app).cart.lines)
        await sell_one(app, pilot, "NGK-7")
        assert made.number not in total(app)
        await pay(app, pilot)
        assert there(shop)[0].status == "open"


async def test_a_restart_still_knows_which_quotation_it_is(shop: Shop) -> None:
    made = quoted(shop)
    async with open_app(shop, "en") as (app, pilot):
        await take_up(app, pilot)
    async with open_app(shop, "en") as (app, pilot):
        await until(pilot, lambda: made.number in total(app))


# --- lost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_is_lost_with_a_reason_and_can_be_sold_all_the_same(shop: Shop, language: strings.Language) -> None:
    made = quoted(shop)
    reprice(shop, 0, 200_00)
    async with open_app(shop, language) as (app, pilot):
        screen = await open_list(app, pilot)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert made.number in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: t("error.field.empty") in words_on(app))
        await type_text(pilot, "لقاه أرخص")
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is screen and screen.table.row.status == "lost")
        await settle(pilot)
        assert there(shop)[0].reason == "لقاه أرخص"
        assert screen.check_action("lose", ()) is None
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, QuotationDialog))
        await settle(pilot)
        assert "لقاه أرخص" in words_on(app)
        await press(pilot, "escape", "f5")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.lines)
        assert prices(app) == [125_00], "its day is not over"


async def test_one_that_was_lost_and_is_over_asks_too(shop: Shop) -> None:
    made = quoted(shop, until=GONE_BY)
    shop.store.run_now(quotations.lose, made.id, "غالي", "سارة")
    reprice(shop, 0, 200_00)
    async with open_app(shop, "en") as (app, pilot):
        await open_list(app, pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, PricesDialog))


@pytest.mark.parametrize("keys", [("f8", *"dear", "enter"), ("f5",)])
async def test_a_key_behind_a_search_is_for_the_one_that_was_looked_for(shop: Shop, keys: Sequence[str]) -> None:
    wanted = quoted(shop, 0, name="Hassan")
    other = quoted(shop, 1, name="Mona")
    async with open_app(shop, "en") as (app, pilot):
        await open_list(app, pilot)
        with late_rows(app) as here:
            await press(pilot, *"hassan", *keys)
            here.set()
            await settle(pilot)
            await until(pilot, lambda: till(app).cart.lines or there(shop)[1].status == "lost")
        assert shop.read(quotations.get, other.id).status == "open"
        assert keys[0] != "f5" or till(app).cart.quotation_id == wanted.id


async def test_a_scan_is_no_reason(shop: Shop) -> None:
    quoted(shop)
    async with open_app(shop, "en") as (app, pilot):
        await open_list(app, pilot)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await scans.scan(pilot)
        await until(pilot, lambda: toasts(app))
        assert isinstance(app.screen, Ask)
        assert there(shop)[0].status == "open"


async def test_many_changed_prices_leave_room_for_the_answer(shop: Shop) -> None:
    cart = shop.store.run_now(sales.open_cart)
    made = [
        shop.store.run_now(inventory.create, PartDraft(name=f"قطعة طويلة الاسم جدا جدا {n}", price=10_00 + n), whole(1))
        for n in range(12)
    ]
    for part in made:
        cart = add_line(cart, part)
    more = {"cashier": "", "device_id": "d", "rules": TaxRules()}
    old = shop.store.run_now(quotations.quote, cart, valid_until=shop.read(quotations.usual_end), **more)
    shop.store.run_now(db.execute, "UPDATE quotation SET valid_until = ? WHERE id = ?", (GONE_BY, old.id))
    shop.store.run_now(db.execute, "UPDATE part SET price = price + 100 WHERE name LIKE 'قطعة%'")
    async with open_app(shop, "ar") as (app, pilot):
        await open_list(app, pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, PricesDialog))
        await settle(pilot)
        box = app.screen.query_one(".dialog--box").region
        assert (box.y >= 0, box.bottom <= 24) == (True, True)
        assert len(app.screen.changed_lines.text.splitlines()) == 7
        assert t("quotation.more_changed", count="6") in app.screen.changed_lines.text
        assert on_screen(app, t("dialog.hint.choose"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_that_another_till_has_sold_meanwhile_asks_before_money_is_taken(
    shop: Shop, language: strings.Language
) -> None:
    made = quoted(shop)
    async with open_app(shop, language) as (app, pilot):
        await take_up(app, pilot)
        rules = shop.read(state.tax_rules)
        theirs = replace(shop.read(quotation_carts.recall, made.id).quoted, id="theirs")
        payment = [Payment("visa", totals(theirs, rules, "visa").total)]
        sale = shop.store.run_now(sales.checkout, theirs, payment, cashier="c", device_id="e", rules=rules)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert part_number(sale.receipt_number) in words_on(app.screen)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till(app))
        assert (len(sold(shop)), len(till(app).cart.lines)) == (1, 1)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
