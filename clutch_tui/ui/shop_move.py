"""The question before the app goes to another server or shop: what becomes of the work that is unsent here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clutch_tui.ui import shop

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp


async def may_move(app: ClutchApp, changes: Mapping[str, Any], *, proven: bool = False) -> bool:
    """Ask before unsent changes stay behind with the shop that is left, or go along to the first one while nobody has
    `proven` its address by signing in. Only from a worker. Raises `ConfigError`."""
    here = app.settings.backend
    unsent = (await app.store.read(shop.outbox.summary)).unsent
    url = str(changes.get("backend.base_url", here.base_url)).strip().rstrip("/")
    there = url, changes.get("backend.shop_id", here.shop_id)
    if not unsent or there == (here.base_url, here.shop_id) or not (url or here.is_set_up):
        return True
    if await asyncio.to_thread(app.services.takes_along, changes):
        return proven or await app.confirm("app.move.along", unsent=unsent, url=url)
    if not here.is_set_up:
        return await app.confirm("app.move.left_alone", unsent=unsent)
    return await app.confirm("app.move.left", unsent=unsent, shop=here.shop_id or here.base_url)
