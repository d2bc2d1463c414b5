"""The quote for an order: a price for each of its lines, and of each how many, of which brand, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus

from clutch_tui.core.errors import ShopError
from clutch_tui.core.limits import MAX_MONEY, MAX_QUANTITY
from clutch_tui.core.order_types import LinePart, Order, OrderLine
from clutch_tui.phrases import orders as words
from clutch_tui.phrases.fields import FormField
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text import shop_time
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import forms, shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.pick_part import PickPart
from clutch_tui.ui.screens.quote import last_day
from clutch_tui.ui.widgets.words import Words, shortened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from clutch_tui.ui.app import ClutchApp

USUAL_DAYS = 3
"""For how many days a quote binds the shop where nobody says otherwise."""
DELIVERY = ("now", "tomorrow", "on", "no")
"""When a line can be had, as it is chosen."""
Begun = Sequence[tuple[OrderLine, LinePart | None]]
"""The lines of a quote before anybody has typed, and the part that each of them means."""


class OrderQuoteDialog(FormDialog[Order]):
    """The price of one of each line, how many days the quote holds, a word to the customer. Below stands what the shop
    has of the line in which one types; F4 changes the rest of that line, F6 says which part it means."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "line", "order.quote_line", id="order_quote.line"),
        Binding("f6", "part", "order.tie", id="order_quote.part"),
    ]

    def __init__(self, app: ClutchApp, order: Order, begun: Begun) -> None:
        self._lines = [line for line, _ in begun]
        self._parts = [part for _, part in begun]
        self._as_begun = list(self._lines)
        self._at = 0
        """The line in whose field the cursor is, or was last."""
        entries = [
            *(
                FormField(f"price{n}", "order.price_of", "money", required=line.is_offered, maximum=MAX_MONEY)
                for n, line in enumerate(self._lines)
            ),
            FormField("days", "order.valid_days", "number", required=True, maximum=365),
            FormField("notes", "common.notes", maximum=500),
        ]
        given: dict[str, object] = {f"price{n}": line.price or 0 for n, line in enumerate(self._lines)}
        given |= {"days": USUAL_DAYS, "notes": "" if order.quote is None else order.quote.notes}

        async def save(values: dict[str, Any]) -> Order:
            lines = tuple(replace(line, price=values[f"price{n}"] or None) for n, line in enumerate(self._lines))
            until = datetime.now(UTC) + timedelta(days=values["days"])
            notes, cashier = values["notes"], app.cashier
            return await app.write("orders", shop.orders.quote, order.id, lines, until, notes, actor=cashier)

        number = shown.part_number(order.order_number)
        super().__init__("order.quote_title", entries, given, save, number=number)
        self._hint = "order.quote_hint"
        self.hint.say(self._hint)
        self.add_class("-lines")
        self.about = Words(id="order-quote-line", classes="muted")

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield self.about

    def on_mount(self) -> None:
        for n in range(len(self._lines)):
            self.rows[n].label.tell(partial(self._label, n))
        self.about.tell(self._draw_about)

    @on(DescendantFocus)
    def _look_at_line(self, event: DescendantFocus) -> None:
        for n in range(len(self._lines)):
            if self.rows[n].field is event.widget:
                self._at = n
                self.about.refresh(layout=True)

    def _label(self, n: int) -> str:
        """A line before the field of its price. The name gives way: how many, and what else is said, is read to the
        end."""
        line, part = self._lines[n], self._parts[n]
        behind = f" × {shown.quantity(line.quantity)}"
        if when := words.when(line.available, datetime.now(UTC)):
            behind += f" ({when})"
        elif part is not None:
            behind += f" ({t('order.on_shelf', stock=measured(part.part.stock, part.part.unit))})"
        return f"{shown.name(shortened(line.name, forms.LINE_LABEL - cell_len(behind)))}{behind}"

    def _draw_about(self) -> str:
        line = self._lines[self._at]
        brand = t("order.of_brand", brand=shown.name(line.brand)) if line.brand else ""
        return "   ".join(filter(None, (brand, words.shelf(self._parts[self._at]))))

    def is_changed(self) -> bool:
        return super().is_changed() or self._lines != self._as_begun

    def _put(self, line: OrderLine) -> None:
        """Go on with this in the place of the line at which one is."""
        row = self.rows[self._at]
        self._lines[self._at] = line
        row.entry = replace(row.entry, required=line.is_offered)
        row.problem.clear()
        row.label.refresh(layout=True)
        self.about.refresh(layout=True)
        row.field.focus()

    @work(group="ask", exit_on_error=False)
    async def action_line(self) -> None:
        n = self._at
        changed = await self.app.push_screen_wait(LineDialog(self._lines[n], self._parts[n]))
        if changed is not None:
            self._put(changed)

    @work(group="ask", exit_on_error=False)
    async def action_part(self) -> None:
        n = self._at
        picked = await self.app.push_screen_wait(PickPart(self._lines[n].name))
        if picked is not None:
            self._parts[n] = await self.app.store.read(shop.orders.line_part, picked)
            if picked.price:
                self.rows[n].suggest(picked.price)
            self._put(replace(self._lines[n], part_id=picked.id, brand=picked.brand))


class LineDialog(FormDialog[OrderLine]):
    """How many of a line can be had, of which brand, and when."""

    def __init__(self, line: OrderLine, part: LinePart | None) -> None:
        self._line = line
        decimals = 0 if part is None else part.part.decimals
        places = max(decimals, shop.quantity.decimals_of(line.quantity))
        entries = (
            FormField("quantity", "order.how_many", "quantity", required=True, maximum=MAX_QUANTITY, places=places),
            FormField("brand", "part.brand", maximum=200),
            FormField(
                "delivery", "order.delivery", "choice", choices=[(one, f"order.delivery.{one}") for one in DELIVERY]
            ),
            FormField("day", "order.delivery_day"),
        )
        chosen, day = _chosen(line.available)
        given = {"quantity": line.quantity, "brand": line.brand, "delivery": chosen, "day": day}

        async def save(values: dict[str, Any]) -> OrderLine:
            return replace(line, quantity=values["quantity"], brand=values["brand"], available=_available(values))

        super().__init__("order.quote_line_title", entries, given, save, name=shown.name(line.name))

    def _read(self) -> dict[str, Any] | None:
        values = super()._read()
        if values is None:
            return None
        if not values["quantity"]:
            self.complain(lambda: t("error.order.price"), "quantity")
            return None
        if values["delivery"] == "on":
            try:
                values["day"] = last_day(values["day"], _today())
            except NumberError as error:
                problem = error
                self.complain(lambda: str(problem), "day")
                return None
        return values


def _today() -> date:
    return shop_time.local(datetime.now(UTC)).date()


def _chosen(available: str) -> tuple[str, str]:
    """What is chosen for when a line can be had, and the day that is typed beside it."""
    if available in ("now", "no"):
        return available, ""
    if available == (_today() + timedelta(days=1)).isoformat():
        return "tomorrow", ""
    year, month, day = available.split("-")
    return "on", f"{day}/{month}/{year}"


def _available(values: dict[str, Any]) -> str:
    if values["delivery"] == "tomorrow":
        return (_today() + timedelta(days=1)).isoformat()
    return str(values["day"]) if values["delivery"] == "on" else str(values["delivery"])


async def ask_for(app: ClutchApp, order_id: str) -> None:
    """Have a quote made for an order, or the open one corrected. Only from a worker."""
    order = await app.store.read(shop.orders.get, order_id)
    if order.status == "quoted" and not await app.store.read(shop.abilities.knows, "quote"):
        raise ShopError("error.order.quote_stands")
    begun = await app.store.read(shop.orders.begin_quote, order)
    await app.push_screen_wait(OrderQuoteDialog(app, order, begun))
