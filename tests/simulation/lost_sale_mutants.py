"""Planted mistakes about lost sales: what is kept of them, and as what."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import peewee

from clutch_tui.core import lost_sales
from clutch_tui.core.database import db
from clutch_tui.core.database.statement import Statement, given
from clutch_tui.core.records.lost_sale import LostSaleTable

from .planting import mutant, put


@mutant
def lost_sales_swept(stack: ExitStack) -> None:
    """A snapshot forgets own lost sales that the server does not have yet."""

    def sweep(present: Any, oldest: str) -> None:
        before(present, oldest)
        db.execute(
            "DELETE FROM lost_sale WHERE at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
            (oldest, json.dumps(list(present))),
        )

    before = put(stack, lost_sales, "sweep", sweep)


@mutant
def lost_sale_rewritten(stack: ExitStack) -> None:
    """What the server tells of a lost sale takes the place of what its own till has noted, and is another's then."""
    fields = {field: given(field.name, field.default) for field in LostSaleTable._meta.sorted_fields}
    fields[LostSaleTable.own] = False
    told = {field: getattr(peewee.EXCLUDED, field.column_name) for field in fields if field is not LostSaleTable.id}
    insert = LostSaleTable.insert(fields).on_conflict(conflict_target=[LostSaleTable.id], update=told)
    put(stack, lost_sales, "_STORE", Statement(insert))


@mutant
def lost_sale_of_its_arrival(stack: ExitStack) -> None:
    """At the other tills a lost sale is of the moment at which it went up, and not of its own."""

    def pulled(row: Any) -> dict[str, Any]:
        return before({**row, "date": None})

    before = put(stack, lost_sales, "_pulled", pulled)
