"""Asks the server what it knows beyond version 1 of the protocol (docs/protocol.md#negotiation)."""

from __future__ import annotations

import logging

from clutch_tui.core.outbox import abilities
from clutch_tui.core.store.store import Store

from .. import wire
from ..client.api import Api
from ..client.errors import ABOUT_EVERY_CALL, SUSPICIOUS, ApiError, Kind

WITHIN = 10.0
"""Seconds that a server has to say it: there is more to do in a round."""

log = logging.getLogger(__name__)


async def refresh(store: Store, api: Api, *, anew: bool) -> None:
    """Ask, where what was said is too old to be believed, or (`anew`) was said on another connection: a server that
    was started again may be a newer one. A server that says nothing of it speaks version 1, unless it
    has said more before: one bad answer unlearns nothing, and none at all says nothing yet. Raises `ApiError` where no
    call at all goes through, or where it came to no answer in time."""
    if not anew and not await store.read(abilities.is_due):
        return
    try:
        answer = await api.call("system.version", retry=False, timeout=WITHIN)
        said = wire.read_answer("system.version", answer.data).record or {}
    except ApiError as error:
        if error.kind in ABOUT_EVERY_CALL:
            raise
        log.info("the server does not say which protocol it speaks: %s", error.key)
        await store.run(abilities.no_answer if error.kind in SUSPICIOUS else abilities.says_nothing)
        if error.kind is Kind.TIMEOUT:  # it may be silent altogether
            raise
    except wire.BadPayload as error:
        log.info("the server says in no known form which protocol it speaks: %s", error.reason)
        await store.run(abilities.says_nothing)
    else:
        await store.run(abilities.learn, said.get("protocol", 1), said.get("records", ()))
