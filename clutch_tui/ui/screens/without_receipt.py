"""The return of goods of which nobody has the receipt: what lies in the cart at the till comes back, at its prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult

from clutch_tui.core.types import PAY_METHODS, Cart, PayMethod, TaxRules
from clutch_tui.phrases.fields import FormField
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.give_back import DAMAGED, GOODS
from clutch_tui.ui.widgets.choice_field import ChoiceField
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.screens.sales import SalesScreen


@dataclass(frozen=True, slots=True)
class LooseReturn:
    """How goods come back without a receipt: which way the money goes, why, and whether they are damaged."""

    method: PayMethod
    reason: str
    damaged: bool


class LooseReturnDialog(FormDialog[LooseReturn]):
    """Why it comes back, and how it is paid; what goes back is said, as the way rounds it."""

    DEFAULT_CSS = "LooseReturnDialog #refund { margin-top: 1; text-style: bold; }"

    def __init__(self, cart: Cart, rules: TaxRules) -> None:
        self._cart, self._rules = cart, rules
        ways = [(method, f"pay.{method}") for method in PAY_METHODS if method != "credit" or cart.customer_id]
        entries = [
            FormField("reason", "sale.reason", required=True, maximum=200),
            FormField("method", "sale.method", "choice", choices=ways),
            FormField("goods", "sale.goods", "choice", choices=GOODS),
        ]
        values = {"method": ways[0][0], "goods": GOODS[0][0]}
        super().__init__("return.title", entries, values, self._read_return)
        self.hint.say("return.hint")
        self.refund_line = Words(id="refund")

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield self.refund_line

    def on_mount(self) -> None:
        self.refund_line.tell(self._draw_refund)

    @property
    def _method(self) -> PayMethod:
        chosen = next(row.read() for row in self.rows if row.entry.name == "method")
        return next(method for method in PAY_METHODS if method == chosen)

    def _draw_refund(self) -> str:
        totals = shop.cart.totals(self._cart, self._rules, self._method)
        words = t("sale.goes_back", total=shown.money(totals.total))
        if totals.rounding:
            words += "\n" + t("sales.rounding", amount=shown.amount(totals.rounding))
        return words

    @on(ChoiceField.Changed)
    def _reckon_again(self) -> None:
        self.refund_line.refresh(layout=True)

    async def _read_return(self, values: dict[str, Any]) -> LooseReturn:
        return LooseReturn(self._method, values["reason"], values["goods"] == DAMAGED)


def to_till(app: ClutchApp) -> None:
    """Let the till take back what is in its cart, whatever lies over it."""
    from clutch_tui.ui.screens.sales import SalesScreen

    till = app.get_screen_stack("sales")[0]
    if isinstance(till, SalesScreen):
        till.give_back_without_receipt()


async def give_back(till: SalesScreen) -> None:
    """Go to the till, and take back what is in its cart. Only from a worker of the till's: that of another screen ends
    with it."""
    from clutch_tui.ui.screens.drawer import warn_below_zero

    app, cart = till.app, till.cart
    await app.action_mode("sales")
    if cart is None or not cart.lines:
        app.notify(t("return.nothing_scanned"), severity="warning", timeout=10)
        return
    rules = till.rules
    loose = await app.push_screen_wait(LooseReturnDialog(cart, rules))
    if loose is None:
        return
    receipt = await till.write(
        "sales inventory customers",
        shop.aftersales.give_back_without_receipt,
        cart,
        loose.method,
        reason=loose.reason,
        damaged=loose.damaged,
        cashier=app.cashier,
        device_id=app.services.device_id,
        rules=rules,
    )
    if receipt is not None:
        await till.end_with(receipt)
        await warn_below_zero(till)
