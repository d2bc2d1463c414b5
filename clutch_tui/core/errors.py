"""The errors of a shop's rules, as keys for whoever has sentences. Every start needs it."""

from __future__ import annotations

from clutch_tui.errors import ClutchError


class ShopError(ClutchError):
    """Something that the shop's rules do not allow."""
