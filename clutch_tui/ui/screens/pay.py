"""Taking the money: cash with its change, cards and wallets, on account, or several of them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content

from clutch_tui.core.types import PAY_METHODS, REFERRED, Cart, Payment, PayMethod, TaxRules
from clutch_tui.printing.page import payment_words
from clutch_tui.text import format as shown
from clutch_tui.text.format import NO_BREAK_SPACE, NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.widgets.number_field import MoneyField, NumberField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import ProblemWords, Words

if TYPE_CHECKING:
    from clutch_tui.core.accounts import AccountStanding
    from clutch_tui.ui.app import ClutchApp

NOTES = (500, 1000, 2000, 5000, 10_000, 20_000)
"""Egyptian notes in piastres: a customer's tender is usually the next multiple of one of them."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment of a cart. `cart` has the customer on whose account it goes, also where he was only named while it
    was paid. `tendered` is the cash that was handed over, change still in it."""

    cart: Cart
    payments: tuple[Payment, ...]
    tendered: int


async def ask_for_money(
    app: ClutchApp, cart: Cart, rules: TaxRules, name_customer: Callable[[Cart, bool], Cart], *, deposit: int = 0
) -> Paid | None:
    """Take what a cart comes to, less a `deposit` that was paid before; of an exchange the difference, whichever way it
    goes. None where nothing is paid. Only from a worker."""
    if cart.back is None or shop.cart.exact(cart, rules) > cart.back.owed:
        left = deposit if cart.back is None else 0  # an exchange uses none
        return await app.push_screen_wait(PayDialog(cart, rules, name_customer, deposit=left))
    from clutch_tui.ui.screens.exchange import ask_to_give

    given = await ask_to_give(app, cart, rules)
    return None if given is None else Paid(cart, given, 0)


def quick_amounts(due: int, most: int = 5) -> tuple[int, ...]:
    """The sums that a customer is likely to hand over for `due`, exact first."""
    likely = {-(-due // note) * note for note in NOTES}
    return (due, *sorted(amount for amount in likely if amount > due)[: most - 1])


class PayDialog(Dialog[Paid]):
    """F2 to F6 choose the method; Enter takes the amount, or all that is due when nothing is typed; less than
    is due is one part of it, and the rest is asked for. F8 takes a part off again: the last in the chosen way; leaving
    with parts taken asks, because they are money that a customer has handed over. On account asks for the customer
    where the sale has none, and `name_customer` gets the cart with him, so that he stays when nothing is paid, and
    whether a part is paid already; it gives back the cart at his prices. What somebody else keeps books of has a field
    for its reference, one Tab away and never asked for."""

    DEFAULT_CSS = """
    PayDialog Horizontal { height: 1; }
    PayDialog Horizontal > .form--label { width: 22; color: $text-muted; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"f{n}", f"method('{method}')", f"pay.{method}", id=f"pay.{method}")
            for n, method in enumerate(PAY_METHODS, 2)
        ),
        Binding("f8", "take_off", "pay.take_off", id="pay.take_off"),
        Binding("up", "quick(-1)", "pay.quick", show=False, id="pay.quick_less"),
        Binding("down", "quick(1)", "pay.quick", show=False, id="pay.quick_more"),
    ]

    def __init__(
        self, cart: Cart, rules: TaxRules, name_customer: Callable[[Cart, bool], Cart], *, deposit: int = 0
    ) -> None:
        super().__init__("pay.title", "pay.hint")
        self._cart = cart
        used = min(deposit, shop.cart.totals(cart, rules, "credit").total)
        self._before = (Payment("credit", used),) if used else ()
        """What was paid before, as a deposit that lies on the account: no part that anybody takes or takes off."""
        self._name_customer = name_customer
        self._rules = rules
        self._method: PayMethod = "cash"
        self._payments: list[Payment] = []
        self._tendered: list[int] = []
        """Of each payment, the cash that was handed over."""
        self.due_line = Words(id="pay-due", classes="emphasis")
        self.rounding_line = Words(id="pay-rounding", classes="muted")
        self.field = MoneyField(id="pay-amount")
        self.reference = TextField(id="pay-reference")
        self._reference_row = Horizontal(Words("pay.reference", classes="form--label"), self.reference)
        self.change_line = Words(id="pay-change")
        self._methods = Words(id="pay-methods")
        self._quick = Words(id="pay-quick", classes="muted")
        self._paid = Words(id="pay-paid", classes="muted")
        self._account = Words(id="pay-account", classes="muted")
        """Whose account it goes on, and how that stands."""
        self._standing: AccountStanding | None = None
        """How it stood when it was looked at."""
        self._problem = ProblemWords()

    def compose_body(self) -> ComposeResult:
        yield self.due_line
        yield self.rounding_line
        yield self._paid
        yield self._methods
        yield self._account
        yield self.field
        yield self._reference_row
        yield self.change_line
        yield self._quick
        yield self._problem

    def on_mount(self) -> None:
        self.due_line.tell(lambda: t("pay.due", amount=shown.money(self.due)))
        self.rounding_line.tell(self._draw_rounding)
        self._paid.tell(self._draw_paid)
        self._methods.tell(self._draw_methods)
        self._quick.tell(self._draw_quick)
        self.change_line.tell(self._draw_change)
        self.field.focus()
        self._redraw()

    @property
    def due(self) -> int:
        """Return what is still to be paid; what is paid in cash is rounded to the smallest coin."""
        return shop.cart.due(self._cart, self._rules, (*self._before, *self._payments), self._method)

    @property
    def _rounding(self) -> int:
        """Return what the sale is rounded by when the rest is paid in this way."""
        paid = (*self._before, *self._payments, Payment(self._method, self.due))
        return shop.cart.totals_paid(self._cart, self._rules, paid).rounding

    def _draw_rounding(self) -> str:
        if not (rounding := self._rounding):
            return ""
        return t("pay.rounding", exact=shown.amount(self.due - rounding), rounding=shown.amount(rounding))

    def _draw_methods(self) -> Content:
        words = []
        for n, method in enumerate(PAY_METHODS, 2):
            word = t(f"pay.{method}").replace(" ", NO_BREAK_SPACE)
            style = "reverse bold" if method == self._method else ""
            words.append(Content.assemble((f"F{n}", "$accent bold"), NO_BREAK_SPACE, (word, style)))
        return Content("  ").join(words)

    def _draw_paid(self) -> str:
        deposit = "".join(t("pay.deposit", amount=shown.money(payment.amount)) for payment in self._before)
        parts = t("pay.parts", parts=payment_words(self._payments)) if self._payments else ""
        return "   ".join(filter(None, (deposit, parts)))

    def _draw_quick(self) -> str:
        return t("pay.quick_amounts", amounts=" - ".join(map(shown.amount, quick_amounts(self.due))))

    def _draw_change(self) -> Content:
        if self.field.minor is None:
            return Content("")
        change = self.field.minor - self.due
        if change < 0:
            return Content.styled(t("pay.rest", amount=shown.money(-change)), "$text-warning")
        if self._method != "cash":
            return Content("")
        return Content.styled(t("pay.change", amount=shown.money(change)), "bold $text-success")

    def _redraw(self) -> None:
        self._quick.display = self._method == "cash"
        self._paid.display = bool(self._before or self._payments)
        self._account.display = self._method == "credit" and not self._lacks_customer
        self._reference_row.display = self._method in REFERRED
        self.rounding_line.display = bool(self._rounding)
        for line in self.query(Words):
            line.refresh(layout=True)

    def action_method(self, method: PayMethod) -> None:
        """Choose the method, also one that cannot be taken: Enter must never book another than was asked for."""
        self._method = method
        if method not in REFERRED and self.reference.has_focus:
            self.field.focus()
        self._problem.clear()
        self._redraw()
        if self._lacks_customer:
            self._ask_for_customer()
        elif method == "credit":
            self._look_at_account()

    @work(group="ask", exit_on_error=False)
    async def _ask_for_customer(self) -> None:
        from clutch_tui.ui.screens.customers import PickCustomer

        picked = await self.app.push_screen_wait(PickCustomer())
        if picked is None or picked.customer is None:
            self._problem.say("pay.credit_needs_customer")
            return
        named = shop.cart.with_customer(self._cart, picked.customer)
        self._cart = self._name_customer(named, bool(self._payments))
        self._problem.clear()
        self._redraw()
        self._look_at_account()

    @work(group="standing", exclusive=True, exit_on_error=False)
    async def _look_at_account(self) -> None:
        if self._cart.customer_id is not None:
            self._standing = await self.app.store.read(shop.accounts.standing, self._cart.customer_id)
            self._account.tell(self._draw_account)

    def _with_parts(self, standing: AccountStanding) -> AccountStanding:
        """Return how an account stands with the parts of this sale that have been put on it."""
        parts = sum(payment.amount for payment in self._payments if payment.method == "credit")
        return replace(standing, balance=standing.balance + parts)

    def _draw_account(self) -> Content:
        """Say whose account it is, what he owes, and by how much what is typed, or else all that is due, is too
        much."""
        from clutch_tui.ui.screens.account import standing_words

        amount = self.due if self.field.minor is None else self.field.minor
        standing = self._standing and self._with_parts(self._standing)
        beyond = standing.beyond(min(amount, self.due)) if standing is not None else 0
        above = f"   {t('pay.above_limit', amount=shown.money(beyond))}" if beyond else ""
        whose = f"{t('sales.customer')}: {shown.name(self._cart.customer_name)}   {standing_words(standing)}"
        return Content.assemble(whose, (above, "bold $text-warning"))

    @property
    def _lacks_customer(self) -> bool:
        return self._method == "credit" and self._cart.customer_id is None

    def action_take_off(self) -> None:
        """Forget the part that was taken last in the chosen way; where there is none, the last of all."""
        if self._payments:
            in_this_way = [n for n, payment in enumerate(self._payments) if payment.method == self._method]
            n = in_this_way[-1] if in_this_way else -1
            del self._payments[n], self._tendered[n]
            self._problem.clear()
            self._redraw()

    def action_back(self) -> None:
        if self._payments:
            self._leave()
        else:
            self.dismiss(None)

    @work(group="leave", exclusive=True, exit_on_error=False)
    async def _leave(self) -> None:
        if await self.app.confirm("pay.ask_leave", parts=partial(payment_words, tuple(self._payments))):
            self.dismiss(None)

    def action_quick(self, step: int) -> None:
        amounts = quick_amounts(self.due)
        try:
            here = amounts.index(shown.parse_money(self.field.value))
        except ValueError:
            here = -1 if step > 0 else len(amounts)
        amount = amounts[(here + step) % len(amounts)]
        self.field.value = f"{amount // 100}.{amount % 100:02}"

    @on(TextField.Changed)
    def _typed(self) -> None:
        self._problem.clear()
        self.change_line.refresh(layout=True)
        self._account.refresh(layout=True)

    @on(NumberField.Refused)
    def _refused(self, event: NumberField.Refused) -> None:
        self._problem.say(event.key, text=event.text)

    @on(TextField.Submitted)
    def _entered(self, event: TextField.Submitted) -> None:
        event.stop()
        due = self.due
        try:
            amount = shown.parse_money(self.field.value) if self.field.value.strip() else due
        except NumberError as error:
            self._problem.say(error.key, **error.values)
            return
        if self._lacks_customer:
            self._ask_for_customer()
        elif amount <= 0 and due > 0:
            self._problem.say("pay.nothing")
        elif amount > due and self._method != "cash":
            self._problem.tell(lambda: t("pay.too_much", due=shown.money(due)))
        elif self._method == "cash" and not shop.money.is_payable(amount, self._rules.cash_rounding):
            self._problem.tell(lambda: t("pay.not_in_coins", coin=shown.money(self._rules.cash_rounding)))
        elif len(self.reference.value.strip()) > shop.cart.LONGEST_NOTE:
            self._problem.say("error.sale.note", most=shop.cart.LONGEST_NOTE)
        elif amount > shop.cart.DEAREST:
            self._problem.say("error.number.too_large", maximum=shown.amount(shop.cart.DEAREST))
        elif self._method == "cash" and shop.cart.is_odd_tender(amount, due):
            self._ask_whether_so_much(amount, due)
        elif self._method == "credit":
            self._take_on_account(amount, due)
        else:
            self._take(amount, due)

    @work(group="ask", exit_on_error=False)
    async def _ask_whether_so_much(self, amount: int, due: int) -> None:
        sums = {"tendered": amount, "due": due, "change": amount - due}
        figures = {name: partial(shown.money, minor) for name, minor in sums.items()}
        if await self.app.confirm_unexpected("pay.ask_tender", **figures):
            self._take(amount, due)

    @work(group="ask", exit_on_error=False)
    async def _take_on_account(self, amount: int, due: int) -> None:
        """Above the limit it goes on account only where a person says so: the notice beside it is easily passed."""
        before = await self.app.store.read(shop.accounts.standing, self._cart.customer_id or "")
        standing = before and self._with_parts(before)
        if standing is not None and standing.limit is not None and (beyond := standing.beyond(amount)):
            sums = {"owed": standing.balance, "limit": standing.limit, "amount": amount, "beyond": beyond}
            figures = {name: partial(shown.money, minor) for name, minor in sums.items()}
            name = shown.name(self._cart.customer_name)
            if not await self.app.confirm_unexpected("pay.ask_limit", name=name, **figures):
                return
        self._take(amount, due)

    def _take(self, amount: int, due: int) -> None:
        reference = self.reference.value.strip() if self._method in REFERRED else ""
        self._payments.append(Payment(self._method, min(amount, due), reference=reference))
        self._tendered.append(amount if self._method == "cash" else 0)
        if amount >= due:
            self.dismiss(Paid(self._cart, (*self._before, *self._payments), sum(self._tendered)))
        else:
            self.field.value = self.reference.value = ""
            self.field.focus()
            self._redraw()
