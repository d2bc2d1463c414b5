"""The connection: what works, what does not, since when and why; every endpoint; the live log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content

from clutch_tui.core.types import Key, LogQuery, LogRow
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t, tn
from clutch_tui.ui import shop
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.screens.list_screen import log_source
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.column import Column
from clutch_tui.ui.widgets.search_field import SearchField
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.net.connection import Figures, Part, PartName, Problem, Snapshot

LOOK_EVERY = 1.0
"""Seconds between two looks at the log and at the waiting times, while the screen is looked at."""

_TONES = {
    "up": "$text-success",
    "working": "$text-success",
    "idle": "$text-success",
    "connecting": "$text-warning",
    "retrying": "$text-warning",
    "down": "$text-error",
    "refused": "$text-error",
    "off": "$text-muted",
}
PARTS: tuple[PartName, ...] = ("api", "socket", "sync", "database")
_LEVELS = {"warning": "warning", "error": "bad", "debug": "muted"}


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint of the catalogue with what is known about it."""

    n: int
    method: str
    required: bool
    figures: Figures

    @property
    def id(self) -> str:
        return self.figures.name

    @property
    def key(self) -> Key:
        return (self.n,)


def endpoint_state(row: EndpointRow) -> str:
    """The endpoint's last result in a word."""
    if row.figures.works is None:
        return t("endpoint.unknown")
    return t("endpoint.works" if row.figures.works else "endpoint.fails")


def _ms(ms: float | None) -> str:
    return "" if ms is None else shown.number(round(ms))


def _state_tone(row: EndpointRow) -> str:
    works = row.figures.works
    return "muted" if works is None else "good" if works else "bad" if row.required else "warning"


ENDPOINT_COLUMNS: tuple[Column[EndpointRow], ...] = (
    Column("endpoint.name", 26, lambda row: shown.isolate(row.figures.name), flex=1),
    Column("endpoint.method", 7, lambda row: row.method, priority=3),
    Column("common.status", 10, endpoint_state, tone=_state_tone),
    Column("endpoint.code", 5, lambda row: str(row.figures.status or ""), number=True),
    Column(
        "endpoint.ms", 7, lambda row: "" if row.figures.ms is None else shown.number(round(row.figures.ms)), number=True
    ),
    Column("endpoint.at", 12, lambda row: shown.time(row.figures.at) if row.figures.at else "", priority=1),
    Column("endpoint.calls", 7, lambda row: shown.number(row.figures.calls), number=True, priority=2),
)


def log_sentence(row: LogRow) -> str:
    """An entry of the log as a sentence."""
    values = {name: shown.isolate(value) if isinstance(value, str) else value for name, value in row.values.items()}
    return t(row.event, **values) if has(row.event) else shown.isolate(f"{row.event} {row.values or ''}")


def _category(category: str) -> str:
    key = f"log.category.{category}"
    return t(key) if has(key) else category


LOG_COLUMNS: tuple[Column[LogRow], ...] = (
    Column("log.time", 9, lambda row: shown.time(row.at)),
    Column(
        "log.category",
        10,
        lambda row: t(f"log.category.{row.category}") if has(f"log.category.{row.category}") else row.category,
    ),
    Column("log.what", 40, log_sentence, flex=1, tone=lambda row: _LEVELS.get(row.level, "")),
)


class ConnectionScreen(ShopScreen):
    """Five parts above; below them the endpoints or the log."""

    NAME = "connection"
    NOUNS = frozenset({"connection", "queue"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "test", "connection.test", id="connection.test"),
        Binding("f3", "view", "connection.view", id="connection.view"),
        Binding("f4", "level", "connection.level", id="connection.level"),
        Binding("f5", "test_one", "connection.test_one", id="connection.test_one"),
        Binding("f6", "app.sync", "app.sync", id="connection.sync"),
        Binding("f7", "reconnect", "connection.reconnect", id="connection.reconnect"),
        Binding("f8", "app.offline", "app.offline", id="connection.offline"),
    ]
    DEFAULT_CSS = """
    ConnectionScreen {
        #connection-parts { height: auto; padding: 0 1; background: $panel; }
        #connection-view { height: 1; }
        .search-line { height: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.parts = Words(id="connection-parts")
        self.caption = Words(id="connection-caption")
        self.search = SearchField("common.search", id="log-search")
        self.endpoints: WindowTable[EndpointRow] = WindowTable(ENDPOINT_COLUMNS, id="endpoints")
        self.log_table: WindowTable[LogRow] = WindowTable(LOG_COLUMNS, empty="log.empty", id="log")
        self.problems_only = False
        self._newest: Key | None = None

    def compose_body(self) -> ComposeResult:
        yield self.parts
        with Horizontal(classes="search-line"):
            yield self.caption
            yield self.search
        yield self.endpoints
        yield self.log_table

    def on_mount(self) -> None:
        self.parts.tell(self._draw_parts)
        self.caption.tell(lambda: t("connection.log" if self.log_table.display else "connection.endpoints"))
        self._show_log(False)
        self.set_interval(LOOK_EVERY, self._look)

    def reload(self) -> None:
        self.parts.refresh(layout=True)
        self.refresh_bindings()
        self._show_endpoints()

    def _status_changed(self, status: Status) -> None:
        super()._status_changed(status)
        self._reload_parts()

    def _reload_parts(self) -> None:
        if self.is_current_mode:
            self.parts.refresh(layout=True)

    # --- the parts ------------------------------------------------------------------------------------

    @property
    def _snapshot(self) -> Snapshot | None:
        return None if self.app.network is None else self.app.network.monitor.snapshot()

    def _draw_parts(self) -> Content:
        now = datetime.now(UTC)
        snapshot, status = self._snapshot, self.app.status
        overall = Content.styled(t(f"connection.overall.{status.overall}"), "bold")
        if snapshot is not None and snapshot.reason is not None:
            overall += Content.styled("  " + _problem(snapshot.reason), "$text-warning")
        rows = [overall]
        if snapshot is not None:
            rows += [_part(snapshot.parts[name], now, snapshot.reason) for name in PARTS]
        queue = tn("status.unsent", status.unsent)
        if status.oldest_at is not None:
            queue += " " + t("status.oldest", age=shown.age(status.oldest_at, now))
        if status.attention:
            queue += "  " + tn("status.attention", status.attention)
        rows.append(Content(t("connection.queue", queue=queue)))
        return Content("\n").join(rows)

    # --- the endpoints --------------------------------------------------------------------------------

    def _show_endpoints(self) -> None:
        from clutch_tui.net.endpoints import ENDPOINTS

        if (snapshot := self._snapshot) is not None:
            self.endpoints.show_rows(
                [
                    EndpointRow(n, one.method, one.required, snapshot.endpoints[one.name])
                    for n, one in enumerate(ENDPOINTS)
                ]
            )

    @work(group="test", exclusive=True, exit_on_error=False)
    async def action_test(self) -> None:
        """تحديث الاتصالات: try every endpoint; the rows change as the answers come."""
        if self.app.network is not None:
            self.notify(t("connection.testing"))
            await self.app.network.test_endpoints()
            self.notify(t("connection.tested"))

    @work(group="test", exclusive=True, exit_on_error=False)
    async def action_test_one(self) -> None:
        if self.app.network is not None and (row := self.endpoints.row) is not None:
            await self.app.network.test_endpoints((row.id,))

    def action_reconnect(self) -> None:
        if self.app.network is not None:
            self.app.network.reconnect()
            self.notify(t("connection.reconnecting"))

    # --- the log --------------------------------------------------------------------------------------

    def action_view(self) -> None:
        self._show_log(not self.log_table.display)

    def _show_log(self, show: bool) -> None:
        self.log_table.display = self.search.display = show
        self.endpoints.display = not show
        if show:
            self.search.steers(self.log_table)
            self.search.focus()
            self._search_log()
        else:
            self.endpoints.focus()
        self.caption.refresh(layout=True)
        self.refresh_bindings()

    @property
    def _query(self) -> LogQuery:
        return LogQuery(level="warning" if self.problems_only else "", text=self.search.value.strip())

    @on(SearchField.Changed, "#log-search")
    def _search_log(self) -> None:
        if self.app.is_open:
            self.log_table.show(log_source(self.store, self._query))

    def action_level(self) -> None:
        self.problems_only = not self.problems_only
        self._search_log()

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        """Follow the log, but do not draw where nothing is new."""
        if not self.is_current or not self.app.is_open:
            return
        snapshot = self._snapshot
        if snapshot is not None and any(part.next_attempt is not None for part in snapshot.parts.values()):
            self.parts.refresh()
        if self.log_table.display:
            newest = await self.store.read(shop.journal.log_page, LogQuery(), None, 0, 1)
            key = newest[0].key if newest else None
            if key != self._newest:
                self._newest = key
                if self.log_table.cursor == 0:
                    self._search_log()
                else:
                    self.log_table.reload()

    # --- keys -----------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("test", "reconnect"):
            return True if self.app.network is not None else None
        if action == "test_one":
            return True if self.app.network is not None and self.endpoints.display else None
        if action == "level":
            return True if self.log_table.display else None
        return True

    def action_back(self) -> None:
        if self.log_table.display:
            if self.search.value:
                self.search.value = ""
            else:
                self._show_log(False)


def _problem(problem: Problem) -> str:
    values: dict[str, Any] = dict(problem.values)
    return t(problem.key, **values) if has(problem.key) else shown.isolate(problem.key)


def _part(part: Part, now: datetime, told: Problem | None) -> Content:
    """A part's line; the problem that was `told` above, as the reason for everything, is not told again."""
    width = max(cell_len(t(f"connection.part.{name}")) for name in PARTS)
    line = Content.assemble(
        set_cell_size(t(f"connection.part.{part.name}"), width) + "  ",
        (t(f"connection.state.{part.state}"), _TONES[part.state]),
    )
    if part.since is not None:
        line += Content.styled("  " + shown.age(part.since, now), "$text-muted")
    if part.problem is not None and part.problem != told:
        line += Content.styled("  " + _problem(part.problem), "$text-warning")
    if part.next_attempt is not None and part.next_attempt > now:
        line += Content("  " + t("connection.next", n=round((part.next_attempt - now).total_seconds())))
    return line
