"""The line about the part that is marked at the till: what there is no column for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clutch_tui.text import format as shown
from clutch_tui.text.format import NO_BREAK_SPACE
from clutch_tui.text.strings import t
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.types import LastSale, PartRow


class MarkedPart(Words):
    """The stock of the marked part, its place, its cars and its maker; and that it was typed on the other layout. While
    no part is marked: the sale that was saved last."""

    DEFAULT_CSS = "MarkedPart { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.display = False
        self.read_as = ""
        """What was typed, on the other keyboard layout, where only that finds these parts."""
        self.last_sale: LastSale | None = None

    def show(self, part: PartRow | None) -> None:
        """Speak of another part, or of none."""
        self.display = part is not None or self.last_sale is not None
        self.tell(lambda: self._last() if part is None else self._about(part))

    def _last(self) -> str:
        if (last := self.last_sale) is None:
            return ""
        number, total = shown.isolate(last.receipt_number), shown.money(last.total)
        words = t("sales.last_sale", number=number, total=total, at=shown.moment(last.at, datetime.now(UTC)))
        return f"{words} ({t('sale.state.voided')})" if last.is_voided else words

    def _about(self, part: PartRow) -> str:
        from clutch_tui.phrases.units import measured

        about = [t("part.on_shelf", stock=measured(part.stock, part.unit))]
        if part.location:
            about.append(t("part.at_place", place=shown.part_number(part.location)))
        about += [shown.name(text.replace(" ", NO_BREAK_SPACE)) for text in (part.car, part.brand) if text]
        if part.oem_number:
            oem = t("part.has_oem", number=shown.part_number(part.oem_number))
            about.append(oem.replace(" ", NO_BREAK_SPACE))
        if self.read_as:
            from clutch_tui.phrases import lookups

            about.insert(0, lookups.read_as(self.read_as))
        return "   ".join(about)
