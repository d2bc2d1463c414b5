"""The question before a sale is voided: why, and before that what goes back and what is unusual about it."""

from __future__ import annotations

from textual.app import ComposeResult

from clutch_tui.core.types import Payment, Sale
from clutch_tui.printing.page import payment_words
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Ask, required_text
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import Words


class VoidDialog(Ask[str]):
    """Gives back the reason. `today` is the business day: a sale of another day, or of another till, is voided too, but
    not without a word, because its cash goes out of the drawer that is open here now."""

    DEFAULT_CSS = """
    VoidDialog #void-refund { text-style: bold; }
    VoidDialog #void-remarks { color: $text-warning; }
    """

    def __init__(self, sale: Sale, today: str) -> None:
        number = shown.part_number(sale.receipt_number)
        super().__init__("sale.ask_void", TextField(), required_text, number=number)
        self._sale, self._today = sale, today
        self.refund_line = Words(id="void-refund")
        self.remark_line = Words(id="void-remarks")

    def compose_body(self) -> ComposeResult:
        yield self.refund_line
        yield self.remark_line
        yield Words("sale.reason_of_void", classes="muted")
        yield from super().compose_body()

    def on_mount(self) -> None:
        self.refund_line.tell(self._draw_refund)
        self.remark_line.tell(self._draw_remarks)
        self.remark_line.display = bool(self._draw_remarks())

    def _draw_refund(self) -> str:
        words = t("sale.goes_back", total=shown.money(self._sale.totals.total))
        ways = shop.refunds.left(self._sale, shop.refunds.Refunded())
        back = [Payment(method, amount) for method, amount in ways.items()]
        return f"{words}  {payment_words(back)}" if back else words

    def _draw_remarks(self) -> str:
        remarks = []
        if self._sale.business_day != self._today:
            remarks.append(t("sale.of_another_day", date=shown.date(self._sale.at)))
        if not self._sale.own:
            remarks.append(t("sale.of_another_till"))
        return "\n".join(remarks)
