"""Asking for what changes slowly: with the mark of what is kept, so that the same answer does not come twice."""

from __future__ import annotations

from clutch_tui.core import reference
from clutch_tui.core.reference import Reference
from clutch_tui.core.store.store import Store

from .. import wire
from .api import Api


async def fetch(api: Api, store: Store, name: str, *, retry: bool = True) -> Reference:
    """Return what a reading endpoint says now, checked, in core's terms and kept. Raises `ApiError`, `wire.BadPayload`.

    Rows that cannot be read are left out: the tester names them.
    """
    known = await store.read(reference.find, name)
    answer = await api.call(name, etag=known.etag if known is not None else None, retry=retry)
    if known is not None and answer.is_unchanged:
        return await store.run(reference.confirm, known)
    reading = wire.read_answer(name, answer.data)
    data = reading.record if reading.record is not None else reading.good
    return await store.run(reference.keep, name, data, answer.etag)
