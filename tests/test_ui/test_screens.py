"""Every screen in both languages: it opens, fits 80x24, speaks, and survives a change of language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from textual.pilot import Pilot

from clutch_tui.core import accounts, customers, suppliers
from clutch_tui.core.types import CustomerDraft, SupplierDraft
from clutch_tui.text import strings
from clutch_tui.text.fold import fold
from clutch_tui.text.format import money, phone
from clutch_tui.text.strings import t
from clutch_tui.ui import keys
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose, Confirm, Dialog, ShowText
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens import connection_overview
from clutch_tui.ui.screens.account import AccountScreen, PaymentDialog
from clutch_tui.ui.screens.customer_page import CustomerDialog
from clutch_tui.ui.screens.customers import CustomersScreen
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.settings import SettingsScreen
from clutch_tui.ui.screens.sign_in import SignInScreen
from clutch_tui.ui.screens.supplier_page import SupplierDialog
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.key_bar import KeyBar
from clutch_tui.ui.widgets.number_field import MoneyField
from clutch_tui.ui.widgets.status_strip import StatusStrip
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import (
    Shop,
    open_app,
    press,
    read_question,
    rows_shown,
    settle,
    toasts,
    type_by_hand,
    type_text,
    until,
    words_on,
)

LANGUAGES: tuple[strings.Language, ...] = ("ar", "en")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_screen_opens_and_fits(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        for mode in keys.MODES:
            await app.switch_mode(mode)
            await settle(pilot)
            screen = app.screen
            assert isinstance(screen, ShopScreen)
            assert t(f"mode.{mode}") in screen.strip.text
            bar = screen.query_one(KeyBar)
            assert bar.region.bottom == 24, mode
            assert bar.region.height <= 2, mode
            assert t("app.menu") in bar.render().plain
            for widget in screen.query("*"):
                assert widget.region.right <= 80, (mode, widget)
        assert toasts(app) == []


async def test_every_binding_has_a_word_and_a_name(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        for mode in keys.MODES:
            await app.switch_mode(mode)
            await pilot.pause()
            for one in app.screen.active_bindings.values():
                ours = "." in one.binding.description and " " not in one.binding.description
                assert not ours or strings.has(one.binding.description), (mode, one.binding)
                assert not ours or one.binding.id, (mode, one.binding)


async def test_the_language_changes_with_everything_that_is_shown(shop: Shop) -> None:
    async with open_app(shop, "ar") as (app, pilot):
        await type_text(pilot, "of")
        await settle(pilot)
        await press(pilot, "f12")
        await until(pilot, lambda: strings.language() == "en")
        await settle(pilot)
        assert "Sales" in app.screen.query_one(StatusStrip).text
        assert "Pay" in app.screen.query_one(KeyBar).render().plain
        field = app.screen.query_one(TextField)
        assert field.value == "of"
        assert field.placeholder == t("sales.scan_hint")
        assert not app.has_class("-rtl")
        await press(pilot, "f12")
        await until(pilot, lambda: strings.language() == "ar")
        assert app.has_class("-rtl")
        await until(pilot, lambda: 'language = "ar"' in shop.home.config_file.read_text("utf-8"))


async def test_help_names_the_keys(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await press(pilot, "f1")
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        shown = [" ".join(line.split()) for line in words_on(app).splitlines()]
        assert "F4 Adjust" in shown
        assert "F9 1 Sales" in shown, "which works on every terminal"
        assert t("keys.alt_digit") in shown
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ShopScreen))


async def test_the_menu_goes_by_digit(shop: Shop) -> None:
    async with open_app(shop, "ar") as (app, pilot):
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "4")
        await until(pilot, lambda: isinstance(app.screen, CustomersScreen))
        await press(pilot, "alt+1")
        await until(pilot, lambda: app.current_mode == "sales")


async def fill(pilot: Pilot[int], app: ClutchApp, **values: str) -> None:
    """Put values into the fields of the form in front and save it."""
    await until(pilot, lambda: isinstance(app.screen, FormDialog))
    form = app.screen
    for name, value in values.items():
        form.query_one(f"#field-{name}", TextField).value = value
    await press(pilot, "f2")
    await until(pilot, lambda: app.screen is not form)
    await settle(pilot)


async def test_customers_from_the_first_to_the_payment(shop: Shop) -> None:
    async with open_app(shop, "ar", mode="customers") as (app, pilot):
        await press(pilot, "f2")
        await fill(pilot, app, name="منى سعيد", phone="01001234567", car_brand="تويوتا")
        screen = app.screen
        assert isinstance(screen, CustomersScreen)
        (row,) = rows_shown(screen.table)
        assert (row.name, row.phone) == ("منى سعيد", "01001234567")
        await press(pilot, "f3")
        await fill(pilot, app, address="شبرا")
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        for wrong in ("0", "6221000000017"):  # nothing, and a barcode
            await type_by_hand(pilot, wrong)
            await press(pilot, "enter")
            await settle(pilot)
            assert app.screen.query_one(MoneyField).value == wrong
            await press(pilot, "ctrl+u")
        await type_text(pilot, "50")
        await press(pilot, "enter")
        # she owes nothing: the shop would owe her
        await until(pilot, lambda: isinstance(app.screen, Confirm) and "50.00" in words_on(app.screen))
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: t("customer.ask_note") in words_on(app))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PaymentDialog) and "P00001" in words_on(app.screen))
        assert ("payment", "payment") in shop.new_changes
        await press(pilot, "f2")
        await until(pilot, lambda: any(path.stem.endswith("-P00001") for path in app.services.receipts.glob("*")))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, CustomersScreen))
        assert shop.read(customers.get, row.id).balance == -5_000
        await settle(pilot)
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen) and app.screen.table.count == 1)
        account = app.screen
        assert isinstance(account, AccountScreen)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask) and "50.00" in words_on(app.screen))
        await type_text(pilot, "غلط")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PaymentDialog) and "P00002" in words_on(app.screen))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen) and app.screen.table.count == 2)
        assert shop.read(customers.get, row.id).balance == 0
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "1")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: t("customer.ask_note") in words_on(app))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PaymentDialog) and "P00003" in words_on(app.screen))
        await press(pilot, "escape")  # what was just entered is marked: F8 now would take that back, and no other
        await until(pilot, lambda: app.screen is account and account.table.row.number.endswith("P00003"))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, CustomersScreen))
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: t("error.customer.owes", name="منى سعيد") in toasts(app))
        assert [kind for kind, _ in shop.new_changes] == ["create", "update", "payment", "payment_void", "payment"]


async def test_suppliers_are_added_and_edited(shop: Shop) -> None:
    async with open_app(shop, "en", mode="suppliers") as (app, pilot):
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        app.screen.query_one("#field-rating", TextField).value = "9"
        await press(pilot, "f2")
        await settle(pilot)
        assert t("error.field.empty") in words_on(app)
        await fill(pilot, app, name="Bosch Egypt", rating="5")
        await press(pilot, "f3")
        await fill(pilot, app, phone="0223456789")
        (row,) = shop.read(suppliers.page, "", None, 0, 10)
        assert (row.name, row.phone, row.rating) == ("Bosch Egypt", "0223456789", 5)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_enter_shows_a_customer_and_the_keys_of_the_list_work(shop: Shop, language: strings.Language) -> None:
    draft = CustomerDraft(name="Karim Nabil", phone="01001234567", car_brand="Toyota", car_plate="س ص 1234")
    karim = shop.store.run_now(customers.create, draft)
    shop.store.run_now(accounts.pay, karim.id, 5_000, "cash", "", "", beyond_debt=True)
    async with open_app(shop, language, mode="customers") as (app, pilot):
        await press(pilot, *"karim", "enter")
        await until(pilot, lambda: isinstance(app.screen, CustomerDialog))
        shown = words_on(app.screen)
        for known in (phone("01001234567"), "Toyota", "س ص 1234", t("customer.is_owed", amount=money(5_000)), "P00001"):
            assert known in shown
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, CustomersScreen))
        await press(pilot, "enter", "f6")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))


async def test_a_customer_is_taken_to_the_till(shop: Shop) -> None:
    for name in ("Karim", "Mona"):
        shop.store.run_now(customers.create, CustomerDraft(name=name))
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"NGK-7", "enter", "f9", "4", *"karim", "f5")
        await until(pilot, lambda: app.screen is till)
        await until(pilot, lambda: till.cart is not None and till.cart.customer_name == "Karim")
        await press(pilot, "f9", "4", *"mona", "enter", "f5")  # the sale is Karim's
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, CustomersScreen))
        assert till.cart.customer_name == "Karim"


async def test_enter_shows_a_supplier(shop: Shop) -> None:
    draft = SupplierDraft(name="Bosch Egypt", phone="01001234567", contact_person="Ali", payment_terms="30 days")
    shop.store.run_now(suppliers.create, draft)
    async with open_app(shop, "en", mode="suppliers") as (app, pilot):
        await press(pilot, *"bosch", "enter")
        await until(pilot, lambda: isinstance(app.screen, SupplierDialog))
        for known in ("Bosch Egypt", phone("01001234567"), "Ali", "30 days"):
            assert known in words_on(app.screen)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))


async def test_a_change_from_elsewhere_appears_with_the_cursor_in_place(shop: Shop) -> None:
    for name in ("Amr", "Mona"):
        shop.store.run_now(customers.create, CustomerDraft(name=name))
    async with open_app(shop, "en", mode="customers") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CustomersScreen)
        await press(pilot, "down")
        assert screen.table.row.name == "Mona"
        await app.write("customers", customers.create, CustomerDraft(name="Dalia"))
        await until(pilot, lambda: screen.table.count == 3)
        await settle(pilot)
        assert screen.table.row.name == "Mona"
        assert screen.table.cursor == 2


async def test_the_queue_lists_what_is_unsent(shop: Shop) -> None:
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await until(pilot, lambda: "3 unsent" in app.screen.query_one(StatusStrip).text)
        assert "New record" in words_on(app)
        await press(pilot, "f5")
        await until(pilot, lambda: toasts(app) == [t("queue.trying")])


async def test_a_full_strip_gives_up_since_when_before_it_cuts_off_what_calls_for_a_person(shop: Shop) -> None:
    async with open_app(shop, "en", mode="performance") as (app, _):
        now = datetime.now(UTC)
        strip = app.screen.query_one(StatusStrip)
        strip.show(Status("offline", now, 3, now - timedelta(minutes=12), 2, 1, now))
        assert strip.text.endswith("Notices: 1")
        assert "12 min" in strip.text
        assert strip.render().cell_length <= 80


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_strip_without_room_leaves_out_whole_parts_and_says_that_there_is_more(
    shop: Shop, language: strings.Language
) -> None:
    async with open_app(shop, language) as (app, pilot):
        now = datetime.now(UTC)
        strip = app.screen.query_one(StatusStrip)
        full = Status("limited", now, 3, now - timedelta(minutes=12), 2, 1, now, skew=172_800.0, stranded=3, missing=1)
        strip.show(full)
        for width in range(20, 150, 3):
            await pilot.resize_terminal(width, 24)
            text = strip.text
            assert strip.render().cell_length <= width, text
            assert not text.rstrip().endswith("|"), text
            ways = (strip._in_words(), strip._in_figures(), strip._in_figures(since=False))
            parts = {part.plain for way in ways for part in way}
            shown = [part.strip() for part in text.removesuffix(" …").split("|")]
            assert parts >= set(shown), text
            assert text.endswith(" …") or len(shown) == len(ways[0]), text


async def test_nobody_was_signed_out_where_nobody_was_ever_signed_in(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, _):
        now = datetime.now(UTC)
        strip = app.screen.query_one(StatusStrip)
        strip.show(Status("not_signed_in", None, now=now))
        assert t("connection.overall.not_signed_in") in strip.text
        assert t("age.now") not in strip.text


@pytest.mark.parametrize(("skew", "word"), [(259_200.0, "3 days ahead"), (-420.0, "7 minutes behind")])
def test_the_connection_says_that_the_clock_is_wrong(skew: float, word: str) -> None:
    strings.use("en")
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    seen = connection_overview.OverviewFigures(Status("connected", now, now=now, skew=skew), None, (), now)
    first = connection_overview.draw(seen, 80).plain.split("\n")[0]
    assert word in first
    assert t("connection.sentence.connected") not in first
    assert (
        t("connection.sentence.connected")
        in connection_overview.draw(
            connection_overview.OverviewFigures(Status("connected", now, now=now), None, (), now), 80
        ).plain
    )


async def test_settings_are_saved_and_applied(shop: Shop) -> None:
    async with open_app(shop, "ar", mode="settings") as (app, pilot):
        await press(pilot, "space")
        rows = {row.entry.name: row for row in app.screen.rows}  # type: ignore[attr-defined]
        rows["shop.tax_rate"].field.value = "١٠"
        rows["shop.receipt_footer"].field.value = "شكرا"
        await press(pilot, "f2")
        await until(pilot, lambda: strings.language() == "en")
        await until(pilot, lambda: toasts(app))
        assert app.settings.shop.receipt_footer == "شكرا"
        assert (await app.tax_rules()).rate == 1_000
        rows["backend.base_url"].field.value = "http://example.com"
        await press(pilot, "f2")
        await until(pilot, lambda: "https" in rows["backend.base_url"].problem.text)
        assert isinstance(app.screen, SettingsScreen)
        assert app.is_open


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_settings_that_are_not_saved_say_so(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language, mode="settings") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, SettingsScreen)
        assert not screen.unsaved.display
        row = next(row for row in screen.rows if row.entry.name == "shop.receipt_footer")
        row.field.value = "Thanks"  # type: ignore[attr-defined]
        await until(pilot, lambda: screen.unsaved.display)
        await press(pilot, "alt+1", "f9", "0")  # whoever comes back still sees it
        await until(pilot, lambda: app.screen is screen)
        await settle(pilot)
        assert screen.unsaved.text == t("settings.unsaved", names=t("settings.receipt_footer"))
        assert screen.unsaved.region.bottom <= screen.key_bar.region.y
        await press(pilot, "f2")
        await until(pilot, lambda: not screen.unsaved.display)
        row.field.value = "Bye"  # type: ignore[attr-defined]
        await until(pilot, lambda: screen.unsaved.display)
        await press(pilot, "escape")
        await until(pilot, lambda: not screen.unsaved.display)
        assert app.settings.shop.receipt_footer == "Thanks"


async def test_the_first_start_offers_to_work_alone(shop: Shop) -> None:
    from clutch_tui.core import state

    shop.store.run_now(state.put_setting, "works_alone", False)
    async with open_app(shop, "ar") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, SignInScreen))
        await press(pilot, "f2")
        await settle(pilot)
        assert t("error.field.empty") in words_on(app)
        await press(pilot, "f4")
        await until(pilot, lambda: app.current_mode == "sales")
        assert shop.read(state.setting, "works_alone") is True


async def test_a_burst_of_keys_goes_where_it_belongs(shop: Shop) -> None:
    async with open_app(shop, "ar", mode="suppliers") as (app, pilot):
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        await press(pilot, *"Bosch", "tab", *"Ali", "enter", *"0100", "down", *"a@b", "up", *"0111")
        await until(pilot, lambda: form.query_one("#field-phone", TextField).value == "0111")
        values = {row.entry.name: row.typed for row in form.rows if row.typed}  # type: ignore[attr-defined]
        assert values == {"name": "Bosch", "contact_person": "Ali", "phone": "0111", "email": "a@b"}


@pytest.mark.parametrize(("language", "words"), [("en", ("sign", "server", "key")), ("ar", ("دخول", "سيرفر", "مفتاح"))])
async def test_the_palette_finds_the_way_to_server_and_key(
    shop: Shop, language: strings.Language, words: tuple[str, ...]
) -> None:
    async with open_app(shop, language) as (app, _):
        titles = [fold(command.title) for command in app.get_system_commands(app.screen)]
        for word in words:
            assert any(fold(word) in title for title in titles), word


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_strip_tells_a_wrong_clock_and_work_that_nobody_sends(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        now = datetime.now(UTC)
        strip = app.screen.query_one(StatusStrip)
        strip.show(Status("limited", now, now=now, skew=172_800.0, stranded=3, missing=1))
        await settle(pilot)
        words = {"en": ("2 days ahead", "Other database: 3"), "ar": ("متقدمة يومين", "قاعدة تانية: 3")}[language]
        for word in words:
            assert word in strip.text, strip.text
        assert strip.render().cell_length <= 80


@pytest.mark.parametrize("height", [15, 18, 24])
@pytest.mark.parametrize("keys", [("f9",), ("f1",), ("f3",), ("f9", "2", "f2"), ("f9", "4", "f2"), ("ctrl+d", "f2")])
async def test_the_keys_of_a_dialog_are_seen_on_few_lines(shop: Shop, keys: tuple[str, ...], height: int) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await pilot.resize_terminal(60, height)
        await press(pilot, *keys)
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        await settle(pilot)
        hint = app.screen.hint.region
        assert hint.height
        assert hint.bottom < height
        rows = app.screen.query("OptionList, WindowTable, VerticalScroll").first()
        assert rows.region.height
        assert rows.region.bottom < hint.bottom
