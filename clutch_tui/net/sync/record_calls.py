"""Customers, suppliers and orders: the REST calls that carry the guarantees of synchronisation
(docs/protocol.md#people-and-orders).

A write goes out under its change id as `Idempotency-Key`, so that a lost answer is asked for again and never
doubled; what the server says, refusals included, becomes the same kind of result that a sync call gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clutch_tui.core.outbox.messages import Change, PullPage, PullState, Result
from clutch_tui.core.sync.marks import Heard

from .. import wire
from ..client.api import Api
from ..client.errors import ApiError, Kind
from . import messages, results
from .outcomes import epoch_in

NOUNS = {"customers": "customer", "suppliers": "supplier", "orders": "order"}
"""The channels of this module and the type of record that each carries."""

PLURALS = {type: channel for channel, type in NOUNS.items()}


_FINAL = frozenset({"TAKEN", "EXPIRED", "HAS_BALANCE"})
"""Refusals that are no conflict although they show the record: an order that is over, a customer who owes something.
Nobody can decide them otherwise."""


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """An understood page of a list. `tracked` is False for a server that knows no `since_seq`: then there is none, and
    the list is read whole (`fallback.list_reader`)."""

    epoch: str
    page: PullPage | None
    reset: str | None
    bad_rows: tuple[wire.BadRow, ...]
    tracked: bool


async def push(api: Api, change: Change, heard: Heard | None = None) -> tuple[Result, str]:
    """Send one change and give back what the server said of it, and the id under which it has the record: one that
    numbers its records may insist on its own all the same. Its number follows on what was `heard` before.

    Raises `ApiError` where nothing is known about it (it must be sent again) or where it is not about this
    change at all: no network, no session, no such route.
    """
    endpoint, body = _call(change)
    body |= messages.write_heard(heard)
    path = {"id": change.id} if change.kind != "create" else None
    try:
        answer = await api.call(endpoint, path=path, body=body, idempotency_key=change.change_id, retry=False)
    except ApiError as error:
        return refusal(change, error), change.id
    record = answer.data if isinstance(answer.data, dict) else {}
    seq, version, mark = _whole(record, "seq"), _whole(record, "version"), wire.mark_in(record.get("mark"))
    remote_id = str(record.get("id") or record.get("_id") or change.id)
    return Result(status="applied", seq=seq, version=version, mark=mark), remote_id


def _call(change: Change) -> tuple[str, dict[str, Any]]:
    """The endpoint of a change and the body that it wants."""
    origin = {"base": messages.write_base(change), "was": messages.write_was(change), "epoch": change.epoch}
    fields = messages.write_fields(change)
    if change.kind == "create":
        fields = {"id": change.id, **fields}
    return f"{PLURALS[change.type]}.{change.kind}", {**fields, **origin}


def _whole(record: dict[str, Any], name: str) -> int:
    return wire.counter_in(record.get(name)) or 0


def refusal(change: Change, error: ApiError) -> Result:
    """Return what a refusal means for the change. Raises the error again where it means nothing for it, and
    `wire.BadPayload` for a conflict that does not say about what."""
    data = error.data if isinstance(error.data, dict) else {}
    if epoch_in(error) is not None:
        raise error
    if error.kind is Kind.CONFLICT and "theirs" in data and error.code not in _FINAL:
        record = data.get("record") if isinstance(data.get("record"), dict) else {}
        applied = data.get("applied")
        conflict = Result(
            status="conflict",
            seq=_whole(record or {}, "seq"),
            version=_whole(record or {}, "version"),
            applied=results.read_names(change.type, applied if isinstance(applied, list) else ()),
            theirs=results.read_theirs(change.type, data["theirs"]),
        )
        return results.checked(change.sent, conflict)
    if error.kind is Kind.TOO_EARLY:
        return Result(status="retry", seq=0, after=error.retry_after or 1.0)
    if error.kind is Kind.INVALID and error.code == "KEY_REUSE":
        return Result(status="key_reuse", seq=0, code="KEY_REUSE")
    if error.kind is Kind.MISSING_RECORD and change.kind == "delete":
        return Result(status="applied", seq=0)
    if error.kind in (Kind.CONFLICT, Kind.INVALID, Kind.MISSING_RECORD):
        code = error.code or error.kind.value.upper()
        errors = results.read_errors(
            change.type, [{"field": field.field, "message": field.message} for field in error.errors]
        )
        message = error.message or str(error.values["fields"])
        return Result(status="rejected", seq=0, code=code, message=message, errors=errors)
    raise error


async def pull(api: Api, channel: str, here: PullState, *, limit: int, heard: Heard | None = None) -> NumberedPage:
    """The next page of a channel. Raises `ApiError`, and `wire.BadPayload` for an answer that is no list."""
    query: dict[str, Any] = {"since_seq": here.cursor, "limit": limit}
    if here.epoch is not None:
        query["epoch"] = here.epoch
    if here.mark is not None:
        query["mark"] = here.mark
    if heard is not None:
        query |= {"heard": heard.seq, "heard_mark": heard.mark}
    if here.snapshot:
        query["snapshot"] = "true"
        if here.since is not None:
            query["since"] = here.since
    answer = await api.call(f"{channel}.list", query=query, retry=False)
    data = answer.data
    if isinstance(data, dict) and wire.counter_in(data.get("cursor")) is not None:
        return _tracked(channel, here, data)
    return NumberedPage("", None, None, (), False)


async def is_tracked(api: Api, channel: str) -> bool:
    """Tell whether the server numbers the records of this list. Raises `ApiError`."""
    tracked, _ = await standing(api, channel)
    return tracked


async def standing(api: Api, channel: str) -> tuple[bool, str | None]:
    """Tell whether the server numbers the records of this list at this moment, and its epoch, None from one that tells
    none. Raises `ApiError`."""
    answer = await api.call(f"{channel}.list", query={"since_seq": 0, "limit": 1}, retry=False)
    data = answer.data if isinstance(answer.data, dict) else {}
    epoch = data.get("epoch")
    return wire.counter_in(data.get("cursor")) is not None, None if epoch is None else str(epoch)


def _tracked(channel: str, here: PullState, data: dict[str, Any]) -> NumberedPage:
    type = NOUNS[channel]
    epoch = str(data.get("epoch") or here.epoch or "")
    if data.get("reset"):
        return NumberedPage(epoch, None, str(data["reset"]), (), True)
    good, bad = wire.read_rows(type, data)
    page = PullPage(
        epoch=epoch,
        rows=tuple({**row, "type": type} for row in good),
        cursor=wire.counter_in(data["cursor"]) or 0,
        more=data.get("more") is True,
        since=wire.counter_in(data.get("since")),
        asked_from=here.cursor,
        snapshot=here.snapshot,
        mark=wire.mark_in(data.get("mark")),
        since_mark=wire.mark_in(data.get("since_mark")),
    )
    return NumberedPage(epoch, page, None, tuple(bad), True)
