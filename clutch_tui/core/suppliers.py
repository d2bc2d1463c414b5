"""Suppliers: whom the shop buys from, and on what terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clutch_tui.text.fold import fold

from .words import fold_often, joined, phone_key


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded columns of a supplier: what one is sorted and found by. A missing field counts as empty."""
    get = record.get
    name, phone = fold(get("name") or ""), phone_key(get("phone") or "")
    words = joined(
        (
            name,
            phone,
            fold(get("contact_person") or ""),
            fold(get("email") or ""),
            fold_often(get("address") or ""),
            fold_often(get("payment_terms") or ""),
        )
    )
    return {"name_key": name, "phone_key": phone, "words": words}
