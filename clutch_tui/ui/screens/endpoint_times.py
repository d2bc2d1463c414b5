"""The speed of the server, service by service: calls, success and response times of an hour, a day or a week."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.phrases.figures import milliseconds, share
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from clutch_tui.core.performance.usage import Usage
    from clutch_tui.core.types import Key


@dataclass(frozen=True, slots=True)
class EndpointTimesRow:
    """A service and its calls of the period."""

    id: str
    key: Key
    usage: Usage


def _tone(row: EndpointTimesRow) -> str:
    return "warning" if row.usage.failures else ""


COLUMNS: tuple[TableColumn[EndpointTimesRow], ...] = (
    TableColumn("endpoint.name", 21, lambda row: shown.isolate(row.id), flex=1),
    TableColumn("endpoint.calls", 7, lambda row: shown.number(row.usage.calls), number=True),
    TableColumn("endpoint.success", 7, lambda row: share(row.usage.success), number=True, tone=_tone),
    TableColumn("endpoint.median", 7, lambda row: milliseconds(row.usage.median), number=True),
    TableColumn("endpoint.p95", 7, lambda row: milliseconds(row.usage.p95), number=True),
    TableColumn("endpoint.worst", 7, lambda row: milliseconds(row.usage.worst), number=True),
)


class EndpointTimes(Dialog[None]):
    """The slowest service first, in milliseconds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7", "period", "endpoint.next_period", id="endpoint_times.period"),
    ]

    def __init__(self) -> None:
        self._periods = cycle(shop.usage.PERIODS)
        self.period = next(self._periods)
        super().__init__("performance.endpoints", "dialog.hint.period")
        self.add_class("-form")
        self.table: WindowTable[EndpointTimesRow] = WindowTable(COLUMNS, empty="endpoint.no_calls", id="endpoint-times")

    def compose_body(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self.reload()

    @work(group="load", exclusive=True, exit_on_error=False)
    async def reload(self) -> None:
        period = self.period
        usages = await self.app.store.read(shop.usage.of_endpoints, period)
        slowest = sorted(usages.items(), key=lambda item: (-(item[1].median or 0), item[0]))
        self.heading.tell(lambda: t("endpoint.times_of", period=t(f"connection.period.{period}")))
        self.table.show_rows([EndpointTimesRow(name, (n,), usage) for n, (name, usage) in enumerate(slowest)])

    def action_period(self) -> None:
        self.period = next(self._periods)
        self.reload()
