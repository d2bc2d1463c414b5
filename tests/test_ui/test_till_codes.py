"""What a code or a text means at the till, typed and scanned: sold, asked about or refused, never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rich.cells import cell_len
from textual.widgets import OptionList

from clutch_tui.core import inventory, sales
from clutch_tui.core.quantity import to_decimal, whole
from clutch_tui.core.types import PartDraft
from clutch_tui.text import strings
from clutch_tui.text.bidi import RTL, visual
from clutch_tui.text.format import isolate, money, name
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import AskUnexpected, Choose, Confirm
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.column import fit
from clutch_tui.ui.widgets.part_columns import HIT_COLUMNS, PART_COLUMNS
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.window_table import READ_AFTER
from tests.test_ui.shop_app import (
    Shop,
    has_keys,
    next_moment,
    open_app,
    open_form,
    press,
    read_question,
    settle,
    toasts,
    type_by_hand,
    type_text,
    until,
    words_on,
)
from tests.test_ui.test_sales import LANGUAGES, scan, till

TILL_PARTS = (
    PartDraft(name="اويل سيل كرنك", name_en="Crank oil seal 25x47x7", part_number="25*47*7", price=4_500),
    PartDraft(name="حلقة صغيرة", name_en="Small ring", part_number="47*7", price=300),
    PartDraft(name="مسمار 15", name_en="Bolt 15", part_number="15", price=200),
    PartDraft(name="فلتر زيت قصير", name_en="Short oil filter", part_number="W 712", price=16_000, location="A-3"),
    PartDraft(name="فلتر زيت طويل", name_en="Long oil filter", part_number="W 712/75", price=21_000),
    PartDraft(name="طرمبة اصلي", name_en="Pump original", part_number="TWIN-1", barcode="6223009990011", price=90_000),
    PartDraft(name="طرمبة تقليد", name_en="Pump copy", part_number="TWIN-2", barcode="6223009990011", price=35_000,
              location="B-7"),
    PartDraft(name="جوان وش سلندر", name_en="Head gasket", part_number="7700123", price=42_000),
    PartDraft(name="سير كاتينة", name_en="Timing belt", part_number="BELT-9", barcode="7700123", price=33_000),
    PartDraft(name="زيت موتور 5W30", name_en="Engine oil per litre", part_number="LIT-1", price=19_000, unit="LTR",
              decimals=3),
    PartDraft(name="فلتر زيت", name_en="Oil filter", part_number="OC 197", barcode="0041112223338", price=15_000),
)  # fmt: skip


@pytest.fixture
def parts_till(shop: Shop) -> Shop:
    for draft in TILL_PARTS:
        shop.store.run_now(inventory.create, draft, whole(3))
    return shop


def in_cart(app: ClutchApp) -> list[tuple[str, int | Decimal]]:
    """Numbers of the parts in the cart, and how many units of each."""
    cart = till(app).cart
    return [(line.part_number, to_decimal(line.quantity)) for line in cart.lines] if cart else []


async def test_the_whole_text_first_then_so_many_pieces(parts_till: Shop) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        for typed in ("25*47*7", "w712", "2×lit-1", "lit-1*٢", "041112223338", "خؤ197"):
            await scan(app, pilot, typed)
        assert in_cart(app) == [("25*47*7", 1), ("W 712", 1), ("LIT-1", 4), ("OC 197", 2)]
        said = [
            t("sales.short", name=name("Engine oil per litre"), quantity="4", stock="3\N{NO-BREAK SPACE}L"),
            t("lookup.from_arabic", text=isolate("OC 197")),
        ]
        await until(pilot, lambda: toasts(app) == said)


@pytest.mark.parametrize(("typed", "figure"), [("*1,5", "1,5"), ("1,5*LIT-1", "1,5"), ("⅓*LIT-1", "⅓")])
async def test_what_is_no_quantity_adds_nothing_and_says_which(parts_till: Shop, typed: str, figure: str) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "15")
        await type_text(pilot, typed)
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("error.sale.figure", figure=figure)]
        assert (in_cart(app), till(app).field.value) == ([("15", 1)], typed)


@pytest.mark.parametrize(
    ("keys", "sold"),
    [
        (("w", "7", "1", "2", "down", "enter"), [("W 712/75", 1)]),
        (("w", "7", "1", "2", "down", "up", "enter"), [("W 712", 1)]),
        ((*"2*w712", "down", "enter"), [("W 712/75", 2)]),
        ((*"7700123", "down", "up", "enter"), [("7700123", 1)]),
        ((*"7700123", "down", "enter"), [("BELT-9", 1)]),
    ],
)
async def test_the_row_that_was_marked_by_hand_is_sold(
    parts_till: Shop, keys: tuple[str, ...], sold: list[tuple[str, int]]
) -> None:
    async with open_app(parts_till) as (app, pilot):
        await press(pilot, *keys)
        await until(pilot, lambda: till(app).cart.lines)
        assert in_cart(app) == sold


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_code_of_two_parts_always_asks(parts_till: Shop, language: strings.Language) -> None:
    async with open_app(parts_till, language) as (app, pilot):
        await press(pilot, *"6223009990011", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        prompts = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        for prompt, said in zip(prompts, (("TWIN-1", 90_000), ("TWIN-2", 35_000, "B-7")), strict=True):
            number, price, *place = said
            assert all(str(one) in prompt for one in (number, money(price), *place)), prompt
        await press(pilot, "enter")  # the end of a scan, come late, answers nothing
        await until(pilot, lambda: not has_keys(app))
        assert isinstance(app.screen, Choose)
        await press(pilot, "down", "down", "enter")
        await until(pilot, lambda: till(app).cart.lines)
        assert in_cart(app) == [("TWIN-2", 1)]
        await press(pilot, *"7700123", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "escape")
        await settle(pilot)
        assert in_cart(app) == [("TWIN-2", 1)]


async def test_stock_and_place_of_what_is_marked(parts_till: Shop) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        here = f"{t('part.on_shelf', stock='3')}   {t('part.at_place', place=isolate('A-3'))}"
        await type_text(pilot, "w71")
        await until(pilot, lambda: here in words_on(app))
        await press(pilot, "down")
        await until(pilot, lambda: here not in words_on(app))
        await press(pilot, "up", "enter")
        await until(pilot, lambda: till(app).cart.lines and here in words_on(app))
        await type_text(pilot, "*4")
        await press(pilot, "enter")
        short = t("sales.short", name=name("Short oil filter"), quantity="4", stock="3")
        await until(pilot, lambda: toasts(app) == [short])
        await type_text(pilot, "w712")
        await press(pilot, "enter")
        await until(pilot, lambda: in_cart(app) == [("W 712", 5)])
        assert toasts(app) == [short]


@pytest.mark.parametrize(("first", "typed"), [((), "-2*LIT-1"), (("15",), "-2*LIT-1"), ((), "-2*15")])
async def test_a_minus_before_so_many_pieces_adds_nothing(parts_till: Shop, first: tuple[str, ...], typed: str) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        for code in first:
            await scan(app, pilot, code)
        await press(pilot, "minus")
        await type_text(pilot, typed[1:])
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("error.sale.figure", figure="-2")]
        assert (in_cart(app), till(app).field.value) == ([(code, 1) for code in first], typed)


@pytest.mark.parametrize(
    ("sign", "answer", "sold", "said"),
    [
        ("minus", "1", [("15", 2), ("LIT-1", 2)], []),
        ("minus", "2", [("15", 3)], ["error.sale.figure"]),
        ("minus", "escape", [("15", 2)], []),
        ("plus", "escape", [("15", 4)], []),
        ("plus", "1", [("15", 4), ("LIT-1", 2)], []),
        ("plus", "2", [("15", 3), ("LIT-1", 2)], []),
    ],
)
async def test_a_sign_that_has_stepped_a_line_may_belong_to_the_figure_behind_it(
    parts_till: Shop, sign: str, answer: str, sold: list[tuple[str, int]], said: list[str]
) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "3*15")
        await press(pilot, sign, *"2*LIT-1", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, answer)
        await until(pilot, lambda: app.screen is till(app))
        await settle(pilot)
        assert in_cart(app) == sold
        assert [text for text in toasts(app) if text != SHORT] == [t(key, figure="-2") for key in said]


@pytest.mark.parametrize(
    ("typed", "answer", "sold", "said"),
    [
        ("-2", "1", [("15", 2)], []),
        ("-2", "2", [("15", 3), ("21-450", 1)], []),
        ("-2", "escape", [("15", 3)], []),
        ("-4", "", [("15", 4)], ["-4"]),
        ("+2", "1", [("15", 6)], []),
        ("2", "1", [("15", 2)], []),
        ("2", "2", [("15", 4), ("21-450", 1)], []),
        ("2", "escape", [("15", 4)], []),
        ("+15", "2", [("15", 6)], []),
        ("-15", "", [("15", 4)], ["-15"]),
        ("0", "", [("15", 4)], ["0"]),
        ("٠٠", "", [("15", 4)], ["٠٠"]),
        ("-0", "", [("15", 4)], ["-0"]),
        ("+00", "", [("15", 4)], ["+00"]),
        ("02", "1", [("15", 2)], []),
        ("-02", "1", [("15", 2)], []),
    ],
)
async def test_a_figure_alone_never_sells_what_nobody_asked_for(
    parts_till: Shop, typed: str, answer: str, sold: list[tuple[str, int]], said: list[str]
) -> None:
    """Three fewer were meant, one was taken off, and the first part whose number begins with 3 was sold."""
    for number in ("21-450", "0 242 235", "00-7", "02-9"):
        parts_till.store.run_now(inventory.create, PartDraft(name="كشاف", part_number=number, price=5_000), whole(5))
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "4*15")
        await press(pilot, *typed, "enter")
        if answer:
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await press(pilot, answer)
            await until(pilot, lambda: app.screen is till(app))
        await settle(pilot)
        assert in_cart(app) == sold
        figures = [t("error.sale.figure", figure=figure) for figure in said]
        assert [text for text in toasts(app) if "on the shelf" not in text] == figures


async def test_a_mark_that_news_has_moved_was_not_set_by_hand(parts_till: Shop) -> None:
    parts_till.store.run_now(inventory.create, PartDraft(name="كشاف", part_number="21-450", price=5_000), whole(5))
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "4*15")
        await press(pilot, "2")
        hits = till(app).hits
        await until(pilot, lambda: hits.count == 3 and not hits.is_awaited)
        parts_till.store.run_now(inventory.create, PartDraft(name="لمبة", part_number="20", price=5_000), whole(5))
        app._brake.add(frozenset({"inventory"}))
        await until(pilot, lambda: hits.count == 4)
        await settle(pilot)
        assert hits.cursor == 1
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert in_cart(app) == [("15", 4)]


async def test_a_sign_and_a_figure_without_a_line_are_refused_aloud(parts_till: Shop) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        await press(pilot, "minus", "1", "enter")
        await until(pilot, lambda: toasts(app))
        assert (toasts(app), in_cart(app)) == ([t("error.sale.figure", figure="-1")], [])


SHORT = "⁨Bolt 15⁩: 4 in this sale, but 3 on the shelf."


async def test_a_step_before_a_scan_stays_a_step(parts_till: Shop) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "3*15")
        await press(pilot, "minus", *"0041112223338", "enter", "minus", "escape", *"2*LIT-1", "enter")
        await until(pilot, lambda: len(in_cart(app)) == 3)
        assert in_cart(app) == [("15", 2), ("OC 197", 1), ("LIT-1", 2)]


async def test_what_was_done_to_a_sale_is_taken_back_step_by_step(parts_till: Shop) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "3*15")
        await scan(app, pilot, "oc197")
        await press(pilot, "up", "f8")
        await until(pilot, lambda: in_cart(app) == [("OC 197", 1)])
        await press(pilot, "ctrl+z")
        await until(pilot, lambda: in_cart(app) == [("15", 3), ("OC 197", 1)])
        assert till(app).lines.table.row.line.part_number == "15"
        await press(pilot, "ctrl+z", "ctrl+z", "ctrl+z")
        await until(pilot, lambda: in_cart(app) == [])
        await press(pilot, "ctrl+y", "ctrl+y")
        await until(pilot, lambda: in_cart(app) == [("15", 3), ("OC 197", 1)])
        await settle(pilot)
        assert [cart.lines for cart in parts_till.read(sales.open_carts)] == [till(app).cart.lines]
        await type_text(pilot, "no")
        await press(pilot, "ctrl+z")
        assert (till(app).field.value, in_cart(app)) == ("", [("15", 3), ("OC 197", 1)])


async def test_a_sale_that_was_made_is_not_taken_back(parts_till: Shop) -> None:
    async with open_app(parts_till, "en") as (app, pilot):
        await scan(app, pilot, "15")
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await press(pilot, "enter", "ctrl+z")
        await settle(pilot)
        assert in_cart(app) == []


def test_the_help_shows_figures_as_they_are_typed() -> None:
    """In a line from right to left `*3` and `3*code` would look alike."""
    strings.use("ar")
    quantity, times = (visual(t(key), RTL) for key in ("sales.help_quantity", "sales.help_times"))
    assert "*3" in quantity
    assert "3*OC197" in times


async def test_an_unknown_barcode_becomes_a_part_by_enter_once_more(parts_till: Shop) -> None:
    code = "4006633100434"
    async with open_app(parts_till, "en") as (app, pilot):
        await type_text(pilot, f"2*{code}")
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("sales.unknown_code", text=name(code))]
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await type_text(pilot, "ساعة حرارة")
        form = app.screen
        assert isinstance(form, FormDialog)
        fields = {row.entry.name: row.field for row in form.rows}
        assert fields["barcode"].value == code
        fields["price"].value = "75"
        await press(pilot, "f2")
        await until(pilot, lambda: in_cart(app) == [("", 2)])
        assert parts_till.read(inventory.find_code, code).price == 7_500
        await type_text(pilot, "no such part")
        await press(pilot, "enter", "enter")
        await settle(pilot)
        assert app.screen is till(app)


async def test_a_part_without_a_price_or_with_the_barcode_of_another_is_asked_about(parts_till: Shop) -> None:
    async with open_app(parts_till, "en", mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f2")
        fields = {row.entry.name: row.field for row in form.rows}
        fields["name"].value, fields["barcode"].value = "سير", "41112223338"
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        said = words_on(app)
        assert t("part.doubt.no_price") in said
        other = {"code": name("41112223338"), "name": name("Oil filter"), "number": name("OC 197")}
        assert t("part.doubt.barcode", **other) in said
        await press(pilot, "escape")
        await until(pilot, lambda: t("error.part.not_saved_yet") in words_on(app))
        fields["barcode"].value = "4006633100434"
        fields["price"].value = "10"
        await press(pilot, "f2")
        await until(pilot, lambda: not isinstance(app.screen, FormDialog))
        assert parts_till.read(inventory.find_code, "4006633100434").price == 1_000


LANCER = PartDraft(
    name="طقم تيل فرامل أمامي",
    part_number="4605A041-B",
    oem_number="4605A041",
    brand="Nisshinbo",
    car_brand="ميتسوبيشي",
    car_model="لانسر",
    year="2001-2007",
    location="B-12-3",
    price=1_250_00,
)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_place_number_maker_and_years_of_what_is_marked(shop: Shop, language: strings.Language) -> None:
    shop.store.run_now(inventory.create, LANCER, whole(3))
    async with open_app(shop, language) as (app, pilot):
        await type_text(pilot, "4605A041-B")
        await until(pilot, lambda: till(app).hits.count == 1 and till(app).marked.display)
        line = till(app).marked
        await until(pilot, lambda: line.size.height == 2)
        drawn = "\n".join(strip.text for strip in line.render_lines(line.size.region))
        assert all(what in drawn for what in ("B-12-3", "4605A041", "Nisshinbo", "2007-2001"))  # drawn from the right


def test_on_a_wide_terminal_the_years_are_seen_before_the_name_grows() -> None:
    for columns in (HIT_COLUMNS, PART_COLUMNS):
        car = next(one for one in fit(columns, 118) if one.column.title == "part.car")
        assert car.width >= cell_len("ميتسوبيشي لانسر 2001-2007")


@pytest.fixture
def priceless(shop: Shop) -> str:
    """The number of a part without a price; its barcode is the shop's own."""
    draft = PartDraft(name="كلبس", name_en="Clip", part_number="CLIP-1", barcode="20017")
    shop.store.run_now(inventory.create, draft, whole(100))
    return draft.part_number


@pytest.mark.parametrize("key", ["part.doubt.no_price", "import.warning.no_price"])
def test_what_has_no_price_is_said_to_be_asked_about(key: str) -> None:
    for language, asks in (("ar", "شاشة البيع هتسأل"), ("en", "the till will ask")):
        strings.use(language)  # type: ignore[arg-type]
        assert asks in t(key)


@pytest.mark.parametrize(("typed", "price"), [("12.50", 12_50), ("0", 0)])
async def test_what_has_no_price_is_asked_about_once_in_a_sale(
    shop: Shop, priceless: str, typed: str, price: int
) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *f"3*{priceless}", "enter")
        await until(pilot, lambda: isinstance(app.screen, AskUnexpected))
        assert till(app).cart.lines == ()
        await read_question(pilot)
        await press(pilot, "enter")  # nothing is no answer
        await settle(pilot)
        assert isinstance(app.screen, AskUnexpected)
        await type_by_hand(pilot, typed)
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.lines)
        await press(pilot, *priceless, "enter")
        await until(pilot, lambda: in_cart(app) == [("CLIP-1", 4)])
        assert [line.price for line in till(app).cart.lines] == [price]


async def test_no_burst_and_no_scan_is_the_price_of_a_part_that_has_none(shop: Shop, priceless: str) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *priceless, "enter", *"5", "enter")  # typed before the question was there
        await until(pilot, lambda: isinstance(app.screen, AskUnexpected) and bool(toasts(app)))
        assert toasts(app) == [t("dialog.not_entered")]
        await press(pilot, "ctrl+u")
        await read_question(pilot)
        await press(pilot, *"20017", "enter")  # the same part once more, from a scanner
        await settle(pilot)
        assert isinstance(app.screen, AskUnexpected)
        assert till(app).cart.lines == ()
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        await settle(pilot)
        assert till(app).cart.lines == ()
        assert app.screen.query_one("#scan", TextField).value == priceless, "to be corrected, or given up"


@pytest.mark.parametrize("typed", ["W712", "25*47*7", "2108-10", "1W712"])
async def test_a_code_in_one_piece_is_no_answer_to_which_of_two_parts(parts_till: Shop, typed: str) -> None:
    async with open_app(parts_till) as (app, pilot):
        await press(pilot, *"6223009990011", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, *typed, "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("dialog.not_chosen")]
        assert isinstance(app.screen, Choose)
        await press(pilot, "escape")
        await settle(pilot)
        assert (in_cart(app), till(app).field.value) == ([], "6223009990011")


async def test_the_digits_of_what_is_typed_on_are_no_answer_and_one_by_itself_is(parts_till: Shop) -> None:
    async with open_app(parts_till) as (app, pilot):
        await press(pilot, *"6223009990011", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await type_by_hand(pilot, "w712")
        await until(pilot, lambda: not has_keys(app))
        assert isinstance(app.screen, Choose)
        assert set(toasts(app)) == {t("dialog.not_chosen")}
        next_moment(READ_AFTER)
        await press(pilot, "2")
        await until(pilot, lambda: in_cart(app) == [("TWIN-2", 1)])
