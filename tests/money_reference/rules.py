"""`docs/money.md` in decimal numbers: pounds with two decimals, every rule where its number stands.

Written from that page and not from the program, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import cached_property

PIASTRE, NOTHING, HUNDRED = Decimal("0.01"), Decimal("0.00"), Decimal(100)
NONE = Decimal(0)
"""Of a quantity."""

DIGITS = Context(prec=60, rounding=ROUND_HALF_UP)
"""So many that no product of two amounts is ever cut."""


def to_piastre(value: Decimal) -> Decimal:
    return value.quantize(PIASTRE, ROUND_HALF_UP)


def to_coin(value: Decimal, coin: Decimal) -> Decimal:
    return to_piastre((value / coin).to_integral_value(ROUND_HALF_UP) * coin) if coin else value


def down_to_coin(value: Decimal, coin: Decimal) -> Decimal:
    return to_piastre((value / coin).to_integral_value(ROUND_FLOOR) * coin) if coin else value


@dataclass(frozen=True, slots=True)
class Off:
    """A discount as it was typed: of the two at most one is not zero."""

    amount: Decimal = NOTHING
    percent: Decimal = NOTHING

    def of(self, whole: Decimal) -> Decimal:
        return to_piastre(whole * self.percent / HUNDRED) if self.percent else min(self.amount, whole)


@dataclass(frozen=True)
class Line:
    quantity: Decimal
    """Pieces, or units of what is measured."""
    price: Decimal
    off: Off = Off()

    def priced(self, quantity: Decimal) -> Decimal:
        """Rule 1: what so much of it costs."""
        return to_piastre(quantity * self.price)

    @cached_property
    def gross(self) -> Decimal:
        return self.priced(self.quantity)

    @cached_property
    def comes_to(self) -> Decimal:
        """Rule 1."""
        return self.gross - self.off.of(self.gross)


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment, or what went back by one way; or what was exchanged, with the way in which it had been paid."""

    way: str
    amount: Decimal
    exchanged: bool = False


@dataclass(frozen=True)
class Ticket:
    lines: Sequence[Line]
    off: Off
    rate: Decimal
    tax_in_prices: bool
    coin: Decimal

    @property
    def subtotal(self) -> Decimal:
        return sum((line.gross for line in self.lines), NOTHING)

    @cached_property
    def net(self) -> Decimal:
        """Rule 2."""
        lines = sum((line.comes_to for line in self.lines), NOTHING)
        return lines - self.off.of(lines)

    @cached_property
    def tax(self) -> Decimal:
        """Rule 5."""
        return to_piastre(self.net * self.rate / (HUNDRED + self.rate if self.tax_in_prices else HUNDRED))

    @property
    def exact(self) -> Decimal:
        """Rule 5."""
        return self.net if self.tax_in_prices else self.net + self.tax

    def due(self, paid: Sequence[Paid], way: str) -> Decimal:
        """Rules 6 and 7: what is still to be paid by this way alone. What was exchanged is exact (19)."""
        in_cash = sum((one.amount for one in paid if one.way == "cash" and not one.exchanged), NOTHING)
        by_others = sum((one.amount for one in paid), NOTHING) - in_cash
        if way == "cash":
            return to_coin(self.exact - by_others, self.coin) - in_cash
        return self.exact - by_others - in_cash

    @cached_property
    def worths(self) -> list[Decimal]:
        """Rule 9."""
        lines = sum((line.comes_to for line in self.lines), NOTHING)
        off, worths, so_far, shared = self.off.of(lines), [], NOTHING, NOTHING
        for line in self.lines:
            so_far += line.comes_to
            share = to_piastre(off * so_far / lines) if lines else NOTHING
            worths.append(line.comes_to - (share - shared))
            shared = share
        return worths


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What one return comes to. `worths` are those of its lines, `offs` their discounts."""

    worths: Sequence[Decimal]
    offs: Sequence[Decimal]
    tax: Decimal
    paid: Sequence[Paid]
    rounding: Decimal
    due: Decimal
    """What all returns together should have given by now."""

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.paid), NOTHING)

    @property
    def exchanged(self) -> list[Paid]:
        return [one for one in self.paid if one.exchanged]


@dataclass(slots=True)
class Returns:
    """A sale that comes back bit by bit."""

    ticket: Ticket
    paid: Sequence[Paid]
    back: list[Decimal] = field(default_factory=list)
    gone: dict[str, Decimal] = field(default_factory=dict)
    tax_gone: Decimal = NOTHING
    times: int = 0

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.paid), NOTHING)

    def left(self) -> dict[str, Decimal]:
        """Rule 13: what may still go back by each way, in the order of their use."""
        came: dict[str, Decimal] = {}
        for one in self.paid:
            came[one.way] = came.get(one.way, NOTHING) + one.amount
        others = [way for way in came if way not in ("credit", "cash")]
        return {way: came[way] - self.gone.get(way, NOTHING) for way in ("credit", *others, "cash") if way in came}

    def give_back(
        self,
        quantities: Mapping[int, Decimal],
        coin: Decimal,
        first: str | None = None,
        price: Decimal = NOTHING,
    ) -> GivenBack:
        """Take so much of each line (from 0) back, and pay it out with the coin of that day; in an exchange for what
        costs this `price`, only what that leaves."""
        before = self.back or [NONE] * len(self.ticket.lines)
        after = [so_far + quantities.get(n, NONE) for n, so_far in enumerate(before)]
        worth_before, worth_after = self._worths(before), self._worths(after)
        due, tax = self._due(after, sum(worth_after, NOTHING))
        owed = max(NOTHING, due - sum(self.gone.values(), NOTHING))
        out = self._pay_out(owed, coin, first, min(owed, price))
        came = [n for n in range(len(before)) if quantities.get(n)]
        worths = [worth_after[n] - worth_before[n] for n in came]
        priced = [self.ticket.lines[n].priced(quantities[n]) for n in came]
        offs = [max(NOTHING, price - worth) for price, worth in zip(priced, worths, strict=True)]
        tax_back = tax - self.tax_gone
        added = NOTHING if self.ticket.tax_in_prices else tax_back
        rounding = sum((one.amount for one in out), NOTHING) - sum(worths, NOTHING) - added
        self.back, self.tax_gone, self.times = after, tax, self.times + 1
        for one in out:
            self.gone[one.way] = self.gone.get(one.way, NOTHING) + one.amount
        return GivenBack(worths, offs, tax_back, out, rounding, due)

    def _worths(self, back: Sequence[Decimal]) -> list[Decimal]:
        """Rule 10: of each line, the worth of what is back."""
        lines = zip(self.ticket.worths, back, self.ticket.lines, strict=True)
        return [to_piastre(worth * quantity / line.quantity) for worth, quantity, line in lines]

    def _due(self, back: Sequence[Decimal], worth: Decimal) -> tuple[Decimal, Decimal]:
        """Rules 11 and 12: what should have gone back by now, and the tax in it."""
        ticket = self.ticket
        if all(quantity == line.quantity for quantity, line in zip(back, ticket.lines, strict=True)):
            return self.total, ticket.tax
        tax = to_piastre(ticket.tax * worth / ticket.net) if ticket.net else NOTHING
        return min(worth if ticket.tax_in_prices else worth + tax, self.total), tax

    def _pay_out(self, owed: Decimal, coin: Decimal, first: str | None, exchanged: Decimal) -> list[Paid]:
        """Rules 13 and 14, and of an exchange rule 20."""
        all_of_it, out = self.left(), []
        order = [first, *(way for way in all_of_it if way != first)] if first in all_of_it else list(all_of_it)
        left, needed = dict(all_of_it), exchanged
        for way in reversed(order):
            kept = min(needed, left[way])
            left[way], needed = left[way] - kept, needed - kept
        owed -= exchanged
        difference = owed
        for way in order:
            amount = min(owed, left[way])
            if way == "cash":
                covers = owed <= left[way]
                amount = min(to_coin(owed, coin), down_to_coin(left[way], coin))
                owed = NOTHING if covers else owed - amount
            else:
                owed -= amount
            if amount:
                out.append(Paid(way, amount))
            all_of_it[way] -= amount
        if (unpaid := difference - sum((one.amount for one in out), NOTHING)) > 0:
            all_of_it["cash"] -= min(unpaid, all_of_it["cash"])
        return [*self._swap(exchanged, all_of_it), *out]

    def _swap(self, exchanged: Decimal, left: Mapping[str, Decimal]) -> Iterator[Paid]:
        """Rules 20 and 21: what is exchanged leaves by what is left, in the order that is the reverse of rule 13."""
        for way in reversed(list(left)):
            if amount := min(exchanged, left[way]):
                yield Paid(way, amount, exchanged=True)
                exchanged -= amount
