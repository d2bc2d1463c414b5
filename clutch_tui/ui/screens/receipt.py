"""A receipt on the screen, and as a text file for whoever prints or sends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.core.types import EXCHANGE, Receipt
from clutch_tui.phrases import changes
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.paper import TillPaper
from clutch_tui.ui.widgets.big_figure import BigFigure
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.sync.concerns import Concern


def _money(receipt: Receipt, method: str = "") -> int:
    """Return what was paid in money, in all or by one method: not what was exchanged."""
    paid = (payment for payment in receipt.payments if payment.method != EXCHANGE)
    return sum(payment.amount for payment in paid if method in ("", payment.method))


class ReceiptDialog(TillPaper):
    """The receipt of a committed sale or return; Enter goes on, F2 saves it as text. `fresh` while the customer waits
    for the money: what was to be paid and the change, or what goes back and how much of it in cash, stand large above
    the paper."""

    DEFAULT_CSS = """
    ReceiptDialog.-remarked .dialog--box { width: 76; }
    ReceiptDialog.-remarked VerticalScroll { max-height: 50vh; }
    ReceiptDialog.-fresh VerticalScroll { max-height: 40vh; margin-top: 1; }
    ReceiptDialog .receipt--remarks { color: $text-warning; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="receipt.save")]

    def __init__(self, receipt: Receipt, *, fresh: bool = False) -> None:
        self._receipt = receipt
        self._fresh = fresh
        super().__init__("receipt.title")
        self.set_class(fresh, "-fresh")
        self.remarks = Words(classes="receipt--remarks")
        self.remarks.display = bool(receipt.flags)
        self.set_class(bool(receipt.flags), "-remarked")
        self._concerns: Mapping[str, Sequence[Concern]] = {}

    def compose_body(self) -> ComposeResult:
        if self._fresh:
            yield from self._figures()
        yield from super().compose_body()
        yield self.remarks

    def _figures(self) -> Iterator[BigFigure]:
        receipt, drawable = self._receipt, self.app.glyphs.lack is None
        back = receipt if receipt.is_return else receipt.other_half
        paid, given = _money(receipt), _money(back) if back is not None else 0
        is_return = receipt is back or given > 0
        total, out = (given, _money(back, "cash")) if is_return and back is not None else (paid, receipt.change)
        if not is_return or out != total:
            yield BigFigure("receipt.total", total, drawable=drawable)
        if is_return or out:
            word = "receipt.hand_out" if is_return else "receipt.change"
            yield BigFigure(word, out, drawable=drawable, classes="-given-back")

    def _remarks(self) -> str:
        """Return what is not on the paper: what the server found worth saying about the sale."""
        return "\n".join([t("sale.remarks"), *changes.flag_lines(self._receipt.flags, self._concerns, "sale")])

    def _lines(self) -> list[str]:
        from clutch_tui.printing import receipt

        return receipt.lines(self._receipt, shop=self._profile, footer=self.app.settings.shop.receipt_footer)

    def _write(self, folder: Path) -> Path:
        from clutch_tui.printing import receipt

        footer = self.app.settings.shop.receipt_footer
        return receipt.save(self._receipt, folder, shop=self._profile, footer=footer)

    async def _read(self) -> None:
        await super()._read()
        self._concerns = await self.app.store.read(shop.concerns.about_sale, self._receipt)
        self.remarks.tell(self._remarks)
