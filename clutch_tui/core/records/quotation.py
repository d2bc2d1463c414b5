"""A quotation to somebody at the counter: what was offered, until when, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import BooleanField, IntegerField, TextField

from clutch_tui.text.fold import fold, fold_number

from ..database.statement import insert
from ..search_words import joined, phone_key
from .table import Folded, Table, count, text


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of a quotation: its number, to whom it was made, by whom, and what was offered.

    `record` is in core names; its lines are mappings under `items` with `item_name` and `part_number`.
    """
    get = record.get
    number, phone = get("number") or "", get("customer_phone") or ""
    parts = [fold(number), fold_number(number), fold(get("customer_name") or ""), fold(get("cashier") or "")]
    parts.append(phone_key(phone))
    for line in get("items") or ():
        parts += fold(line.get("item_name") or ""), fold_number(line.get("part_number") or "")
    return {"search_key": joined(filter(None, parts))}


class QuotationTable(Table):
    """Quotations of this till and, once pulled, of the others (`own` tells which). None is ever rewritten: what became
    of it is in `QuotationEndTable`, and that its day is over is reckoned."""

    id = TextField(primary_key=True)
    number = text()
    at = TextField()
    business_day = text()
    valid_until = TextField()
    """The last day on which it binds the shop, as YYYY-MM-DD."""
    customer_id = TextField(null=True)
    customer_name = text()
    customer_phone = text()
    cashier = text()
    items = TextField()
    """JSON: the lines in the words of a sale's, money in minor units, quantities in thousandths."""
    subtotal = count()
    discount = count()
    tax = count()
    tax_rate = count()
    prices_include_tax = BooleanField(default=True)
    total = count()
    note = text()
    percent = count()
    """In hundredths: what the discount on the whole was reckoned from. Only own quotations know."""
    own = BooleanField(default=True)
    seq = count()
    search_key = Folded()

    class Meta:
        table_name = "quotation"


class QuotationEndTable(Table):
    """What became of quotations, one row for each time somebody said so: `kind` is `quotation_sold`, with the sale, or
    `quotation_lost`, with the reason. One may have both; a sale that stands counts more."""

    id = TextField(primary_key=True)
    kind = TextField()
    quotation_id = TextField()
    sale_id = text()
    receipt_number = text()
    reason = text()
    at = TextField()
    own = BooleanField(default=True)
    seq = IntegerField(default=0)

    class Meta:
        table_name = "quotation_end"


ADD_QUOTATION, ADD_QUOTATION_END = insert(QuotationTable, or_leave=True), insert(QuotationEndTable)
