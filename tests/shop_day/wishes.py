"""What customers want that is not there: it is ordered, most leave something for it, and most come for it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from clutch_tui.core import sales, special_orders, state
from clutch_tui.core.quantity import of_decimal
from clutch_tui.core.special_orders import Wanted
from clutch_tui.core.types import Payment
from tests.money_reference.rules import NOTHING, Line, Off, Paid, to_piastre

from .amounts import minor, pounds

if TYPE_CHECKING:
    from .day import Day

CLERK = "سارة"


async def order(day: Day, till: str) -> None:
    """A customer orders some of a part, and leaves some of its price."""
    own, customer = day.tills[till], day.chance.choice(sorted(day.customers))
    name, quantity = day.chance.choice(sorted(day.parts)), Decimal(day.chance.choice((1, 2, 3)))
    price = to_piastre(Decimal(day.chance.randint(50_00, 400_00)) / 100)
    left = to_piastre(quantity * price * Decimal(day.chance.choice((0, 25, 50, 100))) / 100)
    way = day.chance.choice(("cash", "visa"))
    wanted = Wanted(day.parts[name], "", of_decimal(quantity), minor(price))
    options = {"deposit": minor(left), "method": way, "cashier": CLERK, "device_id": f"device-{till}"}
    made = own.do(special_orders.place, wanted, day.customers[customer], **options)
    day.books.leave(till, made.id, customer, Paid(way, left))
    day.wishes[made.id] = (till, name, Line(quantity, price))
    day.count_one("special orders")


async def fetch(day: Day, till: str) -> None:
    """He comes for it: what he has left is paid, the rest is by card."""
    order_id, (till, name, line) = _oldest(day)
    left = day.books.waiting[order_id]
    ticket = day.books.ticket([line], Off())
    before = [Paid("credit", min(left.amount, ticket.exact))] if left.amount else []
    rest = ticket.due(before, "visa")
    paid = [*before, *([Paid("visa", rest)] if rest else [])]
    own = day.tills[till]
    sale = own.do(
        sales.checkout,
        own.ask(special_orders.to_cart, order_id),
        tuple(Payment(one.way, minor(one.amount)) for one in paid),  # type: ignore[arg-type]
        cashier=CLERK,
        device_id=f"device-{till}",
        rules=own.ask(state.tax_rules),
    )
    day.books.sell(till, sale.id, [name], ticket, paid, left.customer)
    day.books.use(order_id, sale.id)
    assert pounds(sale.deposit) == (before[0].amount if before else NOTHING)
    day.count_one("fetched")


async def cancel(day: Day, till: str) -> None:
    """He does not want it any more and has his money back, or never comes, and the shop keeps it."""
    order_id, (till, _, _) = _oldest(day)
    becomes = day.chance.choice(special_orders.ON_CANCEL)
    day.tills[till].do(special_orders.cancel, order_id, "لقاها برة", CLERK, deposit=becomes)
    day.books.end(till, order_id, is_given_back=becomes == "refund")
    day.count_one("cancelled")


def _oldest(day: Day) -> tuple[str, tuple[str, str, Line]]:
    order_id = next(iter(day.wishes))
    return order_id, day.wishes.pop(order_id)
