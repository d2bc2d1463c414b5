"""The stock in the cart: what lies on the shelf of each line, and of which there is too little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory
from clutch_tui.core.quantity import whole
from clutch_tui.text import strings
from clutch_tui.ui.widgets.window_table import WindowTable
from tests.test_ui.shop_app import Shop, open_app, until


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_each_line_says_what_lies_on_the_shelf_and_which_is_too_much(
    shop: Shop, language: strings.Language
) -> None:
    """Ten lie there: three of them are fine, and with eight more in a line of its own there are too few. What comes
    meanwhile makes both fine again."""
    part = shop.parts[0]
    async with open_app(shop, language) as (app, pilot):
        screen = app.screen
        await until(pilot, lambda: screen.cart is not None)
        cart = carts.add_line(screen.cart, part, whole(3))
        screen._change(cart)
        table = screen.lines.table
        await until(pilot, lambda: table.row is not None and table.row.stock == whole(10))
        assert (table.row.is_short, cells_of(table, 0)[0]) == (False, "1")
        dearer = replace(carts.line_of(part, whole(8)), price=part.draft.price + 1)
        screen._change(replace(cart, lines=(*cart.lines, dearer)))
        await until(pilot, lambda: table.count == 2)
        assert [cells_of(table, n)[0] for n in range(2)] == ["!1", "!2"]
        assert "bad" in {column.tone(table.row_at(0)) for column in table.columns if column.tone}
        await app.write("inventory", inventory.adjust, part.id, whole(5), "لقيناهم")
        await until(pilot, lambda: cells_of(table, 0)[0] == "1")
        assert table.row_at(1).stock == whole(15)


def cells_of(table: WindowTable[Any], n: int) -> list[str]:
    """What stands in a row, column by column."""
    return [column.value(table.row_at(n)) for column in table.columns]
