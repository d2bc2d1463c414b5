"""The day's books in decimal numbers: what must lie on each shelf and in each drawer, and who must owe what.

They are told what a clerk did (which parts, how much, at which price, paid how) and reckon the rest by the rules of
`docs/money.md` as `tests/money_reference` writes them down; never what the program has made of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.money_reference.rules import NONE, NOTHING, GivenBack, Line, Off, Paid, Returns, Ticket


@dataclass(frozen=True, slots=True)
class Rules:
    """What the shop has agreed on: the rate of tax in percent, whether prices contain it, and the smallest coin."""

    rate: Decimal
    tax_in_prices: bool
    coin: Decimal


@dataclass(slots=True)
class Sold:
    """A sale as the books keep it. `parts` are the names of what its lines sold."""

    parts: Sequence[str]
    returns: Returns
    till: str
    customer: str | None
    voided: bool = False
    exchanged: bool = False
    """Whether it went out for something that came back: then it is never voided."""

    @property
    def is_returnable(self) -> bool:
        return not self.voided and any(self.takes_back(n) for n in range(len(self.parts)))

    @property
    def is_voidable(self) -> bool:
        return not (self.voided or self.exchanged or self.returns.times)

    def takes_back(self, n: int) -> Decimal:
        """How much of a line, from 0, has not come back yet."""
        gone = self.returns.back[n] if self.returns.back else NONE
        return self.returns.ticket.lines[n].quantity - gone


@dataclass(frozen=True, slots=True)
class Left:
    """What a customer has left for a special order, and how."""

    customer: str
    amount: Decimal
    way: str


@dataclass(slots=True)
class Books:
    """Shelves by part, drawers by till, debts by customer; takings and tax of the whole shop."""

    rules: Rules
    shelves: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: NONE))
    drawers: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    takings: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    """What sales brought by each way, returns and voids taken off; `credit` is what was sold on account."""
    debts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    revenue: Decimal = NOTHING
    tax: Decimal = NOTHING
    sales: dict[str, Sold] = field(default_factory=dict)
    waiting: dict[str, Left] = field(default_factory=dict)
    """What waits for its sale, by special order: no part of what its customer owes."""
    used: dict[str, tuple[str, Left]] = field(default_factory=dict)
    """By the sale that has used it: for which order it was left, and what."""

    def ticket(self, lines: Sequence[Line], off: Off) -> Ticket:
        """What a cart comes to under the shop's rules."""
        return Ticket(lines, off, self.rules.rate, self.rules.tax_in_prices, self.rules.coin)

    def sell(
        self,
        till: str,
        sale_id: str,
        parts: Sequence[str],
        ticket: Ticket,
        paid: Sequence[Paid],
        customer: str | None = None,
    ) -> None:
        """Goods leave the shelf, money comes in."""
        self.sales[sale_id] = Sold(parts, Returns(ticket, paid), till, customer)
        for part, line in zip(parts, ticket.lines, strict=True):
            self.shelves[part] -= line.quantity
        self._pay(till, paid, customer)
        self.revenue += sum((one.amount for one in paid), NOTHING)
        self.tax += ticket.tax

    def give_back(self, till: str, sale_id: str, quantities: Mapping[int, Decimal]) -> GivenBack:
        """So much of each line, from 0, lies on the shelf again, and its money goes back."""
        sold = self.sales[sale_id]
        back = sold.returns.give_back(quantities, self.rules.coin)
        for n, quantity in quantities.items():
            self.shelves[sold.parts[n]] += quantity
        self._pay(till, [Paid(one.way, -one.amount) for one in back.paid], sold.customer)
        self.revenue -= back.total
        self.tax -= back.tax
        return back

    def exchange(
        self,
        till: str,
        sold: Sold,
        quantities: Mapping[int, Decimal],
        goes: tuple[str, Sequence[str], Ticket],
        way: str,
    ) -> list[Paid]:
        """So much of each line, from 0, comes back for what `goes` (the id of the new sale, its parts, its ticket). The
        difference, which the customer pays by this way or is given."""
        sale_id, parts, ticket = goes
        back = sold.returns.give_back(quantities, self.rules.coin, None, ticket.exact)
        given = [one for one in back.paid if not one.exchanged]
        owed = ticket.due(back.exchanged, way)
        paid = [] if given or not owed else [Paid(way, owed)]
        for n, quantity in quantities.items():
            self.shelves[sold.parts[n]] += quantity
        for part, line in zip(parts, ticket.lines, strict=True):
            self.shelves[part] -= line.quantity
        returns = Returns(ticket, [*back.exchanged, *paid])
        self.sales[sale_id] = Sold(parts, returns, till, sold.customer, exchanged=True)
        self._pay(till, [*paid, *(Paid(one.way, -one.amount) for one in given)], sold.customer)
        self.revenue += returns.total - back.total
        self.tax += ticket.tax - back.tax
        return paid or given

    def void(self, till: str, sale_id: str) -> None:
        """A sale that was never meant: all of it is undone by the ways in which it was paid."""
        sold = self.sales[sale_id]
        sold.voided = True
        for part, line in zip(sold.parts, sold.returns.ticket.lines, strict=True):
            self.shelves[part] += line.quantity
        self._pay(till, [Paid(one.way, -one.amount) for one in sold.returns.paid], sold.customer)
        self.revenue -= sold.returns.total
        self.tax -= sold.returns.ticket.tax
        if sale_id in self.used:
            order_id, left = self.used.pop(sale_id)
            self.waiting[order_id] = left
            self.debts[left.customer] += left.amount

    def leave(self, till: str, order_id: str, customer: str, paid: Paid) -> None:
        """A customer leaves something for a special order. It pays no debt."""
        self.waiting[order_id] = Left(customer, paid.amount, paid.way)
        if paid.way == "cash":
            self.drawers[till] += paid.amount

    def use(self, order_id: str, sale_id: str) -> None:
        """The order was fetched by a sale that went on account for what was left."""
        left = self.waiting.pop(order_id)
        self.debts[left.customer] -= left.amount
        self.used[sale_id] = (order_id, left)

    def end(self, till: str, order_id: str, *, is_given_back: bool) -> None:
        """Nothing comes of the order: what was left goes back as it came, or the shop keeps it."""
        left = self.waiting.pop(order_id)
        if is_given_back and left.way == "cash":
            self.drawers[till] -= left.amount

    def pay_debt(self, till: str, customer: str, paid: Paid) -> None:
        """A customer pays on account."""
        self.debts[customer] -= paid.amount
        if paid.way == "cash":
            self.drawers[till] += paid.amount

    def move_cash(self, till: str, amount: Decimal) -> None:
        """A float, a pay-in, or with a minus a pay-out."""
        self.drawers[till] += amount

    def close(self, till: str) -> Decimal:
        """The drawer is counted and emptied; what the books say that was in it."""
        expected = self.drawers[till]
        self.drawers[till] = NOTHING
        return expected

    def _pay(self, till: str, paid: Sequence[Paid], customer: str | None) -> None:
        for one in paid:
            self.takings[one.way] += one.amount
            if one.way == "cash":
                self.drawers[till] += one.amount
            if one.way == "credit":
                assert customer is not None
                self.debts[customer] += one.amount
