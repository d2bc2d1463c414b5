"""Parts: what the shop has, what it costs, and where it lies.

On hand is the server's figure at the inventory cursor plus the own movements that this cursor does not cover
yet. Nothing here writes that figure: stock moves by `stock_move` rows only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clutch_tui.text.fold import fold

from .words import bare, fold_often, joined


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded columns of a part: what it is sorted and found by.

    Called for every row of a pull, so it costs microseconds; a missing field counts as empty. The numbers
    are in `words` twice, as they are written and without punctuation, so that `06L 115` and `06L115` both
    find them.
    """
    get = record.get
    name, name_en = fold(get("name") or ""), fold_often(get("name_en") or "")
    number, oem = fold(get("part_number") or ""), fold(get("oem_number") or "")
    number_key, oem_key, barcode_key = bare(number), bare(oem), bare(fold(get("barcode") or ""))
    words = joined(
        (
            name,
            name_en,
            fold_often(get("category") or ""),
            fold_often(get("brand") or ""),
            fold_often(get("car_brand") or ""),
            fold_often(get("car_model") or ""),
            fold_often(get("year") or ""),
            fold_often(get("supplier") or ""),
            fold_often(get("location") or ""),
            number,
            number_key,
            oem,
            oem_key,
            barcode_key,
        )
    )
    return {
        "name_key": name or name_en,
        "number_key": number_key,
        "barcode_key": barcode_key,
        "oem_key": oem_key,
        "words": words,
    }
