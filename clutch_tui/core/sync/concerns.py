"""What the flags of a change or a sale are about: the parts that fell short, another part with the same number, the
customer who owes more than was agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import peewee

from .. import search
from ..database import db
from ..database.statement import Statement, given
from ..outbox import halves
from ..quantity import Quantity
from ..records.part import PartTable
from ..types import Sale

_PART = PartTable.alias("part")
_MOVED = Statement(
    _PART.select(
        _PART.name, _PART.name_en, _PART.part_number, _PART.deleted, peewee.SQL(search.STOCK).alias("stock")
    ).where(_PART.id == given("id"))
)
_NO_PART: Mapping[str, Any] = {"name": "", "name_en": "", "part_number": "", "stock": None, "deleted": 1}


@dataclass(frozen=True, slots=True)
class Concern:
    """A thing that a flag is about: a part that fell short, another part with the same number, a customer."""

    name: str
    number: str = ""
    stock: Quantity | None = None
    name_en: str = ""


def about(
    flags: Sequence[str], type: str, record_id: str, payload: Mapping[str, Any]
) -> dict[str, tuple[Concern, ...]]:
    """Return what each flag of a change is about, as far as this terminal knows it: `payload` is what it says of the
    record `record_id`. A flag of which nothing is known is left out."""
    by_flag = {flag: tuple(_concern(flag, type, record_id, payload)) for flag in flags}
    return {flag: things for flag, things in by_flag.items() if things}


def about_sale(sale: Sale) -> dict[str, tuple[Concern, ...]]:
    """Return what each flag of a sale of any terminal is about."""
    items = [{"item_id": line.part_id, "item_name": line.name, "part_number": line.part_number} for line in sale.lines]
    return about(sale.flags, "sale", sale.id, {"items": items, "customer_name": sale.customer_name})


def _concern(flag: str, type: str, record_id: str, payload: Mapping[str, Any]) -> Sequence[Concern]:
    if flag in ("duplicate_number", "duplicate_barcode"):
        column = flag.replace("duplicate", "part").replace("part_barcode", "barcode")
        return [
            Concern(row["name"], str(payload[column]), row["stock"], row["name_en"])
            for row in db.rows(  # as text, for the partial index of its order
                f"SELECT name, name_en, {search.STOCK} AS stock FROM part"
                f" WHERE deleted = 0 AND {column} = ? AND id <> ? ORDER BY name_key LIMIT 5",
                (payload.get(column), record_id),
            )
        ]
    lines = _moved(record_id if type == "item" else "", payload)
    if flag == "oversold":  # all of them where the shelf has been put right since
        return [line for line in lines if (line.stock or 0) < 0] or lines
    if flag in ("unknown_part", "deleted_part"):
        return [line for line in lines if line.stock is None] or lines
    if flag == "over_credit" and (name := halves.documents(payload)[-1].get("customer_name")):
        return [Concern(str(name))]
    return []


def _lines(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return document.get("items") or document.get("lines") or [document]


def _moved(moved_part: str, payload: Mapping[str, Any]) -> list[Concern]:
    """The parts whose stock a fact moves; one that is not in the list any more has no stock."""
    moved = []
    for line in chain.from_iterable(map(_lines, halves.documents(payload))):
        part_id = line.get("item_id") or moved_part
        part = _MOVED.first(id=part_id) or _NO_PART
        moved.append(
            Concern(
                line.get("item_name") or part["name"],
                line.get("part_number") or part["part_number"],
                None if part["deleted"] else part["stock"],
                part["name_en"],
            )
        )
    return moved
