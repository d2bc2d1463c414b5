"""The queue: what the server has not confirmed, why, and what a person must decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.types import ChangeRow, Conflict, SaleLine
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import Column
from clutch_tui.ui.widgets.window import Source
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

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
        self._short: dict[str, str] = {}
        """By change: what was sold of which there was not enough, once it is looked up."""
        self.shown_lane = Words(classes="detail")
        super().__init__()

    def compose_body(self) -> ComposeResult:
        yield self.shown_lane
        yield from super().compose_body()

    def on_mount(self) -> None:
        self.query(".search-line").set(display=False)
        self.shown_lane.display = False
        self.shown_lane.tell(lambda: t("queue.only", lane=t(f"lane.{self.lane}")) if self.lane else "")
        self.table.focus()

    def on_screen_suspend(self) -> None:
        """Who comes back to the queue must find all of it; a dialog over it is no leaving."""
        if self.lane and not self.is_current_mode:
            self._show_lane("")

    def columns(self) -> Sequence[Column[ChangeRow]]:
        return COLUMNS

    def source(self, text: str) -> Source[ChangeRow]:
        return reading(self.store, shop.queue, self.lane)

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
        lines += [self._flag_words(row, flag) for flag in row.flags if has(f"flag.{flag}")]
        if any(one.change_id == row.id for one in self.conflicts):
            lines.append(t("queue.conflict_hint"))
        elif _can_be_seen(row):
            lines.append(t("queue.seen_hint"))
        return "\n".join(lines)

    def _flag_words(self, row: ChangeRow, flag: str) -> str:
        known = self._short.get(row.id, "") if flag == "oversold" else ""
        return f"{t(f'flag.{flag}')}: {known}" if known else t(f"flag.{flag}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self.table.row
        if action == "decide":
            return True if self.conflicts else None
        if action == "retry":
            return True if row is not None and row.status in ("", "rejected", "key_reuse") else None
        if action == "seen":
            return True if row is not None and _can_be_seen(row) else None
        return True

    @on(WindowTable.Highlighted, "#list")
    @work(group="short", exclusive=True, exit_on_error=False)
    async def _look_up(self, event: WindowTable.Highlighted) -> None:
        row = event.row
        if isinstance(row, ChangeRow) and row.type == "sale" and "oversold" in row.flags and row.id not in self._short:
            lines = await self.store.read(_oversold, row.record_id)
            self._short[row.id] = ", ".join(map(_sold, lines))
            self.details.refresh(layout=True)

    def action_lane(self) -> None:
        """Show the next lane, all after the last."""
        self._show_lane(LANES[(LANES.index(self.lane) + 1) % len(LANES)])

    def _show_lane(self, lane: str) -> None:
        self.lane = lane
        self.shown_lane.display = bool(lane)
        self.shown_lane.refresh(layout=True)
        self.search_again()

    def search_again(self) -> None:
        super().search_again()
        self.table.empty_key = "common.no_match" if self.lane else self.EMPTY

    def action_back(self) -> None:
        if self.lane:
            self._show_lane("")
        else:
            super().action_back()

    @work(group="ask", exit_on_error=False)
    async def action_retry(self) -> None:
        if (row := self.table.row) is not None:
            await self.write("queue", shop.queue.retry, row.id)

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


def _can_be_seen(row: ChangeRow) -> bool:
    """Whether nothing is left to do about a change but to know of it."""
    return row.lane == "attention" and row.status not in ("", "conflict")


def _oversold(sale_id: str) -> tuple[SaleLine, ...]:
    """The lines of a sale whose parts are below zero; all of them where the shelf has been put right since."""
    lines = shop.sales.get(sale_id).lines
    return tuple(line for line in lines if _is_short(line.part_id)) or lines


def _is_short(part_id: str) -> bool:
    try:
        return shop.inventory.get(part_id).stock < 0
    except shop.types.ShopError:  # a sale may name a part that was never ours
        return False


def _sold(line: SaleLine) -> str:
    return f"{shown.name(line.name)} {shown.part_number(line.part_number)} × {shown.number(line.quantity)}"


def _question(conflict: Conflict) -> Choose:
    name = shown.name(conflict.label)
    if conflict.gone:
        return Choose("conflict.deleted", [("theirs", lambda: t("conflict.leave_deleted"))], name=name)
    if conflict.field == "*":
        title, keep = ("delete", "delete_anyway") if conflict.kind == "delete" else ("answer", "answer_anyway")
        whole = [("mine", lambda: t(f"conflict.{keep}")), ("theirs", lambda: t("conflict.keep_theirs"))]
        return Choose(f"conflict.{title}", whole, name=name)
    mine, theirs = _value(conflict, conflict.mine), _value(conflict, conflict.theirs)
    options = [("mine", lambda: t("conflict.mine", value=mine)), ("theirs", lambda: t("conflict.theirs", value=theirs))]
    return Choose("conflict.title", options, name=name, field=field_word(conflict.field))


def field_word(name: str) -> str:
    """A record's field in words."""
    from clutch_tui.ui.screens import customers, inventory, suppliers

    entries = (*inventory.ENTRIES, *customers.ENTRIES, *suppliers.ENTRIES)
    return next((t(entry.label) for entry in entries if entry.name == name), name)


def _value(conflict: Conflict, value: Any) -> str:
    if conflict.field in ("price", "cost") and isinstance(value, int):
        return shown.money(value)
    return shown.isolate(str(value)) if value not in (None, "") else "-"
