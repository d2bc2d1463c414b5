"""The form in which is written on the sale that is open: on the marked line, on the whole of it, and for which car."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clutch_tui.phrases.fields import FormField
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.widgets.cart_view import part_of

if TYPE_CHECKING:
    from clutch_tui.core.types import Cart
    from clutch_tui.ui.app import ClutchApp

_MOST = 500
LINE_NOTE = FormField("line_note", "sales.line_note", maximum=_MOST)
NOTE = FormField("note", "sales.note", maximum=_MOST)
CAR = FormField("car", "sales.car", maximum=_MOST)


async def ask_for(app: ClutchApp, cart: Cart, n: int) -> Cart | None:
    """The cart with what was written on it and on its line `n`, counted from 0; None where that was left."""
    line = cart.lines[n]
    given = {"line_note": line.note, "note": cart.notes, "car": cart.car}

    async def write(values: dict[str, Any]) -> Cart:
        noted = shop.cart.with_notes(cart, values["note"], values["car"])
        return shop.cart.set_note(noted, n, values["line_note"])

    form: FormDialog[Cart] = FormDialog("sales.notes_of", (LINE_NOTE, NOTE, CAR), given, write, name=part_of(line))
    return await app.push_screen_wait(form)
