"""The columns of parts in lists: the same ones at the till, in the inventory and wherever one picks a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clutch_tui.text import format as shown
from clutch_tui.ui.widgets.column import TableColumn

if TYPE_CHECKING:
    from clutch_tui.core.types import PartRow


def unsent_mark() -> TableColumn[Any]:
    """One cell that marks rows with changes which the server does not have yet."""
    return TableColumn("", 1, lambda row: "*" if row.unsent else "", tone=lambda row: "warning")


def _mark(row: PartRow) -> str:
    """Less than nothing lies on no shelf: somebody must count it, whichever till has sold what was not there."""
    return "!" if row.stock < 0 else "*" if row.unsent else ""


def part_name(row: PartRow) -> str:
    """The part's name in the language of the screen, the other one where there is none."""
    return shown.of_language(row.name, row.name_en)


def part_words(row: PartRow) -> str:
    """The same name for a sentence, whichever way that runs."""
    return shown.name(part_name(row))


def _stock_tone(row: PartRow) -> str:
    return "bad" if row.stock <= 0 else "warning" if row.low else ""


_MARK: TableColumn[PartRow] = TableColumn("", 1, _mark, tone=lambda row: "bad" if row.stock < 0 else "warning")
_NAME: TableColumn[PartRow] = TableColumn("part.name", 30, part_name, flex=2)
_NUMBER: TableColumn[PartRow] = TableColumn("part.number", 15, lambda row: shown.part_number(row.part_number), flex=1)
_CAR: TableColumn[PartRow] = TableColumn("part.car", 14, lambda row: row.car, priority=3, flex=6)
_BRAND: TableColumn[PartRow] = TableColumn("part.brand", 9, lambda row: row.brand, priority=4)
_PLACE: TableColumn[PartRow] = TableColumn("part.place", 6, lambda row: shown.part_number(row.location), priority=5)
_STOCK: TableColumn[PartRow] = TableColumn(
    "part.stock", 9, lambda row: shown.quantity(row.stock), number=True, tone=_stock_tone
)
_PRICE: TableColumn[PartRow] = TableColumn("part.price", 10, lambda row: shown.amount(row.price), number=True)

HIT_COLUMNS: tuple[TableColumn[PartRow], ...] = (_NAME, _NUMBER, _CAR, _STOCK, _PRICE)
PART_COLUMNS: tuple[TableColumn[PartRow], ...] = (_MARK, _NAME, _NUMBER, _CAR, _BRAND, _PLACE, _STOCK, _PRICE)
