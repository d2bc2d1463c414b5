"""The transport of each channel between this shop and its server, and the count that orders lists.

It is `sync` where the server has the sync calls (docs/protocol.md#the-sync-call) or lists by `since_seq`
(docs/protocol.md#lists-by-since_seq), and `lists` where it has neither (docs/protocol.md#without-sync-calls): whole
lists down, single calls up. It is found out by asking, kept, and asked for again.

A list says nothing about which of our changes it contains. Therefore the terminal counts its own answers (`tick`):
what was answered before a page was asked for is in that page. In a channel that goes by lists the count of a row's
page stands in its `seq`, and what was answered there belongs to the epoch `LISTS`, which no server has.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import peewee

from .. import state
from ..clock import from_text
from ..database import db
from ..database.statement import Statement, given
from ..records.sync import OutboxTable, PullPageTable, SingleTable
from .precedence import LATER_TYPES, MOVELESS, OF_ACCOUNTS

Transport = Literal["sync", "lists"]

LISTS = "lists"
"""The epoch of everything that came or went without the sync calls."""

BELIEVED_AFTER = timedelta(minutes=10)
"""The time for which a server that had sync must lack it before its shop falls back."""

CHANNELS = ("inventory", "sales", "customers", "suppliers", "orders")
NOT_WITHOUT_SYNC = ("cash", "exchange", *OF_ACCOUNTS, *MOVELESS, *LATER_TYPES)
"""Types of change that have no call of their own: they wait as `local` for a server that takes them."""

_FORGET_PAGES = Statement(PullPageTable.delete().where(PullPageTable.channel == given("channel")))
_REMEMBER = Statement(
    SingleTable.insert_from(
        OutboxTable.select(OutboxTable.change_id, peewee.Value('{"by_sync": true}')).where(
            OutboxTable.answered_at.is_null(),
            OutboxTable.first_sent_at.is_null(False),
            OutboxTable.channel == given("channel"),
            OutboxTable.type.not_in(NOT_WITHOUT_SYNC),
        ),
        [SingleTable.change_id, SingleTable.body],
    ).on_conflict(action="IGNORE")
)
_FORGET_SINGLE = Statement(SingleTable.delete().where(SingleTable.change_id == given("change_id")))
_LET_ON = OutboxTable.update(lane="fast", last_error="")
_LET_ONE_ON = Statement(_LET_ON.where(OutboxTable.change_id == given("change_id"), OutboxTable.lane == "attention"))
_LET_LOCAL_ON = Statement(
    _LET_ON.where(
        OutboxTable.lane == "local", OutboxTable.answered_at.is_null(), OutboxTable.channel == given("channel")
    )
)


def of(channel: str) -> Transport | None:
    """Return the transport of a channel; None where it has never been found out."""
    name = state.get(f"{channel}.way")
    if name is None:  # a server that simply syncs is never asked which one
        return None if state.get(f"{channel}.epoch") is None else "sync"
    return "lists" if name == "lists" else "sync"


def summary() -> Literal["", "sync", "lists", "both"]:
    """Return by what this server is worked with, in a word; empty where it has not been reached yet."""
    names = {of(channel) for channel in CHANNELS} - {None}
    return "both" if len(names) > 1 else "lists" if "lists" in names else "sync" if names else ""


def known() -> dict[str, Transport | None]:
    """Return the transport of every channel, for whoever shows it."""
    return {channel: of(channel) for channel in CHANNELS}


def by_lists(channel: str) -> bool:
    """Tell whether a channel goes by lists and single writes."""
    return of(channel) == "lists"


def without_sync() -> tuple[str, ...]:
    """Return the channels that go by lists: what a server may learn to do better."""
    return tuple(channel for channel in CHANNELS if by_lists(channel))


def listed_types() -> frozenset[str]:
    """Return the types of record, among those with calls of their own, whose requests go up singly."""
    types = {"customers": "customer", "suppliers": "supplier", "orders": "order"}
    return frozenset(type for channel, type in types.items() if by_lists(channel))


def switch(channel: str, name: Transport) -> bool:
    """Have a channel travel by this from now on; True where that is news. What was staged came by the other."""
    if of(channel) == name:
        return False
    state.put(f"{channel}.way", name)
    _FORGET_PAGES.run(channel=channel)
    state.forget(f"{channel}.missed_at")
    if name == "lists":
        _remember_attempts(channel)
    else:
        state.put(f"{channel}.began", tick())
        if queue_of(channel) == channel:
            _forget_attempts(channel)
        _let_go(channel)
    return True


def miss(channel: str) -> bool:
    """The server has no sync call for this channel just now; True where the channel goes by lists from here on.

    A server that never had it has none. One that had it may be in the middle of an update: its 404 must not send
    paid sales down another road, so it is believed only when it has lacked the call for `BELIEVED_AFTER`.
    """
    if state.get("epoch") is None or state.get(f"{channel}.epoch") in (None, LISTS):
        switch(channel, "lists")
        return True
    since = state.get(f"{channel}.missed_at")
    age = None if since is None else db.now() - from_text(since)
    if age is None or not timedelta() <= age < 6 * BELIEVED_AFTER:
        state.put(f"{channel}.missed_at", db.now_text())
        return False
    return age >= BELIEVED_AFTER and switch(channel, "lists")


def heard(channel: str) -> None:
    """The server has answered the sync call of this channel: it does not lack it, whatever it said before."""
    if state.get(f"{channel}.missed_at") is not None:
        state.forget(f"{channel}.missed_at")


def _remember_attempts(channel: str) -> None:
    """Note what may have reached the server by sync, unanswered: it must be looked for before it goes up by itself.
    What has no call of its own never does: it waits for sync, which knows it again by its id."""
    _REMEMBER.run(channel=queue_of(channel))


def _forget_attempts(channel: str) -> None:
    """Sync knows by its id what came by sync: where nothing of it was sent by itself, nothing is in doubt any more. And
    an edit it compares with what its writer saw, in one step: one that has come already finds its own values."""
    rows = db.rows(
        "SELECT change_id FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL AND channel = ?"
        " AND (json_extract(body, '$.by_sync') AND NOT coalesce(json_extract(body, '$.posted'), 0)"
        " AND coalesce(json_extract(body, '$.tried_at'), '') = ''"
        " AND coalesce(json_extract(body, '$.writes'), '{}') = '{}'"
        " OR kind = 'update' AND record_id NOT IN (SELECT id FROM alias))",
        (channel,),
    )
    _FORGET_SINGLE.run_many(rows)
    _LET_ONE_ON.run_many(rows)


def _let_go(channel: str) -> None:
    """Let what waited for an endpoint go the ordinary way under its own id: there is one now."""
    _LET_LOCAL_ON.run(channel=queue_of(channel))


def queue_of(channel: str) -> str:
    """The part of the queue whose changes a channel's records come from."""
    return channel if channel in ("inventory", "sales") else "rest"


def tick() -> int:
    """Return how many batches of answers this terminal has stored."""
    return state.number("tick")


def next_tick() -> int:
    """Count one batch of answers; its number."""
    value = tick() + 1
    state.put("tick", value)
    return value


def note_answers() -> None:
    """Something was answered without a number of the server's: from now on the count of answers has a meaning."""
    if state.get("lists.answers") is None:
        state.put("lists.answers", 1)


def has_answers() -> bool:
    """Tell whether anything was ever answered without a number of the server's."""
    return state.get("lists.answers") is not None


def is_behind(channel: str) -> bool:
    """Tell whether answers have come since a page of a channel was last asked for."""
    return state.number(f"{channel}.began", -1) != tick()


def begin(channel: str) -> None:
    """A page of a pull by sync is asked for now. If it is the last of them, they contain together whatever was answered
    before, by whichever call: what moved since an earlier page has a higher number, and comes again."""
    if is_behind(channel):
        state.put(f"{channel}.began", tick())


def cover(channel: str) -> None:
    """The rows of a pull by sync were stored: what was answered before its last page was asked for is in them."""
    began = state.number(f"{channel}.began")
    if began != covered(channel):
        state.put(f"{channel}.covered", began)


def covered(channel: str) -> int:
    """Up to which count the rows of a channel that goes by sync contain everything."""
    return state.number(f"{channel}.covered")


def knows_balances() -> bool:
    """Tell whether it has been seen who adds up what customers owe."""
    return state.get("balance.by") is not None


def server_keeps_balances(*, otherwise: bool = False) -> bool:
    """Tell whether the server adds what customers owe to their balance by itself, as far as has been seen
    (`stock_movers.learn_balances`). Until then an own debt goes on counting here, so that none is lost."""
    seen = state.get("balance.by")
    return otherwise if seen is None else seen == "server"


def progress() -> int:
    """A figure that moves with every list that was stored, for those who watch the database."""
    return state.number("lists.stored")
