"""/__faults and /__control: what tests and the demo do to a sandbox, from this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from . import calls, changes, forecaster, maintenance, orders, payload
from . import without_sync as sandbox_without_sync
from .backend import Backend
from .calls import Refusal
from .database import Database
from .events import Closing
from .faults import ALIASES
from .ledger import Change, Origin, Outcome
from .payload import JSON, Invalid, invalid

Action = Callable[[Backend, JSON], Awaitable[Any]]
FAULTS: dict[str, Action] = {}
CONTROLS: dict[str, Action] = {}


def _action(table: dict[str, Action], name: str) -> Callable[[Action], Action]:
    def register(action: Action) -> Action:
        table[name] = action
        return action

    return register


def is_loopback(host: str | None) -> bool:
    try:
        return host is not None and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def routes(backend: Backend) -> list[BaseRoute]:
    async def faults(request: Request) -> Response:
        return await _guarded(backend, request, lambda body: _faults(backend, request, body))

    async def controls(request: Request) -> Response:
        return await _guarded(backend, request, lambda body: _control(backend, body))

    return [
        Route("/__faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/__control", controls, methods=["POST"]),
    ]


async def _guarded(backend: Backend, request: Request, act: Callable[[JSON], Awaitable[Any]]) -> Response:
    if not is_loopback(request.client.host if request.client else None):
        return Response("Not Found", 404)
    raw = await request.body()
    if raw and request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        # a page in a browser of this machine may send a form anywhere; JSON it may not send without being asked
        refusal = Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "send application/json")
        return calls.respond(calls.failure(backend.database.now, refusal), 415)
    try:
        body = payload.load(raw) if raw else {}
        if not isinstance(body, dict):
            raise invalid("body", "must be an object")
        data = await act(body)
    except Invalid as problem:
        return calls.respond(calls.failure(backend.database.now, calls.refusal_of(problem)), 422)
    except LookupError as problem:
        refusal = Refusal(404, "NOT_FOUND", str(problem))
        return calls.respond(calls.failure(backend.database.now, refusal), 404)
    except ValueError as problem:
        refusal = Refusal(400, "MALFORMED_JSON", str(problem))
        return calls.respond(calls.failure(backend.database.now, refusal), 400)
    return calls.respond(calls.envelope(backend.database.now, data), 200)


async def _faults(backend: Backend, request: Request, body: JSON) -> Any:
    if request.method == "GET":
        return {"faults": backend.faults.listing()}
    if request.method == "DELETE":
        backend.hub.repeats.clear()
        return {"cleared": backend.faults.clear(request.query_params.get("kind", ""))}
    kind = ALIASES.get(str(body.get("kind")), str(body.get("kind")))
    if kind in FAULTS:
        return await FAULTS[kind](backend, body)
    return {"fault": {"id": backend.faults.arm(body).id}}


async def _control(backend: Backend, body: JSON) -> Any:
    name = str(body.get("do"))
    if name not in CONTROLS:
        raise invalid("do", f"must be one of {', '.join(sorted(CONTROLS))}")
    return await CONTROLS[name](backend, body)


@_action(FAULTS, "backup")
async def _backup(backend: Backend, body: JSON) -> Any:
    await backend.write(maintenance.backup)
    return {"backup": True}


@_action(FAULTS, "restore")
async def _restore(backend: Backend, body: JSON) -> Any:
    return {"epoch": await backend.write(maintenance.restore)}


@_action(FAULTS, "put_back")
async def _put_back(backend: Backend, body: JSON) -> Any:
    await backend.write(maintenance.put_back)
    return {"put_back": True}


@_action(FAULTS, "purge")
async def _purge(backend: Backend, body: JSON) -> Any:
    return {"purged": await backend.write(maintenance.purge)}


@_action(FAULTS, "lose_event")
async def _lose_event(backend: Backend, body: JSON) -> Any:
    backend.hub.repeats.extend([0] * int(body.get("count") or 1))
    return {"next_events": backend.hub.repeats}


@_action(FAULTS, "double_event")
async def _double_event(backend: Backend, body: JSON) -> Any:
    backend.hub.repeats.extend([2] * int(body.get("count") or 1))
    return {"next_events": backend.hub.repeats}


@_action(FAULTS, "mute_sockets")
async def _mute_sockets(backend: Backend, body: JSON) -> Any:
    """Every open socket falls silent and stays open: no pong, no event."""
    for listener in backend.hub.all():
        listener.silent = True
    return {"muted": len(backend.hub.all())}


@_action(FAULTS, "close_sockets")
async def _close_sockets(backend: Backend, body: JSON) -> Any:
    """Close every open socket with a code (default 1001), or with `"cut": true` without a word."""
    listeners = backend.hub.all()
    for listener in listeners:
        if body.get("cut"):
            backend.cut(listener.websocket.scope)
        else:
            listener.say(Closing(int(body.get("code") or 1001), str(body.get("reason") or "")))
    return {"closed": len(listeners)}


def _shop_of(database: Database, body: JSON) -> str:
    """The shop that is meant; without a word the first one."""
    with database.reading() as reading:
        wanted = body.get("shop_id") or reading.value("SELECT id FROM shop ORDER BY id")
        return str(reading.shop(str(wanted))["id"])


def _change(database: Database, body: JSON, kind: str, noun: str, record_id: str, fields: JSON) -> JSON:
    """A change as another terminal of the shop would send it, or head office."""
    change = Change(database.new_id(), kind, noun, record_id, at=database.now, fields=fields)
    shop_id = _shop_of(database, body)
    outcome: Outcome = changes.apply(database, shop_id, change, Origin("head-office"))
    return outcome.wire() | {"id": record_id, "change_id": change.change_id}


@_action(CONTROLS, "edit")
async def _edit(backend: Backend, body: JSON) -> Any:
    kind, noun = str(body.get("kind") or "update"), str(body.get("type") or "item")
    record_id = str(body.get("id") or backend.database.new_id())
    return await backend.write(_change, body, kind, noun, record_id, body.get("fields") or {})


@_action(CONTROLS, "price")
async def _price(backend: Backend, body: JSON) -> Any:
    """Change a price. The part by `id`, `part_number` or `barcode`; without any, one by chance."""
    item_id = await backend.read(_item_of, body)
    return await backend.write(_change, body, "update", "item", item_id, {"price": body.get("price")})


def _item_of(database: Database, body: JSON) -> str:
    shop_id = _shop_of(database, body)
    with database.reading() as reading:
        for column in ("id", "part_number", "barcode"):
            if body.get(column):
                item_id = reading.value(
                    f"SELECT id FROM item WHERE shop_id = ? AND {column} = ? AND deleted = 0",
                    (shop_id, str(body[column])),
                )
                if item_id is None:
                    raise LookupError(f"no part with {column} {body[column]}")
                return str(item_id)
        row = orders.any_row(reading, "item", shop_id, database.rng)
    if row is None:
        raise LookupError("the shop has no parts")
    return str(row["id"])


@_action(CONTROLS, "order")
async def _order(backend: Backend, body: JSON) -> Any:
    """A customer orders: by chance, or as `order` says; `shop_ids` offers it to several shops."""
    shop_id = await backend.read(_shop_of, body)
    if not body.get("order"):
        return {"id": await backend.write(orders.place_random, shop_id)}
    return {"id": await backend.write(_placed, body.get("shop_ids") or [shop_id], body)}


def _placed(database: Database, shop_ids: list[str], body: JSON) -> str:
    order_id = str(body.get("id") or database.new_id())
    given = {"customer_name": "عميل", "phone": "01000000000", "lines": []} | body["order"]
    with database.writing(shop_ids[0]) as transaction:
        orders.place(transaction, shop_ids, order_id, given)
    return order_id


@_action(CONTROLS, "insights")
async def _insights(backend: Backend, body: JSON) -> Any:
    """Look at the figures now, as if nothing had been told yet."""
    return {"events": await backend.write(forecaster.tell, forecaster.Announced())}


@_action(CONTROLS, "message")
async def _message(backend: Backend, body: JSON) -> Any:
    def say(database: Database) -> None:
        with database.writing(_shop_of(database, body)) as transaction:
            data = {"message": str(body.get("message") or ""), "level": str(body.get("level") or "info")}
            if body.get("message_ar"):
                data["message_ar"] = str(body["message_ar"])
            transaction.emit("system_message", data)

    await backend.write(say)
    return {"said": True}


@_action(CONTROLS, "minimum_client")
async def _minimum_client(backend: Backend, body: JSON) -> Any:
    """From now on older clients are told to update: their changes are taken, rows are not given."""
    backend.minimum_client = str(body.get("version") or backend.settings.minimum_client)
    return {"minimum_client": backend.minimum_client}


@_action(CONTROLS, "release")
async def _release(backend: Backend, body: JSON) -> Any:
    """A newer terminal comes out: `version`, and what changed in it as `changes` and `changes_ar`."""
    release: JSON = {name: body[name] for name in ("version", "changes", "changes_ar") if name in body}
    backend.latest_client = str(release.get("version", backend.latest_client))
    backend.releases.insert(0, release)
    return release


@_action(CONTROLS, "without_sync")
async def _without_sync(backend: Backend, body: JSON) -> Any:
    """From now on a server without sync; the options are those of `without_sync.Plain`."""
    backend.simplify(sandbox_without_sync.read(body))
    return {"plain": asdict(backend.plain) if backend.plain else None}


@_action(CONTROLS, "with_sync")
async def _with_sync(backend: Backend, body: JSON) -> Any:
    backend.simplify(None)
    return {"plain": None}


@_action(CONTROLS, "stop")
async def _stop(backend: Backend, body: JSON) -> Any:
    """Customers stop placing orders, and nothing else goes on by itself."""
    backend.stopped = True
    return {"stopped": True}


@_action(CONTROLS, "continue")
async def _continue(backend: Backend, body: JSON) -> Any:
    backend.stopped = False
    return {"stopped": False}
