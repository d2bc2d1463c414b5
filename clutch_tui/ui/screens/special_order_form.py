"""The question by which something that is not there is ordered for a customer, and what he leaves for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from clutch_tui.core.limits import MAX_MONEY, MAX_QUANTITY
from clutch_tui.core.special_orders import SpecialOrder, Wanted
from clutch_tui.core.types import PAY_METHODS
from clutch_tui.phrases.fields import FormField
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.quote import last_day

if TYPE_CHECKING:
    from clutch_tui.core.types import Cart, Customer, CustomerRow
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.screens.lost_sales import Missed

METHODS = tuple((method, f"pay.{method}") for method in PAY_METHODS if method != "credit")
DEPOSIT = FormField("deposit", "special_order.deposit", "money", maximum=MAX_MONEY)
METHOD = FormField("method", "special_order.method", "choice", choices=METHODS)


class SpecialOrderForm(FormDialog[SpecialOrder]):
    """What, how much, at which price, for when; and a deposit, where one is left."""

    def __init__(
        self, app: ClutchApp, missed: Missed | None, decimals: int, customer_id: str, name: str, today: date
    ) -> None:
        self._today = today
        part_id = None if missed is None else missed.part_id
        entries = [
            *([] if part_id else [FormField("text", "special_order.what", required=True, maximum=200)]),
            FormField("quantity", "order.how_many", "quantity", required=True, maximum=MAX_QUANTITY, places=decimals),
            FormField("price", "order.price_of", "money", required=True, maximum=MAX_MONEY),
            FormField("expected", "special_order.expected"),
            DEPOSIT,
            METHOD,
            FormField("note", "common.notes", maximum=500),
        ]
        given: dict[str, object] = {"quantity": shop.quantity.ONE, "method": "cash"}
        if missed is not None:
            given |= {"text": missed.name, "quantity": missed.quantity, "price": missed.price}

        async def save(values: dict[str, Any]) -> SpecialOrder:
            deposit, method = values.pop("deposit"), values.pop("method")
            return await app.write(
                "sales customers",
                shop.special_orders.place,
                Wanted(**{"part_id": part_id, "text": "", **values}),
                customer_id,
                deposit=deposit,
                method=method,
                cashier=app.cashier,
                device_id=app.services.device_id,
            )

        what = "" if missed is None else shown.name(missed.name)
        super().__init__("special_order.make_for", entries, given, save, name=shown.name(name), what=what)

    def _read(self) -> dict[str, Any] | None:
        values = super()._read()
        if values is None or not values["expected"]:
            return values
        try:
            return values | {"expected": last_day(values["expected"], self._today)}
        except NumberError as error:
            problem = error
            self.complain(lambda: str(problem), "expected")
            return None


async def ask_for(app: ClutchApp, cart: Cart | None, missed: Missed | None) -> SpecialOrder | None:
    """Have something ordered for the customer of the sale, or for one who is chosen first; None where it was left. Only
    from a worker."""
    from clutch_tui.ui.screens.customers import PickCustomer

    customer: Customer | CustomerRow | None
    customer_id, name = (None, "") if cart is None else (cart.customer_id, cart.customer_name)
    if customer_id is None:
        picked = await app.push_screen_wait(PickCustomer())
        if picked is None or (customer := picked.customer) is None:
            return None
        customer_id = customer.id
        name = getattr(customer, "name", "") or customer.draft.name  # type: ignore[union-attr]
    decimals = shop.quantity.DECIMALS
    if missed is not None and missed.part_id is not None:
        part = await app.store.read(shop.inventory.row, missed.part_id)
        decimals = 0 if part is None else part.decimals
    today = date.fromisoformat(await app.store.read(shop.state.business_day))
    return await app.push_screen_wait(SpecialOrderForm(app, missed, decimals, customer_id, name, today))


class DepositForm(FormDialog[SpecialOrder]):
    """Another deposit on an order."""

    def __init__(self, app: ClutchApp, order: SpecialOrder) -> None:
        async def save(values: dict[str, Any]) -> SpecialOrder:
            return await app.write(
                "sales customers",
                shop.special_orders.take_deposit,
                order.id,
                values["deposit"],
                values["method"],
                app.cashier,
            )

        fields = (FormField("deposit", "special_order.deposit", "money", required=True, maximum=MAX_MONEY), METHOD)
        given = {"deposit": 0, "method": "cash"}
        number, rest = shown.part_number(order.number), shown.money(order.total - order.deposit)
        super().__init__("special_order.deposit_for", fields, given, save, number=number, rest=rest)
