"""Planted mistakes of the queue, of disks that go back, and of epochs: one scenario each finds them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from clutch_tui.core import state
from clutch_tui.core.clock import to_text
from clutch_tui.core.database import db as database_db
from clutch_tui.core.outbox import outbox
from clutch_tui.core.store import store as stores
from clutch_tui.core.sync import quarantine, replica, replica_rows, unconfirmed
from clutch_tui.core.sync.fallback import stock_movers
from clutch_tui.net.sync.sync_calls import SyncCalls
from clutch_tui.sandbox import ledger

from .planting import mutant, put

# --- turns -----------------------------------------------------------------------------------------------


@mutant
def postpone_unbounded(stack: ExitStack) -> None:
    """A server that says "again in a day" is obeyed."""

    def postpone(change_id: str, seconds: float) -> None:
        due = to_text(database_db.now() + timedelta(seconds=seconds))
        database_db.execute("UPDATE outbox SET not_before = ? WHERE change_id = ?", (due, change_id))

    put(stack, outbox, "postpone", postpone)
    put(stack, outbox, "_due_by", lambda: (database_db.now_text(), "9999"))


@mutant
def slow_lane_starves(stack: ExitStack) -> None:
    """The slow lane has its turn only in a round that has sent nothing else."""

    async def claim(self: Any, channel: Any, *, lane: Any = "fast", **options: Any) -> Any:
        if lane == "slow" and self.__dict__.get("has_sent"):
            return ()
        claimed = await before(self, channel, lane=lane, **options)
        self.has_sent = self.__dict__.get("has_sent") or bool(claimed)
        return claimed

    def begin_round(self: Any) -> None:
        self.has_sent = False
        began(self)

    before = put(stack, SyncCalls, "claim", claim)
    began = put(stack, SyncCalls, "begin_round", begin_round)


@mutant
def slow_same_first(stack: ExitStack) -> None:
    """A change of the slow lane that fails once more is not put off: it is the first again, every time."""

    def make_slow(change_id: str, error: str) -> None:
        (lane,) = database_db.execute("SELECT lane FROM outbox WHERE change_id = ?", (change_id,)).fetchone()
        if lane != "slow":
            before(change_id, error)

    before = put(stack, outbox, "make_slow", make_slow)


# --- what may have come ----------------------------------------------------------------------------------


@mutant
def offer_complete(stack: ExitStack) -> None:
    """Rows are stored although the server could be asked about a part of what is unanswered only."""

    def offer(**options: Any) -> Any:
        return replace(before(**options), complete=True)

    before = put(stack, unconfirmed, "offer", offer)


@mutant
def unsent_is_unknown(stack: ExitStack) -> None:
    """What a copy of a disk holds unsent counts as unsent, although the disk may have sent it since."""

    def unanswered(which: str, besides: Any, limit: int, **options: Any) -> Any:
        found = before(which, besides, limit, **options)
        return found if which == "sent" else found[: limit - 1]

    before = put(stack, unconfirmed, "_unanswered", unanswered)


@mutant
def confirmed_elsewhere(stack: ExitStack) -> None:
    """The server says of a change that it has it where another shop has."""

    def known(reading: Any, shop_id: str, change_ids: list[str]) -> Any:
        rows = reading.all("SELECT DISTINCT shop_id FROM ledger")
        found = [before(reading, row["shop_id"], change_ids) for row in rows]
        return {change_id: result for one in found for change_id, result in one.items()}

    before = put(stack, ledger, "known", known)


@mutant
def moves_in_doubt(stack: ExitStack) -> None:
    """A part is moved once more while nobody knows what has become of a figure that was written."""
    put(stack, stock_movers, "unsettled", lambda *args: set())


@mutant
def unread_row_is_here(stack: ExitStack) -> None:
    """A row that cannot be read counts as come: the movements that it contains end, and nobody has them."""
    put(stack, quarantine, "note", lambda *args, **options: None)


# --- epochs ----------------------------------------------------------------------------------------------


@mutant
def epoch_ignored_in_contained(stack: ExitStack) -> None:
    """Answers of one epoch are held against the numbers of another's rows."""

    def contained(change: Any, copy: Any, channel: str, **more: Any) -> bool:
        return bool(before(change | {"result_epoch": state.get(f"{channel}.epoch")}, copy, channel, **more))

    before = put(stack, replica_rows, "_contained", contained)


@mutant
def reopen_shows_theirs(stack: ExitStack) -> None:
    """What a restored server has lost goes up again, and its row shows what the life before has said of it."""

    def reopen(change_ids: Any) -> set[str]:
        unconfirmed.reopen(change_ids)
        return {"queue"} if change_ids else set()

    put(stack, replica, "_reopen", reopen)


@mutant
def reopen_keeps_covered(stack: ExitStack) -> None:
    """A request that goes up once more to a restored server is not laid over its rows again."""

    def reopen(change_ids: Any) -> None:
        covered = [id for id in change_ids if database_db.execute(_COVERED, (id,)).fetchone() is not None]
        before(change_ids)
        database_db.executemany("UPDATE outbox SET covered = 1 WHERE change_id = ?", [(id,) for id in covered])

    before = put(stack, unconfirmed, "reopen", reopen)


_COVERED = "SELECT 1 FROM outbox WHERE change_id = ? AND covered = 1"


@mutant
def freeze_across_epochs(stack: ExitStack) -> None:
    """A request stands on the versions that an epoch before has given its writer's earlier ones."""
    execute = database_db.execute

    def without_epoch(sql: str, values: Any = ()) -> Any:
        return execute(sql.replace(" AND result_epoch = ? ORDER BY n", " AND ? <> '' ORDER BY n"), values)

    def freeze(change: Any) -> Any:
        with patch.object(database_db, "execute", without_epoch):
            return before(change)

    before = put(stack, outbox, "_freeze", freeze)


# --- disks -----------------------------------------------------------------------------------------------


@mutant
def no_fsync(stack: ExitStack) -> None:
    """A commit does not wait for the disk."""
    stack.callback(stores._WRITER.update, dict(stores._WRITER))
    stores._WRITER["synchronous"] = "normal"


@mutant
def unsure_is_not_saved(stack: ExitStack) -> None:
    """The clerk is told "not saved" of everything of which the disk does not say that it has it."""
    put(stack, stores.Store, "_is_undone", lambda self, db: True)


@mutant
def lineage_keeps_prefix(stack: ExitStack) -> None:
    """A disk that was put back prints on where the copy stood."""
    kept = ("receipt_prefix", "receipt_counter", "payment_counter")

    def renew_lineage() -> str:
        known = {name: state.get(name) for name in kept}
        lineage = str(before())
        for name, value in known.items():
            if value is not None:
                state.put(name, value)
        return lineage

    before = put(stack, state, "renew_lineage", renew_lineage)


@mutant
def receipt_bump_minus1(stack: ExitStack) -> None:
    """After a pull the next receipt gets the number of the last that came with it."""

    def bump(seen: Any) -> None:
        known = state.number("receipt_counter")
        before(seen)
        if (highest := state.number("receipt_counter")) > known:
            state.put("receipt_counter", highest - 1)

    before = put(stack, state, "bump_receipt_counter", bump)
