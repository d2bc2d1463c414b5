"""Parts that are sold by the litre and the metre: fractions at the till, on the shelf, on paper and in columns."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, past_sales, sales
from clutch_tui.core.quantity import ONE, Quantity, of_decimal, whole
from clutch_tui.core.types import PartDraft, Payment, SaleQuery, TaxRules
from clutch_tui.phrases.units import measured, word
from clutch_tui.printing import receipt as receipts
from clutch_tui.text import strings
from clutch_tui.text.format import money, name, of_language
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose
from clutch_tui.ui.forms import EntryRow, FormDialog
from clutch_tui.ui.screens.give_back import ReturnDialog
from clutch_tui.ui.screens.history import PartHistory
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.part import PartDialog
from clutch_tui.ui.screens.past_sales import PastSalesScreen
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.widgets.number_field import NumberField
from clutch_tui.ui.widgets.window_table import WindowTable
from tests.test_ui.shop_app import Shop, open_app, open_form, press, settle, toasts, type_text, until, words_on
from tests.test_ui.test_sales import LANGUAGES, first_past_sale, scan, till, total
from tests.test_ui.test_till_codes import in_cart

OIL = PartDraft(
    name="زيت موتور", name_en="Engine oil", part_number="OIL-1", price=190_00, unit="LTR", decimals=3, location="A-3"
)
HOSE = PartDraft(name="خرطوم", name_en="Hose", part_number="HOSE-1", price=40_00, unit="MTR", decimals=1)
PIECES = ("فلتر زيت تويوتا", "Oil filter Toyota")
"""The names of the shop's first part, of which nobody sells a half."""
STOCK = of_decimal(Decimal("1234.125"))
RULES = TaxRules(rate=0, prices_include_tax=True, cash_rounding=25)


def units(text: str) -> Quantity:
    return of_decimal(Decimal(text))


@pytest.fixture
def oils(shop: Shop) -> Shop:
    """A shop that sells oil by the litre and hose by the metre, beside its pieces."""
    for draft in (OIL, HOSE):
        shop.parts.append(shop.store.run_now(inventory.create, draft, STOCK if draft is OIL else whole(20)))
    shop.settled = shop.changes()
    return shop


async def enter(app: ClutchApp, pilot: Pilot[int], typed: str) -> None:
    await type_text(pilot, typed)
    await press(pilot, "enter")
    await settle(pilot)


# --- at the till ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["1.5*OIL-1", "OIL-1*1.5", "١٫٥*OIL-1", "OIL-1×١٫٥", "1½*OIL-1", "1.500*oil1"])
async def test_a_fraction_before_or_behind_a_code_is_sold(oils: Shop, language: strings.Language, typed: str) -> None:
    async with open_app(oils, language) as (app, pilot):
        await enter(app, pilot, typed)
        assert in_cart(app) == [("OIL-1", Decimal("1.5"))]
        assert (till(app).field.value, toasts(app)) == ("", [])
        assert "285.00" in total(app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("typed", "sold"),
    [("*1.5", "1.5"), ("٢٫٥*", "2.5"), ("*½", "0.5"), ("*.25", "0.25"), ("*⅜", "0.375"), ("٠٫١٢٥*", "0.125")],
)
async def test_a_fraction_is_the_quantity_of_the_marked_line(
    oils: Shop, language: strings.Language, typed: str, sold: str
) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "OIL-1")
        await enter(app, pilot, typed)
        assert in_cart(app) == [("OIL-1", Decimal(sold))]
        assert (till(app).field.value, toasts(app)) == ("", [])
        assert drawn(till(app).lines.table, sold)


async def test_a_part_in_the_open_cart_is_sold_as_finely_as_it_is_by_now(oils: Shop) -> None:
    """Somebody asks for half of it, and it is made a part by the metre with the cart open beside."""
    async with open_app(oils, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        part = oils.read(inventory.get, till(app).cart.lines[0].part_id)
        draft = replace(part.draft, unit="MTR", decimals=2)
        await app.write("inventory", inventory.edit, part.id, draft, seen=part)
        await until(pilot, lambda: till(app).cart.lines[0].decimals == 2)
        await enter(app, pilot, "*1.5")
        assert (in_cart(app), toasts(app)) == ([("OF-100", Decimal("1.5"))], [])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["*1.5", "٢٫٥*", "*½", "1.5*OF-100", "OF-100*1.5", "½*OF-100"])
async def test_a_fraction_of_a_piece_is_refused_where_it_was_typed(
    oils: Shop, language: strings.Language, typed: str
) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await enter(app, pilot, typed)
        assert toasts(app) == [t("error.quantity.pieces", name=name(of_language(*PIECES)))]
        assert (in_cart(app), till(app).field.value) == ([("OF-100", 1)], typed)
        await enter(app, pilot, "*2")  # what is refused gives way to what is typed next
        assert in_cart(app) == [("OF-100", 2)]


async def test_more_decimals_than_a_part_is_sold_in_are_refused_and_say_how_many_it_has(oils: Shop) -> None:
    async with open_app(oils, "en") as (app, pilot):
        await scan(app, pilot, "1.5*HOSE-1")
        await enter(app, pilot, "*1.25")
        assert toasts(app) == [t("error.quantity.decimals", name=name("Hose"), places=1)]
        assert (in_cart(app), till(app).field.value) == ([("HOSE-1", Decimal("1.5"))], "*1.25")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_plus_and_minus_step_by_one_unit(oils: Shop, language: strings.Language) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "1.5*OIL-1")
        for key, sold in (("plus", "2.5"), ("minus", "1.5"), ("minus", "0.5"), ("minus", "0.5"), ("plus", "1.5")):
            await press(pilot, key)
            await settle(pilot)
            assert in_cart(app) == [("OIL-1", Decimal(sold))], key
        assert toasts(app) == []


@pytest.mark.parametrize(
    ("typed", "sold", "refused"),
    [
        (("plus", *"0.5"), "2", ""),
        (("minus", *"0.25"), "1.25", ""),
        (("minus", *"½"), "1", ""),
        (("minus", *"1.5"), "1.5", "-1.5"),
        (("plus", *"0.0005"), "2.5", None),
    ],
)
async def test_a_fraction_behind_a_sign_is_so_much_more_or_less(
    oils: Shop, typed: tuple[str, ...], sold: str, refused: str | None
) -> None:
    """The sign alone has stepped the line by one; what is behind it takes the place of that step."""
    async with open_app(oils, "en") as (app, pilot):
        await scan(app, pilot, "1.5*OIL-1")
        await press(pilot, *typed, "enter")
        await settle(pilot)
        assert in_cart(app) == [("OIL-1", Decimal(sold))]
        if refused is not None:
            assert toasts(app) == ([t("error.sale.figure", figure=refused)] if refused else [])


async def test_a_fraction_behind_a_sign_is_refused_of_pieces_and_leaves_the_line_as_it_was(oils: Shop) -> None:
    async with open_app(oils, "en") as (app, pilot):
        await scan(app, pilot, "3*OF-100")
        await press(pilot, "plus", *"0.5", "enter")
        await settle(pilot)
        assert toasts(app) == [t("error.quantity.pieces", name=name(PIECES[1]))]
        assert (in_cart(app), till(app).field.value) == ([("OF-100", 3)], "0.5")


async def test_a_figure_that_may_be_a_part_is_asked_about_with_the_unit_of_the_line(oils: Shop) -> None:
    oils.store.run_now(inventory.create, PartDraft(name="كشاف", part_number="2.5", price=5_000), whole(5))
    async with open_app(oils, "en") as (app, pilot):
        await scan(app, pilot, "OIL-1")
        await press(pilot, "plus", *"2.5", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        question = app.screen
        assert isinstance(question, Choose)
        line = t("sales.quantity_of_line", quantity="3.5\N{NO-BREAK SPACE}L", name=name("Engine oil"))
        assert any(line in str(option.prompt) for option in question.query_one(OptionList).options)
        await press(pilot, "1")
        await until(pilot, lambda: in_cart(app) == [("OIL-1", Decimal("3.5"))])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_quantity_is_asked_with_the_decimals_of_the_part(oils: Shop, language: strings.Language) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "OIL-1*1.5")
        await press(pilot, "ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen.query_one(NumberField).value == "1.5"
        app.screen.query_one(NumberField).value = "٢٫١٢٥"
        await press(pilot, "enter")
        await until(pilot, lambda: in_cart(app) == [("OIL-1", Decimal("2.125"))])
        for code, typed, problem in (
            ("HOSE-1", "1.25", t("error.number.decimals", places=1)),
            ("OF-100", "1.5", t("error.number.pieces")),
            ("HOSE-1", "0", t("error.number.too_small", minimum="0.1")),
        ):
            await scan(app, pilot, code)
            before = in_cart(app)
            await press(pilot, "ctrl+n")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            app.screen.query_one(NumberField).value = typed
            await press(pilot, "enter")
            await until(pilot, lambda problem=problem: problem in words_on(app))
            assert app.screen.query_one(NumberField).value == typed
            await press(pilot, "escape")
            await until(pilot, lambda: app.screen is till(app))
            assert in_cart(app) == before


# --- what is seen --------------------------------------------------------------------------------------


def drawn(table: WindowTable[Any], text: str) -> bool:
    """Whether a text stands in a line of a table as it is drawn, and is no part of a longer figure."""
    return any(text in table.render_line(y).text.split() for y in range(table.size.height))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_long_quantity_is_whole_in_every_column(oils: Shop, language: strings.Language) -> None:
    async with open_app(oils, language) as (app, pilot):
        await type_text(pilot, "oil1")
        await until(pilot, lambda: drawn(till(app).hits, "1,234.125"))
        await press(pilot, "escape")
        await scan(app, pilot, "1234.125*OIL-1")
        assert drawn(till(app).lines.table, "1,234.125")
        assert drawn(till(app).lines.table, "234,483.75"), "what the line comes to"
        await press(pilot, "f5")
        await until(pilot, lambda: app.screen is not till(app))
        await type_text(pilot, "5%")
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is till(app) and drawn(till(app).lines.table, "1,234.125"))
        await app.switch_mode("inventory")
        await settle(pilot)
        shelf = app.screen
        assert isinstance(shelf, InventoryScreen)
        await type_text(pilot, "oil1")
        await until(pilot, lambda: drawn(shelf.table, "1,234.125"))
        assert t("part.line_stock", stock=measured(STOCK, "LTR"), minimum="0", place="", price="")[:12] in words_on(app)
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, PartHistory) and bool(app.screen.table.count))
        history = app.screen
        assert isinstance(history, PartHistory)
        await until(pilot, lambda: drawn(history.table, "+1,234.125"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_line_of_the_marked_part_says_its_unit(oils: Shop, language: strings.Language) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "OIL-1")
        on_shelf = t("part.on_shelf", stock=f"1,234.125\N{NO-BREAK SPACE}{word('LTR')}")
        await until(pilot, lambda: till(app).marked.text.startswith(on_shelf))
        await scan(app, pilot, "OF-100")
        await until(pilot, lambda: till(app).marked.text.startswith(t("part.on_shelf", stock="10")))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_more_than_lies_on_the_shelf_is_said_with_the_unit(oils: Shop, language: strings.Language) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "20.5*HOSE-1")
        short = {"name": name(of_language("خرطوم", "Hose")), "quantity": "20.5", "stock": measured(whole(20), "MTR")}
        assert toasts(app) == [t("sales.short", **short)]


# --- on the shelf --------------------------------------------------------------------------------------


async def answer(app: ClutchApp, pilot: Pilot[int], typed: str) -> None:
    await until(pilot, lambda: isinstance(app.screen, Ask))
    await type_text(pilot, typed)
    await press(pilot, "enter")
    await settle(pilot)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_shelf_is_counted_and_adjusted_in_fractions(oils: Shop, language: strings.Language) -> None:
    oil = oils.parts[-2]
    async with open_app(oils, language, mode="inventory") as (app, pilot):
        await type_text(pilot, "oil1")
        await settle(pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert measured(STOCK, "LTR") in words_on(app)
        await answer(app, pilot, "12.5")
        await until(pilot, lambda: oils.read(inventory.get, oil.id).stock == units("12.5"))
        await press(pilot, "f4")
        await answer(app, pilot, "-٠٫٢٥")
        await until(pilot, lambda: t("inventory.ask_reason") in words_on(app))
        await answer(app, pilot, "spilt")
        await until(pilot, lambda: oils.read(inventory.get, oil.id).stock == units("12.25"))
        assert oils.new_changes == [("count", "item"), ("adjust", "item")]
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        await until(pilot, lambda: drawn(screen.table, "12.25"))


@pytest.mark.parametrize("key", ["f4", "f5"])
async def test_a_fraction_of_pieces_is_no_count(oils: Shop, key: str) -> None:
    async with open_app(oils, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "of100")
        await settle(pilot)
        await press(pilot, key)
        await answer(app, pilot, "12.5")
        await until(pilot, lambda: t("error.number.pieces") in words_on(app))
        assert app.screen.query_one(NumberField).value == "12.5"
        assert oils.new_changes == []


def rows_of(form: FormDialog[Any]) -> dict[str, EntryRow]:
    return {row.entry.name: row for row in form.rows}


async def choose_unit(form: FormDialog[Any], pilot: Pilot[int], unit: str) -> None:
    field = rows_of(form)["unit"].field
    field.focus()
    for _ in range(9):
        if rows_of(form)["unit"].typed == unit:
            return
        await press(pilot, "space")
        await settle(pilot)
    raise AssertionError(f"there is no {unit}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_unit_brings_its_usual_decimals_until_somebody_types_others(
    oils: Shop, language: strings.Language
) -> None:
    async with open_app(oils, language, mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f2")
        rows = rows_of(form)
        names = [row.entry.name for row in form.rows]
        assert names[names.index("unit") :][:3] == ["unit", "decimals", "min_stock"]
        for unit, decimals in (("LTR", "3"), ("MTR", "2"), ("SET", ""), ("KGM", "3"), ("", ""), ("LTR", "3")):
            await choose_unit(form, pilot, unit)
            await until(pilot, lambda decimals=decimals: rows["decimals"].typed == decimals)
        rows["name"].field.value, rows["price"].field.value = "شحم", "75"  # type: ignore[attr-defined]
        rows["decimals"].field.value = "1"  # type: ignore[attr-defined]
        await choose_unit(form, pilot, "KGM")
        await settle(pilot)
        assert rows["decimals"].typed == "1", "what was typed stays"
        rows["min_stock"].field.value, rows["stock_quantity"].field.value = "2.5", "10.5"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        await until(pilot, lambda: screen.table.row is not None and screen.table.row.name == "شحم")
        made = oils.read(inventory.get, screen.table.row.id)
        draft = made.draft
        assert (draft.unit, draft.decimals, draft.min_stock) == ("KGM", 1, units("2.5"))
        assert made.stock == units("10.5")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PartDialog))
        for said in (t("unit.kilogram"), measured(units("10.5"), "KGM"), measured(units("2.5"), "KGM")):
            assert said in words_on(app)


async def test_the_decimals_of_a_part_come_back_with_its_unit(oils: Shop) -> None:
    async with open_app(oils, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "hose1")
        await settle(pilot)
        form = await open_form(app, pilot, "f3")
        rows = rows_of(form)
        assert (rows["unit"].typed, rows["decimals"].typed) == ("MTR", "1")
        for unit, decimals in (("KGM", "3"), ("", ""), ("MTR", "1")):
            await choose_unit(form, pilot, unit)
            await until(pilot, lambda decimals=decimals: rows["decimals"].typed == decimals)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))  # nothing is changed, and nothing asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", ["min_stock", "stock_quantity"])
async def test_a_fraction_in_the_form_of_a_piece_is_refused_in_its_field(
    oils: Shop, language: strings.Language, field: str
) -> None:
    async with open_app(oils, language, mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f2")
        rows = rows_of(form)
        for entry, value in (("name", "سير"), ("name_en", "Belt"), ("price", "10"), (field, "2.5")):
            rows[entry].field.value = value  # type: ignore[attr-defined]
        await press(pilot, "f2")
        said = t("error.quantity.pieces", name=name(of_language("سير", "Belt")))
        await until(pilot, lambda: said in words_on(app))
        assert app.screen is form
        assert form.focused is rows[field].field
        assert oils.new_changes == []
        await choose_unit(form, pilot, "LTR")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
        assert oils.new_changes[0] == ("create", "item")


# --- what comes back, and the paper --------------------------------------------------------------------


def sell(shop: Shop, *sold: tuple[int, str]) -> str:
    """Sell quantities of parts for cash; the id of the sale."""
    made = shop.store.run_now(sales.open_cart)
    for n, quantity in sold:
        made = carts.add_line(made, shop.read(inventory.row, shop.parts[n].id), units(quantity))
    paid = (Payment("cash", carts.totals(made, RULES).total),)
    return shop.store.run_now(lambda: sales.checkout(made, paid, cashier="", device_id="d", rules=RULES)).id


@pytest.mark.parametrize("language", LANGUAGES)
async def test_half_a_litre_comes_back(oils: Shop, language: strings.Language) -> None:
    oil = oils.parts[-2]
    sale_id = sell(oils, (-2, "1.5"), (0, "2"))
    async with open_app(oils, language) as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        form = app.screen
        assert isinstance(form, ReturnDialog)
        assert form.rows[0].label.text.endswith(f" ({measured(units('1.5'), 'LTR')})")
        for row, typed, problem in (
            (0, "0.0005", t("error.number.decimals", places=3)),
            (0, "1.501", t("error.number.too_large", maximum="1.5")),
            (1, "0.5", t("error.number.pieces")),
        ):
            form.rows[row].field.value = typed  # type: ignore[attr-defined]
            await press(pilot, "f2")
            await until(pilot, lambda problem=problem: problem in words_on(app))
            form.rows[row].field.value = ""  # type: ignore[attr-defined]
        form.rows[0].field.value = "0.5"  # type: ignore[attr-defined]
        await until(pilot, lambda: t("sale.goes_back", total=money(95_00)) in words_on(app))
        form.rows[-2].field.value = "too much"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert oils.read(sales.get, sale_id).lines[0].left == ONE
        assert oils.read(inventory.get, oil.id).stock == STOCK - ONE
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        await settle(pilot)
        await press(pilot, "end", "f6")  # the rest of the same sale
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        rest = app.screen
        assert isinstance(rest, ReturnDialog)
        await press(pilot, "f5")
        await until(pilot, lambda: rest.rows[0].typed == "1")


async def test_what_was_sold_in_litres_comes_back_though_the_part_is_a_piece_now(oils: Shop) -> None:
    """The decimals of a line are its part's as they are now; what was sold before must still come back."""
    oil = oils.parts[-2]
    sale_id = sell(oils, (-2, "1.5"))
    piece = PartDraft(name=OIL.name, name_en=OIL.name_en, part_number=OIL.part_number, price=OIL.price)
    oils.store.run_now(inventory.edit, oil.id, piece, seen=oils.read(inventory.get, oil.id))
    async with open_app(oils, "en") as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        await press(pilot, "f5")
        await type_text(pilot, "all of it")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
    assert oils.read(sales.get, sale_id).lines[0].left == 0


@pytest.mark.parametrize(("language", "unit"), [("ar", "لتر"), ("en", "L")])
async def test_a_receipt_says_the_unit_and_counts_a_measured_line_once(
    oils: Shop, language: strings.Language, unit: str
) -> None:
    async with open_app(oils, language) as (app, pilot):
        await scan(app, pilot, "1.5*OIL-1")
        await scan(app, pilot, "2*OF-100")
        assert strings.tn("sales.pieces", 3) in words_on(app)
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        (row,) = oils.read(past_sales.page, SaleQuery(), None, 0, 5)
        paper = receipts.text(oils.read(sales.get, row.id)).replace("\N{NO-BREAK SPACE}", " ")
        assert f"1.5 {unit} × 190.00" in paper
        assert "2 × 125.00" in paper
        assert "285.00" in paper
