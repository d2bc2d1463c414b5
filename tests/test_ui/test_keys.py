"""Keys as a terminal sends them."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from clutch_tui.ui.keys import MODES
from tests.test_ui.shop_app import Shop, open_app, until


@pytest.mark.parametrize("digit", range(1, 10))
async def test_alt_and_a_digit_goes_to_a_screen_even_from_a_field(shop: Shop, digit: int) -> None:
    async with open_app(shop, "en", mode="inventory" if digit == 1 else "sales") as (app, pilot):
        (key,) = XTermParser().feed(f"\x1b{digit}")
        assert isinstance(key, Key)
        key.set_sender(app)
        app.post_message(key)
        await until(pilot, lambda: app.current_mode == MODES[digit - 1])
