"""The errors of a shop's rules, as keys for whoever has sentences. Every start needs it."""

from __future__ import annotations

from clutch_tui.errors import ClutchError


class ShopError(ClutchError):
    """Something that the shop's rules do not allow."""


def not_sold_so(name: str, name_en: str, decimals: int, field: str = "quantity") -> ShopError:
    """Return the error of a quantity with more decimals than the part of these names is sold in; `field` is the one in
    which it stands."""
    named = {"name": name or name_en, "name_en": name_en, "field": field}
    if decimals:
        return ShopError("error.quantity.decimals", **named, places=decimals)
    return ShopError("error.quantity.pieces", **named)
