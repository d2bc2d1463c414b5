"""The messages of synchronisation (contract, section 5), between core's terms and the wire's.

Requests are built from frozen changes, answers become results and pages that core can store. Nothing here
waits or decides; `sync` and `rest` do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from clutch_tui.core.clock import from_text
from clutch_tui.core.sync.marks import Heard
from clutch_tui.core.sync.messages import Change, PullPage, PullState, Result
from clutch_tui.core.sync.offers import Offer
from clutch_tui.core.sync.outbox import FACTS

from .. import wire

_DOCUMENTS = frozenset({"cash", "count", "adjust", "receive", "receipt"})
"""Rows of facts whose effect comes with another row, and that no screen shows."""

_MONEY_IN_FACTS = {"payment": ("amount",), "cash": ("amount", "counted")}

CAR_FIELDS = {"car_brand": "brand", "car_model": "model", "car_year": "year", "car_plate": "plate_number"}
"""A customer's car is one field on the wire and four in core."""


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """An understood answer of a sync call. `page` is None where the server refused rows (`reset`)."""

    epoch: str
    server_time: datetime | None
    results: dict[str, Result]
    page: PullPage | None
    reset: str | None
    bad_rows: tuple[wire.BadRow, ...]
    unreadable: tuple[str, ...] = ()
    """Changes whose results make no sense: they are as good as unanswered, and the others are not held up."""


# --- requests ------------------------------------------------------------------------------------------


def sync_request(
    *,
    version: int,
    shop_id: str,
    device_id: str,
    lineage: str,
    head: int,
    pull: PullState,
    changes: Sequence[Change],
    asked: Offer,
    limit: int,
    heard: Heard | None = None,
) -> dict[str, Any]:
    """The body of `inventory.sync` and `sales.sync`. A server that knows no marks is sent none."""
    told = {"mark": pull.mark} if pull.mark else {}
    return {
        "protocol": version,
        "shop_id": shop_id,
        "device_id": device_id,
        "lineage": lineage,
        "head": head,
        "epoch": pull.epoch,
        "cursor": pull.cursor,
        "snapshot": pull.snapshot,
        "since": pull.since,
        "limit": limit,
        "changes": [write_change(change) for change in changes],
        "unconfirmed": list(asked.ids),
        **told,
        **write_heard(heard),
    }


def write_heard(heard: Heard | None) -> dict[str, Any]:
    """What tells the server whether its history is still the one that we know, for the body of any call."""
    return {} if heard is None else {"heard": asdict(heard)}


def write_change(change: Change) -> dict[str, Any]:
    """One change of a sync call. Every retry gives the same bytes: all of it was frozen at the first claim."""
    message: dict[str, Any] = {
        "change_id": change.change_id,
        "n": change.n,
        "kind": change.kind,
        "type": change.type,
        "id": change.id,
        "at": change.at,
        "epoch": change.epoch,
        "base": change.base,
        "was": {},
    }
    if change.kind in FACTS:
        return message | {"body": _fact(change)}
    return message | {"base": write_base(change), "was": write_was(change), "fields": write_fields(change)}


def _fact(change: Change) -> dict[str, Any]:
    if change.kind in ("sale", "return"):
        return wire.write("sale", change.payload)
    if change.kind == "receive":
        lines = [{**line, "cost": wire.money_out(line["cost"])} for line in change.payload["lines"]]
        return {**change.payload, "lines": lines}
    money = _MONEY_IN_FACTS.get(change.kind, ())
    return {
        name: wire.money_out(value) if name in money and value is not None else value
        for name, value in change.payload.items()
    }


def write_fields(change: Change) -> dict[str, Any]:
    """The fields of a request in the server's terms."""
    fields = wire.write(change.type, change.payload)
    if "lines" in change.payload:  # its `lines` are the order's items with prices, and an order has no such field
        fields["lines"] = wire.write("order", {"items": change.payload["lines"]})["items"]
    return fields


def write_was(change: Change) -> dict[str, Any]:
    return wire.write(change.type, change.was)


def write_base(change: Change) -> dict[str, int]:
    """The versions that the user saw, by the server's field names."""
    base: dict[str, int] = {}
    for name, version in change.base.items():
        field = "car_info" if change.type == "customer" and name in CAR_FIELDS else name
        base[field] = max(version, base.get(field, 0))
    return base


# --- answers -------------------------------------------------------------------------------------------


def read_sync(data: object, asked_for: PullState, types: Mapping[str, str]) -> SyncAnswer:
    """Understand the `data` of a sync answer. `types` names the record type of each change that was sent or
    offered. Raises `wire.BadPayload` for an answer that cannot be used."""
    answer = wire.read_sync(data)
    results: dict[str, Result] = {}
    unreadable: list[str] = []
    for change_id, raw in (*answer["confirmed"].items(), *answer["results"].items()):
        if change_id not in types:
            continue
        try:
            results[change_id] = read_result(types[change_id], raw)
        except wire.BadPayload:
            unreadable.append(change_id)
    rows = [row for row in answer["changes"] if row.get("type") not in _DOCUMENTS]
    good, bad = wire.read_changes(rows)
    page = None
    if not answer["reset"]:
        page = PullPage(
            epoch=answer["epoch"],
            rows=tuple({**row, "type": type} for type, row in good),
            cursor=answer["cursor"],
            more=answer["more"],
            since=answer["since"],
            asked_from=asked_for.cursor,
            snapshot=asked_for.snapshot,
            mark=answer["mark"],
        )
    server_time = from_text(answer["server_time"]) if answer["server_time"] else None
    return SyncAnswer(answer["epoch"], server_time, results, page, answer["reset"], tuple(bad), tuple(unreadable))


def read_result(type: str, raw: object) -> Result:
    """The server's answer to one change. A duplicate is the answer that it repeats."""
    if not isinstance(raw, dict) or not isinstance(raw.get("status"), str):
        raise wire.BadPayload("a result without a status")
    if raw["status"] == "duplicate":
        first = raw.get("first")
        if isinstance(first, dict) and first.get("status") == "duplicate":
            raise wire.BadPayload("a duplicate of a duplicate")
        return read_result(type, first)
    return Result(
        status=raw["status"],
        seq=_whole(raw.get("seq")) or 0,
        version=_whole(raw.get("version")),
        flags=tuple(str(flag) for flag in raw["flags"]) if isinstance(raw.get("flags"), list) else (),
        applied=read_names(type, raw["applied"]) if isinstance(raw.get("applied"), list) else None,
        theirs=read_theirs(type, raw.get("theirs")),
        code=str(raw.get("code") or ""),
        message=str(raw.get("message") or ""),
        after=_seconds(raw.get("after")),
        errors=read_errors(type, raw.get("errors")),
        mark=wire.mark_in(raw.get("mark")),
    )


def read_errors(type: str, errors: object) -> dict[str, str]:
    """The fields that a refusal names, in core's terms, and what it says of each."""
    named: dict[str, str] = {}
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and error.get("field"):
            field = str(error["field"]).removeprefix("fields.").removeprefix("body.")
            named |= dict.fromkeys(read_names(type, [field]), str(error.get("message") or ""))
    return named


def _seconds(value: object) -> float | None:
    """How long a change is put off: at most a day, whoever asks for more."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        return None
    return float(min(value, 86_400))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_names(type: str, names: Sequence[object]) -> tuple[str, ...]:
    """Field names in core's terms."""
    ours: list[str] = []
    for name in names:
        ours += CAR_FIELDS if type == "customer" and name == "car_info" else [str(name)]
    return tuple(ours)


def _read_whole(type: str, value: Any) -> dict[str, Any]:
    """The record that stands against a whole change, in core's terms; of a deleted one only that it is."""
    record = wire.read_one(type, value)
    return {"id": record["id"], "deleted": True} if record["deleted"] else record


def read_theirs(type: str, raw: object) -> dict[str, tuple[Any, int]]:
    """The fields that the server kept: value in core's terms, and the version that wrote it."""
    theirs: dict[str, tuple[Any, int]] = {}
    for name, entry in raw.items() if isinstance(raw, dict) else ():
        if not isinstance(entry, dict):
            continue
        version, value = _whole(entry.get("version")) or 0, entry.get("value")
        if name == "*":
            theirs[name] = (_read_whole(type, value), version)
        elif type == "customer" and name == "car_info" and isinstance(value, dict):
            theirs |= {ours: (str(value.get(on_wire) or ""), version) for ours, on_wire in CAR_FIELDS.items()}
        else:
            theirs[name] = (wire.read_field(type, name, value), version)
    return theirs
