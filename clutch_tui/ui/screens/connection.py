"""حالة الاتصال: what works, what does not, since when and why; every endpoint; how it went over time.

What is drawn comes from the monitor and from the database, so that a second window of the same shop, which does
not lead the connection, shows the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ShowText
from clutch_tui.ui.screens import connection_endpoints as endpoints
from clutch_tui.ui.screens import connection_overview as overview
from clutch_tui.ui.screens.connection_endpoints import EndpointRow
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.screens.support import Supporting
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.performance.usage import Figure, Period, Usage

LOOK_EVERY = 1.0
"""Seconds between two looks at the figures and at the waiting times, while the screen is looked at."""
ADD_UP_EVERY = 10
"""Looks between two times that hour, day and week are added up."""


class ConnectionScreen(Supporting, ShopScreen):
    """The state above, the endpoints below; the log is a screen of its own."""

    NAME = "connection"
    NOUNS = frozenset({"connection", "queue"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "test", "connection.test", id="connection.test"),
        Binding("f3", "log", "connection.view", id="connection.view"),
        Binding("f4", "failures", "connection.failures", id="connection.failures"),
        Binding("f5", "test_one", "connection.test_one", id="connection.test_one"),
        Binding("f10", "test_category", "connection.test_category", id="connection.test_category"),
        Binding("f6", "app.sync", "connection.sync_now", id="connection.sync"),
        Binding("f7", "reconnect", "connection.reconnect", id="connection.reconnect"),
        Binding("f8", "app.offline", "connection.cut", id="connection.offline"),
        Binding("ctrl+e", "bundle", "support.bundle", id="connection.bundle"),
    ]
    DEFAULT_CSS = """
    ConnectionScreen {
        #connection-parts { height: auto; padding: 0 1; background: $panel; }
        #connection-caption { height: 1; padding: 0 1; color: $primary; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.parts = Words(id="connection-parts")
        self.caption = Words(id="connection-caption")
        self.endpoints: WindowTable[EndpointRow] = WindowTable(
            endpoints.COLUMNS, empty="connection.no_failures", id="endpoints"
        )
        self.failures_only = False
        self._figures: tuple[Figure, ...] = ()
        self._day: dict[str, Usage] = {}
        self._periods: tuple[Period, ...] = ()
        self._looks = 0
        self._way = ""

    def compose_body(self) -> ComposeResult:
        yield self.parts
        yield self.caption
        yield self.endpoints

    def on_mount(self) -> None:
        self.parts.tell(self._draw_parts)
        self.caption.tell(self._caption)
        self.endpoints.focus()
        self.set_interval(LOOK_EVERY, self._look)

    def reload(self) -> None:
        self._looks = 0
        self._look()
        self.parts.refresh(layout=True)
        self.refresh_bindings()

    def _status_changed(self, status: Status) -> None:
        super()._status_changed(status)
        if self.is_current_mode:
            self.parts.refresh(layout=True)

    # --- what is shown --------------------------------------------------------------------------------

    def _seen(self) -> overview.OverviewFigures:
        network = self.app.network
        return overview.OverviewFigures(
            self.app.status,
            None if network is None else network.monitor.snapshot(),
            self._periods,
            datetime.now(UTC),
            self.app.settings.log.debug,
            self._way,
        )

    def _draw_parts(self) -> Content:
        return overview.draw(self._seen(), max(20, self.parts.content_size.width or self.app.size.width - 2))

    def _caption(self) -> str:
        return endpoints.caption(self._rows(failures_only=False), failures_only=self.failures_only)

    def _rows(self, *, failures_only: bool) -> list[EndpointRow]:
        from clutch_tui.net.endpoints import ENDPOINTS

        return endpoints.rows(ENDPOINTS, self._figures, self._day, failures_only=failures_only)

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        """Read the figures again, but do not draw where nothing is new."""
        if not self.is_current or not self.app.is_open:
            return
        added_up = self._looks % ADD_UP_EVERY == 0
        self._looks += 1
        if added_up:
            periods, self._day = await self.store.read(_over_time)
            if len(periods) != len(self._periods):
                self.parts.refresh(layout=True)
            self._periods = periods
        figures, self._way = await self.store.read(lambda: (shop.usage.figures(), shop.transports.summary()))
        if added_up or figures != self._figures or not self.endpoints.count:
            self._figures = figures
            self._show_endpoints()
        if added_up or self._seen().is_waiting:
            self.parts.refresh()

    def _show_endpoints(self) -> None:
        first = 0 if self.endpoints.cursor == 0 else None  # who has not moved wants to see what fails, as it comes
        self.endpoints.show_rows(self._rows(failures_only=self.failures_only), cursor=first)
        self.caption.refresh()

    # --- keys -----------------------------------------------------------------------------------------

    @work(group="test", exclusive=True, exit_on_error=False)
    async def action_test(self) -> None:
        """تحديث الاتصالات: try every endpoint; the rows change as the answers come."""
        await self._test()

    @work(group="test", exclusive=True, exit_on_error=False)
    async def action_test_one(self) -> None:
        if (row := self.endpoints.row) is not None:
            await self._test(row.id)

    @work(group="test", exclusive=True, exit_on_error=False)
    async def action_test_category(self) -> None:
        """Try the endpoints that stand together with the one under the cursor: all of `inventory`, say."""
        if (row := self.endpoints.row) is not None:
            together = (
                endpoint_row
                for endpoint_row in self._rows(failures_only=False)
                if endpoint_row.endpoint.category == row.endpoint.category
            )
            await self._test(*(endpoint_row.id for endpoint_row in together))

    async def _test(self, *names: str) -> None:
        if (network := self.app.network) is None:
            return
        self.notify(t("connection.testing_some", n=len(names)) if names else t("connection.testing"))
        answered = await network.test_endpoints(names)
        if not answered:
            self.notify(t("connection.untested"), severity="warning")
        elif not names:
            self.notify(t("connection.tested"))
        self._look()

    def action_reconnect(self) -> None:
        if self.app.network is not None:
            self.app.network.reconnect()
            self.notify(t("connection.reconnecting"))

    def action_failures(self) -> None:
        self.failures_only = not self.failures_only
        self._show_endpoints()

    def action_log(self) -> None:
        from clutch_tui.ui.screens.connection_log import ConnectionLogScreen

        self.app.push_screen(ConnectionLogScreen())

    @on(WindowTable.Selected, "#endpoints")
    def _selected(self, event: WindowTable.Selected) -> None:
        if isinstance(event.row, EndpointRow):
            self._show_details(event.row)

    @work(group="ask", exit_on_error=False)
    async def _show_details(self, row: EndpointRow) -> None:
        periods = await self.store.read(shop.usage.of_endpoint, row.id)
        await self.app.push_screen_wait(
            ShowText("endpoint.title", lambda: endpoints.details(row, periods), name=row.id)
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("test", "reconnect", "test_one", "test_category"):
            return True if self.app.network is not None else None
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        if self.failures_only:
            self.action_failures()


def _over_time() -> tuple[tuple[Period, ...], dict[str, Usage]]:
    return shop.usage.periods(), shop.usage.of_endpoints("day")
