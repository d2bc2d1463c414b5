"""The paper of a quotation on the screen, and as a text file for whoever prints or sends it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.core.quotations import Quotation
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.screens.paper import TillPaper
from clutch_tui.ui.widgets.words import Words


class QuotationDialog(TillPaper):
    """A quotation as it is handed out; Enter goes on, F2 saves it as text. Why nothing came of it stands below: that is
    on no paper."""

    DEFAULT_CSS = "QuotationDialog .paper--remark { color: $text-warning; margin-top: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="quotation.save")]
    SAVED = "quotation.saved"

    def __init__(self, quotation: Quotation) -> None:
        self._quotation = quotation
        super().__init__("quotation.paper.title")
        self.remark = Words(classes="paper--remark")
        self.remark.display = bool(quotation.reason)
        self.remark.tell(lambda: t("quotation.why_lost", reason=shown.name(quotation.reason)))

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield self.remark

    def _lines(self) -> list[str]:
        from clutch_tui.printing import quotation

        return quotation.lines(self._quotation, shop=self._profile, footer=self.app.settings.shop.receipt_footer)

    def _write(self, folder: Path) -> Path:
        from clutch_tui.printing import quotation

        footer = self.app.settings.shop.receipt_footer
        return quotation.save(self._quotation, folder, shop=self._profile, footer=footer)
