"""Notifications: what the backend said that a person should hear of, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.notifications import SeverityLevel

from clutch_tui.core.journal import Notification
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.insight_lines import in_language
from clutch_tui.ui.screens.list_screen import ListScreen
from clutch_tui.ui.widgets.column import Column
from clutch_tui.ui.widgets.window import Source

_NAMES = ("item_name", "title", "description", "message", "customer_name")
_MAYBE = ("order_number", "customer_name")
"""What a server may leave out of an order."""
TONES: dict[str, SeverityLevel] = {"info": "information", "warning": "warning", "error": "error"}
"""How a message of the system looks, by the level that it gives itself."""

_MONEY = ("current_price", "suggested_price", "old_price", "new_price")


def news(row: Notification) -> str:
    """A notification as a sentence; one of a kind that we do not know shows what it carries."""
    values: dict[str, object] = {name: in_language(row.values, name) for name in row.values}
    for name in _MAYBE:
        values.setdefault(name, "")
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            values[name] = shown.money(round(value)) if name in _MONEY else shown.number(value)
    for name in _NAMES:
        if isinstance(given := values.get(name), str):
            values[name] = shown.name(given)
    key = f"news.{row.kind}"
    if has(key):
        return t(key, **values).strip()
    return shown.isolate(f"{row.kind} " + " ".join(f"{name}={value}" for name, value in values.items()))


COLUMNS: tuple[Column[Notification], ...] = (
    Column("common.status", 6, lambda row: "" if row.read else t("news.unread"), tone=lambda row: "warning"),
    Column("common.date", 20, lambda row: shown.date_time(row.at)),
    Column("news.what", 40, news, flex=1),
)


class NotificationsScreen(ListScreen):
    """The centre for notifications; looking at one with Enter marks it as read."""

    NAME = "notifications"
    NOUNS = frozenset({"notifications"})
    EMPTY = "news.empty"
    SEARCHES = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "open", "news.read", id="notifications.read"),
        Binding("f5", "read_all", "news.read_all", id="notifications.read_all"),
        Binding("f8", "mute", "news.mute", id="notifications.mute"),
    ]

    def columns(self) -> Sequence[Column[Notification]]:
        return COLUMNS

    def source(self, text: str) -> Source[Notification]:
        store = self.store
        return Source(
            lambda: store.read(shop.journal.notification_count),
            lambda after, skip, limit: store.read(shop.journal.notifications, after, skip, limit),
        )

    def describe(self, row: Notification) -> Content | str:
        return news(row)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("open", "read_all") else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is not None and not row.read:
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
