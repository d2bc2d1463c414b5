"""The shop's own profile and settings: the till needs its name and tax rules offline, too."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from clutch_tui.core import state

from .. import wire
from ..client import reference
from ..client.errors import ApiError
from .context import SyncContext, SyncPart

log = logging.getLogger(__name__)

EVERY, AGAIN = timedelta(hours=1), timedelta(minutes=5)
"""How often they are asked for, and how soon again where they were not to be had."""


class ShopProfile(SyncPart):
    """The profile and the settings of one shop, as far as they are known."""

    def __init__(self, context: SyncContext) -> None:
        super().__init__(context)
        self._known_at: datetime | None = None

    async def refresh(self) -> None:
        """Ask for both, if it is time. The till sells without them: what goes wrong here is only logged."""
        now = self._clock.now()
        if self._known_at is not None and now - self._known_at < EVERY:
            return
        profile = settings = None
        try:
            profile = (await reference.fetch(self._api, self._store, "shop.profile", retry=False)).data
            settings = (await reference.fetch(self._api, self._store, "shop.settings", retry=False)).data
        except (ApiError, wire.BadPayload) as error:
            log.info("the shop's profile or settings are not to be had: %s", error.key)
            self._known_at = now - EVERY + AGAIN
        await self._store.run(state.learn_shop, profile, settings)
        if profile is not None and settings is not None:
            self._known_at = now
            self._on_change(frozenset({"shop"}))
