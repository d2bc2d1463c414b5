"""The server's answer to one change: what became of each of its fields (docs/protocol.md#results).

A change is over only when its answer accounts for all of it. An answer that does not, or in which a number makes no
sense, is none: the change is as unanswered as before, and no other is held up. Nothing here raises anything but
`wire.BadPayload`, whatever it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from clutch_tui.core.outbox import answers, precedence
from clutch_tui.core.outbox.messages import Result, Sent

from .. import wire

LONGEST = 2000
"""Letters of what a server says of a change."""
MOST_FLAGS = 20


def read(sent: Sent, raw: object) -> Result:
    """The server's answer to a change. A duplicate is the answer that it repeats. Raises `wire.BadPayload`."""
    if not isinstance(raw, dict) or not isinstance(raw.get("status"), str):
        raise wire.BadPayload("a result without a status")
    if raw["status"] == "duplicate":
        first = raw.get("first")
        if isinstance(first, dict) and first.get("status") == "duplicate":
            raise wire.BadPayload("a duplicate of a duplicate")
        return read(sent, first)
    return checked(
        sent,
        Result(
            status=raw["status"][:LONGEST],
            seq=_seq(sent, raw),
            version=wire.counter_in(raw.get("version")),
            flags=_flags(raw.get("flags")),
            applied=read_names(sent.type, raw["applied"]) if isinstance(raw.get("applied"), list) else None,
            theirs=read_theirs(sent.type, raw.get("theirs")),
            code=_text(raw.get("code")),
            message=_text(raw.get("message")),
            after=_seconds(raw.get("after")),
            errors=read_errors(sent.type, raw.get("errors")),
            mark=wire.mark_in(raw.get("mark")),
        ),
    )


def checked(sent: Sent, result: Result) -> Result:
    """The result, where it accounts for what was sent. Raises `wire.BadPayload` where it does not."""
    if left := answers.unaccounted(sent, result):
        raise wire.BadPayload(f"an answer that does not say what became of {', '.join(sorted(left))}"[:200])
    return result


def _seq(sent: Sent, raw: Mapping[str, Any]) -> int:
    """The number that the change took. A fact that was applied has one: without, what it moved would never, or at
    once, be taken for contained in the server's figures."""
    seq = wire.counter_in(raw.get("seq"))
    if seq is None and (raw.get("seq") is not None or (sent.kind in precedence.FACTS and raw["status"] in _TAKEN)):
        raise wire.BadPayload("a result without a number")
    return seq or 0


_TAKEN = ("applied", "applied_flagged")


def _flags(given: object) -> tuple[str, ...]:
    return tuple(flag[:40] for flag in given if isinstance(flag, str))[:MOST_FLAGS] if isinstance(given, list) else ()


def _text(given: object) -> str:
    return given[:LONGEST] if isinstance(given, str) else ""


def _seconds(value: object) -> float | None:
    """Return how long a change is put off: at most a day, whoever asks for more."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        return None
    return float(min(value, 86_400))


def read_errors(type: str, errors: object) -> dict[str, str]:
    """The fields that a refusal names, in core's terms, and what it says of each."""
    named: dict[str, str] = {}
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and (field := _text(error.get("field"))):
            field = field.removeprefix("fields.").removeprefix("body.")
            named |= dict.fromkeys(read_names(type, [field]), _text(error.get("message")))
    return named


def read_names(type: str, names: Iterable[object]) -> tuple[str, ...]:
    """Field names in core's terms, however the server writes them."""
    ours: list[str] = []
    for name in names:
        if isinstance(name, str):
            plain = wire.field_name(type, name)
            ours += wire.CAR_FIELDS if type == "customer" and plain == "car_info" else [plain]
    return tuple(ours)


def read_theirs(type: str, raw: object) -> dict[str, tuple[Any, int]]:
    """The fields that the server kept: value in core's terms, and the version that wrote it. What has no version, or
    a value that makes no sense, is left out: nobody could decide on it."""
    theirs: dict[str, tuple[Any, int]] = {}
    for name, entry in raw.items() if isinstance(raw, dict) else ():
        if not isinstance(entry, dict) or "value" not in entry:
            continue
        version = wire.counter_in(entry.get("version"))
        if version is None:
            continue
        try:
            values = _read_values(type, name, entry["value"])
        except wire.BadPayload:
            continue
        theirs |= {field: (value, version) for field, value in values.items()}
    return theirs


def _read_values(type: str, name: str, value: Any) -> dict[str, Any]:
    """One entry of `theirs` as core's fields."""
    if name == "*":
        return {name: _read_whole(type, value)}
    plain = wire.field_name(type, name)
    if type == "customer" and plain == "car_info":
        return wire.read_car(value)
    return {plain: wire.read_field(type, plain, value)} if wire.is_field(type, plain) else {}


def _read_whole(type: str, value: Any) -> dict[str, Any]:
    """The record that stands against a whole change, in core's terms; of a deleted one only that it is."""
    record = wire.read_one(type, value)
    return {"id": record["id"], "deleted": True} if record["deleted"] else record
