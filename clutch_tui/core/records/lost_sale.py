"""A sale that came to nothing: what was asked for, how much of it, and why it was not sold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import BooleanField, TextField

from clutch_tui.text.fold import fold, fold_number

from ..database.statement import insert
from ..search_words import joined
from .table import Folded, Table, count, text


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of a lost sale: what was asked for, and by whom it was noted. `record` is in core names."""
    get = record.get
    parts = [fold(get("item_name") or ""), fold_number(get("part_number") or ""), fold(get("cashier") or "")]
    return {"search_key": joined(filter(None, parts))}


class LostSaleTable(Table):
    """Lost sales noted at this till and, once pulled, at the others (`own` tells which). None is ever rewritten."""

    id = TextField(primary_key=True)
    at = TextField()
    business_day = text()
    item_id = TextField(null=True)
    """The part that was asked for; null for what the shop does not have."""
    item_name = text()
    """The part's name at that moment, or what the clerk had typed."""
    part_number = text()
    quantity = count()
    price = count()
    """The price for one unit that was asked of the customer; 0 where none was."""
    reason = text()
    cashier = text()
    own = BooleanField(default=True)
    seq = count()
    search_key = Folded()

    class Meta:
        table_name = "lost_sale"


ADD_LOST_SALE = insert(LostSaleTable)
