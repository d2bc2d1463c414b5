"""Customers: who they are, what they drive and what they owe.

A balance is a sum of facts and never a field: the server's sum at the customers' cursor plus the own credit
sales, returns and payments that this cursor does not cover yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clutch_tui.text.fold import fold, fold_number

from .words import fold_often, joined, phone_key


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded columns of a customer: what one is sorted and found by. A missing field counts as empty."""
    get = record.get
    name, phone, plate = fold(get("name") or ""), phone_key(get("phone") or ""), get("car_plate") or ""
    words = joined(
        (
            name,
            phone,
            fold(get("email") or ""),
            fold_often(get("address") or ""),
            fold_often(get("car_brand") or ""),
            fold_often(get("car_model") or ""),
            fold_often(str(get("car_year") or "")),
            fold(plate),
            fold_number(plate),
        )
    )
    return {"name_key": name, "phone_key": phone, "words": words}
