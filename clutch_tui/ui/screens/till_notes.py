"""What is written on the open sale: on its marked line, on the whole of it, and for which car it is."""

from __future__ import annotations

from textual import work

from clutch_tui.ui.screens.till_prices import TillPrices


class TillNotes(TillPrices):
    """The notes of the sale that is open."""

    @work(group="ask", exit_on_error=False)
    async def action_notes(self) -> None:
        """Write on the marked line and on the sale, and for which car it is."""
        from clutch_tui.ui.screens import notes

        if self.cart is None or self._line is None:
            return
        n, line = self._line
        noted = await notes.ask_for(self.app, self.cart, n)
        if noted is not None and self.cart is not None:
            self._change(noted, select=line.part_id)
