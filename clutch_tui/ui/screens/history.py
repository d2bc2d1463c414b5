"""The history of one record: a part's stock, a supplier's parts."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from clutch_tui.core.types import PartQuery, PartRow, StockMove, SupplierRow
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import PART_COLUMNS, part_name, unsent_mark
from clutch_tui.ui.widgets.window import RowSource


def kind_word(kind: str) -> str:
    """Return what moved a part or an account."""
    key = f"move.{kind}"
    return t(key) if has(key) else kind


class HistoryScreen(ListScreen):
    """A list without a search, over the screen it belongs to; Esc goes back."""

    SEARCHES = False


class PartHistory(HistoryScreen):
    """A part's stock moves, newest first."""

    NAME = "part_history"
    NOUNS = frozenset({"inventory", "sales"})

    def __init__(self, part: PartRow) -> None:
        self._part = part
        super().__init__()

    def columns(self) -> Sequence[TableColumn[StockMove]]:
        return (
            unsent_mark(),
            TableColumn("common.date", 20, lambda row: shown.date_time(row.at)),
            TableColumn("move.kind", 12, lambda row: kind_word(row.kind)),
            TableColumn("move.delta", 10, lambda row: shown.quantity(row.delta, signed=True), number=True),
            TableColumn("move.reason", 20, lambda row: row.reason, flex=1),
        )

    def source(self, text: str) -> RowSource[StockMove]:
        store, part_id = self.store, self._part.id

        async def count() -> int:
            return await store.read(shop.inventory.history_count, part_id)

        return RowSource(
            count, lambda after, skip, limit: store.read(shop.inventory.history, part_id, after, skip, limit)
        )

    def describe(self, row: StockMove) -> Content | str:
        return t("part.history_of", name=part_name(self._part), stock=measured(self._part.stock, self._part.unit))


class SupplierHistory(HistoryScreen):
    """The parts that name a supplier."""

    NAME = "supplier_history"
    NOUNS = frozenset({"inventory"})

    def __init__(self, supplier: SupplierRow) -> None:
        self._supplier = supplier
        super().__init__()

    def columns(self) -> Sequence[TableColumn[PartRow]]:
        return PART_COLUMNS

    def source(self, text: str) -> RowSource[PartRow]:
        return reading(self.store, shop.inventory, PartQuery(text=self._supplier.name))

    def describe(self, row: PartRow) -> Content | str:
        return t("supplier.parts_of", name=self._supplier.name)
