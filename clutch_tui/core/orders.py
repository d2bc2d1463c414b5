"""Orders that customers place on the marketplace, and this shop's answers to them.

Accepting moves no stock: the sale that names the order does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clutch_tui.text.fold import fold, fold_number

from .words import joined, phone_key


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of an order: its number, its customer, the telephone and what was ordered.

    `record` is in core names; its lines, where it has any, are mappings under `items` with `item_name`.
    """
    get = record.get
    number = get("order_number") or ""
    named = [fold(line.get("item_name") or line.get("name") or "") for line in get("items") or ()]
    parts = (fold(number), fold_number(number), fold(get("customer_name") or ""), phone_key(get("phone") or ""))
    return {"search_key": joined((*parts, *named))}
