"""A receipt on the screen, and as a text file for whoever prints or sends it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from clutch_tui.core.types import Receipt
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ShowText


class ReceiptDialog(ShowText):
    """The receipt of a committed sale or return; Enter goes on, F2 saves it as text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="receipt.save")]

    def __init__(self, receipt: Receipt) -> None:
        self._receipt = receipt
        super().__init__("receipt.title", self._draw, hint="receipt.hint")

    def _draw(self) -> list[str]:
        from clutch_tui.printing import receipt

        footer = self.app.settings.shop.receipt_footer
        return receipt.lines(self._receipt, shop_name=self._shop_name, footer=footer)

    _shop_name = ""

    def on_mount(self) -> None:
        super().on_mount()
        self._name_shop()

    @work(group="profile", exit_on_error=False)
    async def _name_shop(self) -> None:
        profile = await self.app.store.read(shop.state.setting, "shop.profile", {})
        self._shop_name = str(profile.get("name") or "")
        self.body.refresh(layout=True)

    @work(group="save", exit_on_error=False)
    async def action_save(self) -> None:
        folder = self.app.services.receipts
        path = folder / f"{self._receipt.receipt_number or self._receipt.id}.txt"
        text = "\n".join(self._draw()) + "\n"

        def write() -> None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(text, encoding="utf-8")

        await asyncio.to_thread(write)
        self.app.notify(t("receipt.saved", path=shown.isolate(str(path))))
