"""The conflicts: what this shop wrote, what the server has, what stood there before; one key decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.outbox.views import Conflict
from clutch_tui.core.sync.conflicts import Choice
from clutch_tui.phrases import changes, fields
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.history import HistoryScreen
from clutch_tui.ui.screens.list_screen import reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.window_table import WindowTable


def _side(row: Conflict, value: Any, words: Callable[[Conflict], str]) -> str:
    return words(row) if row.field == "*" else changes.apart(row, value)


COLUMNS: tuple[TableColumn[Conflict], ...] = (
    TableColumn("conflict.record", 18, changes.label, flex=2),
    TableColumn("conflict.field", 13, changes.conflict_field),
    TableColumn("conflict.was_column", 12, lambda row: _side(row, row.was, changes.was_words), priority=1, flex=1),
    TableColumn("conflict.mine_column", 14, lambda row: _side(row, row.mine, changes.mine_words), flex=2),
    TableColumn("conflict.theirs_column", 14, lambda row: _side(row, row.theirs, changes.theirs_words), flex=2),
)
_NOUNS = "conflicts queue inventory customers suppliers orders"
"""What is drawn anew after a decision."""


class ConflictsScreen(HistoryScreen):
    """All conflicts side by side, over the queue. The arrows go from one to the next; what is decided leaves."""

    NAME = "conflicts"
    NOUNS = frozenset({"conflicts", "inventory", "customers", "suppliers", "orders"})
    EMPTY = "conflict.empty"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "mine", "conflict.keep_mine", id="conflicts.mine"),
        Binding("f3", "theirs", "conflict.take_theirs", id="conflicts.theirs"),
        Binding("f4", "other", "conflict.other", id="conflicts.other"),
        Binding("f5", "new", "conflict.new", id="conflicts.new"),
        Binding("f6", "alike", "conflict.alike", id="conflicts.alike"),
    ]

    def __init__(self, change_id: str = "") -> None:
        self._sought = change_id
        """The change whose conflict the cursor goes to when the list is first here."""
        self._alike: tuple[str, ...] = ()
        super().__init__()
        self.table.must_be_read = True  # the key that leads here is the one that keeps mine

    def columns(self) -> Sequence[TableColumn[Conflict]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[Conflict]:
        return reading(self.store, shop.conflicts)

    def describe(self, row: Conflict) -> Content | str:
        words = changes
        lines = [t("conflict.line", name=shown.name(changes.label(row)) or "-", field=words.conflict_field(row))]
        if was := words.was_words(row):
            lines.append(t("conflict.line_was", value=was))
        made = shown.date_time(row.made_at or row.at)
        lines.append(t("conflict.line_mine", value=words.mine_words(row), at=made))
        theirs = words.theirs_words(row)
        if row.changed_at is None:
            lines.append(t("conflict.line_theirs", value=theirs))
        else:
            lines.append(t("conflict.line_theirs_at", value=theirs, at=shown.date_time(row.changed_at)))
        if row.gone:
            lines.append(t("conflict.line_gone" if shop.conflicts.can_be_made_anew(row) else "conflict.line_gone_only"))
        elif len(self._alike) > 1 and row.id in self._alike:
            lines.append(t("conflict.line_alike", n=len(self._alike)))
        return "\n".join(lines)

    @on(WindowTable.Highlighted, "#list")
    @work(group="short", exclusive=True, exit_on_error=False)
    async def _look_for_others(self, event: WindowTable.Highlighted) -> None:
        row = event.row
        if self._sought:
            self._go_to_the_sought()
        self._alike = await self.store.read(shop.conflicts.alike, row) if isinstance(row, Conflict) else ()
        self.details.refresh(layout=True)
        self.refresh_bindings()

    @work(group="sought", exit_on_error=False)
    async def _go_to_the_sought(self) -> None:
        """Once, when the list is here."""
        change_id, self._sought = self._sought, ""
        conflicts = await self.store.read(shop.conflicts.of_change, change_id)
        if conflicts:
            self.table.reveal(conflicts[0].id, conflicts[0].key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row: Conflict | None = self.table.row
        if action not in ("mine", "theirs", "other", "new", "alike"):
            return True
        if row is None:
            return None
        possible = {
            "mine": not row.gone,
            "other": fields.find(row.type, row.field) is not None,
            "new": shop.conflicts.can_be_made_anew(row),
            "alike": len(self._alike) > 1,
        }
        return True if possible.get(action, True) else None

    # --- deciding ----------------------------------------------------------------------------------------

    @work(group="ask", exit_on_error=False)
    async def action_mine(self) -> None:
        await self._decide("mine")

    @work(group="ask", exit_on_error=False)
    async def action_theirs(self) -> None:
        await self._decide("theirs")

    async def _decide(self, choice: Choice) -> None:
        if (row := self.table.row) is not None:
            await self.write(_NOUNS, shop.conflicts.resolve, row.id, choice, actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """Enter: the decisions in whole words, for who does not know the keys."""
        row: Conflict | None = self.table.row
        if row is None:
            return
        words = {
            "mine": lambda: f"{t('conflict.keep_mine')}: {changes.mine_words(row)}",
            "theirs": lambda: f"{t('conflict.take_theirs')}: {changes.theirs_words(row)}",
            "other": lambda: t("conflict.other"),
            "new": lambda: t("conflict.new"),
            "alike": lambda: t("conflict.line_alike", n=len(self._alike)),
        }
        options = [(action, word) for action, word in words.items() if self.check_action(action, ())]
        title = {"name": partial(_name, row), "field": partial(changes.conflict_field, row)}
        chosen = await self.app.push_screen_wait(Choose("conflict.line", options, **title))
        if chosen is not None and self.check_action(chosen, ()):
            await self.app.run_action(chosen, self)

    @work(group="ask", exit_on_error=False)
    async def action_other(self) -> None:
        """A third value, in a field of the record's form."""
        row: Conflict | None = self.table.row
        entry = fields.find(row.type, row.field) if row is not None else None
        if row is None or entry is None:
            return

        async def save(values: dict[str, Any]) -> bool:
            value = values[row.field]
            await self.app.write(_NOUNS, shop.conflicts.resolve, row.id, "other", value, actor=self.app.cashier)
            return True

        title = {"name": partial(_name, row), "field": partial(t, entry.label)}
        await self.app.push_screen_wait(
            FormDialog("conflict.other_title", (entry,), {row.field: row.mine}, save, **title)
        )

    @work(group="ask", exit_on_error=False)
    async def action_new(self) -> None:
        """Make a new record of what was deleted there."""
        row: Conflict | None = self.table.row
        if row is None:
            return
        name = partial(_name, row)
        if row.type == "item":
            part = await self.store.read(shop.inventory.get, row.record_id)
            agreed = await self.app.confirm("conflict.ask_new", name=name, stock=shown.quantity(max(0, part.stock)))
        else:
            agreed = await self.app.confirm("conflict.ask_new_contact", name=name)
        if agreed:
            await self.write(_NOUNS, shop.conflicts.resolve, row.id, "new", actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_alike(self) -> None:
        """One decision for all that are like this one, with their number before it is done."""
        row: Conflict | None = self.table.row
        alike = self._alike
        if row is None or len(alike) < 2:
            return
        options: list[tuple[str, Callable[[], str]]] = [("theirs", partial(t, "conflict.all_theirs", n=len(alike)))]
        if not row.gone:
            options.insert(0, ("mine", partial(t, "conflict.all_mine", n=len(alike))))
        title = {"n": len(alike), "field": partial(changes.conflict_field, row)}
        choice = await self.app.push_screen_wait(Choose("conflict.all_title", options, **title))
        if choice is not None:
            same: Choice = "mine" if choice == "mine" else "theirs"
            settled = 0
            for some in shop.conflicts.slices(alike):
                done = await self.write(_NOUNS, shop.conflicts.resolve_all, some, same, actor=self.app.cashier)
                settled += done or 0
            self.notify(t("conflict.settled", n=settled))


def _name(row: Conflict) -> str:
    return shown.name(changes.label(row))
