"""Reckons a refund: which money goes back for the goods that come back, and by which ways of paying.

Pure functions over a sale and what went back of it before, so that a dialog can say the amounts before anything is
stored and a test can try a million of them. The rules are in `docs/money.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from . import money, quantity
from .errors import ShopError
from .quantity import NOTHING, Quantity
from .types import EXCHANGE, Payment, PayMethod, Sale, SaleLine, Totals


@dataclass(frozen=True, slots=True)
class Refunded:
    """The sum of earlier returns of a sale: the money by way of paying, all of it, and the tax in it. Of another
    program's return the ways may be missing. What was exchanged counts by the way in which it had been paid."""

    by_method: Mapping[PayMethod, int] = field(default_factory=dict)
    total: int = 0
    tax: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """A return before it is written: its lines numbered from 1, what they come to, and how it is paid out."""

    lines: tuple[SaleLine, ...]
    totals: Totals
    payments: tuple[Payment, ...]


def left(sale: Sale, before: Refunded) -> dict[PayMethod, int]:
    """Return what may go back by each way of paying: what came in by it less what went back before. The ways stand in
    the order in which they are used: first off the account, cash last, because only cash is rounded."""
    paid: Counter[PayMethod] = Counter()
    for payment in sale.payments:
        paid[payment.came_by] += payment.amount
    if unnamed := sale.totals.total - sum(paid.values()):  # another program's sale, of which not every payment came
        paid["cash"] += unnamed
    ordered = sorted(paid, key=lambda method: (method != "credit", method == "cash"))
    rest = {method: max(0, paid[method] - before.by_method.get(method, 0)) for method in ordered}
    return {method: amount for method, amount in rest.items() if amount}


def reckon(
    sale: Sale,
    before: Refunded,
    quantities: Mapping[int, Quantity],
    coin: int,
    *,
    first: PayMethod | None = None,
    payments: Sequence[Payment] | None = None,
    exchanged: int = 0,
) -> Refund:
    """The refund for quantities by line number, which the caller has found to be there.

    It is shared out as the sale was paid, `first` by this way where a person wants it so. As much as is `exchanged` for
    other goods, which is not more than is owed, is paid by that and not in money. `payments` of the rest are taken
    instead where they come to the same: raises `error.sale.refund_over_paid` for more by one way than is left of it,
    `error.sale.not_in_coins`, and `error.sale.refund_sum` where they do not come to what is due.
    """
    worth = _worth(sale)
    lines = tuple(_lines(sale, worth, quantities))
    net = sum(line.total for line in lines)
    due, tax = _owed(sale, worth, before, quantities)
    limits = left(sale, before)
    if payments is None:
        payments = _allot(due - exchanged, _reserved(exchanged, limits, first), coin, first)
    else:
        _check(payments, due - exchanged, limits, coin, exchanged)
    for payment in payments:
        limits[payment.came_by] -= payment.amount
    if short := due - exchanged - sum(payment.amount for payment in payments):  # what coins cannot pay stays cash
        limits["cash"] = limits.get("cash", 0) - max(0, min(short, limits.get("cash", 0)))
    swapped = (Payment(EXCHANGE, amount, method) for method, amount in _taken(exchanged, limits, None))
    payments = (*swapped, *payments)
    total = sum(payment.amount for payment in payments)
    subtotal = sum(line.total + line.discount for line in lines)
    on_top = tax if _added(sale) else 0
    figures = Totals(subtotal, subtotal - net, tax, total - net - on_top, total, sum(line.pieces for line in lines))
    return Refund(lines, figures, tuple(payments))


def owed(sale: Sale, before: Refunded, quantities: Mapping[int, Quantity]) -> int:
    """Return what is due for these quantities, before anything is brought to coins."""
    return _owed(sale, _worth(sale), before, quantities)[0]


def _taken(amount: int, limits: Mapping[PayMethod, int], first: PayMethod | None) -> Iterator[tuple[PayMethod, int]]:
    """What is exchanged, by how it had been paid: by the ways that come last when money goes back, so that the money
    can come off the account first."""
    for method in sorted(limits, key=lambda method: method != first)[::-1]:
        if part := min(amount, limits[method]):
            yield method, part
            amount -= part
    if amount:  # another program's sale, of whose returns more was told than of itself
        yield "cash", amount


def _reserved(amount: int, limits: Mapping[PayMethod, int], first: PayMethod | None) -> dict[PayMethod, int]:
    """Return what may go back in money where so much is exchanged."""
    taken = dict(_taken(amount, limits, first))
    return {method: max(0, most - taken.get(method, 0)) for method, most in limits.items()}


def _allot(owed: int, limits: Mapping[PayMethod, int], coin: int, first: PayMethod | None) -> tuple[Payment, ...]:
    allotted = []
    for method in sorted(limits, key=lambda method: method != first):
        most = limits[method]
        amount = _in_cash(owed, most, coin) if method == "cash" else min(owed, most)
        owed -= owed if owed <= most else amount  # what coins cannot pay is nobody's to pay
        allotted.append(Payment(method, amount))
    return tuple(payment for payment in allotted if payment.amount)


def _in_cash(owed: int, most: int, coin: int) -> int:
    """Return what is paid out in cash of an amount: the nearest in coins, and never more than may go back in cash."""
    return min(money.to_coin(owed, coin), money.down_to_coin(most, coin))


def _check(payments: Sequence[Payment], owed: int, limits: Mapping[PayMethod, int], coin: int, exchanged: int) -> None:
    by_method: Counter[PayMethod] = Counter()
    for payment in payments:
        if payment.method == EXCHANGE:
            raise ShopError("error.sale.refund_sum")
        by_method[payment.method] += payment.amount
    for method, amount in by_method.items():
        if not 0 < amount <= limits.get(method, 0):
            raise ShopError("error.sale.refund_over_paid")
    cash = by_method.pop("cash", 0)
    if not money.is_payable(cash, coin):
        raise ShopError("error.sale.not_in_coins")
    rest = owed - sum(by_method.values())
    otherwise = sum(most - by_method[method] for method, most in limits.items() if method != "cash")
    most = limits.get("cash", 0) - max(0, exchanged - otherwise)  # what is exchanged needs some of it
    if rest < 0 or cash != _in_cash(rest, most, coin) or rest - cash >= max(1, coin):
        raise ShopError("error.sale.refund_sum")


# --- what is owed --------------------------------------------------------------------------------------


def _worth(sale: Sale) -> dict[int, int]:
    """Return what was paid for each line before tax on top: its total less its share of the discount on the whole
    sale."""
    off = money.shares(sale.totals.discount - sale.off_lines, (line.total for line in sale.lines))
    return {line.n: line.total - share for line, share in zip(sale.lines, off, strict=True)}


def _lines(sale: Sale, worth: Mapping[int, int], quantities: Mapping[int, Quantity]) -> Iterator[SaleLine]:
    n = 0
    for line in sale.lines:
        if more := quantities.get(line.n, NOTHING):
            n += 1
            amount = _back(line, worth, line.returned + more) - _back(line, worth, line.returned)
            # of a fraction both are rounded: its share may be a piastre above its price
            off = max(0, quantity.worth(line.price, more) - amount)
            yield replace(line, n=n, quantity=more, discount=off, total=amount, returned=NOTHING, percent=0, note="")


def _back(line: SaleLine, worth: Mapping[int, int], back: int) -> int:
    """Return what so much of a line is worth, counted from the first that came back."""
    return money.share(worth[line.n], back, line.quantity)


def _added(sale: Sale) -> int:
    """Return what came on top of the prices. Of a sale that another terminal made only its figures are known, not its
    rules."""
    return sale.totals.total - sale.totals.rounding - _net(sale)


def _net(sale: Sale) -> int:
    return sale.totals.subtotal - sale.totals.discount


def _owed(
    sale: Sale, worth: Mapping[int, int], before: Refunded, quantities: Mapping[int, Quantity]
) -> tuple[int, int]:
    """The money, and the tax in it, that is due for all goods that will be back then, less what went back before.

    The last return takes whatever the others have left, so that all of them come to exactly what was paid.
    """
    back = {line.n: line.returned + quantities.get(line.n, NOTHING) for line in sale.lines}
    paid_out = min(before.total, sale.totals.total)
    if all(back[line.n] >= line.quantity for line in sale.lines):
        return sale.totals.total - paid_out, max(0, sale.totals.tax - before.tax)
    part = sum(_back(line, worth, back[line.n]) for line in sale.lines)
    whole = _net(sale)
    due = min(part + money.share(_added(sale), part, whole), sale.totals.total)
    tax = money.share(sale.totals.tax, part, whole)
    return max(0, due - paid_out), min(max(0, tax - before.tax), max(0, sale.totals.tax - before.tax))
