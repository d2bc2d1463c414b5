"""The sentence about a cash rounding that no coin there is stands for."""

from __future__ import annotations

from clutch_tui.config.settings import Shop
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t


def no_such_coin(shop: Shop) -> str:
    """Return which coin the till takes instead of the configured one; empty where there is that one."""
    if shop.coin == shop.cash_rounding:
        return ""
    return t("settings.no_such_coin", given=shown.amount(shop.cash_rounding), coin=shown.amount(shop.coin))
