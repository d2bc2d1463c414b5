"""The probe of each endpoint, which leaves no trace in the shop.

What reads is called. What writes is asked for something that a sound server must refuse: a record of the wrong
types, an identity that does not exist. The refusal proves that the route is there and that we have the right to
use it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from clutch_tui.errors import Problem
from clutch_tui.net import wire
from clutch_tui.net.client.api import Answer, Api
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.endpoints import Endpoint

NO_TOKEN = "no.such.token"
"""Three parts, like a JWT: a server that looks at it knows what it refuses."""

# The right refusals of a probe.
_REFUSALS = frozenset({Kind.INVALID, Kind.MISSING_RECORD, Kind.CONFLICT})
# A refused password or token is the answer of a sign-in that works.
_SIGN_IN = frozenset({"auth.login", "auth.refresh"})
# No server that looks at its input takes these for a record.
_DAMAGED: dict[str, Any] = {"name": {"not": "a name"}, "price": "not a price", "items": "not a list", "total": []}
# Right enough that the server goes on to look for the record, which is not there.
_UNHARMFUL: dict[str, dict[str, Any]] = {
    "orders.reject": {"reason": "connection test"},
    "orders.quote": {"lines": [], "total": 0, "notes": "connection test"},
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One question. `expects_refusal` means that only a refusal is a good answer."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: object = None
    expects_refusal: bool = False


async def probe_for(endpoint: Endpoint, api: Api) -> Probe | None:
    """The question for this endpoint; `None` where there is none that leaves no trace."""
    if endpoint.name in ("auth.logout", "shop.update"):
        return None
    if endpoint.name == "auth.login":
        return Probe(body={"email": 0, "emailOrPhone": 0, "password": 0}, expects_refusal=True)
    if endpoint.name == "auth.refresh":
        return Probe(body={"refresh_token": "no-such-token"}, expects_refusal=True)
    if endpoint.action == "sync":
        return Probe(body=empty_sync(api))
    if endpoint.name == "orders.get":
        known = await _some_order(api)
        return Probe(path={"id": known or str(uuid4())}, expects_refusal=known is None)
    if endpoint.reads:
        return Probe(query={"limit": 5} if endpoint.action == "list" else {})
    if "{id}" in endpoint.path:
        body = None if endpoint.method == "DELETE" else _UNHARMFUL.get(endpoint.name, {})
        return Probe(path={"id": str(uuid4())}, body=body, expects_refusal=True)
    return Probe(body=_DAMAGED, expects_refusal=True)


def empty_sync(api: Api) -> dict[str, Any]:
    """A round that brings nothing and asks for one row."""
    return {
        **{"protocol": 1, "shop_id": api.shop_id, "device_id": api.device_id},
        **{"lineage": str(uuid4()), "head": 0, "epoch": None, "cursor": 0, "snapshot": False},
        **{"since": None, "limit": 1, "changes": [], "unconfirmed": []},
    }


def is_expected(endpoint: Endpoint, error: ApiError) -> bool:
    """Tell whether this is the refusal that a probe hopes for."""
    return error.kind in _REFUSALS or (error.kind is Kind.UNAUTHORIZED and endpoint.name in _SIGN_IN)


async def routes_before_tokens(api: Api, endpoint: Endpoint) -> bool:
    """Tell whether this server tells a missing route from a refused token. Only then does a refused token prove the
    route: many servers look at the token first and at the route never."""
    nowhere = f"{endpoint.path}-{uuid4().hex[:8]}"
    try:
        await api.send_as(endpoint.name, {}, bearer=NO_TOKEN, probe=True, path=nowhere)
    except ApiError as error:
        return error.kind in (Kind.MISSING_ROUTE, Kind.MISSING_RECORD)
    return False


def fault_of(endpoint: Endpoint, answer: Answer) -> Problem | None:
    """Return what is wrong with an answer's content."""
    try:
        reading = wire.read_answer(endpoint.name, answer.whole if endpoint.name in _SIGN_IN else answer.data)
    except wire.BadPayload as bad:
        return Problem("tester.bad_answer", {"reason": bad.reason})
    if reading.bad:
        first = reading.bad[0]
        return Problem("tester.bad_rows", {"n": len(reading.bad), "id": first.id or "", "reason": first.reason})
    return None


async def _some_order(api: Api) -> str | None:
    try:
        answer = await api.call("orders.list", query={"limit": 1}, probe=True)
        orders, _ = wire.read_rows("order", answer.data)
    except (ApiError, wire.BadPayload):
        return None
    return str(orders[0]["id"]) if orders else None
