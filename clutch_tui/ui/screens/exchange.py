"""An exchange at the till: what comes back of a sale, and what goes to the customer where that is worth more."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.core.errors import ShopError
from clutch_tui.core.refunds import Refund
from clutch_tui.core.types import EXCHANGE, Cart, Payment, PayMethod, TaxRules
from clutch_tui.printing.page import payment_words
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.screens.give_back import DAMAGED, GivenBack, ReturnDialog
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.screens.sales import SalesScreen


class ExchangeDialog(ReturnDialog):
    """What comes back, marked as for a return, and what is due for it. How it is paid out hangs on what goes out."""

    TITLE, HINT = "exchange.title", "exchange.hint"
    ASKS_WHY = False

    def _draw_refund(self) -> str:
        quantities = self._quantities()
        if not quantities:
            return t("exchange.worth_nothing")
        owed = shop.refunds.owed(self._sale, self._before, quantities)
        return t("exchange.worth", amount=shown.money(owed))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "other_way"

    async def _read_back(self, values: dict[str, object]) -> GivenBack:
        quantities = self._quantities()
        if not quantities:
            raise NumberError("sale.nothing_back")
        return GivenBack(quantities, (), str(values["reason"]), values["goods"] == DAMAGED)


async def begin(till: SalesScreen) -> None:
    """Let something come back for what is sold at the till: of the receipt whose number is typed, or of one of the past
    sales. Where something does already, ask whether it does not after all. Only from a worker."""
    app, cart, typed = till.app, till.cart, till.field.value.strip()
    if typed:
        sale_id = await app.store.read(shop.past_sales.find, typed)
        if (back := await ask(app, sale_id)) is not None:
            if till.field.value.strip() == typed:
                till.field.value = ""
            till.bring_back(sale_id, back)
    elif cart is None or cart.back is None:
        till.action_past()
    elif await app.confirm("exchange.ask_drop", number=shown.part_number(cart.back.receipt_number)):
        till.drop_back()


async def ask(app: ClutchApp, sale_id: str) -> GivenBack | None:
    """Ask what comes back of a sale in exchange; None for nothing. Only from a worker. Raises what is said of a sale of
    which nothing can come back."""
    sale = await app.store.read(shop.sales.get, sale_id)
    if sale.status == "voided":
        raise ShopError("error.sale.voided", number=sale.receipt_number)
    if sale.is_return:
        raise ShopError("error.sale.not_a_sale", number=sale.receipt_number)
    if not any(line.left > 0 for line in sale.lines):
        raise ShopError("error.sale.all_back", number=sale.receipt_number)
    before = await app.store.read(shop.aftersales.refunded, sale_id)
    rules = await app.tax_rules()
    return await app.push_screen_wait(ExchangeDialog(sale, before, rules.cash_rounding))


async def to_till(app: ClutchApp, sale_id: str) -> None:
    """Ask what comes back of a sale, and go to the till with it: it comes back for what is in the open sale, or will
    be. Only from a worker."""
    from clutch_tui.ui.screens.sales import SalesScreen

    back = await ask(app, sale_id)
    if back is None:
        return
    till = app.get_screen_stack("sales")[0]
    if isinstance(till, SalesScreen):
        till.bring_back(sale_id, back)  # before this screen is closed, and this worker with it
    await app.action_mode("sales")


class GiveDialog(Dialog[tuple[Payment, ...]]):
    """The money that goes to the customer, or that none does: Enter gives it. Where what comes back was paid in several
    ways, F6 puts the next of them first."""

    DEFAULT_CSS = """
    GiveDialog #give-sums { margin-bottom: 1; }
    GiveDialog #give-amount { text-style: bold; color: $text-success; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "give", "exchange.give", id="exchange.give"),
        Binding("f6", "other_way", "sale.other_way", id="exchange.other_way"),
    ]

    def __init__(self, cart: Cart, rules: TaxRules, refunds: dict[PayMethod | None, Refund]) -> None:
        self._refunds = refunds
        """What would be given, by the way that a person wants first."""
        self._ways = list(refunds)
        super().__init__("exchange.give_title", "exchange.give_hint_ways" if len(refunds) > 1 else "exchange.give_hint")
        back = cart.back
        self._owed = 0 if back is None else back.owed
        self._price = shop.cart.exact(cart, rules)
        self.sums, self.amount = Words(id="give-sums"), Words(id="give-amount")

    def compose_body(self) -> ComposeResult:
        yield self.sums
        yield self.amount

    def on_mount(self) -> None:
        self.sums.tell(lambda: t("exchange.sums", back=shown.money(self._owed), out=shown.money(self._price)))
        self.amount.tell(self._draw_amount)

    @property
    def _money(self) -> tuple[Payment, ...]:
        refund = self._refunds[self._ways[0]]
        return tuple(payment for payment in refund.payments if payment.method != EXCHANGE)

    def _draw_amount(self) -> str:
        if not self._money:
            return t("exchange.even")
        words = t("exchange.to_give", amount=shown.money(sum(payment.amount for payment in self._money)))
        words += f"  {payment_words(self._money)}"
        if rounding := self._refunds[self._ways[0]].totals.rounding:
            words += "\n" + t("sales.rounding", amount=shown.amount(rounding))
        return words

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return len(self._ways) > 1 if action == "other_way" else True

    def action_other_way(self) -> None:
        """Give by the next way first, as far as it came in by it."""
        self._ways = [*self._ways[1:], self._ways[0]]
        self.amount.refresh(layout=True)

    def action_give(self) -> None:
        self.dismiss(self._money)


async def ask_to_give(app: ClutchApp, cart: Cart, rules: TaxRules) -> tuple[Payment, ...] | None:
    """Say what goes to the customer of an exchange that he does not pay for, and how; None where somebody thinks better
    of it. Only from a worker. Raises what `exchanges.checkout` says of what comes back."""
    refunds = await app.store.read(shop.exchanges.ways_to_give, cart, rules)
    return await app.push_screen_wait(GiveDialog(cart, rules, refunds))
