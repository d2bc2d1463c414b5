"""Everything that is known of one part, on one page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import BindingType

from clutch_tui.core import cars
from clutch_tui.core.types import Part, PartDraft
from clutch_tui.phrases import changes
from clutch_tui.phrases.fields import PART
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ShowText, field_lines, keys_of_row

_PLACED = frozenset(
    {
        *("name", "name_en", "part_number", "barcode", "oem_number", "price", "cost", "unit", "decimals"),
        *("min_stock", "location", "category", "brand", "car_brand", "car_model", "year", "supplier", "description"),
    }
)
"""The fields to which the page gives a place and a form of its own."""


class PartDialog(ShowText):
    """The page of a part; F3 to F8 do to it what they do to a row of the list."""

    BINDINGS: ClassVar[list[BindingType]] = keys_of_row(
        "part",
        (
            ("f3", "edit", "common.edit"),
            ("f4", "adjust", "inventory.adjust"),
            ("f5", "count", "inventory.count"),
            ("f6", "history", "common.history"),
            ("f8", "delete", "common.delete"),
            ("f10", "prices", "inventory.prices"),
        ),
    )

    def __init__(self, part: Part) -> None:
        super().__init__("part.title", lambda: part_lines(part), hint="part.hint")
        self.add_class("-form")

    def take_scan(self, text: str) -> bool | None:
        """The next part: the list below looks it up."""
        self.dismiss(None)
        return None


def part_lines(part: Part) -> list[str]:
    """A line for each field that has something in it."""
    draft = part.draft
    lines = field_lines(
        ("part.name_ar", shown.name(draft.name)),
        ("part.name_en", shown.isolate(draft.name_en)),
        ("part.number", shown.part_number(draft.part_number)),
        ("part.barcode", shown.part_number(draft.barcode)),
        ("part.oem", shown.part_number(draft.oem_number)),
        ("part.price", shown.money(draft.price)),
        ("part.cost", shown.money(draft.cost) if draft.cost else ""),
        ("part.unit", changes.value_word("item", "unit", draft.unit) if draft.unit else ""),
        ("part.decimals", shown.number(draft.decimals) if draft.decimals else ""),
        ("part.stock", measured(part.stock, draft.unit)),
        ("part.min_stock", measured(draft.min_stock, draft.unit)),
        ("part.place", shown.part_number(draft.location)),
        ("part.category", shown.name(draft.category)),
        ("part.brand", shown.name(draft.brand)),
        ("part.car", _car(draft)),
        ("part.supplier", shown.name(draft.supplier)),
        *_others(draft),
        ("part.description", draft.description),
        ("part.changed", shown.date_time(part.updated_at) if part.updated_at else ""),
    )
    if where := server_words(part.base_stock, part.stock - part.base_stock, part.as_of):
        lines.append(where)
    return [*lines, t("common.has_unsent")] if part.unsent else lines


def _others(draft: PartDraft) -> list[tuple[str, str]]:
    """The fields that have no place of their own on the page, as a form words them."""
    others = (entry for entry in PART if entry.name not in _PLACED)
    values = ((entry, getattr(draft, entry.name)) for entry in others)
    return [(entry.label, changes.value_word("item", entry.name, value)) for entry, value in values if value]


def server_words(at_the_server: int, moved: int, as_of: datetime | None) -> str:
    """The server's figure with the moment to which it holds, and the own movements beyond it. Empty where no server
    has ever told one."""
    if as_of is None:
        return ""
    key = "part.at_server_ours" if moved else "part.at_server"
    at = shown.moment(as_of, datetime.now(UTC))
    return t(key, stock=shown.quantity(at_the_server), at=at, moved=shown.quantity(moved, signed=True))


def _car(draft: PartDraft) -> str:
    """Make, model and years; kept together where all of it is Latin, so that the years stay behind the model."""
    car = cars.described(draft.car_brand, draft.car_model, draft.year)
    return shown.isolate(car) if car.isascii() else car
