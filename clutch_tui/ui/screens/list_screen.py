"""The shape that most screens have: a field to search in, the list below, a few lines about the row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from clutch_tui.ui.dialogs import ShowText
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.search_field import SearchField
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.store.store import Store


class Listed(Protocol):
    """A module of core that lists its noun: `count(*query)` and `page(*query, after, skip, limit)`."""

    count: Callable[..., int]
    page: Callable[..., Sequence[Any]]


def reading(store: Store, noun: Any, *query: Any) -> RowSource[Any]:
    """A source over a noun of core, for one query."""
    listed: Listed = noun
    return RowSource(
        lambda: store.read(listed.count, *query),
        lambda after, skip, limit: store.read(listed.page, *query, after, skip, limit),
    )


class ListScreen(ShopScreen):
    """Subclasses give `columns`, `source(text)` and, where wanted, `describe(row)`; Enter calls `action_open`,
    Esc empties the field before it goes back."""

    HINT: ClassVar[str] = "common.search"
    EMPTY: ClassVar[str] = "common.empty"
    SEARCHES: ClassVar[bool] = True
    """Whether one types to find something; without the field the keys go to the list."""
    FROM_TOP: ClassVar[bool] = False
    """Whether who comes to the list anew is at its first row, and not where he left it: the newest stands there."""

    NARROWS: ClassVar[tuple[Any, ...]] = (None,)
    """The parts of the list that `action_narrow` goes through, all of it (None) first."""

    def __init__(self) -> None:
        super().__init__()
        self.narrowed: Any = None
        self._is_left = False
        self.search = SearchField(self.HINT, id="search")
        self.table: WindowTable[Any] = WindowTable(self.columns(), empty=self.EMPTY, id="list")
        self.details = Words(classes="detail")
        self.search.steers(self.table)
        self.filter = Words()
        """Which part of the list is shown, also where that is empty."""

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="search-line"):
            yield Words("common.search")
            yield self.search
            yield self.filter
        yield self.table
        yield self.details

    def on_mount(self) -> None:
        self.filter.tell(self.filter_words)
        if self.SEARCHES:
            self.search.focus()
        else:
            self.query(".search-line").set(display=False)
            self.table.focus()

    def on_screen_suspend(self) -> None:
        """Forget the search, for who comes back to a list must find all of it; a dialog over it is no leaving."""
        if not self.is_current_mode:
            self.forget_search()
            if self.FROM_TOP:
                self._is_left = self._stale = True

    def forget_search(self) -> None:
        """Show the list as it was at first."""
        self.search.value = ""

    def filter_words(self) -> str:
        """Return which part of the list is shown; empty where that is all of it."""
        return ""

    def columns(self) -> Sequence[TableColumn[Any]]:
        """The list's columns in reading order."""
        raise NotImplementedError

    def source(self, text: str) -> RowSource[Any]:
        """The list that answers a search; all for an empty text."""
        raise NotImplementedError

    def describe(self, row: Any) -> Content | str:
        """Return what the lines below the list say of the row under the cursor."""
        return ""

    def reload(self) -> None:
        if self._is_left:
            self._is_left = False
            self.search_again()
        elif self.table.count:
            self.table.reload()
        else:
            self.table.show(self.source(self.search.value))

    def expect(self, nouns: frozenset[str]) -> None:
        if nouns & self.NOUNS:
            self.table.expect()

    def find(self, text: str) -> None:
        """Search for this, as if it had been typed."""
        if self.search.value == text:
            self.search_again()
        self.search.value = text

    def search_again(self) -> None:
        """Another question: what was found before is of no use."""
        self.filter.tell(self.filter_words)
        if self.app.is_open:
            sought = self.search.value.strip() or self.narrowed is not None
            self.table.empty_key = "common.no_match" if sought else self.EMPTY
            self.table.show(self.source(self.search.value))

    def action_narrow(self) -> None:
        """Show the next part of the list, and after the last of them all of it again."""
        self.narrowed = self.NARROWS[(self.NARROWS.index(self.narrowed) + 1) % len(self.NARROWS)]
        self.search_again()

    @on(SearchField.Changed, "#search")
    def _searched(self) -> None:
        self.search_again()

    @on(SearchField.Submitted, "#search")
    def _entered(self) -> None:
        """At once: a message of the table's would come behind the next key."""
        if self.table.row is not None:
            self.action_open()

    @on(WindowTable.Selected, "#list")
    def _selected(self, event: WindowTable.Selected) -> None:
        self.action_open()

    @on(WindowTable.Highlighted, "#list")
    def _highlighted(self, event: WindowTable.Highlighted) -> None:
        row = event.row
        self.details.display = row is not None
        self.details.tell(lambda: self.describe(row) if row is not None else "")
        self.refresh_bindings()

    def action_open(self) -> object:
        """Enter on a row: it is shown. What changes it has keys of its own."""

    async def show_page(self, page: ShowText) -> None:
        """Show all of the row under the cursor; a key of the list that is pressed there does it to that row."""
        action = await self.app.push_screen_wait(page)
        if action is not None:
            await self.app.run_action(action, self)

    def action_back(self) -> None:
        if self.search.value:
            self.search.value = ""
        elif len(self.app.screen_stack) > 1:
            self.dismiss(None)

    def has_row(self) -> bool | None:
        """For `check_action`: whether there is a row to act on; None greys the key out."""
        return True if self.table.row is not None else None
