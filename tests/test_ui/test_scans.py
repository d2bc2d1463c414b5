"""A scanner's burst goes where scans go, on every screen, and answers nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.pilot import Pilot

from clutch_tui.core import cart, inventory, past_sales, sales
from clutch_tui.core.quantity import to_decimal, whole
from clutch_tui.core.types import PartDraft, PartQuery, SaleQuery
from clutch_tui.terminal.read_keys import ReadParser
from clutch_tui.terminal.scanner import Place, Run, Runs, judge
from clutch_tui.text.format import amount, name
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose, Confirm
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.customers import PickCustomer
from clutch_tui.ui.screens.discount import DiscountDialog
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.part import PartDialog
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import (
    Shop,
    next_moment,
    open_app,
    press,
    settle,
    toasts,
    type_by_hand,
    type_text,
    until,
    words_on,
)

EAN = "6221000000017"
"""The barcode of the first part; its check digit is wrong."""
TRADE = "4006381333931"
"""A number of trade that the shop does not have."""
PACE = 0.004
"""Seconds between two keys of a scanner."""


def scanned(code: str, end: str = "enter", *, pace: float = PACE) -> list[Key]:
    """The keys of a scan, with the times at which a scanner would send them."""
    keys = [Key(_character_to_key(letter), letter) for letter in code]
    keys += [Key(one, None) for one in end.split()]
    begin = next_moment(len(keys) * pace)
    for n, key in enumerate(keys):
        key.time = begin + n * pace
    return keys


async def send(pilot: Pilot[int], keys: Sequence[Key]) -> None:
    for key in keys:
        key.set_sender(pilot.app)
        pilot.app.post_message(key)
    await settle(pilot)


async def scan(pilot: Pilot[int], code: str = EAN, end: str = "enter", *, pace: float = PACE) -> None:
    await send(pilot, scanned(code, end, pace=pace))


def lines(app: ClutchApp) -> dict[str, int | Decimal]:
    """What is in the cart: numbers of parts and how many units of each."""
    till = app.get_screen_stack("sales")[0]
    assert isinstance(till, SalesScreen)
    assert till.cart is not None
    return {line.part_number: to_decimal(line.quantity) for line in till.cart.lines}


@pytest.mark.parametrize("pace", [PACE, 0.0])
@pytest.mark.parametrize("end", ["enter", "tab", "ctrl+j", "enter ctrl+j"])
async def test_every_end_of_a_scanner_adds_the_part_once(shop: Shop, end: str, pace: float) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot, end=end, pace=pace)
        await scan(pilot, end=end, pace=pace)
        assert lines(app) == {"OF-100": 2}
        assert app.screen.query_one("#scan").has_focus


@pytest.mark.parametrize("pace", [PACE, 0.0])
async def test_a_scan_pays_nothing(shop: Shop, pace: float) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await scan(pilot, pace=pace)
        assert isinstance(app.screen, PayDialog)
        assert app.screen.field.value == ""
        assert toasts(app) == [t("scan.not_here", text=name(EAN))]
        await press(pilot, "2", "5", "0", "enter")  # in one piece, as over SSH
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))


async def test_more_cash_than_anybody_hands_over_is_asked_about(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)  # 125.00
        await press(pilot, "f2", *"325", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "backspace", "backspace", "backspace", *"300", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        (row,) = shop.read(past_sales.page, SaleQuery(), None, 0, 9)
        assert shop.read(sales.get, row.id).tendered == 30_000


@pytest.mark.parametrize("pace", [PACE, 0.0])
@pytest.mark.parametrize(
    ("keys", "dialog"),
    [(("f10",), Confirm), (("f6",), Choose), (("f4",), Ask), (("ctrl+n",), Ask), (("f5",), DiscountDialog)],
)
async def test_a_scan_answers_no_question(shop: Shop, keys: tuple[str, ...], dialog: type, pace: float) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, *keys)
        await until(pilot, lambda: isinstance(app.screen, dialog))
        front = app.screen
        before = [one.value for one in front.query(TextField)]
        await scan(pilot, pace=pace)
        assert app.screen is front
        assert [one.value for one in front.query(TextField)] == before
        assert toasts(app) == [t("scan.not_here", text=name(EAN))]
        assert lines(app) == {"OF-100": 1}


async def test_a_scan_is_no_reason(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await press(pilot, "f4", "minus", "1", "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and not app.screen.query("NumberField"))
        await scan(pilot, "SHELF-77")
        assert isinstance(app.screen, Ask)
        await press(pilot, *"2 of 3 broken", "enter")
        await until(pilot, lambda: not isinstance(app.screen, Ask))


async def test_a_scan_into_the_receipt_begins_the_next_sale(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await scan(pilot)
        await scan(pilot)
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert lines(app) == {"OF-100": 2}
        assert shop.read(past_sales.count, SaleQuery()) == 1


@pytest.mark.parametrize("away", ["tab", "click"])
async def test_a_scan_finds_the_till_wherever_the_focus_is(shop: Shop, away: str) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await (pilot.click("#cart-lines") if away == "click" else press(pilot, "tab"))
        assert not app.screen.query_one("#scan").has_focus
        await scan(pilot)
        assert lines(app) == {"OF-100": 2}
        await press(pilot, *"NGK-7", "enter")
        await until(pilot, lambda: lines(app) == {"OF-100": 2, "NGK-7": 1})


async def test_a_scan_behind_a_quantity_is_so_many(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "3", "*")
        await settle(pilot)
        keys = scanned(EAN)
        for key in keys:
            key.time += 1
        await send(pilot, keys)
        assert lines(app) == {"OF-100": 3}


async def test_a_scan_looks_a_part_up_in_the_inventory_and_fills_a_code_of_a_form(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await press(pilot, *"spark")
        await scan(pilot)
        await until(pilot, lambda: isinstance(app.screen, PartDialog))
        await scan(pilot)  # again: the page gives way
        await until(pilot, lambda: isinstance(app.screen, PartDialog))
        await press(pilot, "escape")
        assert app.screen.query_one("#search", TextField).value == EAN
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await scan(pilot, TRADE)
        assert toasts(app) == [t("scan.not_here", text=name(TRADE))]
        await press(pilot, "tab", "tab", "tab")
        await scan(pilot, TRADE)
        await press(pilot, "f2")
        await until(pilot, lambda: not isinstance(app.screen, FormDialog))
        (row,) = shop.read(inventory.page, PartQuery(text=TRADE), None, 0, 5)
        assert row.part_number == "OF-100"


async def test_a_scan_of_a_code_that_several_parts_have_shows_all_of_them(shop: Shop) -> None:
    for number in ("TWIN-1", "TWIN-2"):
        draft = PartDraft(
            name="طرمبة", name_en=f"Pump {number}", part_number=number, barcode="6223009990011", price=100
        )
        shop.store.run_now(inventory.create, draft, whole(3))
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await press(pilot, "f7")  # also those of which there are enough
        await scan(pilot, "6223009990011")
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        await until(pilot, lambda: screen.table.count == 2)
        assert toasts(app) == [t("sales.several", text=name("6223009990011"))]
        await press(pilot, "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, PartDialog) and "TWIN-2" in words_on(app))


async def test_a_scan_of_a_code_that_no_part_has_opens_none(shop: Shop) -> None:
    draft = PartDraft(name="طرمبة", part_number="P-1", barcode=f"{TRADE}-9", description=TRADE, price=100)
    shop.store.run_now(inventory.create, draft, whole(3))
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await scan(pilot, TRADE)
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("inventory.unknown_code", text=name(TRADE))]
        assert isinstance(app.screen, InventoryScreen)


@pytest.mark.parametrize("pace", ["at once", "by hand"])
async def test_what_is_typed_into_the_receipt_is_looked_for_at_the_till(shop: Shop, pace: str) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await settle(pilot)
        await (type_text(pilot, "spark") if pace == "at once" else type_by_hand(pilot, "spark"))
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        await settle(pilot)
        assert app.screen.query_one("#scan", TextField).value == "spark"
        await press(pilot, "enter")
        await until(pilot, lambda: lines(app) == {"NGK-7": 1})


async def test_a_key_of_the_receipt_is_its_own(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await press(pilot, "f2", "down", "pagedown")
        await until(pilot, lambda: toasts(app))
        assert isinstance(app.screen, ReceiptDialog)
        await press(pilot, "1", "2", "enter")  # a code of no part: asked for again at the till
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert shop.read(past_sales.count, SaleQuery()) == 1


async def test_a_scan_while_looking_for_the_customer_goes_into_the_sale(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, PickCustomer))
        await scan(pilot)
        assert isinstance(app.screen, PickCustomer)
        assert app.screen.search.value == ""
        assert lines(app) == {"OF-100": 1}
        assert toasts(app) == [t("scan.added", name=name("Oil filter Toyota"))]


@pytest.mark.parametrize("mode", ["orders", "customers", "queue", "settings"])
async def test_a_scan_elsewhere_does_nothing_and_says_so(shop: Shop, mode: str) -> None:
    async with open_app(shop, "en", mode=mode) as (app, pilot):
        await scan(pilot)
        assert toasts(app) == [t("scan.not_here", text=name(EAN))]
        assert app.current_mode == mode
        assert len(app.screen_stack) == 1


async def test_lines_that_are_pasted_are_scans(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        app.post_message(Paste(f"{EAN}\nNGK-7\r\n06L-115-562-B\n"))
        await settle(pilot)
        assert lines(app) == {"OF-100": 1, "NGK-7": 1, "06L-115-562-B": 1}


async def test_lines_that_are_pasted_into_a_field_are_all_there(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        app.post_message(Paste("oil\nfilter\n"))
        await settle(pilot)
        assert app.screen.query_one("#search", TextField).value == "oil filter"


async def test_a_code_that_is_pasted_is_no_amount(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        app.post_message(Paste(f"{TRADE}\n"))
        await settle(pilot)
        assert isinstance(app.screen, PayDialog)
        assert app.screen.field.value == ""
        assert toasts(app) == [t("scan.not_here", text=name(TRADE))]


def read(*reads: str) -> list[str]:
    parser = ReadParser()
    return [event.key for data in reads for event in parser.feed(data) if isinstance(event, Key)]


@pytest.mark.parametrize(
    ("reads", "keys"),
    [
        (["\x1b2"], ["escape", "2"]),
        (["\x1b", "2"], ["escape", "2"]),
        (["a\x1b", "6221"], ["a", "escape", *"6221"]),
        (["\x1bfil"], ["escape", *"fil"]),  # Textual knows ESC f, b and - from the option key of a Macintosh
        (["\x1bb\x1b-"], ["escape", "b", "escape", "minus"]),
        (["\x1bش"], ["escape", "ش"]),
        (["\x1b", "[A"], ["up"]),
        (["\x1b\r\x1bOQ"], ["escape", "enter", "f2"]),  # of which Textual makes ^, Enter and F2
        (
            ["\x1b\x14\x1b[A", "\x1b\x10", "\x1b\x1b\x04"],
            ["escape", "ctrl+t", "up", "escape", "ctrl+p", *2 * ["escape"], "ctrl+d"],
        ),
        (["\x1b\t\x1b[Z"], ["shift+tab", "shift+tab"]),
        (["\x1bOP\x1b[17~\x1b\x7f"], ["f1", "f6", "ctrl+w"]),
        (["\x1b[50;3u"], ["alt+2"]),
        (["\x1b[50;3;50u"], ["alt+2"]),  # with the text that the key has without Alt
        (["\x1b[50;3;8482u"], ["trade_mark_sign"]),  # the option key of a Macintosh
    ],
)
def test_esc_is_a_key_of_its_own_and_alt_is_heard_where_it_is_told_apart(reads: list[str], keys: list[str]) -> None:
    assert read(*reads) == keys


def test_esc_before_what_only_may_begin_a_sequence_is_not_lost() -> None:
    parser = ReadParser()
    assert not list(parser.feed("\x1b["))
    parser._timeout_time = 0.0
    assert [key.key for key in parser.tick() if isinstance(key, Key)] == ["escape", "left_square_bracket"]


async def type_bytes(pilot: Pilot[int], data: str) -> None:
    """What a terminal sends, in one piece."""
    await send(pilot, [event for event in ReadParser().feed(data) if isinstance(event, Key)])


async def test_esc_before_a_scan_in_one_piece_leads_nowhere(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *"fil")
        await type_bytes(pilot, f"\x1b{EAN}\r")
        assert app.current_mode == "sales"
        assert lines(app) == {"OF-100": 1}


async def test_esc_and_a_digit_in_one_piece_begin_anew_in_the_field(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *"fil")
        await type_bytes(pilot, "\x1b5")
        assert app.current_mode == "sales"
        assert app.screen.query_one("#scan", TextField).value == "5"


async def test_esc_enter_and_a_function_key_in_one_piece_say_no_to_a_question(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await type_bytes(pilot, "\x1b\r\x1bOQ")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        assert lines(app) == {"OF-100": 1}


async def test_text_and_enter_answer_no_question_at_any_speed(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, *"350", "enter")
        await settle(pilot)
        assert isinstance(app.screen, Confirm)
        assert toasts(app) == [t("dialog.not_answered")]
        await press(pilot, "enter")
        await until(pilot, lambda: lines(app) == {})


async def test_a_code_that_is_typed_as_cash_is_refused(shop: Shop) -> None:
    """A scanner that is as slow as a hand."""
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await scan(pilot, EAN, pace=0.2)
        assert isinstance(app.screen, PayDialog)
        assert t("error.number.too_large", maximum=amount(cart.DEAREST)) in words_on(app)


async def test_an_end_that_was_read_late_is_one(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(pilot)
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        keys = scanned(EAN)
        keys[-1].time += 0.1
        await send(pilot, keys)
        assert isinstance(app.screen, Confirm)
        assert toasts(app) == [t("scan.not_here", text=name(EAN))]


def run_of(text: str, pace: float) -> Run | None:
    """The run of the key that ends a text."""
    runs = Runs()
    return [runs.note(key) for key in scanned(text, pace=pace)][-1]


@pytest.mark.parametrize(
    ("text", "pace", "place", "verdict"),
    [
        (TRADE, 0.0, "number", True),
        (TRADE, 0.0, "keys", True),
        (TRADE, 0.0, "form", True),
        (EAN, 0.0, "number", None),  # a wrong check digit: only if the shop knows it
        ("250", 0.0, "number", False),
        ("250", PACE, "number", False),
        ("19122.75", PACE, "number", None),
        ("96385074", 0.0, "number", True),
        ("201001234567", 0.0, "text", None),  # a telephone number
        ("01001234567", 0.0, "text", None),
        ("W712/75", PACE, "text", True),
        ("W712/75", PACE, "form", None),
        ("W712/75", 0.05, "text", False),
        ("mistake", PACE, "text", None),
        ("hunter2hunter2", PACE, "secret", False),
        ("~15", 0.0, "number", True),
        ("3*6221000000017", 0.0, "text", False),
    ],
)
def test_the_rule(text: str, pace: float, place: Place, verdict: bool | None) -> None:
    run = run_of(text, pace)
    assert (run is not None and judge(run, place, "~")) is verdict
