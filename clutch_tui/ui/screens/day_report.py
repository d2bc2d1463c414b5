"""A day of the whole shop: all its tills in one report, and from one day to the next."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from clutch_tui.core.day_report import ShopDay
from clutch_tui.printing import day_report as paper
from clutch_tui.ui import shop
from clutch_tui.ui.screens.paper import PaperDialog

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp


class DayDialog(PaperDialog):
    """The report of a day; F5 and F6 go to the day before and after it."""

    SAVED = "drawer.saved"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", "receipt.save", id="day.save"),
        Binding("f5", "turn(-1)", "day.before", id="day.before"),
        Binding("f6", "turn(1)", "day.after", id="day.after"),
    ]

    def __init__(self, report: ShopDay) -> None:
        self._report = report
        super().__init__("day.title")
        self._hint = "day.hint"
        self.hint.say(self._hint)

    @classmethod
    async def of(cls, app: ClutchApp, day: str) -> DayDialog:
        """The dialog of a day."""
        return cls(await app.store.read(shop.day_report.shop_day, day, app.services.device_id))

    def _lines(self) -> list[str]:
        return paper.lines(self._report, shop=self._profile)

    def _write(self, folder: Path) -> Path:
        return paper.save(self._report, folder, shop=self._profile)

    @work(group="day", exclusive=True, exit_on_error=False)
    async def action_turn(self, by: int) -> None:
        """Go to another day; there is none after today."""
        today = await self.app.store.read(shop.state.business_day)
        day = (date.fromisoformat(self._report.day) + timedelta(days=by)).isoformat()
        if day > today:
            self.app.bell()
            return
        self._report = await self.app.store.read(shop.day_report.shop_day, day, self.app.services.device_id)
        self.body.refresh(layout=True)
