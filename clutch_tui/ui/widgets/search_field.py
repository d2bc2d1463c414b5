"""The field over a list: the cursor stays in it while the arrows steer the list below."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from clutch_tui.text.strings import t
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.window_table import WindowTable


class SearchField(TextField):
    """A text field that hands up, down, the page keys and Ctrl+Home/End to a table, so that nobody has to
    leave it. `hint` is the catalogue key of its placeholder."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "steer('move', -1)", "table.up", show=False, id="search.up"),
        Binding("down", "steer('move', 1)", "table.down", show=False, id="search.down"),
        Binding("pageup", "steer('move_page', -1)", "table.page_up", show=False, id="search.page_up"),
        Binding("pagedown", "steer('move_page', 1)", "table.page_down", show=False, id="search.page_down"),
        Binding("ctrl+home", "steer('jump', 0)", "table.first", show=False, id="search.first"),
        Binding("ctrl+end", "steer('jump', -1)", "table.last", show=False, id="search.last"),
    ]

    most = 200

    def __init__(self, hint: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hint = hint
        self._table: WindowTable[Any] | None = None
        self.has_steered = False
        """Whether a row was marked by hand since the text changed; the first one is marked by itself."""

    def on_mount(self) -> None:
        self.relabel()

    def watch_value(self) -> None:
        super().watch_value()
        self.has_steered = False

    def steers(self, table: WindowTable[Any]) -> None:
        """From now on the arrows move in this table; its cursor is drawn as if it had the focus."""
        if table is self._table:
            return  # asked at every character; setting a class again restyles all rows
        if self._table is not None:
            self._table.remove_class("-active")
        self._table = table
        table.add_class("-active")

    def action_steer(self, how: str, by: int) -> None:
        self.has_steered = True
        if self._table is not None:
            self._table.add_class("-active")
            getattr(self._table, f"action_{how}")(by)

    def relabel(self) -> None:
        """The language has changed."""
        self.placeholder = t(self._hint)
