"""The question by which the cart becomes a quotation: for whom it is, and until when it binds the shop."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from clutch_tui.core.errors import ShopError
from clutch_tui.core.quotations import Quotation
from clutch_tui.phrases.fields import CUSTOMER, FormField
from clutch_tui.text import format as shown
from clutch_tui.text.digits import read_digits
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.types import Cart, TaxRules
    from clutch_tui.ui.app import ClutchApp

WHOM = tuple(replace(entry, required=False) for entry in CUSTOMER if entry.name in ("name", "phone"))
"""Who asks, where the sale names no customer."""
HOLDS = FormField("holds", "quotation.holds")
NOTE = FormField("note", "common.notes", maximum=500)

_DAY_AND_MONTH = re.compile(r"\d{1,2}([/-])\d{1,2}")


def last_day(typed: str, today: date) -> str:
    """Return the last day of a quotation, YYYY-MM-DD, which is typed as a day or as how many days it holds; a day
    without a year is the next one of that name. Raises `NumberError` for what is none, or too far away."""
    from clutch_tui.core.sale_search import day_of

    text, most = read_digits(typed.strip()), shop.quotations.MOST_DAYS
    if text.isdecimal():
        days = [(today + timedelta(days=int(text))).isoformat()] if len(text) <= len(str(most)) else []
    elif match := _DAY_AND_MONTH.fullmatch(text):
        days = [day_of(f"{text}{match[1]}{year}") for year in (today.year, today.year + 1)]
    else:
        days = [day_of(text)]
    first, last = today.isoformat(), (today + timedelta(days=most)).isoformat()
    for day in days:
        if first <= day <= last:
            return day
    raise NumberError("quotation.no_such_day", most=most)


async def ask_for(app: ClutchApp, cart: Cart, rules: TaxRules) -> Quotation | None:
    """Have a quotation made of the cart as it stands here; None where it was left. Only from a worker."""
    if cart.order_id is not None:  # said before anybody has filled anything in
        raise ShopError("error.quotation.of_order")
    today = date.fromisoformat(await app.store.read(shop.state.business_day))

    async def save(values: dict[str, Any]) -> Quotation:
        return await app.write(
            "sales",
            shop.quotations.quote,
            cart,
            **values,
            cashier=app.cashier,
            device_id=app.services.device_id,
            rules=rules,
        )

    return await app.push_screen_wait(QuoteDialog(cart, rules, today, save))


class QuoteDialog(FormDialog[Quotation]):
    """All of it may stay as it is: Enter quotes where nothing was typed, as it does in the last field. What it comes to
    and which day is meant is said at every key."""

    DEFAULT_CSS = "QuoteDialog #quote-holds { margin-top: 1; text-style: bold; }"

    def __init__(
        self, cart: Cart, rules: TaxRules, today: date, save: Callable[[dict[str, Any]], Awaitable[Quotation]]
    ) -> None:
        self._cart, self._today = cart, today
        self._total = shop.cart.totals(cart, rules, shop.quotations.PAID_BY).total
        whom = WHOM if cart.customer_id is None else ()
        super().__init__("quotation.make", (*whom, HOLDS, NOTE), {"holds": shop.quotations.USUAL_DAYS}, save)
        self._hint = "quotation.make_hint"
        self.hint.say(self._hint)
        self.whom_line = Words(id="quote-whom")
        self.holds_line = Words(id="quote-holds")

    def compose_body(self) -> ComposeResult:
        yield self.whom_line
        yield from super().compose_body()
        yield self.holds_line

    def on_mount(self) -> None:
        self.whom_line.display = self._cart.customer_id is not None
        self.whom_line.tell(self._draw_whom)
        self.holds_line.tell(self._draw_holds)

    def _draw_whom(self) -> str:
        named = t("sales.for_customer", name=shown.name(self._cart.customer_name))
        return f"{named}   {shown.phone(self._cart.customer_phone)}".rstrip()

    def _draw_holds(self) -> str:
        typed = next(row.typed for row in self.rows if row.entry is HOLDS)
        try:
            day = shown.day(last_day(typed, self._today))
        except NumberError:
            day = "…"
        return t("quotation.comes_to", total=shown.money(self._total), day=day)

    @on(TextField.Changed)
    def _reckon_again(self) -> None:
        self.holds_line.refresh(layout=True)

    def _ends_at(self, field: Widget | None) -> bool:
        return super()._ends_at(field) or not any(row.changed for row in self.rows)

    def _read(self) -> dict[str, Any] | None:
        if (values := super()._read()) is None:
            return None
        try:
            day = last_day(values.pop(HOLDS.name), self._today)
        except NumberError as error:
            problem = error
            self.complain(lambda: str(problem), HOLDS.name)
            return None
        return {**values, "valid_until": day}
