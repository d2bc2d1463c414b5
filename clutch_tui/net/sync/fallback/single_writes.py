"""Sends changes one by one to a server without sync, none doubled and none lost (docs/protocol.md#without-sync-calls).

Every call carries its `Idempotency-Key`, and nothing relies on it: after an unknown outcome the record is looked for
before anything is sent again, and a step that was done is kept before the next begins. What cannot be found out is
put before a person.

Whether such a server moves the stock when it takes a sale is nowhere said: the protocol has the figure written by the
terminal ("read, then write the sum"), most shop servers do it themselves, and either guess, if wrong, counts every
sale twice or never. So it is seen once for each kind of document (`sync.stock_by = "auto"`): the figures of the parts
are read before and after the first one goes up. The setting can also say it outright.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from clutch_tui.core import orders, sales
from clutch_tui.core.clock import from_text, to_text
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import Change, Result
from clutch_tui.core.outbox.outbox import Channel
from clutch_tui.core.sync.fallback import late_parts, recognition, single_writes, stock_movers
from clutch_tui.core.sync.fallback.single_writes import Claimed
from clutch_tui.core.sync.fallback.stock_movers import Who
from clutch_tui.core.types import Lane

from ... import wire
from ...client.api import Answer
from ...client.errors import ApiError, Kind
from .. import messages, record_calls
from ..context import SyncContext, SyncPart
from ..outcomes import BAD_ANSWER, REFUSED, SOON, UNKNOWN, Waits, done, gone, is_not_done
from .field_writes import FieldWrites
from .lookup import Barred, RecordLookup, Row, Unfindable
from .stock import Stock

log = logging.getLogger(__name__)

SETTLE = 60.0
"""Seconds that a server is given to finish what we have given up, before the absence of it is believed; as long as
any call may take."""
WATCHED_FOR = 600.0
"""Seconds after which a person is asked who moved the stock of a document."""
_COMPUTED = frozenset(
    {"id", "version", "seq", "updated_at", "deleted", "stock_quantity", "balance", "total_purchases", "last_visit"}
)


class SingleWrites(SyncPart):
    """The changes of one shop that go up by themselves."""

    def __init__(self, context: SyncContext) -> None:
        super().__init__(context)
        self._policies = context.policies
        self._stock_by = context.stock_by
        self._lookup = RecordLookup(context.store, context.api)
        self._field_writes = FieldWrites(context.store, context.api, self._lookup)
        self._stock = Stock(context.store, self._lookup, self._field_writes, context.stock_by)

    async def push(self, channel: Channel, *, begun: bool | None = None, besides: Collection[str] = ()) -> None:
        """Send what is due in a channel, and one change of the slow lane: each of those may take as long as a call
        can. Raises `ApiError` where the line or the server is down."""
        while await self._push_next(channel, "fast", begun, besides):
            pass
        await self._push_next(channel, "slow", begun, besides)

    async def _push_next(self, channel: Channel, lane: Lane, begun: bool | None, besides: Collection[str]) -> bool:
        """Send the next of a lane; False where nothing is due."""
        if not await self._store.read(outbox.waiting, channel, lane, begun=True):
            return False
        claimed = await self._store.run(single_writes.claim, channel, lane, begun=begun, besides=besides)
        if claimed is not None:
            await self._push(claimed)
        return claimed is not None

    async def _push(self, claimed: Claimed) -> None:
        change = claimed.change
        try:
            await self._send(claimed)
        except Unfindable as unknown:
            await self._ask_person(claimed, unknown)
        except Waits as waits:
            if claimed.progress.barred_since:
                claimed.progress.barred_since = ""
                await self._keep(claimed)
            if waits.local:
                await self._store.run(single_writes.wait_local, claimed)
            else:
                await self._store.run(single_writes.put_off, claimed, waits.seconds)
        except ApiError as error:
            await self._failed(claimed, error)
        except wire.BadPayload as error:
            log.warning("an answer about the change %s makes no sense", change.change_id, exc_info=error)
            await self._store.run(single_writes.not_sent, claimed)
            await self._store.run(outbox.failed, [change.change_id], BAD_ANSWER)
            await self._store.run(outbox.make_slow, change.change_id, BAD_ANSWER)
        else:
            self._monitor.moved(sent=1)
            return
        self._on_change(frozenset({"queue"}))

    async def _ask_person(self, claimed: Claimed, unknown: Unfindable) -> None:
        """Put what cannot be found out before a person; a list that is not shown to us is tried for a while before."""
        change, progress = claimed.change, claimed.progress
        if isinstance(unknown, Barred) and not self._is_barred_for_good(progress):
            progress.barred_since = progress.barred_since or to_text(self._clock.now())
            await self._keep(claimed)
            barred = ApiError(Kind.FORBIDDEN).key
            await self._store.run(outbox.failed, [change.change_id], barred)
            await self._store.run(outbox.make_slow, change.change_id, barred)
            return
        why = str(unknown) or single_writes.UNCONFIRMED
        await self._store.run(single_writes.wait_for_person, change.change_id, why)
        self._monitor.note("warning", "sync", "sync.unconfirmed", change=change.change_id)

    def _is_barred_for_good(self, progress: single_writes.WriteProgress) -> bool:
        since = progress.barred_since
        return bool(since) and self._clock.now() - from_text(since) >= outbox.SLOW_RETRY

    async def _failed(self, claimed: Claimed, error: ApiError) -> None:
        """Learn from a failed call; raises it again where it is not about this change."""
        change_id = claimed.change.change_id
        if is_not_done(error):
            await self._store.run(single_writes.not_sent, claimed)
        if error.kind is Kind.MISSING_ROUTE:
            await self._store.run(single_writes.wait_local, claimed, error.key)
            return
        if error.kind in REFUSED:  # it has happened all the same, and goes on counting here
            await self._store.run(outbox.failed, [change_id], error.key)
            await self._store.run(single_writes.wait_for_person, change_id, error.key)
            return
        if error.kind not in UNKNOWN | {Kind.FORBIDDEN, Kind.TOO_LARGE}:
            raise error
        await self._store.run(outbox.failed, [change_id], error.key)
        if claimed.change.lane == "slow" or error.kind not in UNKNOWN:
            await self._store.run(outbox.make_slow, change_id, error.key)
            return
        await self._api.call("system.ping", retry=False)
        if not await self._store.run(outbox.failed_alone, change_id):
            raise error

    # --- what it is ------------------------------------------------------------------------------------

    async def _send(self, claimed: Claimed) -> None:
        change = claimed.change
        if change.type == "order":
            await self._answer_order(claimed)
        elif change.kind == "create":
            await self._create(claimed)
        elif change.kind == "update":
            await self._update(claimed)
        elif change.kind == "delete":
            await self._delete(claimed)
        elif change.kind in ("sale", "return", "void"):
            await self._document(claimed)
        else:
            await self._stock.write(claimed)
            await self._finish(claimed, Result(status="applied", seq=0))

    async def _finish(self, claimed: Claimed, result: Result, remote_id: str | None = None) -> None:
        nouns = await self._store.run(
            single_writes.finish, claimed.change, result, remote_id=remote_id, policies=self._policies
        )
        if nouns:
            self._on_change(nouns)

    async def _keep(self, claimed: Claimed) -> None:
        await self._store.run(single_writes.keep, claimed.change.change_id, claimed.progress)

    @asynccontextmanager
    async def _attempt(self, claimed: Claimed) -> AsyncIterator[None]:
        """Around the one call that makes or moves something: that it was begun is kept before it, and when it was
        given up after it. What a person has said of the attempts before it is used up by it."""
        progress = claimed.progress
        before = progress.tried_at, progress.given_up_at, progress.told
        progress.tried_at, progress.given_up_at = to_text(self._clock.now()), ""
        progress.told = "" if progress.told == "send" else progress.told
        progress.barred_since, progress.by_sync = "", False
        await self._keep(claimed)
        try:
            yield
        except ApiError as error:
            if is_not_done(error):
                progress.tried_at, progress.given_up_at, progress.told = before
            else:
                progress.given_up_at = to_text(self._clock.now())
            await self._keep(claimed)
            raise

    # --- requests --------------------------------------------------------------------------------------

    async def _create(self, claimed: Claimed) -> None:
        change = claimed.change
        record = await self._found(claimed)
        if record is None:
            if await self._store.read(single_writes.has_facts_there, change.type, change.id):
                raise Waits(local=True)
            body = {"id": change.id, **messages.write_fields(claimed.sent)}
            name = f"{single_writes.PLURALS[change.type]}.create"
            try:
                async with self._attempt(claimed):
                    answer = await self._api.call(name, body=body, idempotency_key=change.change_id, retry=False)
            except ApiError as error:
                record = await self._there_already(claimed, error)
                if record is None:
                    await self._finish(claimed, record_calls.refusal(change, error))
                    return
            else:
                record = await self._made(claimed, answer)
        if change.type == "item" and record["id"] == change.id:
            await self._stock.judge_made(change, record)
        await self._finish(claimed, done(record), str(record["id"]))

    async def _found(self, claimed: Claimed) -> Row | None:
        """Return what an earlier attempt has made, where there may have been one. Absence counts only when the server
        has had time to finish."""
        progress = claimed.progress
        if not claimed.again or progress.told == "send":
            return None
        change = claimed.change
        record = await self._lookup.made(change.type, change.id, claimed.sent.id, change.payload)
        if record is None and (seconds := await self._until_settled(claimed)) > 0:
            raise Waits(seconds)
        return record

    async def _until_settled(self, claimed: Claimed) -> float:
        """Seconds until the server can no longer be at work on the last attempt. Of one that nobody saw end, in a
        process that died, it is known that it was given up after `SETTLE` at the latest; of one without any moment,
        or with one that lies ahead because the clock was set back, it is counted from now."""
        progress, now = claimed.progress, self._clock.now()
        settle = timedelta(seconds=SETTLE)
        ended = from_text(progress.given_up_at) if progress.given_up_at else None
        if ended is None and progress.tried_at:
            ended = from_text(progress.tried_at) + settle
        if ended is None or ended > now + settle:
            ended = now
            progress.given_up_at = to_text(now)
            await self._keep(claimed)
        return (ended + settle - now).total_seconds()

    async def _there_already(self, claimed: Claimed, error: ApiError) -> Row | None:
        """A refusal that may only say that the record is there: from an attempt whose answer nobody heard."""
        if error.kind is not Kind.CONFLICT:
            return None
        change = claimed.change
        return await self._lookup.made(change.type, change.id, claimed.sent.id, change.payload)

    async def _made(self, claimed: Claimed, answer: Answer) -> Row:
        """The record that the server has made. One that it does not show in its answer is looked for, since it may
        have an id of the server's own; where it is in no list yet it is taken to be under ours."""
        change = claimed.change
        try:
            return wire.read_one(change.type, answer.data)
        except wire.BadPayload:
            record = await self._lookup.made(change.type, change.id, claimed.sent.id, change.payload)
            return record or {"id": change.id, "version": 1}

    async def _known(self, claimed: Claimed) -> Row | None:
        change = claimed.change
        fields = await self._store.read(recognition.search_fields, change.type, change.id)
        return await self._lookup.known(change.type, claimed.sent.id, fields)

    async def _update(self, claimed: Claimed) -> None:
        """Write the fields that are as the person saw them; what somebody else has written meanwhile comes back as
        a conflict, by the same policies as in a sync call."""
        change = claimed.change
        present = await self._known(claimed)
        if present is None:
            await self._finish(claimed, gone(change.id))
            return
        theirs: dict[str, tuple[Any, int]] = {}
        clean: dict[str, Any] = {}
        for name, value in change.payload.items():
            if present.get(name) == value:
                continue
            if name in change.was and present.get(name) != change.was[name]:
                theirs[name] = (present.get(name), max(1, present["version"]))
            else:
                clean[name] = value
        version = max(1, present["version"])
        if clean:
            try:
                version = max(version, await self._field_writes.put(change.type, present, clean, change.change_id))
            except ApiError as error:
                await self._finish(claimed, record_calls.refusal(change, error))
                return
        applied = tuple(name for name in change.payload if name not in theirs)
        status = "conflict" if theirs else "applied"
        await self._finish(claimed, Result(status, 0, version=version, applied=applied, theirs=theirs))

    async def _delete(self, claimed: Claimed) -> None:
        """Delete the record as the person saw it: one that was edited since comes back as a conflict."""
        change = claimed.change
        present = await self._known(claimed)
        if present is None:
            await self._finish(claimed, Result("applied", 0))
            return
        copy = await self._store.read(recognition.copy_of, change.type, change.id) or {}
        if any(name in present and present[name] != copy[name] for name in copy.keys() - _COMPUTED):
            record = {**present, "id": change.id}
            theirs: dict[str, tuple[Any, int]] = {"*": (record, max(1, present["version"]))}
            await self._finish(claimed, Result("conflict", 0, version=1, applied=(), theirs=theirs))
            return
        name = f"{single_writes.PLURALS[change.type]}.delete"
        try:
            await self._api.call(name, path={"id": claimed.sent.id}, idempotency_key=change.change_id, retry=False)
        except ApiError as error:
            await self._finish(claimed, record_calls.refusal(change, error))
            return
        await self._finish(claimed, Result("applied", 0))

    async def _answer_order(self, claimed: Claimed) -> None:
        """Accept, reject or quote. One that may have been sent is asked for first: what it made of the order shows."""
        change = claimed.change
        if claimed.again and claimed.progress.told != "send":
            try:
                answer = await self._api.call("orders.get", path={"id": claimed.sent.id}, retry=False)
            except ApiError as error:
                if error.kind is Kind.MISSING_ROUTE:
                    raise Unfindable from error
                if error.kind is not Kind.MISSING_RECORD:
                    raise
            else:
                order = wire.read_one("order", answer.data)
                if _is_answered(order, change):
                    await self._finish(claimed, done(order))
                    return
        async with self._attempt(claimed):
            result, _ = await record_calls.push(self._api, claimed.sent)
        await self._finish(claimed, result)

    # --- documents -------------------------------------------------------------------------------------

    async def _document(self, claimed: Claimed) -> None:
        """A sale, or the status of one that was voided or came back whole. Other returns have no call of their own.

        The document and its stock are two things here: the first is done once, whatever becomes of the second.
        """
        change, progress = claimed.change, claimed.progress
        moved = await self._store.read(stock_movers.deltas, change.change_id)
        if change.kind == "return" and not (progress.posted or await self._store.read(stock_movers.is_status, change)):
            raise Waits(local=True)
        lane = await self._store.read(single_writes.waits_for, change, list(moved))
        if lane is not None:
            raise Waits(SOON, local=lane == "local")
        who = await self._store.read(stock_movers.mover, change.kind, self._stock_by) if moved else "server"
        if change.kind == "sale" and await self._store.read(stock_movers.is_undone, change.id):
            who = "server"
        if not progress.posted:
            doubtful = await self._store.read(stock_movers.unsettled, change.change_id, list(moved), self._stock_by)
            if doubtful and who != "terminal":
                raise Waits(SOON)
            await self._post(claimed, moved, watch=who is None)
        if who is None:
            late = progress.late
            who = await self._watch(claimed, {part_id: n for part_id, n in moved.items() if part_id not in late})
        if progress.before:  # it is known: nothing else of ours waits for these parts any more
            progress.before = {}
            await self._keep(claimed)
        await (self._stock.write(claimed) if who == "terminal" else self._stock.catch_up(claimed))
        await self._finish(claimed, Result("applied", 0, version=1))

    async def _watch(self, claimed: Claimed, moved: Mapping[str, int]) -> Who:
        """See who moved the stock of a document that was sent. Where others move the same parts, a later document
        may show it; after a while a person is asked."""
        change, progress = claimed.change, claimed.progress
        if progress.told == "write":
            return "terminal"
        try:
            after = await self._stock.figures(moved)
        except Unfindable as unknown:
            raise type(unknown)(single_writes.UNCLEAR_STOCK) from unknown
        who = await self._store.run(stock_movers.learn_mover, change.kind, progress.before, after, moved)
        if who is None:
            since = from_text(progress.tried_at) if progress.tried_at else self._clock.now()
            if (self._clock.now() - since).total_seconds() > WATCHED_FOR:
                raise Unfindable(single_writes.UNCLEAR_STOCK)
            raise Waits
        self._monitor.note("info", "sync", f"sync.stock_by_{who}", kind=change.kind)
        return who

    async def _post(self, claimed: Claimed, moved: Collection[str], *, watch: bool) -> None:
        """Send the document, once, and keep that it was sent; before that, the figures that are to be watched. Which
        parts were not there yet is known of the attempt that it came by: they may have been made since."""
        change, progress = claimed.change, claimed.progress
        record = await (self._found(claimed) if change.kind == "sale" else self._with_status(claimed))
        if record is None or not progress.tried_at:
            if record is None:
                progress.late = await self._stock.not_there_yet(moved)
            else:
                progress.late = await self._store.read(late_parts.late_by_sync, change.change_id, record)
            if change.kind != "sale":
                await self._leave_out_misnamed(claimed, moved)
        if record is None:
            if watch and (watched := [part_id for part_id in moved if part_id not in progress.late]):
                progress.before = await self._stock.figures(watched, otherwise={})
                await self._keep(claimed)
            record = await (self._post_sale(claimed) if change.kind == "sale" else self._set_status(claimed))
        progress.posted = True
        remote_id = str(record["id"]) if change.kind == "sale" else None
        await self._store.run(single_writes.posted, change, progress, remote_id)

    async def _leave_out_misnamed(self, claimed: Claimed, moved: Collection[str]) -> None:
        """The server will not move the parts that it does not know by the ids in its copy of the sale."""
        sale_id, _, _ = _status_of(claimed.change)
        for part_id in await self._store.read(late_parts.misnamed, sale_id):
            if part_id in moved and part_id not in claimed.progress.late:
                claimed.progress.late.append(part_id)
                claimed.progress.moved[part_id] = False

    async def _post_sale(self, claimed: Claimed) -> Row:
        change = claimed.change
        body, key = {**wire.write("sale", claimed.sent.payload), "id": change.id}, change.change_id
        try:
            async with self._attempt(claimed):
                answer = await self._api.call("sales.create", body=body, idempotency_key=key, retry=False)
        except ApiError as error:
            record = await self._there_already(claimed, error)
            if record is None:
                raise
            return record
        return await self._made(claimed, answer)

    async def _with_status(self, claimed: Claimed) -> Row | None:
        """The sale, where an earlier attempt may have given it its status, and has."""
        if not claimed.again or claimed.progress.told == "send":
            return None
        ours, _, _ = _status_of(claimed.change)
        sale_id, status, _ = _status_of(claimed.sent)
        record = await self._lookup.known("sale", sale_id, await self._store.read(_sale_fields, ours))
        return record if record is not None and record["status"] == status else None

    async def _set_status(self, claimed: Claimed) -> Row:
        """A sale that was voided or came back: its status, and why. Money never changes."""
        sale_id, status, why = _status_of(claimed.sent)
        body = {"status": status, "notes": why}
        key = claimed.change.change_id
        async with self._attempt(claimed):
            await self._api.call("sales.update", path={"id": sale_id}, body=body, idempotency_key=key, retry=False)
        return {"id": sale_id}


def _is_answered(order: Row, change: Change) -> bool:
    """Tell whether the server's order shows an answer: one that was quoted before may show the quote before."""
    wanted = orders.answered(change.kind, change.payload)
    return bool(order["status"] == wanted["status"] and order["total"] == wanted.get("total", order["total"]))


def _status_of(change: Change) -> tuple[str, str, str]:
    """The sale that a void or a return is about, its new status, and the reason."""
    if change.kind == "void":
        return change.payload["sale_id"], "voided", change.payload["reason"]
    return change.payload["return_of"], "returned", change.payload["notes"]


def _sale_fields(sale_id: str) -> dict[str, Any]:
    """Return what a sale is found by at the server."""
    sale = sales.get(sale_id)
    return {"receipt_number": sale.receipt_number, "date": to_text(sale.at)}
