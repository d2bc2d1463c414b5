"""Planted mistakes about exchanges: what the drawer sees of them, how they are told, and how they go back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from clutch_tui.core import aftersales, receipts, refunds
from clutch_tui.core.outbox import halves
from clutch_tui.core.sync import replica_rows
from clutch_tui.sandbox import sales as server_sales

from .planting import mutant, put


@mutant
def exchange_paid_whole(stack: ExitStack) -> None:
    """The drawer takes the whole price of what goes out, and gives all that is due for what comes back."""

    def paid_by_method(self: Any) -> dict[str, int]:
        paid: dict[str, int] = {}
        for payment in self.payments:
            paid[payment.came_by] = paid.get(payment.came_by, 0) + payment.amount
        return paid

    put(stack, receipts.SaleDocument, "paid_by_method", paid_by_method)


@mutant
def exchange_becomes_cash(stack: ExitStack) -> None:
    """What was exchanged goes back in cash, however it had been paid."""
    left = put(stack, refunds, "left", lambda sale, before: left(_without_ways(sale), before))


def _without_ways(sale: Any) -> Any:
    return replace(sale, payments=tuple(replace(payment, way=None) for payment in sale.payments))


@mutant
def exchange_torn(stack: ExitStack) -> None:
    """To a server that knows no exchanges only what comes back is told."""

    def put_half(half: Any, exchange: Any, label: str) -> None:
        if half.kind == "return":
            before(half, exchange, label)

    before = put(stack, halves, "_put", put_half)


@mutant
def exchange_off_no_account(stack: ExitStack) -> None:
    """What the halves do to an account, where they are told one by one, is not reckoned with here."""
    put(stack, halves, "_account_for", lambda half, exchange: None)


@mutant
def exchange_half_done(stack: ExitStack) -> None:
    """The server books what goes out, and forgets what comes back."""

    def sale(transaction: Any, change: Any, origin: Any) -> Any:
        is_back = change.kind == "return" and "exchange_id" in change.body
        return server_sales.Outcome(version=1) if is_back else before(transaction, change, origin)

    before = put(stack, server_sales, "sale", sale)


@mutant
def exchange_half_moves(stack: ExitStack) -> None:
    """The goods that come back stay off the shelf."""
    before = put(
        stack,
        receipts,
        "_write_lines",
        lambda document, change_id, at: before(
            replace(document, lines=(), origins=()) if document.exchange_id and document.return_of else document,
            change_id,
            at,
        ),
    )


@mutant
def loose_return_is_a_sale(stack: ExitStack) -> None:
    """Other tills take a return of which nobody has the receipt for a sale."""

    def sale_row(row: Any) -> Any:
        return before({**row, "without_receipt": False})

    before = put(stack, replica_rows, "_sale_row", sale_row)


@mutant
def damaged_back_on_shelf(stack: ExitStack) -> None:
    """What came back damaged is told to the server, and lies on the shelf here."""
    run = aftersales.ADD_STOCK_MOVE.run

    class Adding:
        def run(self, **values: Any) -> None:
            if values["kind"] != "damaged":
                run(**values)

        run_many = aftersales.ADD_STOCK_MOVE.run_many

    put(stack, aftersales, "ADD_STOCK_MOVE", Adding())
