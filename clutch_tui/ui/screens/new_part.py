"""The form of a new part, wherever somebody needs one, and what is asked before a part is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clutch_tui.core.errors import ShopError
from clutch_tui.core.types import Part, PartDraft
from clutch_tui.phrases.fields import FIRST_STOCK, PART
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog

if TYPE_CHECKING:
    from clutch_tui.core.inventory import Doubt
    from clutch_tui.ui.app import ClutchApp


async def ask_for(app: ClutchApp, given: dict[str, object]) -> Part | None:
    """Have a new part filled in and saved; None where it was left. Only from a worker."""

    async def save(values: dict[str, Any]) -> Part:
        stock = values.pop(FIRST_STOCK.name)
        draft = PartDraft(**values)
        await settle_doubts(app, draft)
        return await app.write("inventory", shop.inventory.create, draft, stock, actor=app.cashier)

    return await app.push_screen_wait(FormDialog("inventory.add", (*PART, FIRST_STOCK), given, save))


async def settle_doubts(app: ClutchApp, draft: PartDraft, seen: Part | None = None) -> None:
    """Ask about what is allowed but seldom meant. Raises `error.part.not_saved_yet` where it was not meant."""
    doubts = await app.store.read(shop.inventory.doubts, draft, seen)
    if not doubts:
        return
    if not await app.confirm_unexpected("part.ask_doubts", doubts=lambda: "\n".join(map(_sentence, doubts))):
        raise ShopError("error.part.not_saved_yet")


def _sentence(doubt: Doubt) -> str:
    if (other := doubt.other) is None:
        return t(doubt.key)
    named = shown.name(shown.of_language(other.name, other.name_en))
    return t(doubt.key, code=shown.name(doubt.code), name=named, number=shown.name(other.part_number or "-"))
