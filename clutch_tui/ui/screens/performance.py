"""Performance: how fast the program is here, each figure beside its budget, and what can be done about it.

The figures are those of `core.performance.measures`, noted while people worked; "test now" tries the parts of the
machine one by one, "optimise" puts the database in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.phrases.figures import amount, figure, savings_lines
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.widgets.bar_chart import BarChart
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.performance.measures import MeasureReport, Span, Unit
    from clutch_tui.core.types import Key

CHART_LINES = 4
REFRESH_EVERY = 5.0
_TONES = {"good": "good", "slow": "warning", "unknown": "muted"}


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A report as a row of the table."""

    id: str
    key: Key
    report: MeasureReport


COLUMNS: tuple[TableColumn[MeasureRow], ...] = (
    TableColumn("measure.name", 24, lambda row: t(f"measure.{row.id}"), flex=1),
    TableColumn("measure.now", 10, lambda row: figure(row.report.now, row.report.measure.unit), number=True),
    TableColumn("measure.today", 10, lambda row: figure(row.report.today, row.report.measure.unit), number=True),
    TableColumn("measure.month", 10, lambda row: figure(row.report.month, row.report.measure.unit), number=True),
    TableColumn(
        "measure.budget", 10, lambda row: amount(row.report.measure.budget, row.report.measure.unit), number=True
    ),
    TableColumn(
        "measure.verdict",
        8,
        lambda row: t(f"measure.verdict.{row.report.verdict}"),
        tone=lambda row: _TONES[row.report.verdict],
    ),
)


class PerformanceScreen(ShopScreen):
    """The figures, a chart of the one under the cursor, and what batches and kept answers save."""

    NAME = "performance"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "test", "performance.test", id="performance.test"),
        Binding("f6", "optimise", "performance.optimise", id="performance.optimise"),
        Binding("f7", "span", "performance.span", id="performance.span"),
        Binding("f8", "endpoints", "performance.endpoints", id="performance.endpoints"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.span: Span = "hour"
        self.table: WindowTable[MeasureRow] = WindowTable(COLUMNS, id="measures")
        self.chart = BarChart(id="measure-chart")
        self.savings = Words(classes="detail")

    def compose_body(self) -> ComposeResult:
        yield self.table
        yield self.chart
        yield self.savings

    def on_mount(self) -> None:
        self.table.focus()
        self.set_interval(REFRESH_EVERY, self._refresh_if_shown)

    def on_screen_resume(self) -> None:
        self._keep_measures()

    @work(group="load", exit_on_error=False)
    async def _keep_measures(self) -> None:
        await self.app.keep_measures()  # the last day reaches to this moment
        self._refresh_if_shown()

    def _refresh_if_shown(self) -> None:
        if self.is_current_mode and self.app.is_open:
            self.reload()

    @work(group="load", exclusive=True, exit_on_error=False)
    async def reload(self) -> None:
        reports = await self.store.read(shop.measures.report, self.app.meter.session())
        self.table.show_rows([MeasureRow(report.measure.name, (n,), report) for n, report in enumerate(reports)])
        savings = await self.store.read(shop.savings.today)
        self.savings.tell(lambda: "\n".join(savings_lines(savings)))

    @on(WindowTable.Highlighted, "#measures")
    def _marked(self) -> None:
        self._draw()

    @work(group="chart", exclusive=True, exit_on_error=False)
    async def _draw(self) -> None:
        if (row := self.table.row) is None:
            return
        measure, span = row.report.measure, self.span
        count = 24 if span == "hour" else 30
        course = await self.store.read(shop.measures.course, measure.name, span, count)
        top = max((value for value in course if value is not None), default=None)
        title = partial(_chart_title, measure.name, span, top, measure.unit)
        self.chart.draw(title, course, CHART_LINES, measure.budget)

    def action_span(self) -> None:
        self.span = "day" if self.span == "hour" else "hour"
        self._draw()

    def action_test(self) -> None:
        from clutch_tui.ui.screens.upkeep import TestDialog

        self.app.push_screen(TestDialog())

    def action_endpoints(self) -> None:
        from clutch_tui.ui.screens.endpoint_times import EndpointTimes

        self.app.push_screen(EndpointTimes())

    def action_optimise(self) -> None:
        from clutch_tui.ui.screens.upkeep import OptimiseDialog

        self.app.push_screen(OptimiseDialog())


def _chart_title(name: str, span: Span, top: float | None, unit: Unit) -> str:
    return t(f"measure.chart.{span}", name=t(f"measure.{name}"), top=amount(top, unit))
