"""Sales, from the open cart to the receipt, and what may happen to them afterwards: a void or a return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clutch_tui.text.fold import fold, fold_number

from .words import joined


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of a sale: its receipt number, its customer, its cashier and what was sold.

    `record` is in core names; its lines are mappings under `items` with `item_name` and `part_number`.
    """
    get = record.get
    number = get("receipt_number") or ""
    parts = [fold(number), fold_number(number), fold(get("customer_name") or ""), fold(get("cashier") or "")]
    for line in get("items") or ():
        parts += fold(line.get("item_name") or ""), fold_number(line.get("part_number") or "")
    return {"search_key": joined(parts)}
