"""Writes of one record over REST: the same changes, the same ledger, another envelope.

`Idempotency-Key` is the change's id. A repetition gets the first answer, byte for byte; the same key with
another content is refused; a key whose first request still runs is told to come back.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import changes, epochs, ledger, orders, pages, records, rest_sync
from .calls import Answer, Call, Ready, Refusal, envelope, failure
from .database import Database, Reading
from .ledger import Change, Origin, Outcome
from .payload import JSON

_BESIDE_FIELDS = frozenset({"base", "was", "epoch", "heard", "at", "change_id"})
_STATUS = {"NOT_FOUND": 404, "VALIDATION": 422, "TAKEN": 409, "EXPIRED": 409, "HAS_BALANCE": 409}


@dataclass(frozen=True, slots=True)
class Written:
    status: int
    text: str
    replayed: bool = False


def change_of(call: Call, kind: str, noun: str, record_id: str, as_body: bool = False) -> Change:
    """The change that this request stands for."""
    content = {name: value for name, value in call.body.items() if name not in _BESIDE_FIELDS}
    if not as_body:
        content.pop("id", None)
    base, was = call.body.get("base") or {}, call.body.get("was") or {}
    if not isinstance(base, dict) or not isinstance(was, dict):
        raise Refusal(400, "MALFORMED_JSON", "base and was must be objects")
    return Change(
        change_id=call.request.headers.get("idempotency-key") or call.backend.database.new_id(),
        kind=kind,
        type=noun,
        id=record_id,
        epoch=call.body.get("epoch"),
        base=base,
        was=was,
        fields={} if as_body else content,
        body=content if as_body else {},
    )


async def answer(call: Call, change: Change, created: bool = False) -> Answer:
    """Apply the change, or replay its answer."""
    if heard := call.body.get("heard"):
        place, epoch = rest_sync.read_heard(call.body), heard.get("epoch")
        await call.backend.write(epochs.check, call.shop_id, epoch, place)
    running = (call.shop_id, change.change_id)
    keys = call.backend.running_keys
    if running in keys:
        raise Refusal(425, "TOO_EARLY", "the first request with this key still runs", headers={"Retry-After": "1"})
    keys.add(running)
    try:
        origin = Origin(call.device_id, person=call.identity.name)
        written = await call.backend.write(write, call.shop_id, change, origin, 201 if created else 200)
    finally:
        keys.discard(running)
    headers = {"Idempotent-Replay": "true"} if written.replayed else {}
    return Answer(Ready(written.text), written.status, headers)


def write(database: Database, shop_id: str, change: Change, origin: Origin, good: int) -> Written:
    """The synchronous whole of a REST write."""

    def render(reading: Reading, outcome: Outcome) -> tuple[int, str]:
        return _render(reading, shop_id, change, outcome, good)

    outcome = changes.apply(database, shop_id, change, origin, render)
    if outcome.status == "retry":
        refusal = Refusal(503, "BUSY", outcome.message or "", headers={"Retry-After": "2"})
        return Written(503, failure(database.now, refusal))
    with database.reading() as reading:
        known = ledger.find(reading, shop_id, change.change_id)
        assert known is not None
        if outcome.status == "key_reuse":
            refusal = Refusal(422, "KEY_REUSE", "this key was used for another change")
            return Written(422, failure(database.now, refusal))
        if known.http_body is not None and known.http_status is not None:
            return Written(known.http_status, known.http_body, outcome.status == "duplicate")
        first = _outcome_of(known.result)
        status, text = render(reading, first)
    return Written(status, text, replayed=True)


def _outcome_of(result: JSON) -> Outcome:
    """A stored result that came by sync, to be told over REST."""
    names = ("status", "seq", "mark", "version", "flags", "applied", "theirs", "code", "message", "errors")
    return Outcome(**{name: result[name] for name in names if name in result})


def _render(reading: Reading, shop_id: str, change: Change, outcome: Outcome, good: int) -> tuple[int, str]:
    record = record_of(reading, shop_id, change.type, change.id)
    if outcome.status in ("applied", "applied_flagged"):
        data: JSON = (record or {"id": change.id}) | {"seq": outcome.seq, "mark": outcome.mark}
        if outcome.flags:
            data["flags"] = outcome.flags
        return good, envelope(reading.now, data)
    standing: JSON = {"record": record, "theirs": outcome.theirs or {}, "applied": outcome.applied or []}
    standing |= {"seq": outcome.seq, "mark": outcome.mark}
    if outcome.status == "conflict":
        return 409, failure(reading.now, Refusal(409, "CONFLICT", "the record was changed since", data=standing))
    code = outcome.code or "REJECTED"
    status = _STATUS.get(code, 422)
    refusal = Refusal(status, code, outcome.message or code, errors=outcome.errors)
    refusal.data = standing if status == 409 else None
    return status, failure(reading.now, refusal)


def record_of(reading: Reading, shop_id: str, noun: str, record_id: str) -> JSON | None:
    """The record as it stands, a tombstone if it is deleted, None if it never was."""
    if noun in records.NOUNS:
        row = records.find(reading, records.NOUNS[noun], shop_id, record_id)
        return records.record(records.NOUNS[noun], row) if row else None
    if noun == "order":
        row = orders.find(reading, shop_id, record_id)
        return orders.record(row) if row else None
    row = reading.one("SELECT * FROM sale WHERE shop_id = ? AND id = ?", (shop_id, record_id))
    return pages.sale_record(row) if row else None
