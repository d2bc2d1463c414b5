"""The queue: what the server has not confirmed, why, and what a person can do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.outbox.views import ChangeRow
from clutch_tui.core.sync.concerns import Concern
from clutch_tui.core.sync.queue import ChangeDetail
from clutch_tui.phrases import changes as change_phrases
from clutch_tui.phrases import differences as difference_phrases
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.correction import CorrectionForm
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import ProblemWords, Words

if TYPE_CHECKING:
    from clutch_tui.core.sync.differences import Stranded

LANES = ("", "attention", "fast", "slow", "local", "done")
_NOUNS = {
    **dict.fromkeys(("item", "price_rule"), "inventory"),
    "customer": "customers",
    "supplier": "suppliers",
    "order": "orders",
}
_TONES = {"attention": "bad", "slow": "warning", "local": "muted", "done": "muted"}


def _age(row: ChangeRow) -> str:
    return shown.age(row.at, datetime.now(UTC))


COLUMNS: tuple[TableColumn[ChangeRow], ...] = (
    TableColumn("queue.number", 6, lambda row: shown.number(row.n), number=True),
    TableColumn("queue.kind", 12, lambda row: change_phrases.kind_word(row.kind)),
    TableColumn("queue.label", 18, change_phrases.label, flex=2),
    TableColumn("queue.lane", 14, change_phrases.state_word, tone=lambda row: _TONES.get(row.lane, "")),
    TableColumn("queue.age", 14, _age, priority=1),
    TableColumn("queue.attempts", 9, lambda row: shown.number(row.attempts), number=True, priority=2),
)


class QueueScreen(ListScreen):
    """Unanswered changes, oldest first, and those that wait for a decision; F7 shows one lane, or the journal."""

    NAME = "queue"
    NOUNS = frozenset({"queue", "conflicts"})
    SEARCHES = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "decide", "queue.decide", id="queue.decide"),
        Binding("f3", "edit", "queue.edit", id="queue.edit"),
        Binding("f4", "export", "queue.export", id="queue.export"),
        Binding("f5", "retry", "common.retry", id="queue.retry"),
        Binding("f5", "send_again", "queue.send_again", id="queue.send_again"),
        Binding("f6", "seen", "queue.seen", id="queue.seen"),
        Binding("f6", "there", "queue.there", id="queue.there"),
        Binding("f7", "lane", "queue.lane", id="queue.lane"),
        Binding("f8", "give_up", "queue.give_up", id="queue.give_up"),
        Binding("f10", "retry_all", "queue.retry_all", id="queue.retry_all"),
        Binding("ctrl+e", "send_stranded", "queue.send_stranded", id="queue.send_stranded"),
    ]

    def __init__(self) -> None:
        self.lane = ""
        self.conflicts = 0
        self._concerns: dict[str, Mapping[str, Sequence[Concern]]] = {}
        """By change: what its flags are about, once that is looked up."""
        self.shown_lane = Words(classes="detail")
        self.beside = ProblemWords(classes="detail")
        """What waits in other databases of this home."""
        super().__init__()

    def compose_body(self) -> ComposeResult:
        yield self.beside
        yield self.shown_lane
        yield from super().compose_body()

    def on_mount(self) -> None:
        self.shown_lane.display = False
        self.shown_lane.tell(lambda: t("queue.only", lane=t(f"lane.{self.lane}")) if self.lane else "")

    def on_screen_suspend(self) -> None:
        """Show every lane again, for who comes back to the queue must find all of it; a dialog over it is no
        leaving."""
        if self.lane and not self.is_current_mode:
            self._show_lane("")

    def columns(self) -> Sequence[TableColumn[ChangeRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[ChangeRow]:
        return reading(self.store, shop.queue, self.lane)

    @property
    def _nothing(self) -> str:
        """Return what an empty list says: nobody has taken what waits where there is nobody to send it to."""
        if self.lane:
            return "common.no_match"
        if not self.app.settings.backend.is_set_up:
            return "queue.empty_alone"
        differences = self.app.differences
        return "queue.empty" if differences is None or differences.is_sent else "queue.empty_here"

    def reload(self) -> None:
        self.table.empty_key = self._nothing
        super().reload()
        self._concerns.clear()
        self._count_conflicts()

    @work(group="conflicts", exclusive=True, exit_on_error=False)
    async def _count_conflicts(self) -> None:
        self.conflicts = await self.store.read(shop.conflicts.count)
        self.refresh_bindings()

    def _status_changed(self, status: Status) -> None:
        """The strip's clock has moved: the ages in the list move with it."""
        super()._status_changed(status)
        self._tell_beside()
        if self.is_current_mode and self.table.count:
            self.table.refresh()

    def _tell_beside(self) -> None:
        self.beside.tell(lambda: "\n".join(difference_phrases.stranded(database) for database in self._stranded))
        if not self.table.count:
            self.table.empty_key = self._nothing
        self.refresh_bindings()

    @property
    def _stranded(self) -> Sequence[Stranded]:
        return () if self.app.differences is None else self.app.differences.stranded

    @property
    def _readable(self) -> Sequence[Stranded]:
        return [database for database in self._stranded if not database.fault]

    # --- what is said of a change ------------------------------------------------------------------------

    def describe(self, row: ChangeRow) -> Content | str:
        lines = [change_phrases.headline(row)]
        if error := change_phrases.error_words(row):
            lines.append(t("queue.error", error=error))
        lines += change_phrases.flag_lines(row.flags, self._concerns.get(row.id, {}), row.type)
        return "\n".join([*lines, change_phrases.why_line(row)])

    @on(WindowTable.Highlighted, "#list")
    @work(group="short", exclusive=True, exit_on_error=False)
    async def _look_up(self, event: WindowTable.Highlighted) -> None:
        row = event.row
        if isinstance(row, ChangeRow) and row.flags and row.id not in self._concerns:
            self._concerns[row.id] = await self.store.read(shop.queue.concerns, row.id)
            self.details.refresh(layout=True)

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """The change in full; its keys work in there as well."""
        if (row := self.table.row) is None:
            return
        from clutch_tui.ui.screens.change import ACTIONS, ChangeDialog

        change = await self.store.read(shop.queue.detail, row.id)
        possible = {action for action in ACTIONS if self.check_action(action, ())}
        if row.status != "conflict":
            possible.discard("decide")
        action = await self.app.push_screen_wait(ChangeDialog(change, possible))
        if action is not None and self.check_action(action, ()):
            await self.app.run_action(action, self)

    # --- which are shown ---------------------------------------------------------------------------------

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
        self.table.empty_key = self._nothing

    def action_back(self) -> None:
        if self.lane:
            self._show_lane("")
        else:
            super().action_back()

    # --- what is done about them -------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row: ChangeRow | None = self.table.row
        if action == "decide":
            return True if self.conflicts else None
        if action == "send_stranded":
            return bool(self._readable) and self.app.services.send_stranded is not None
        if action in ("retry", "seen", "send_again", "there"):  # two words for one key: only one of them is shown
            unsure = row is not None and shop.queue.is_unconfirmed(row)
            if unsure != (action in ("send_again", "there")):
                return False
        allowed = {
            "edit": shop.queue.may_edit,
            "retry": shop.queue.may_retry,
            "send_again": shop.queue.may_retry,
            "seen": shop.queue.may_be_seen,
            "there": shop.queue.may_be_seen,
            "give_up": shop.queue.may_give_up,
        }.get(action)
        if allowed is None:
            return True
        return True if row is not None and allowed(row) else None

    @work(group="ask", exit_on_error=False)
    async def action_retry(self) -> None:
        if (row := self.table.row) is not None:
            await self._retry(row)

    async def _retry(self, row: ChangeRow) -> None:
        if await self.write(_nouns(row), shop.queue.retry, row.id) is not None:
            self.notify(t("queue.trying"))

    @work(group="ask", exit_on_error=False)
    async def action_send_again(self) -> None:
        """Only after the question: what is at the server all the same would be there twice."""
        if (row := self.table.row) is not None and await self._sure(row, "send_again", "not_moved"):
            await self._retry(row)

    @work(group="ask", exit_on_error=False)
    async def action_there(self) -> None:
        """Only after the question: what is not at the server after all would never be sent."""
        if (row := self.table.row) is not None and await self._sure(row, "there", "moved"):
            await self.write(_nouns(row), shop.queue.see, row.id)

    async def _sure(self, row: ChangeRow, about_all: str, about_stock: str) -> bool:
        """Tell whether a person has looked at the server: for the whole of a change, or for the stock that it moved."""
        question = about_stock if shop.queue.is_only_stock(row) else about_all
        return await self.app.confirm(
            f"queue.ask.{question}", name=lambda: _name(row) or change_phrases.kind_word(row.kind)
        )

    @work(group="ask", exit_on_error=False)
    async def action_retry_all(self) -> None:
        woken = await self.write("queue", shop.queue.retry_all)
        if woken is not None:
            self.notify(t("queue.trying_all", n=woken))

    @work(group="ask", exclusive=True, exit_on_error=False)
    async def action_send_stranded(self) -> None:
        """Send what waits in other databases to this shop, once the server has said that it is the same and a person
        agrees."""
        services, settings = self.app.services, self.app.settings
        if services.must_be_same_shop is None or services.send_stranded is None:
            return
        for database in self._readable:
            server_shop = await services.must_be_same_shop(database, settings)
            place = partial(difference_phrases.place, database)
            if await self.app.confirm(
                "queue.ask.send_stranded", n=database.unsent, place=place, shop=shown.isolate(server_shop)
            ):
                await services.send_stranded(database.path, settings)
        self.app.look_beside()
        self.app.action_sync()

    @work(group="ask", exit_on_error=False)
    async def action_seen(self) -> None:
        if (row := self.table.row) is not None:
            await self.write("queue", shop.queue.see, row.id)

    @work(group="ask", exit_on_error=False)
    async def action_edit(self) -> None:
        """The form with the refused values; what is saved goes out in the place of what was refused."""
        if (row := self.table.row) is None:
            return
        refused = await self.store.read(shop.queue.refused, row.id)

        async def save(values: dict[str, Any]) -> str:
            fields = {**refused.fields, **values}
            return await self.app.write(_nouns(row), shop.queue.replace, refused, fields, actor=self.app.cashier)

        if await self.app.push_screen_wait(CorrectionForm(refused, save)) is not None:
            self.notify(t("queue.corrected"))

    @work(group="ask", exit_on_error=False)
    async def action_give_up(self) -> None:
        """Only after the words of what is lost."""
        if (row := self.table.row) is None:
            return
        change: ChangeDetail = await self.store.read(shop.queue.detail, row.id)
        about = row.kind if row.kind in ("create", "update", "delete") else "order"
        name, lost = partial(_name, row), partial(change_phrases.lost_words, change)
        if not await self.app.confirm(f"queue.ask_give_up.{about}", name=name, lost=lost):
            return
        if await self.write(_nouns(row), shop.queue.give_up, row.id, actor=self.app.cashier) is not None:
            self.notify(t("queue.given_up"))

    @work(group="ask", exit_on_error=False)
    async def action_export(self) -> None:
        """Everything that waits, as files that can be mailed to support."""
        from clutch_tui.printing import queue_file

        waiting, now = await queue_file.gather(self.store), datetime.now(UTC)
        path = self.app.services.exports / queue_file.name_at(now)
        await asyncio.to_thread(queue_file.save, waiting, path, now)
        where = {"file": shown.isolate(path.name), "folder": shown.isolate(str(path.parent))}
        self.notify(t("queue.saved", **where), timeout=15)

    def action_decide(self) -> None:
        """To the conflicts; the one under the cursor comes first."""
        from clutch_tui.ui.screens.conflicts import ConflictsScreen

        here: ChangeRow | None = self.table.row
        self.app.push_screen(ConflictsScreen(here.id if here is not None else ""))


def _name(row: ChangeRow) -> str:
    return shown.name(change_phrases.label(row))


def _nouns(row: ChangeRow) -> str:
    """Return what is drawn anew when a change of this type is dealt with."""
    return f"queue conflicts {_NOUNS.get(row.type, 'sales')}"
