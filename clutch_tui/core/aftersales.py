"""What may happen to a sale afterwards: it is voided, or some of it comes back.

Both are facts of their own with their own stock moves and money; the sale itself is never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from . import cash, journal, models, outbox, sales, state
from .cart import rounding_of, tax_of
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
        if payment.method == "cash":
            cash.record("void", -payment.amount, sale_id=sale.id, change_id=change_id)
        elif payment.method == "credit":
            models.execute(
                "INSERT INTO account_move (customer_id, change_id, kind, amount, method, note, at)"
                " VALUES (?, ?, 'void', ?, 'credit', ?, ?)",
                (sale.customer_id, change_id, -payment.amount, sale.receipt_number, at),
            )


def give_back(
    sale_id: str, quantities: Mapping[int, int], *, method: PayMethod, cashier: str, device_id: str, reason: str
) -> Receipt:
    """Take goods back: `quantities` are pieces by line number of the sale. The receipt of the return.

    A piece is worth what it cost in that sale, its share of every discount taken off; however a line comes back,
    in one piece or in many, its parts come to exactly what was paid for it. Raises `error.sale.voided`,
    `error.sale.not_a_sale`, `error.sale.nothing_back`, `error.sale.over_returned` and
    `error.sale.credit_needs_customer`.
    """
    sale = sales.get(sale_id)
    _check(sale, quantities, method)
    rules = TaxRules(sale.tax_rate, sale.prices_include_tax)
    worth = _worth(sale)
    lines: list[SaleLine] = []
    for line in sale.lines:
        if pieces := quantities.get(line.n, 0):
            amount = _share(worth[line.n], line.returned + pieces, line.quantity) - _share(
                worth[line.n], line.returned, line.quantity
            )
            lines.append(_line_back(len(lines) + 1, line, pieces, amount))
    net = sum(line.total for line in lines)
    tax = tax_of(net, rules)
    exact = net if rules.prices_include_tax else net + tax
    rounding = rounding_of(exact, state.tax_rules().cash_rounding) if method == "cash" else 0
    total = exact + rounding
    subtotal = sum(line.quantity * line.price for line in lines)
    figures = Totals(subtotal, subtotal - net, tax, rounding, total, sum(line.quantity for line in lines))
    document = sales.Document(
        id=models.new_id(),
        kind="return",
        cashier=cashier,
        device_id=device_id,
        customer_id=sale.customer_id,
        customer_name=sale.customer_name,
        customer_phone="",
        lines=tuple(lines),
        payments=(Payment(method, total),) if total else (),
        totals=figures,
        rules=rules,
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


def _share(amount: int, part: int, whole: int) -> int:
    """`amount` x part / whole, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)


def _line_back(n: int, line: SaleLine, pieces: int, amount: int) -> SaleLine:
    gross = pieces * line.price
    return replace(line, n=n, quantity=pieces, discount=gross - amount, total=amount, returned=0)
