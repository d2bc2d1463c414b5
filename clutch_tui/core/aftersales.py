"""What may happen to a sale afterwards: it is voided, or some of it comes back.

Both are facts of their own with their own stock moves and money; the sale itself is never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from . import cash, journal, sales, state
from .cart import rounding_of
from .database import models
from .sync import outbox
from .types import Payment, PayMethod, Receipt, Sale, SaleLine, ShopError, TaxRules, Totals


def void(sale_id: str, reason: str, cashier: str) -> Sale:
    """Undo a whole sale: goods and money go back, the sale stays to be seen as voided.

    Raises `error.sale.voided` for one that is voided already, `error.sale.has_returns` where some of it came
    back, `error.sale.not_a_sale` for a return, and `error.sale.no_reason`.
    """
    sale = sales.get(sale_id)
    if sale.status == "voided":
        raise ShopError("error.sale.voided", number=sale.receipt_number)
    if sale.return_of is not None:
        raise ShopError("error.sale.not_a_sale", number=sale.receipt_number)
    if any(line.returned for line in sale.lines):
        raise ShopError("error.sale.has_returns", number=sale.receipt_number)
    if not reason.strip():
        raise ShopError("error.sale.no_reason")
    body = {"sale_id": sale_id, "reason": reason.strip()}
    change_id, at = models.new_id(), models.now_text()
    outbox.add("void", "sale", change_id, body, change_id=change_id, label=sale.receipt_number)
    models.execute("UPDATE sale SET status = 'voided' WHERE id = ?", (sale_id,))
    _put_back(sale, change_id, at)
    journal.audit("void", "sale", sale_id, body, cashier)
    return sales.get(sale_id)


def _put_back(sale: Sale, change_id: str, at: str) -> None:
    """Goods to the shelf, cash out of the drawer, credit off the account."""
    models.executemany(
        "INSERT INTO stock_move (part_id, change_id, sale_id, kind, delta, at) VALUES (?, ?, ?, 'void', ?, ?)",
        [(line.part_id, change_id, sale.id, line.quantity, at) for line in sale.lines],
    )
    for payment in sale.payments:
        cash.record("void", -payment.amount, method=payment.method, sale_id=sale.id, change_id=change_id)
        if payment.method == "credit":
            models.execute(
                "INSERT INTO account_move (customer_id, change_id, kind, amount, method, note, at)"
                " VALUES (?, ?, 'void', ?, 'credit', ?, ?)",
                (sale.customer_id, change_id, -payment.amount, sale.receipt_number, at),
            )


def give_back(
    sale_id: str, quantities: Mapping[int, int], *, method: PayMethod, cashier: str, device_id: str, reason: str
) -> Receipt:
    """Take goods back: `quantities` are pieces by line number of the sale. The receipt of the return.

    A piece is worth its share of what was paid for that sale, with tax and rounding. In whatever parts a sale comes
    back, they come to exactly what was paid: the last takes all that the others left, and only the others are
    rounded to the smallest coin. Raises `error.sale.voided`, `error.sale.not_a_sale`, `error.sale.nothing_back`,
    `error.sale.over_returned` and `error.sale.credit_needs_customer`.
    """
    sale = sales.get(sale_id)
    _check(sale, quantities, method)
    lines = _lines_back(sale, quantities)
    figures = _figures(sale, quantities, lines, method)
    total = figures.total
    document = sales.Document(
        id=models.new_id(),
        kind="return",
        cashier=cashier,
        device_id=device_id,
        customer_id=sale.customer_id,
        customer_name=sale.customer_name,
        customer_phone="",
        lines=lines,
        payments=(Payment(method, total),) if total else (),
        totals=figures,
        rules=TaxRules(sale.tax_rate, sale.prices_include_tax),
        notes=reason.strip(),
        return_of=sale_id,
        origins=tuple(line.n for line in sale.lines if quantities.get(line.n)),
    )
    sales.write(document)
    return sales.get(document.id)


def _check(sale: Sale, quantities: Mapping[int, int], method: PayMethod) -> None:
    if sale.status == "voided":
        raise ShopError("error.sale.voided", number=sale.receipt_number)
    if sale.return_of is not None:
        raise ShopError("error.sale.not_a_sale", number=sale.receipt_number)
    if method == "credit" and sale.customer_id is None:
        raise ShopError("error.sale.credit_needs_customer")
    known = {line.n: line for line in sale.lines}
    if not any(quantities.values()):
        raise ShopError("error.sale.nothing_back")
    for n, pieces in quantities.items():
        line = known.get(n)
        if line is None or not 0 <= pieces <= line.quantity - line.returned:
            raise ShopError("error.sale.over_returned", name=line.name if line else "")


def _worth(sale: Sale) -> dict[int, int]:
    """What was paid for each line: its total less its share of the discount on the whole sale. The shares come
    to exactly that discount."""
    gross = sum(line.total for line in sale.lines)
    off = sale.totals.discount - sum(line.discount for line in sale.lines)
    worth, before = {}, 0
    for line in sale.lines:
        after = before + line.total
        share = _share(off, after, gross) - _share(off, before, gross) if gross else 0
        worth[line.n] = line.total - share
        before = after
    return worth


def _lines_back(sale: Sale, quantities: Mapping[int, int]) -> tuple[SaleLine, ...]:
    worth = _worth(sale)
    lines: list[SaleLine] = []
    for line in sale.lines:
        if pieces := quantities.get(line.n, 0):
            amount = _share(worth[line.n], line.returned + pieces, line.quantity) - _share(
                worth[line.n], line.returned, line.quantity
            )
            lines.append(_line_back(len(lines) + 1, line, pieces, amount))
    return tuple(lines)


def _figures(sale: Sale, quantities: Mapping[int, int], lines: tuple[SaleLine, ...], method: PayMethod) -> Totals:
    """What a return comes to: what is due for all that will be back then, less what was given back before."""
    net = sum(line.total for line in lines)
    whole = sale.totals.subtotal - sale.totals.discount
    worth = _worth(sale)
    back = sum(_share(worth[line.n], line.returned + quantities.get(line.n, 0), line.quantity) for line in sale.lines)
    last = all(line.returned + quantities.get(line.n, 0) == line.quantity for line in sale.lines)
    paid_before, tax_before = _given_back(sale.id)
    total = _due(sale.totals.total, paid_before, back, whole, last=last)
    if method == "cash" and not last:
        total = min(total + rounding_of(total, state.tax_rules().cash_rounding), _left(sale.totals.total, paid_before))
    tax = _due(sale.totals.tax, tax_before, back, whole, last=last)
    # of a sale that another terminal made only its figures are known, not its rules
    on_top = sale.totals.total - sale.totals.rounding != whole
    subtotal = sum(line.quantity * line.price for line in lines)
    rounding = total - net - (tax if on_top else 0)
    return Totals(subtotal, subtotal - net, tax, rounding, total, sum(line.quantity for line in lines))


def _given_back(sale_id: str) -> tuple[int, int]:
    """The money, and the tax in it, that earlier returns of a sale came to."""
    total, tax = models.execute(
        "SELECT coalesce(sum(abs(total)), 0), coalesce(sum(abs(tax)), 0) FROM sale"
        " WHERE return_of = ? AND status <> 'voided'",
        (sale_id,),
    ).fetchone()
    return int(total), int(tax)


def _due(amount: int, before: int, part: int, whole: int, *, last: bool) -> int:
    """The share of `amount` for `part` of the `whole`, less what went `before`; never more than is left of it."""
    share = amount if last or not whole else _share(amount, part, whole)
    return min(max(0, share - before), _left(amount, before))


def _left(amount: int, before: int) -> int:
    return max(0, amount - before)


def _share(amount: int, part: int, whole: int) -> int:
    """`amount` x part / whole, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)


def _line_back(n: int, line: SaleLine, pieces: int, amount: int) -> SaleLine:
    gross = pieces * line.price
    return replace(line, n=n, quantity=pieces, discount=gross - amount, total=amount, returned=0)
