"""Whole round trips for `--write`: a marked record is made, changed and deleted again.

The mark is in the name, so that a record which a crash or a cut line left behind is known as ours: every run
looks for marked records before and after its own and deletes them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import uuid_utils

from clutch_tui.errors import Problem
from clutch_tui.net import wire
from clutch_tui.net.client.api import Answer, Api
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.endpoint_tester.probes import fault_of
from clutch_tui.net.endpoints import BY_NAME, Endpoint
from clutch_tui.net.monitor import Monitor

MARK = "clutch-tui-test"
NOUNS = {"inventory": "item", "customers": "customer", "suppliers": "supplier"}
"""The categories whose records can be deleted again, and what they hold."""
_PAGE, _MOST_PAGES = 200, 50
# A stock of nothing at no price: no alert, no value, no offer.
_FIELDS: dict[str, dict[str, Any]] = {
    "inventory": {"price": wire.money_out(0), "cost": wire.money_out(0), "stock_quantity": 0, "min_stock": 0},
    "customers": {"phone": "01000000000"},
    "suppliers": {"phone": "01000000000"},
}
# What a profile may be told of itself.
_PROFILE = ("name", "name_en", "address", "phone", "email", "car_brands", "location", "settings")


@dataclass(frozen=True, slots=True)
class TripStep:
    """One call of a round trip: its answer, or why there is none, and what is wrong with it."""

    endpoint: Endpoint
    answer: Answer | None = None
    error: ApiError | None = None
    problem: Problem | None = None


class RoundTrip:
    """The round trips of one run. `is_idempotent` is known after the first: None where it could not be tried."""

    def __init__(self, api: Api, monitor: Monitor) -> None:
        self._api = api
        self._monitor = monitor
        self.is_idempotent: bool | None = None

    async def run(self, category: str, on_step: Callable[[TripStep], Awaitable[None]]) -> None:
        """Make, change and delete one record of `category`; tells each step as it is done. However it ends, what
        it made is deleted."""
        name, identity = f"{MARK} {uuid4().hex[:8]}", str(uuid_utils.uuid7())
        body = {"id": identity, "name": name, **_FIELDS[category]}
        key = str(uuid_utils.uuid7())
        is_gone = False
        try:
            made = await self._step(f"{category}.create", body=body, key=key)
            identity = _identity(made.answer) or identity
            await on_step(made)
            if made.answer is None:
                return
            await self._repeat(category, body, key, identity)
            changed = await self._step(f"{category}.update", identity, body=_change(name, made.answer))
            await on_step(changed)
            removed = await self._step(f"{category}.delete", identity)
            is_gone = removed.error is None
            await on_step(removed)
        finally:
            if not is_gone:
                await self._remove(category, identity)

    async def send_profile(self) -> TripStep:
        """The shop's own values, sent back to it; afterwards they must be what they were."""
        update = BY_NAME["shop.update"]
        try:
            before = await self._api.call("shop.profile", probe=True)
        except ApiError as error:
            return TripStep(update, error=error)
        given = before.data if isinstance(before.data, dict) else {}
        body = {name: given[name] for name in _PROFILE if given.get(name) is not None}
        step = await self._step("shop.update", body=body)
        if step.answer is None or step.problem is not None:
            return step
        after = await self._api.call("shop.profile", probe=True)
        if after.data != before.data:
            return TripStep(update, step.answer, problem=Problem("tester.profile_changed"))
        return step

    async def sweep(self, category: str) -> int:
        """Delete the marked records that are there; how many there were. A list that cannot be had holds none."""
        try:
            left = await self._marked(category)
        except (ApiError, wire.BadPayload) as error:
            self._monitor.note("warning", "tester", "tester.not_swept", nouns=category, reason=str(error)[:100])
            return 0
        for identity in left:
            await self._remove(category, identity)
        return len(left)

    # --- single calls -------------------------------------------------------------------------------

    async def _step(self, name: str, identity: str = "", *, body: object = None, key: str | None = None) -> TripStep:
        endpoint = BY_NAME[name]
        path = {"id": identity} if identity else None
        try:
            answer = await self._api.call(
                name, path=path, body=body, idempotency_key=key or str(uuid_utils.uuid7()), probe=True
            )
        except ApiError as error:
            return TripStep(endpoint, error=error)
        return TripStep(endpoint, answer, problem=fault_of(endpoint, answer))

    async def _repeat(self, category: str, body: dict[str, Any], key: str, identity: str) -> None:
        """The same call under the same key: is it known, or done a second time?"""
        again = await self._step(f"{category}.create", body=body, key=key)
        if again.answer is None:
            is_known = again.error is not None and again.error.kind is Kind.CONFLICT
        else:
            second = _identity(again.answer)
            is_known = again.answer.replayed or second == identity
            if second is not None and second != identity:
                await self._remove(category, second)
        self.is_idempotent = is_known and self.is_idempotent is not False

    async def _remove(self, category: str, identity: str) -> None:
        try:
            await self._api.call(
                f"{category}.delete", path={"id": identity}, idempotency_key=str(uuid_utils.uuid7()), retry=True
            )
        except ApiError as error:
            if error.kind is not Kind.MISSING_RECORD:
                self._monitor.note("error", "tester", "tester.left_behind", nouns=category, id=identity)

    async def _marked(self, category: str) -> list[str]:
        """The marked records that the server still lists; one that knows no `search` lists all that it has."""
        identities: list[str] = []
        for number in range(1, _MOST_PAGES + 1):
            query = {"search": MARK, "page": number, "limit": _PAGE}
            answer = await self._api.call(f"{category}.list", query=query, probe=True)
            rows, _ = wire.read_rows(NOUNS[category], answer.data)
            marked = [str(row["id"]) for row in rows if row["name"].startswith(MARK) and not row["deleted"]]
            new = [identity for identity in marked if identity not in identities]
            identities += new
            pages = answer.pagination.get("pages")
            if not rows or number >= (pages if isinstance(pages, int) else 1 if len(rows) < _PAGE else _MOST_PAGES):
                break
        return identities


def _identity(answer: Answer | None) -> str | None:
    """Under which identity the server keeps the record: ours, or one of its own, which wins where it tells both."""
    data = answer.data if answer is not None else None
    if not isinstance(data, dict):
        return None
    inner = next(
        (value for value in data.values() if isinstance(value, dict) and ("id" in value or "_id" in value)), {}
    )
    identity = next((record[name] for record in (data, inner) for name in ("_id", "id") if name in record), None)
    return str(identity) if isinstance(identity, str | int) else None


def _change(name: str, made: Answer) -> dict[str, Any]:
    """A new name, and the version that we saw, where the server counts them."""
    version = made.data.get("version") if isinstance(made.data, dict) else None
    base = {"base": {"name": version}, "was": {"name": name}} if isinstance(version, int) else {}
    return {"name": f"{name} 2", **base}
