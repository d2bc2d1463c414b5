"""Customers: the list, one's form, history and account; and the dialog in which the till picks one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.types import Customer, CustomerDraft, CustomerRow
from clutch_tui.phrases.fields import CUSTOMER
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.search_field import SearchField
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import ProblemWords, Words

if TYPE_CHECKING:
    from clutch_tui.core.accounts import AccountEntry, AccountStanding
    from clutch_tui.core.receivables import Aging
    from clutch_tui.ui.app import ClutchApp

COLUMNS: tuple[TableColumn[CustomerRow], ...] = (
    unsent_mark(),
    TableColumn("common.name", 22, lambda row: row.name, flex=2),
    TableColumn("common.phone", 16, lambda row: shown.phone(row.phone)),
    TableColumn("part.car", 16, lambda row: row.car, priority=2, flex=1),
    TableColumn(
        "customer.balance",
        12,
        lambda row: shown.amount(row.balance),
        number=True,
        tone=lambda row: "warning" if row.balance > 0 else "",
    ),
)


class CustomersScreen(ListScreen):
    """The customers' list."""

    NAME = "customers"
    NOUNS = frozenset({"customers"})
    HINT = "customer.hint"
    MARKS = ("common.has_unsent",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", "common.add", id="customers.add"),
        Binding("f3", "edit", "common.edit", id="customers.edit"),
        Binding("f4", "pay", "customer.pay", id="customers.pay"),
        Binding("f5", "sell_to", "customer.sell_to", id="customers.sell_to"),
        Binding("f6", "account", "customer.account", id="customers.account"),
        Binding("f7", "quotations", "customer.quotations", id="customers.quotations"),
        Binding("f8", "delete", "common.delete", id="customers.delete"),
        Binding("f10", "debtors", "customer.debtors", id="customers.debtors"),
    ]

    def columns(self) -> Sequence[TableColumn[CustomerRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[CustomerRow]:
        return reading(self.store, shop.customers, text)

    def describe(self, row: CustomerRow) -> Content | str:
        line = t("customer.line", name=row.name, car=row.car or "-", balance=shown.money(row.balance))
        return f"{line}\n{t('common.has_unsent')}" if row.unsent else line

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("edit", "pay", "sell_to", "account", "quotations", "delete") else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """Everything about a customer; the keys of the list work in there as well."""
        if (row := self.table.row) is None:
            return
        from clutch_tui.ui.screens import customer_page

        customer, owed, last = await self.store.read(_page_of, row.id, customer_page.LAST_ENTRIES)
        await self.show_page(customer_page.CustomerDialog(customer, *owed, last))

    @work(group="ask", exit_on_error=False)
    async def action_add(self) -> None:
        made = await self.app.push_screen_wait(new_customer(self.app, self.search.value))
        if made is not None:
            name_key = shop.customers.keys_of(asdict(made.draft))["name_key"]
            self.table.reveal(made.id, (name_key, made.id))

    @work(group="ask", exit_on_error=False)
    async def action_edit(self) -> None:
        if (row := self.table.row) is None:
            return
        seen = await self.store.read(shop.customers.get, row.id)

        async def save(values: dict[str, Any]) -> Customer:
            return await self.app.write(
                "customers", shop.customers.edit, seen.id, CustomerDraft(**values), seen=seen, actor=self.app.cashier
            )

        await self.app.push_screen_wait(FormDialog("customer.edit", CUSTOMER, asdict(seen.draft), save))

    @work(group="ask", exit_on_error=False)
    async def action_delete(self) -> None:
        row = self.table.row
        if row is not None and await self.app.confirm("customer.ask_delete", name=row.name):
            seen = await self.store.read(shop.customers.get, row.id)
            await self.write("customers", shop.customers.delete, seen.id, seen=seen, actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_pay(self) -> None:
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.account import take_payment

            await take_payment(self, row.id)

    @work(group="ask", exit_on_error=False)
    async def action_sell_to(self) -> None:
        """To the till, with this customer; a sale that is in another name there is not taken over unasked."""
        from clutch_tui.ui.screens.sales import SalesScreen

        till = self.app.get_screen_stack("sales")[0]
        if (row := self.table.row) is None or not isinstance(till, SalesScreen) or till.cart is None:
            return
        if till.is_selling and till.cart.customer_id not in (None, row.id):
            names = {"before": shown.name(till.cart.customer_name), "name": shown.name(row.name)}
            if not await self.app.confirm_unexpected("customer.ask_sell_to", **names):
                return
        await till.sell_to(row)
        await self.app.action_mode("sales")

    def action_debtors(self) -> None:
        from clutch_tui.ui.screens.debtors import DebtorsScreen

        self.app.push_screen(DebtorsScreen())

    def action_account(self) -> None:
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.account import AccountScreen

            self.app.push_screen(AccountScreen(row))

    def action_quotations(self) -> None:
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.quotations import QuotationsScreen

            self.app.push_screen(QuotationsScreen(row))


def _page_of(
    customer_id: str, entries: int
) -> tuple[Customer, tuple[AccountStanding | None, Aging], tuple[AccountEntry, ...]]:
    """Return what the page of a customer says, read in one piece."""
    statement = shop.accounts.statement(customer_id, None, 0, entries)
    return shop.customers.get(customer_id), _owed_by(customer_id), statement


def _owed_by(customer_id: str) -> tuple[AccountStanding | None, Aging]:
    """Return how a customer's account stands, and how old his debt is."""
    return shop.accounts.standing(customer_id), shop.receivables.aging(customer_id)


def new_customer(app: ClutchApp, typed: str = "") -> FormDialog[Customer]:
    """The form of a new customer; what was searched for is its name, or its telephone number."""
    phone = typed.strip() if typed.strip().lstrip("+").isdigit() else ""

    async def save(values: dict[str, Any]) -> Customer:
        draft = CustomerDraft(**values)
        return await app.write("customers", shop.customers.create, draft, actor=app.cashier)

    return FormDialog("customer.add", CUSTOMER, {"name": "" if phone else typed.strip(), "phone": phone}, save)


@dataclass(frozen=True, slots=True)
class PickedCustomer:
    """The customer who buys; None for one who walks in."""

    customer: CustomerRow | Customer | None


class PickCustomer(Dialog[PickedCustomer]):
    """Search and Enter; F2 makes a new customer, F8 takes the customer off the sale. No row is marked until somebody
    has typed or moved: an Enter out of habit must not make the sale, or its debt, that of the first in the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", "common.add", id="pick_customer.add"),
        Binding("f8", "nobody", "sales.no_customer", id="pick_customer.nobody"),
    ]

    def __init__(self) -> None:
        super().__init__("sales.customer", "customer.pick_hint")
        self.search = SearchField("customer.hint", id="pick-search")
        self.table: WindowTable[CustomerRow] = WindowTable(COLUMNS, empty="common.no_match", id="pick-list")
        self.search.steers(self.table)
        self._standing = Words(classes="detail")
        self._problem = ProblemWords()

    def compose_body(self) -> ComposeResult:
        yield self.search
        yield self.table
        yield self._standing
        yield self._problem

    def on_mount(self) -> None:
        self.add_class("-form")
        self.search.focus()
        self._find()

    @on(SearchField.Changed, "#pick-search")
    def _find(self) -> None:
        self.table.set_class(self._is_marked, "-active")
        self._problem.clear()
        self.table.show(reading(self.app.store, shop.customers, self.search.value))

    @on(SearchField.Submitted, "#pick-search")
    def _entered(self, event: SearchField.Submitted) -> None:
        event.stop()
        if self._is_marked:
            self._take(self.table.row)
        else:
            self.app.bell()
            self._problem.say("customer.pick_first")

    @property
    def _is_marked(self) -> bool:
        return bool(self.search.value.strip()) or self.search.has_steered

    @on(WindowTable.Highlighted, "#pick-list")
    def _moved(self, event: WindowTable.Highlighted) -> None:
        self._standing.tell(lambda: "")
        if self._is_marked:
            self._problem.clear()
        if isinstance(event.row, CustomerRow):
            self._tell_standing(event.row)

    @work(group="standing", exclusive=True, exit_on_error=False)
    async def _tell_standing(self, row: CustomerRow) -> None:
        """Say what the customer under the cursor owes, up to what he may, and for how long he owes it."""
        from clutch_tui.ui.screens.account import owed_words

        standing, aging = await self.app.store.read(_owed_by, row.id)
        self._standing.set_class(standing is not None and standing.is_over, "-warning")
        self._standing.tell(lambda: f"{shown.name(row.name)}:   {owed_words(standing, aging)}")

    @on(WindowTable.Selected, "#pick-list")
    def _selected(self, event: WindowTable.Selected) -> None:
        event.stop()
        self._take(event.row)

    def _take(self, row: object) -> None:
        if isinstance(row, CustomerRow):
            self.dismiss(PickedCustomer(row))

    def take_scan(self, text: str) -> bool | None:
        """Into the sale, while one looks for its customer."""
        return None

    def action_nobody(self) -> None:
        self.dismiss(PickedCustomer(None))

    @work(group="ask", exit_on_error=False)
    async def action_add(self) -> None:
        made = await self.app.push_screen_wait(new_customer(self.app, self.search.value))
        if made is not None:
            self.dismiss(PickedCustomer(made))
