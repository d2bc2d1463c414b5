"""Planted mistakes about quotations: at which price they come back, what is told of them, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import peewee

from clutch_tui.core import quotation_carts, quotations, sales
from clutch_tui.core.database import db
from clutch_tui.core.database.statement import Statement, given
from clutch_tui.core.records.quotation import QuotationTable
from clutch_tui.sandbox import facts as server_facts

from .planting import mutant, put, spoiled
from .terminal import Terminal


@mutant
def recall_reprices(stack: ExitStack) -> None:
    """A quotation comes back at the prices of today, whatever was chosen."""

    def recall(quotation_id: str) -> Any:
        back = before(quotation_id)
        return replace(back, quoted=back.today)

    before = put(stack, quotation_carts, "recall", recall)


@mutant
def percent_of_today(stack: ExitStack) -> None:
    """Of what another till has taken off, the share comes back and not the money: at another till it is another sum."""

    def cart_line(line: Any, part: Any) -> Any:
        percent = 10_000 * line.discount // max(1, line.discount + line.total)
        return before(replace(line, percent=line.percent or percent), part)

    before = put(stack, quotation_carts, "_cart_line", cart_line)


@mutant
def sold_outside(stack: ExitStack) -> None:
    """The sale in one transaction, what became of its quotation in the next."""
    later: list[Callable[[], object]] = []

    def do(self: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        later.clear()
        done = in_one(self, function, *args, **kwargs)
        for one in tuple(later):
            in_one(self, one)
        return done

    before = put(stack, sales.quotations, "sold", lambda cart, sale: later.append(lambda: before(cart, sale)))
    in_one = put(stack, Terminal, "do", do)


@mutant
def sold_after_void(stack: ExitStack) -> None:
    """A sale that was voided still ends its quotation."""
    for name in ("_STATUS", "_COLUMNS"):
        text = spoiled(getattr(quotations, name), "coalesce(sale.status, '') <> 'voided'", "1")
        put(stack, quotations, name, text)


@mutant
def sweep_own(stack: ExitStack) -> None:
    """A snapshot forgets own quotations that the server does not have yet."""

    def sweep(present: Any, oldest: str) -> None:
        before(present, oldest)
        db.execute(
            "DELETE FROM quotation WHERE at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
            (oldest, json.dumps(list(present))),
        )

    before = put(stack, quotations, "sweep", sweep)


@mutant
def sweep_none(stack: ExitStack) -> None:
    """What a restored server has lost of quotations stays at the tills that had heard of it."""
    put(stack, quotations, "sweep", lambda present, oldest: None)


@mutant
def paper_rewritten(stack: ExitStack) -> None:
    """What the server tells of a quotation takes the place of what its own till has handed out."""
    fields = {field: given(field.name, field.default) for field in QuotationTable._meta.sorted_fields}
    fields[QuotationTable.own] = False
    told = {field: getattr(peewee.EXCLUDED, field.column_name) for field in fields if field is not QuotationTable.id}
    insert = QuotationTable.insert(fields).on_conflict(conflict_target=[QuotationTable.id], update=told)
    put(stack, quotations, "_STORE", Statement(insert))


@mutant
def quotation_kept_back(stack: ExitStack) -> None:
    """The server keeps quotations, and tells no other till of them."""

    def file(*args: Any, pulled: bool, **options: Any) -> Any:
        is_quotation = args[1].kind.startswith("quotation")
        return before(*args, pulled=pulled and not is_quotation, **options)

    before = put(stack, server_facts, "file_document", file)
