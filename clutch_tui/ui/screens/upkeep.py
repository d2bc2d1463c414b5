"""Trying the machine and putting the database in order: each a box that fills line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.figures import report_line, result_line
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.store.benchmark import Trial, TrialResult
    from clutch_tui.core.store.upkeep import Step, UpkeepReport

PINGS = 5


class _Running(Dialog[None]):
    """A list of lines, the last of which says what is being done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "back", "common.close", id="upkeep.close")]

    def __init__(self, title: str) -> None:
        super().__init__(title, "dialog.hint.read")
        self.done: list[Callable[[], str]] = []
        self.body = Words(classes="dialog--text")

    def compose_body(self) -> ComposeResult:
        yield self.body

    def show(self, doing: Callable[[], str] | None = None) -> None:
        lines = [*self.done, *([doing] if doing is not None else [])]
        self.body.tell(lambda: "\n".join(line() for line in lines))


class TestDialog(_Running):
    """Disk, database, network and terminal, one after the other."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__("performance.test")

    def on_mount(self) -> None:
        self._test()

    @work(exclusive=True)
    async def _test(self) -> None:
        store, benchmark = self.app.store, shop.benchmark
        trials: dict[Trial, Callable[[], Awaitable[TrialResult]]] = {
            "disk": lambda: asyncio.to_thread(benchmark.disk, store.path.parent),
            "read": lambda: asyncio.to_thread(benchmark.read, store),
            "search": lambda: asyncio.to_thread(benchmark.find, store),
            "write": lambda: asyncio.to_thread(benchmark.write, store),
            "network": self._network,
            "terminal": self._terminal,
        }
        for trial, make in trials.items():
            self.show(lambda trial=trial: t("trial.doing", name=t(f"trial.{trial}")))  # type: ignore[misc]
            try:
                result = await make()
            except Exception as error:
                self.done.append(lambda trial=trial, error=error: f"{t(f'trial.{trial}')}: {explain(error)}")  # type: ignore[misc]
            else:
                self.done.append(lambda result=result: result_line(result))  # type: ignore[misc]
        self.show()

    async def _network(self) -> TrialResult:
        network = self.app.network
        if network is None or network.offline:
            return shop.benchmark.TrialResult("network", None, None, "trial.no_network")
        times = []
        for _ in range(PINGS):
            begun = monotonic()
            await network.ping()
            times.append((monotonic() - begun) * 1000)
        return shop.benchmark.timed("network", times)

    async def _terminal(self) -> TrialResult:
        times = [took for _ in range(PINGS) if (took := await self.app.ask_terminal()) is not None]
        if not times:
            return shop.benchmark.TrialResult("terminal", None, None, "trial.no_answer")
        return shop.benchmark.timed("terminal", times)


class OptimiseDialog(_Running):
    """Every step of upkeep with what it gained. It goes on when the box is closed."""

    def __init__(self) -> None:
        super().__init__("performance.optimise")

    def on_mount(self) -> None:
        self._optimise()

    @work(exclusive=True)
    async def _optimise(self) -> None:
        store, app = self.app.store, self.app

        def run() -> None:
            for report in shop.upkeep.optimise(
                store, lambda step, share: app.call_from_thread(self._doing, step, share)
            ):
                app.call_from_thread(self._report, report)

        try:
            await asyncio.to_thread(run)
        except Exception as error:
            self.done.append(lambda error=error: explain(error))  # type: ignore[misc]
        else:
            self.done.append(lambda: t("upkeep.finished"))
        self.show()

    def _doing(self, step: Step, share: float) -> None:
        self.show(lambda: t("upkeep.doing", name=t(f"upkeep.{step}"), share=shown.percent(share)))

    def _report(self, report: UpkeepReport) -> None:
        self.done.append(lambda: report_line(report))
        self.show()
