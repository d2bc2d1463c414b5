"""Writes single fields of a record to a server whose PUT may mean the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from clutch_tui.core.store.store import Store
from clutch_tui.core.sync.fallback import recognition, single_writes

from ... import wire
from ...client.api import Answer, Api
from .lookup import RecordLookup, Row

_CAR = tuple(wire.CAR_FIELDS)


class FieldWrites:
    """The updates of one shop. Raises `ApiError`."""

    def __init__(self, store: Store, api: Api, lookup: RecordLookup) -> None:
        self._store = store
        self._api = api
        self._lookup = lookup

    async def put(self, type: str, present: Row, fields: Mapping[str, Any], key: str) -> int:
        """Write some fields of a record; its version, where the answer has one.

        Our own server leaves the other fields alone; many another empties what a PUT does not name. The first answer
        shows which, and what it has cost the record is put back at once.
        """
        name, path = f"{single_writes.PLURALS[type]}.update", {"id": str(present["id"])}
        body = _whole_car(fields, present)
        whole = {**recognition.writable(type, present), **body}
        known = await self._store.read(recognition.replaces_whole)
        sent = wire.write(type, whole if known else body)
        answer = await self._api.call(name, path=path, body=sent, idempotency_key=key, retry=False)
        if known is None:
            after = _record(type, answer) or await self._lookup.known(type, path["id"], present)
            emptied = after is not None and any(
                present[name] and not after.get(name) for name in whole if name not in body
            )
            if emptied:
                again = str(uuid5(NAMESPACE_OID, f"{key}/whole"))
                restored = wire.write(type, whole)
                answer = await self._api.call(name, path=path, body=restored, idempotency_key=again, retry=False)
            await self._store.run(recognition.learn_put, whole=emptied)
        record = _record(type, answer)
        return 1 if record is None else int(record["version"])


def _whole_car(fields: Mapping[str, Any], present: Row) -> dict[str, Any]:
    """A customer's car is one field at the server: half of it would wipe out the other half."""
    if fields.keys().isdisjoint(_CAR):
        return dict(fields)
    return {**{name: present[name] for name in _CAR}, **fields}


def _record(type: str, answer: Answer) -> Row | None:
    """The record in an answer; None where it shows none."""
    try:
        return wire.read_one(type, answer.data)
    except wire.BadPayload:
        return None
