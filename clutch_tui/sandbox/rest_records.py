"""Writes of items, customers, suppliers, sales and orders, and the one order by its id."""

from __future__ import annotations

import uuid
from typing import Any

from . import rest_writes
from .calls import Answer, Call, Refusal, endpoint
from .database import Database
from .payload import invalid

_NOUNS = {"inventory": "item", "customers": "customer", "suppliers": "supplier", "sales": "sale", "orders": "order"}


def _noun(call: Call) -> str:
    return _NOUNS[call.endpoint.category]


def _made_id(call: Call) -> str:
    """An id for a client that gives none: the same for every retry under the same key."""
    key = call.request.headers.get("idempotency-key")
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{call.shop_id}/{key}")) if key else call.backend.database.new_id()


@endpoint("inventory.create", "customers.create", "suppliers.create")
async def create(call: Call) -> Answer:
    given: Any = call.body.get("id")
    if given is not None and (not isinstance(given, str) or not 0 < len(given) <= 64):
        raise invalid("id", "must be a text of at most 64 characters")
    record_id = given or _made_id(call)
    return await rest_writes.answer(call, rest_writes.change_of(call, "create", _noun(call), record_id), created=True)


@endpoint("inventory.update", "customers.update", "suppliers.update", "sales.update")
async def update(call: Call) -> Answer:
    return await rest_writes.answer(call, rest_writes.change_of(call, "update", _noun(call), call.record_id))


@endpoint("inventory.delete", "customers.delete", "suppliers.delete")
async def delete(call: Call) -> Answer:
    return await rest_writes.answer(call, rest_writes.change_of(call, "delete", _noun(call), call.record_id))


@endpoint("orders.accept", "orders.reject", "orders.quote")
async def decide(call: Call) -> Answer:
    change = rest_writes.change_of(call, call.endpoint.action, "order", call.record_id)
    return await rest_writes.answer(call, change)


@endpoint("sales.create")
async def sell(call: Call) -> Answer:
    """A sale by itself; with `return_of` a return."""
    record_id = str(call.body.get("id") or _made_id(call))
    call.body["id"] = record_id
    kind = "return" if call.body.get("return_of") else "sale"
    change = rest_writes.change_of(call, kind, "sale", record_id, as_body=True)
    return await rest_writes.answer(call, change, created=True)


@endpoint("orders.get")
async def order(call: Call) -> Answer:
    def read(database: Database) -> Any:
        with database.reading() as reading:
            return rest_writes.record_of(reading, call.shop_id, "order", call.record_id)

    record = await call.backend.read(read)
    if record is None:
        raise Refusal(404, "NOT_FOUND", f"order {call.record_id} does not exist")
    return Answer(record)
