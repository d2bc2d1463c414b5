"""Reads what an answer says of a change: which fields it has written, and of which it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import abilities
from .messages import Result, Sent
from .precedence import FACTS


def taken(status: str, sent: dict[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answered request has written of what it sent. An answer that names no fields means all of them
    where it says "applied", and none in a conflict: a field is never taken for written that somebody else may hold."""
    applied = answer.get("applied")
    if applied is None:
        return {} if status == "conflict" else sent
    return {name: value for name, value in sent.items() if name in applied}


def unaccounted(sent: Sent, result: Result) -> set[str]:
    """The fields of which an answer does not say what became, or `*` where it is no answer to such a change at all:
    a fact is never in conflict, and a conflict names what stands against each field that was not applied."""
    if sent.kind in FACTS:
        return {"*"} if result.status == "conflict" else set()
    if result.status == "conflict" and "*" not in result.theirs:
        left = sent.fields - result.theirs.keys() - set(result.applied or ())
        return set(left) if sent.fields or result.theirs else {"*"}
    if result.status in ("applied", "applied_flagged") and result.applied is not None:
        later = abilities.LATER_FIELDS if sent.type == "item" else ()
        return set(sent.fields - set(result.applied) - set(later))
    return set()
