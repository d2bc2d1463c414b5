"""A customer's account: taking a payment, its paper, taking one back, and the statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.accounts import AccountEntry, AccountPayment, AccountStanding
from clutch_tui.core.receivables import Aging, CustomerStatement
from clutch_tui.core.types import PAY_METHODS, CustomerRow, PayMethod
from clutch_tui.phrases import debts
from clutch_tui.printing.page import method_word
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose, ask_money, ask_text
from clutch_tui.ui.screens.drawer import warn_below_zero
from clutch_tui.ui.screens.history import HistoryScreen, kind_word
from clutch_tui.ui.screens.paper import PaperDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.ui.screens.frame import ShopScreen

NOUNS = "customers sales queue"
"""What a payment changes."""


async def take_payment(screen: ShopScreen, customer_id: str) -> AccountPayment | None:
    """A payment on account: how much, how, a word about it, and its paper. The amount comes first: it is what one
    begins to type, and its first digit would choose the method. None where nothing was paid."""
    app, customer = screen.app, await screen.store.read(shop.customers.get, customer_id)
    name = shown.name(customer.draft.name)

    async def is_meant(amount: int) -> bool:
        if not (excess := shop.accounts.excess(customer.balance, amount)):
            return True
        figures = {
            "owed": partial(shown.money, max(0, customer.balance)),
            "amount": partial(shown.money, amount),
            "excess": partial(shown.money, excess),
        }
        return await app.confirm_unexpected("customer.ask_beyond", name=name, **figures)

    most = shop.accounts.MAX_PAYMENT
    asked = ask_money("customer.ask_amount", minimum=1, maximum=most, sure=is_meant, name=name)
    amount = await app.push_screen_wait(asked)
    if amount is None:
        return None
    methods: list[PayMethod] = [method for method in PAY_METHODS if method != "credit"]
    options = [(method, partial(t, f"pay.{method}")) for method in methods]
    chosen = await app.push_screen_wait(Choose("customer.pay", options))
    method = next((method for method in methods if method == chosen), None)
    if method is None:
        return None
    note = await app.push_screen_wait(ask_text("customer.ask_note"))
    if note is None:
        return None
    is_beyond = shop.accounts.excess(customer.balance, amount) > 0
    paid = await screen.write(
        NOUNS, shop.accounts.pay, customer_id, amount, method, note, app.cashier, beyond_debt=is_beyond
    )
    if paid is not None:
        await app.push_screen_wait(PaymentDialog(paid))
    return paid


class PaymentDialog(PaperDialog):
    """The paper of a payment, or of one that was taken back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="payment.save")]

    def __init__(self, payment: AccountPayment) -> None:
        self._payment = payment
        super().__init__("payment.paper")

    def _lines(self) -> list[str]:
        from clutch_tui.printing import payment

        return payment.lines(self._payment, shop=self._profile, footer=self.app.settings.shop.receipt_footer)

    def _write(self, folder: Path) -> Path:
        from clutch_tui.printing import payment

        footer = self.app.settings.shop.receipt_footer
        return payment.save(self._payment, folder, shop=self._profile, footer=footer)


def standing_words(standing: AccountStanding | None) -> str:
    """Return what a customer owes, or is owed, and the shop's limit where its server has told one."""
    if standing is None:
        return ""
    key = "customer.is_owed" if standing.balance < 0 else "customer.owes"
    words = [t(key, amount=shown.money(abs(standing.balance)))]
    if standing.limit is not None:
        words.append(t("customer.limit", amount=shown.money(standing.limit)))
    return "   ".join(words)


def owed_words(standing: AccountStanding | None, aging: Aging) -> str:
    """Return the same, and for how long the oldest unpaid sale has been unpaid."""
    return "   ".join(filter(None, (standing_words(standing), debts.oldest(aging))))


class StatementDialog(PaperDialog):
    """The statement of an account on paper."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="statement.save")]

    def __init__(self, statement: CustomerStatement) -> None:
        self._statement = statement
        super().__init__("statement.title")

    def _lines(self) -> list[str]:
        from clutch_tui.printing import statement

        return statement.lines(self._statement, shop=self._profile, footer=self.app.settings.shop.receipt_footer)

    def _write(self, folder: Path) -> Path:
        from clutch_tui.printing import statement

        footer = self.app.settings.shop.receipt_footer
        return statement.save(self._statement, folder, shop=self._profile, footer=footer)


class AccountScreen(HistoryScreen):
    """The statement: whatever moved the account, newest first, each line with what was owed after it."""

    NAME = "account"
    NOUNS = frozenset({"sales", "customers", "queue"})
    MARKS = ("common.has_unsent",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "pay", "customer.pay", id="account.pay"),
        Binding("f3", "open", "account.open", id="account.open"),
        Binding("f6", "paper", "statement.paper", id="account.paper"),
        Binding("f7", "purchases", "customer.purchases", id="account.purchases"),
        Binding("f8", "take_back", "payment.take_back", id="account.take_back"),
    ]

    def __init__(self, customer: CustomerRow) -> None:
        self._customer = customer
        self.standing = Words(classes="detail")
        super().__init__()

    def compose_body(self) -> ComposeResult:
        yield self.standing
        yield from super().compose_body()

    def columns(self) -> Sequence[TableColumn[AccountEntry]]:
        return (
            unsent_mark(),
            TableColumn("common.date", 20, lambda row: shown.date_time(row.at) if row.at else ""),
            TableColumn("move.kind", 14, lambda row: kind_word(row.kind)),
            TableColumn("account.number", 13, lambda row: shown.part_number(row.number), flex=1, priority=2),
            TableColumn("move.amount", 12, lambda row: shown.amount(row.amount), number=True),
            TableColumn("account.balance", 12, lambda row: shown.amount(row.balance), number=True),
        )

    def source(self, text: str) -> RowSource[AccountEntry]:
        store, customer_id = self.store, self._customer.id

        async def count() -> int:
            return await store.read(shop.accounts.statement_count, customer_id)

        return RowSource(
            count, lambda after, skip, limit: store.read(shop.accounts.statement, customer_id, after, skip, limit)
        )

    def describe(self, row: AccountEntry) -> Content | str:
        if row.kind == "before":
            return t("account.before")
        parts = [method_word(row.method) if row.method != "credit" else "", row.note]
        words = [" ".join(filter(None, parts))] if any(parts) else []
        return "\n".join([*words, t("common.has_unsent")] if row.unsent else words)

    def reload(self) -> None:
        super().reload()
        self._read_standing()

    @work(group="standing", exclusive=True, exit_on_error=False)
    async def _read_standing(self) -> None:
        standing = await self.store.read(shop.accounts.standing, self._customer.id)
        aging = await self.store.read(shop.receivables.aging, self._customer.id)
        self.standing.set_class(standing is not None and standing.is_over, "-warning")
        self.standing.tell(lambda: f"{shown.name(self._customer.name)}:   {owed_words(standing, aging)}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return True if self.table.row is not None and self.table.row.kind != "before" else None
        if action == "take_back":
            return True if self.table.row is not None and self.table.row.may_void else None
        return True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        row = self.table.row
        if row is None or row.kind == "before":
            return
        if row.kind in ("payment", "payment_void"):
            await self.app.push_screen_wait(PaymentDialog(await self.store.read(shop.accounts.get, row.id)))
        elif (sale_id := await self.store.read(shop.accounts.sale_of, row.id)) is not None:
            await self.app.push_screen_wait(ReceiptDialog(await self.store.read(shop.sales.get, sale_id)))

    @work(group="ask", exit_on_error=False)
    async def action_pay(self) -> None:
        if (paid := await take_payment(self, self._customer.id)) is not None:
            self.table.reveal(paid.id, paid.key)

    @work(group="ask", exit_on_error=False)
    async def action_take_back(self) -> None:
        row = self.table.row
        if row is None or not row.may_void:
            return
        payment = await self.store.read(shop.accounts.get, row.id)
        amount, method = partial(shown.money, payment.amount), partial(method_word, payment.method)
        name = shown.name(payment.customer_name)
        asked = ask_text("payment.ask_void", required=True, name=name, amount=amount, method=method)
        reason = await self.app.push_screen_wait(asked)
        if reason is None:
            return
        back = await self.write(NOUNS, shop.accounts.take_back, payment.id, reason, self.app.cashier)
        if back is not None:
            await self.app.push_screen_wait(PaymentDialog(back))
            await warn_below_zero(self)

    @work(group="ask", exit_on_error=False)
    async def action_paper(self) -> None:
        statement = await self.store.read(shop.receivables.statement, self._customer.id)
        await self.app.push_screen_wait(StatementDialog(statement))

    def action_purchases(self) -> None:
        from clutch_tui.ui.screens.past_sales import PastSalesScreen

        self.app.push_screen(PastSalesScreen(self._customer))
