"""inventory.sync and sales.sync: apply what is brought, then read the page that is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import changes, epochs, ledger, pages, payload
from .auth import Denied
from .calls import Answer, Call, Encoded, Refusal, endpoint
from .database import Database
from .epochs import Place
from .ledger import Origin, Outcome
from .pages import Pull
from .payload import JSON
from .settings import PROTOCOL

MOST_CHANGES = 100
MOST_BYTES = 256 * 1024
MOST_UNCONFIRMED = 1000


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync call, understood."""

    origin: Origin
    head: int
    epoch: str | None
    pull: Pull
    changes: list[ledger.Change]
    unconfirmed: list[str]


def read_call(body: JSON, shop_id: str, device_id: str, person: str = "", *, size: int, newest: int = PROTOCOL) -> Sync:
    """Understand a body of `size` bytes, in a protocol up to the `newest`; raises `Refusal` and `Invalid`, and then
    nothing has been applied."""
    if "protocol" not in body:  # no newer client's call: no sync call at all
        raise payload.invalid("protocol", "is required")
    if body["protocol"] not in range(1, newest + 1):
        raise Refusal(426, "UPGRADE_REQUIRED", f"this server speaks protocol {newest} at most")
    if body.get("shop_id") not in (None, shop_id):
        raise Refusal(403, "SHOP_MISMATCH", "the call names another shop")
    given, unconfirmed = body.get("changes") or [], body.get("unconfirmed") or []
    if not isinstance(given, list) or not isinstance(unconfirmed, list):
        raise payload.invalid("changes", "must be a list")
    # the changes are less than the whole: they are weighed only where that would be too much
    if len(given) > MOST_CHANGES or (size > MOST_BYTES and len(payload.dump(given).encode()) > MOST_BYTES):
        raise Refusal(413, "PAYLOAD_TOO_LARGE", f"at most {MOST_CHANGES} changes or {MOST_BYTES} bytes in one call")
    if len(unconfirmed) > MOST_UNCONFIRMED:
        raise Refusal(413, "PAYLOAD_TOO_LARGE", f"at most {MOST_UNCONFIRMED} unconfirmed changes in one call")
    try:
        understood = [changes.read_change(change) for change in given]
    except ValueError as problem:
        raise payload.invalid("changes", str(problem)) from problem
    device = str(body.get("device_id") or device_id)
    pull = Pull(
        _whole(body, "cursor", 0),
        bool(body.get("snapshot")),
        _since(body),
        _whole(body, "limit", 5000),
        _mark(body),
        read_heard(body),
        body["protocol"],
    )
    epoch = body.get("epoch")
    origin = Origin(device, str(body.get("lineage") or ""), person)
    names = [str(change_id) for change_id in unconfirmed]
    return Sync(origin, _whole(body, "head", 0), str(epoch) if epoch else None, pull, understood, names)


def _whole(body: JSON, name: str, default: int) -> int:
    return payload.counter(body.get(name, default), name)


def _mark(body: JSON) -> str | None:
    mark = body.get("mark")
    if mark is not None and not isinstance(mark, str):
        raise payload.invalid("mark", "must be a text")
    return mark or None


def read_heard(body: JSON) -> Place:
    """The highest number that the caller was ever told, in any call that names one."""
    heard = body.get("heard") or {}
    if not isinstance(heard, dict):
        raise payload.invalid("heard", "must be an object")
    return Place(_whole(heard, "seq", 0), _mark(heard))


def _since(body: JSON) -> int | None:
    return None if body.get("since") is None else _whole(body, "since", 0)


def check(database: Database, shop_id: str, sync: Sync) -> str:
    """The present epoch, if this call belongs to it; raises `Refusal` for another epoch or a forked disk."""
    epoch = epochs.check(database, shop_id, sync.epoch, *sync.pull.places)
    if not sync.origin.lineage:
        return epoch
    with database.reading() as reading:
        seen = ledger.highest(reading, shop_id, sync.origin.lineage)
        taken = any(ledger.is_taken(reading, shop_id, sync.origin.lineage, change) for change in sync.changes)
    if seen > sync.head or taken:
        data = {"highest": seen, "epoch": epoch}
        raise Refusal(409, "LINEAGE_FORK", "this disk was restored or cloned", data=data)
    return epoch


# Called before each change with its place in the call: may raise, or answer in the change's stead.
Disturb = Callable[[int, ledger.Change], Outcome | None]


def push(
    database: Database,
    shop_id: str,
    sync: Sync,
    expires_at: float | None = None,
    disturb: Disturb = lambda n, change: None,
) -> tuple[str, JSON]:
    """Check the call and apply its changes in order; returns the epoch and the results.

    A token that ends between two changes ends the call with 401: the changes before it are committed.
    """
    epoch = check(database, shop_id, sync)
    results: JSON = {}
    for n, change in enumerate(sync.changes):
        if expires_at is not None and expires_at <= database.clock.now().timestamp():
            raise Denied("TOKEN_EXPIRED", "the token expired in the middle of the call")
        outcome = disturb(n, change) or changes.apply(database, shop_id, change, sync.origin)
        results[change.change_id] = outcome.wire()
    return epoch, results


def answer(database: Database, shop_id: str, sync: Sync, collection: str, epoch: str, results: JSON) -> Encoded:
    """The page and what is known of the unconfirmed, read in one moment, as JSON text."""
    with database.reading() as reading:
        page = pages.read(reading, shop_id, collection, sync.pull)
        if page.epoch != epoch:
            raise epochs.refusal(page.epoch)
        confirmed = ledger.known(reading, shop_id, sync.unconfirmed)
        now = reading.now
    data = {"epoch": epoch, "server_time": now, "results": results, "confirmed": confirmed}
    return Encoded(payload.dump(data | page.wire()))


@endpoint("inventory.sync")
async def inventory_sync(call: Call) -> Answer:
    return await _sync(call, "inventory")


@endpoint("sales.sync")
async def sales_sync(call: Call) -> Answer:
    return await _sync(call, "sales")


async def _sync(call: Call, collection: str) -> Answer:
    newest = call.backend.database.protocol
    sync = read_call(call.body, call.shop_id, call.device_id, call.identity.name, size=call.size, newest=newest)
    disturb = _faulty(call) if call.backend.faults.enabled else lambda n, change: None
    epoch, results = await call.backend.write(push, call.shop_id, sync, call.identity.expires_at, disturb)
    if _too_old(call.request.headers.get("x-client-version", ""), call.backend.minimum_client):
        confirmed = await call.backend.read(_confirmed, call.shop_id, sync)
        data = {"epoch": epoch, "results": results, "confirmed": confirmed}
        message = f"at least {call.backend.minimum_client} is needed to pull"
        raise Refusal(426, "UPGRADE_REQUIRED", message, data=data)
    return Answer(await call.backend.read(answer, call.shop_id, sync, collection, epoch, results))


def _confirmed(database: Database, shop_id: str, sync: Sync) -> JSON:
    with database.reading() as reading:
        return ledger.known(reading, shop_id, sync.unconfirmed)


def _too_old(client: str, minimum: str) -> bool:
    """Is the client's version known, and below the minimum? Whoever names none is not turned away."""
    given, least = ([int(part) for part in re.findall(r"\d+", text)[:3]] for text in (client, minimum))
    return bool(given) and given < least


def _faulty(call: Call) -> Disturb:
    def disturb(n: int, change: ledger.Change) -> Outcome | None:
        fault = call.backend.faults.strike_change(call.endpoint.name, n, change.change_id, change.id)
        if fault is None:
            return None
        if fault.kind == "unauthorized_within":
            raise Denied("TOKEN_EXPIRED", "a fault on demand")
        if fault.kind == "poison":
            raise Refusal(500, "SERVER_ERROR", "a fault on demand")
        return Outcome("retry", after=fault.retry_after, code="BUSY", message="a fault on demand")

    return disturb
