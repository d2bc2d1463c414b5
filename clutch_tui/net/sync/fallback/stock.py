"""The stock of a server without sync: read its figure, write the sum (docs/protocol.md#without-sync-calls)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import NAMESPACE_OID, uuid5

from clutch_tui.core.outbox.messages import Change
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync.fallback import late_parts, recognition, single_writes, stock_movers
from clutch_tui.core.sync.fallback.single_writes import Claimed, Write

from ... import wire
from ..outcomes import SOON, Waits
from .field_writes import FieldWrites
from .lookup import RecordLookup, Row, Unfindable


def key_of(change_id: str, part_id: str, figure: int) -> str:
    """Return the idempotency key of a write: the same for the same figure, also when it was first written by a program
    that knew whole units only."""
    return str(uuid5(NAMESPACE_OID, f"{change_id}/{part_id}/{wire.quantity_out(figure)}"))


class Stock:
    """The figures of one shop's parts at its server. Raises `ApiError`, `Unfindable` and `Waits`."""

    def __init__(self, store: Store, lookup: RecordLookup, puts: FieldWrites, stock_by: str) -> None:
        self._store = store
        self._lookup = lookup
        self._puts = puts
        self._stock_by = stock_by

    async def figures(self, parts: Collection[str], *, otherwise: dict[str, int] | None = None) -> dict[str, int]:
        """Return what the server says of these parts now; those that it does not have are left out. `otherwise` where
        it shows its parts to nobody: no sale waits for that, only its stock."""
        figures = {}
        for part_id in parts:
            try:
                record = await self.part(part_id)
            except Unfindable:
                if otherwise is None:
                    raise
                return otherwise
            if record is not None:
                figures[part_id] = int(record["stock_quantity"])
        return figures

    async def part(self, part_id: str) -> Row | None:
        remote_id, fields = await self._store.read(recognition.part_at_server, part_id)
        return await self._lookup.known("item", remote_id, fields)

    async def not_there_yet(self, parts: Collection[str]) -> list[str]:
        """Return which of these parts the server does not show and may get: their making was set aside."""
        unanswered = await self._store.read(single_writes.being_made, "item", parts)
        return [part_id for part_id in unanswered if not await self.figures([part_id], otherwise={})]

    async def judge(self, part_id: str, figure: int, change_id: str = "") -> late_parts.Verdict:
        """See by the figure of a part whether the server moved it for what had come before it."""
        return await self._store.run(late_parts.judge, part_id, figure, self._stock_by, change_id)

    async def judge_made(self, change: Change, record: Row) -> None:
        """Judge a part that was just made, before anybody else moves it. An answer that shows no more than was sent, or
        no figure, is no proof: then the figure is read."""
        if not await self._store.read(late_parts.is_awaited, change.id, self._stock_by):
            return
        part: Row | None = record
        if record.get("stock_quantity") in (None, 0, change.payload.get("stock_quantity")):
            try:
                part = await self.part(change.id)
            except Unfindable:  # it is judged later
                return
        if part is not None:
            await self.judge(change.id, int(part["stock_quantity"]))

    async def catch_up(self, claimed: Claimed) -> None:
        """Move the parts that the server did not have when the document came, where it has not done so since. A person
        is asked of what nobody can know, once nothing else is left to be done."""
        progress = claimed.progress
        unmade = await self._store.read(single_writes.being_made, "item", progress.late)
        verdicts: set[late_parts.Verdict] = set()
        for part_id in progress.late:
            if part_id in unmade or part_id in progress.moved:
                continue
            if progress.told == "write":
                progress.moved[part_id] = False
            elif (record := await self.part(part_id)) is not None:
                verdict = await self.judge(part_id, int(record["stock_quantity"]), claimed.change.change_id)
                verdicts.add(verdict)
                if verdict in ("moved", "not moved"):
                    progress.moved[part_id] = verdict == "moved"
        await self.write(claimed, [part_id for part_id in progress.late if progress.moved.get(part_id) is False])
        if "wait" in verdicts:
            raise Waits(SOON)
        if unmade:
            raise await self._until_made(unmade)
        if "ask" in verdicts:
            raise Unfindable(single_writes.UNCLEAR_STOCK)

    async def write(self, claimed: Claimed, parts: Collection[str] | None = None) -> None:
        """Move the parts of the change, or only some: read the figure, write the sum. What the server does not have
        yet is moved when it has it.

        A write whose answer was lost is judged by the figure: the sum means done, the figure read before means not
        done. Anything else means that somebody moved it in between, and nobody can say. So what is in doubt is judged
        before anything else is written, and nothing of ours moves a part of which a write is in doubt. What may have
        come by sync moved a figure that nobody had read.
        """
        change, progress = claimed.change, claimed.progress
        if progress.by_sync and not progress.posted and not progress.writes:
            raise Unfindable
        moved = await self._store.read(stock_movers.deltas, change.change_id)
        unmade = await self._store.read(single_writes.being_made, "item", list(moved))
        if unmade and not progress.posted:
            raise await self._until_made(unmade)
        if not progress.posted and await self._store.read(stock_movers.being_watched, change.change_id, list(moved)):
            raise Waits(SOON)
        later: list[str] = []
        for part_id in sorted(moved if parts is None else parts, key=lambda part_id: part_id not in progress.writes):
            write = progress.writes.get(part_id)
            if (write is not None and write.done) or progress.moved.get(part_id):
                continue
            if write is None and await self._is_unsettled(change.change_id, part_id):
                raise Waits(SOON)
            record = await self.part(part_id)
            if record is None:  # deleted there: nothing is left to be moved
                later += [part_id] if part_id in unmade else []
                continue
            figure, delta = int(record["stock_quantity"]), moved[part_id]
            if write is None or figure != write.figure:
                if write is not None and figure != write.read:
                    raise Unfindable
                progress.writes[part_id] = write = Write(figure, figure + delta)
                await self._store.run(single_writes.keep, change.change_id, progress)
                key = key_of(change.change_id, part_id, write.figure)
                await self._puts.put("item", record, {"stock_quantity": write.figure}, key)
            write.done = True
            await self._store.run(single_writes.keep, change.change_id, progress)
        if later:
            raise await self._until_made(later)

    async def _until_made(self, parts: Collection[str]) -> Waits:
        """Return what waits for parts to be made; without alarm where the server has refused them, for their
        correction."""
        return Waits(SOON, local=await self._store.read(single_writes.are_refused, "item", parts))

    async def _is_unsettled(self, change_id: str, part_id: str) -> bool:
        doubtful = await self._store.read(stock_movers.unsettled, change_id, [part_id], self._stock_by)
        return part_id in doubtful
