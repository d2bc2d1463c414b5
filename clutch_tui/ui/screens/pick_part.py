"""Choosing a part of the shop for something that another has put into words."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from clutch_tui.core.types import PartQuery, PartRow
from clutch_tui.text import format as shown
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.screens.list_screen import reading
from clutch_tui.ui.widgets.part_columns import HIT_COLUMNS
from clutch_tui.ui.widgets.search_field import SearchField
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import ProblemWords


class PickPart(Dialog[PartRow]):
    """Search and Enter. `wanted` are the words of the other; with them the search begins. No row is marked until
    somebody has typed or moved: an Enter out of habit must not say that the words mean the first part in the list."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, wanted: str) -> None:
        super().__init__("order.which_part", "order.which_part_hint", name=shown.name(wanted))
        self.search = SearchField("inventory.hint", id="pick-part-search")
        self.search.value = wanted
        self.table: WindowTable[PartRow] = WindowTable(HIT_COLUMNS, empty="common.no_match", id="pick-part-list")
        self.search.steers(self.table)
        self._problem = ProblemWords()
        self._begun_with = wanted

    def compose_body(self) -> ComposeResult:
        yield self.search
        yield self.table
        yield self._problem

    def on_mount(self) -> None:
        self.add_class("-form")
        self.search.focus()
        self._find()

    @on(SearchField.Changed, "#pick-part-search")
    def _find(self) -> None:
        self.table.set_class(self._is_marked, "-active")
        self._problem.clear()
        self.table.show(reading(self.app.store, shop.inventory, PartQuery(text=self.search.value.strip())))

    @property
    def _is_marked(self) -> bool:
        return self.search.value != self._begun_with or self.search.has_steered

    @on(SearchField.Submitted, "#pick-part-search")
    def _entered(self, event: SearchField.Submitted) -> None:
        event.stop()
        if self._is_marked:
            self._take(self.table.row)
        else:
            self.app.bell()
            self._problem.say("order.pick_first")

    @on(WindowTable.Highlighted, "#pick-part-list")
    def _moved(self) -> None:
        if self._is_marked:
            self._problem.clear()

    @on(WindowTable.Selected, "#pick-part-list")
    def _selected(self, event: WindowTable.Selected) -> None:
        event.stop()
        self._take(event.row)

    def take_scan(self, text: str) -> bool | None:
        """A part that is at hand is scanned."""
        self.search.value = text
        return True

    def _take(self, row: object) -> None:
        if isinstance(row, PartRow):
            self.dismiss(row)
