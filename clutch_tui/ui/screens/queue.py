"""The queue: what the server has not confirmed, why, and what a person must decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.types import ChangeRow, Conflict
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import Column
from clutch_tui.ui.widgets.window import Source

LANES = ("", "attention", "fast", "slow", "local")
_TONES = {"attention": "bad", "slow": "warning", "local": "muted"}


def _age(row: ChangeRow) -> str:
    return shown.age(row.at, datetime.now(UTC))


def _kind(row: ChangeRow) -> str:
    key = f"change.{row.kind}"
    return t(key) if has(key) else row.kind


def error_words(row: ChangeRow) -> str:
    """The last error in words; what only the server can explain stays in its own."""
    text = row.last_error
    return t(text) if text and has(text) else shown.isolate(text)


COLUMNS: tuple[Column[ChangeRow], ...] = (
    Column("queue.number", 6, lambda row: shown.number(row.n), number=True),
    Column("queue.kind", 12, _kind),
    Column("queue.label", 20, lambda row: row.label, flex=2),
    Column("queue.lane", 12, lambda row: t(f"lane.{row.lane}"), tone=lambda row: _TONES.get(row.lane, "")),
    Column("queue.age", 14, _age, priority=1),
    Column("queue.attempts", 8, lambda row: shown.number(row.attempts), number=True, priority=2),
)


class QueueScreen(ListScreen):
    """Unanswered changes, oldest first, and those that wait for a decision."""

    NAME = "queue"
    NOUNS = frozenset({"queue", "conflicts"})
    EMPTY = "queue.empty"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "decide", "queue.decide", id="queue.decide"),
        Binding("f5", "retry", "common.retry", id="queue.retry"),
        Binding("f6", "seen", "queue.seen", id="queue.seen"),
        Binding("f7", "lane", "queue.lane", id="queue.lane"),
        Binding("f8", "retry_all", "queue.retry_all", id="queue.retry_all"),
    ]

    def __init__(self) -> None:
        self.lane = ""
        self.conflicts: tuple[Conflict, ...] = ()
        super().__init__()

    def on_mount(self) -> None:
        self.query(".search-line").set(display=False)
        self.table.focus()

    def columns(self) -> Sequence[Column[ChangeRow]]:
        return COLUMNS

    def source(self, text: str) -> Source[ChangeRow]:
        return reading(self.store, shop.outbox, self.lane)

    def reload(self) -> None:
        super().reload()
        self._read_conflicts()

    @work(group="conflicts", exclusive=True, exit_on_error=False)
    async def _read_conflicts(self) -> None:
        self.conflicts = await self.store.read(shop.conflicts.pending)
        self.refresh_bindings()

    def describe(self, row: ChangeRow) -> Content | str:
        lines = [t("queue.line", kind=_kind(row), label=shown.name(row.label) or "-", at=shown.date_time(row.at))]
        if row.last_error:
            lines.append(t("queue.error", error=error_words(row)))
        lines += [t(f"flag.{flag}") for flag in row.flags if has(f"flag.{flag}")]
        if any(one.change_id == row.id for one in self.conflicts):
            lines.append(t("queue.conflict_hint"))
        return "\n".join(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self.table.row
        if action == "decide":
            return True if self.conflicts else None
        if action == "retry":
            return self.has_row()
        if action == "seen":
            return True if row is not None and row.lane == "attention" and row.status != "conflict" else None
        return True

    def action_lane(self) -> None:
        """Show the next lane, all after the last."""
        self.lane = LANES[(LANES.index(self.lane) + 1) % len(LANES)]
        self.search_again()
        self.notify(t(f"lane.{self.lane}") if self.lane else t("common.all"), timeout=2)

    @work(group="ask", exit_on_error=False)
    async def action_retry(self) -> None:
        if (row := self.table.row) is not None:
            await self.write("queue", shop.outbox.retry, row.id)

    @work(group="ask", exit_on_error=False)
    async def action_retry_all(self) -> None:
        await self.write("queue", shop.outbox.wake_slow)

    @work(group="ask", exit_on_error=False)
    async def action_seen(self) -> None:
        if (row := self.table.row) is not None:
            await self.write("queue", shop.outbox.acknowledge, row.id)

    def action_open(self) -> None:
        if self.conflicts:
            self.action_decide()

    @work(group="ask", exit_on_error=False)
    async def action_decide(self) -> None:
        """One conflict after another: mine or theirs. The one under the cursor comes first."""
        here = self.table.row
        self.conflicts = await self.store.read(shop.conflicts.pending)
        ordered = sorted(self.conflicts, key=lambda one: here is None or one.change_id != here.id)
        for conflict in ordered:
            choice = await self.app.push_screen_wait(_question(conflict))
            if choice is None:
                return
            await self.write(
                "conflicts inventory customers suppliers orders",
                shop.conflicts.resolve,
                conflict.id,
                "mine" if choice == "mine" else "theirs",
            )


def _question(conflict: Conflict) -> Choose:
    mine, theirs = _value(conflict, conflict.mine), _value(conflict, conflict.theirs)
    options = [("mine", lambda: t("conflict.mine", value=mine)), ("theirs", lambda: t("conflict.theirs", value=theirs))]
    if conflict.field == "*":
        return Choose("conflict.deleted", options[1:], name=shown.name(conflict.label))
    return Choose("conflict.title", options, name=shown.name(conflict.label), field=field_word(conflict.field))


def field_word(name: str) -> str:
    """A record's field in words."""
    from clutch_tui.ui.screens import customers, inventory, suppliers

    entries = (*inventory.ENTRIES, *customers.ENTRIES, *suppliers.ENTRIES)
    return next((t(entry.label) for entry in entries if entry.name == name), name)


def _value(conflict: Conflict, value: Any) -> str:
    if conflict.field in ("price", "cost") and isinstance(value, int):
        return shown.money(value)
    return shown.isolate(str(value)) if value not in (None, "") else "-"
