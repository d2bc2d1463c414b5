"""Notifications: what the backend said that a person should hear of, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.journal import Notification
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import news, shop
from clutch_tui.ui.dialogs import ShowText
from clutch_tui.ui.screens.list_screen import ListScreen
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window import RowSource


def _line(row: Notification) -> str:
    return news.sentence(row) if row.count == 1 else f"({shown.number(row.count)}) {news.sentence(row)}"


COLUMNS: tuple[TableColumn[Notification], ...] = (
    TableColumn("common.status", 6, lambda row: "" if row.read else t("news.unread"), tone=lambda row: "warning"),
    TableColumn("common.date", 20, lambda row: shown.date_time(row.at)),
    TableColumn("news.what", 40, _line, flex=1),
)


class NotificationsScreen(ListScreen):
    """The centre for notifications. Enter marks one as read and goes to what it speaks of; those of a kind that comes
    often are one line."""

    NAME = "notifications"
    NOUNS = frozenset({"notifications"})
    EMPTY = "news.empty"
    SEARCHES = False
    FROM_TOP = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "read", "news.read", id="notifications.read"),
        Binding("f3", "open", "news.open", id="notifications.open"),
        Binding("f5", "read_all", "news.read_all", id="notifications.read_all"),
        Binding("f8", "mute", "news.mute", id="notifications.mute"),
    ]

    def columns(self) -> Sequence[TableColumn[Notification]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[Notification]:
        store = self.store
        return RowSource(
            lambda: store.read(shop.journal.notification_count),
            lambda after, skip, limit: store.read(shop.journal.notifications, after, skip, limit),
        )

    def describe(self, row: Notification) -> Content | str:
        if row.count == 1:
            return news.sentence(row)
        return "\n".join((news.sentence(row), t("news.folded", n=shown.number(row.count))))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("open", "read", "read_all") else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is None:
            return
        await self._mark_read(row)
        if not await news.go_to(self.app, row):
            await self.app.push_screen_wait(ShowText("news.what", lambda: [news.sentence(row)]))

    @work(group="ask", exit_on_error=False)
    async def action_read(self) -> None:
        if (row := self.table.row) is not None:
            await self._mark_read(row)

    async def _mark_read(self, row: Notification) -> None:
        if not row.read:
            await self.write("notifications", shop.journal.mark_read, row.id)

    @work(group="ask", exit_on_error=False)
    async def action_read_all(self) -> None:
        await self.write("notifications", shop.journal.mark_read)

    @work(group="mute", exclusive=True, exit_on_error=False)
    async def action_mute(self) -> None:
        """Let the terminal's bell ring for news or keep it still; the news comes all the same."""
        rings = not self.app.settings.ui.bell
        await self.app.save_settings({"ui.bell": rings})
        self.notify(t("news.rings" if rings else "news.muted"))
