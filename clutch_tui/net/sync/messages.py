"""The messages of synchronisation (docs/protocol.md#the-sync-call), between core's terms and the wire's.

Requests are built from frozen changes, answers become results and pages that core can store. Nothing here
waits or decides; `engine` and `record_calls` do.

Marks (docs/protocol.md#marks). The server's counter does not identify a history, so each number comes with the mark of
the transaction that took it, a text that nobody reads:

* a sync answer and a list by `since_seq` carry `"mark"` beside `cursor` and `"since_mark"` beside a snapshot's `since`,
  a result carries `"mark"` beside `seq`, and so does the record that a single write is answered with;
* a sync call sends back `"mark"` beside `cursor`, and `"heard": {"seq", "mark", "epoch"}`, the highest number that any
  answer has told; a list call `mark`, `heard` and `heard_mark` in its query; a single write `heard` in its body, with
  the epoch that these calls do not name otherwise;
* a mark that is another, or a number above the counter, is answered 409 `EPOCH` with the epoch that begins by that, for
  this shop alone. Numbers from before there were marks have none, and a server that is sent none checks none.

A server of ours leaves out no mark; to one that tells none, none is sent, and `restore_check` asks it instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from clutch_tui.core.clock import from_text
from clutch_tui.core.outbox.messages import Change, PullPage, PullState, Result, Sent
from clutch_tui.core.outbox.precedence import FACTS
from clutch_tui.core.sync.marks import Heard
from clutch_tui.core.sync.unconfirmed import Offer

from .. import wire
from . import results

_DOCUMENTS = frozenset({"count", "adjust", "receive", "receipt"})
"""Rows of facts whose effect comes with another row, and that no screen shows."""

_WRITERS: dict[str, dict[str, Callable[[int], Any]]] = {
    "payment": {"amount": wire.money_out},
    "deposit": {"amount": wire.money_out},
    "deposit_forfeit": {"amount": wire.money_out},
    "cash": {"amount": wire.money_out, "counted": wire.money_out},
    "adjust": {"delta": wire.quantity_out},
    "count": dict.fromkeys(("counted", "expected", "delta"), wire.quantity_out),
}
"""How the numbers of facts are written that have no record."""


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """An understood answer of a sync call. `page` is None where the server refused rows (`reset`), and where it does
    not say how far they reach."""

    epoch: str
    server_time: datetime | None
    results: dict[str, Result]
    page: PullPage | None
    reset: str | None
    bad_rows: tuple[wire.BadRow, ...]
    rows_sent: int = 0
    """The number of rows that came, also those that no screen shows and those that could not be read."""
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
    mark = {"mark": pull.mark} if pull.mark else {}
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
        **mark,
        **write_heard(heard),
    }


def write_heard(heard: Heard | None) -> dict[str, Any]:
    """Return what tells the server whether its history is still the one that we know, for the body of any call."""
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
    if change.kind == "exchange":
        return {half: wire.write("sale", document) for half, document in change.payload.items()}
    if change.kind in ("quotation", "lost_sale", "special_order"):
        return wire.write(change.kind, change.payload)
    if change.kind == "receive":
        return {**change.payload, "lines": [_received(line) for line in change.payload["lines"]]}
    writers = _WRITERS.get(change.kind, {})
    return {
        name: writers[name](value) if name in writers and value is not None else value
        for name, value in change.payload.items()
    }


def _received(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "cost": wire.money_out(line["cost"]), "quantity": wire.quantity_out(line["quantity"])}


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
        field = "car_info" if change.type == "customer" and name in wire.CAR_FIELDS else name
        base[field] = max(version, base.get(field, 0))
    return base


# --- answers -------------------------------------------------------------------------------------------


def read_sync(data: object, asked_for: PullState, sent: Mapping[str, Sent]) -> SyncAnswer:
    """Understand the `data` of a sync answer: every result and every row by itself. `sent` says what each change
    asks for that was sent or offered. Raises `wire.BadPayload` for an answer that cannot be used at all."""
    answer = wire.read_sync(data)
    understood: dict[str, Result] = {}
    unreadable: list[str] = []
    for change_id, raw in (*answer["confirmed"].items(), *answer["results"].items()):
        if change_id not in sent:
            continue
        try:
            understood[change_id] = results.read(sent[change_id], raw)
        except wire.BadPayload:
            unreadable.append(change_id)
    good, bad = wire.read_changes([row for row in answer["changes"] if not _is_document(row)])
    page = None
    if not answer["reset"] and answer["cursor"] is not None:
        page = PullPage(
            epoch=answer["epoch"],
            rows=tuple({**row, "type": type} for type, row in good),
            cursor=answer["cursor"],
            more=answer["more"],
            since=answer["since"],
            asked_from=asked_for.cursor,
            snapshot=asked_for.snapshot,
            mark=answer["mark"],
            since_mark=answer["since_mark"],
        )
    server_time = from_text(answer["server_time"]) if answer["server_time"] else None
    left = tuple(change_id for change_id in unreadable if change_id not in understood)
    rows_sent = len(answer["changes"])
    return SyncAnswer(answer["epoch"], server_time, understood, page, answer["reset"], tuple(bad), rows_sent, left)


def _is_document(row: object) -> bool:
    kind = row.get("type") if isinstance(row, dict) else None
    return isinstance(kind, str) and kind in _DOCUMENTS
