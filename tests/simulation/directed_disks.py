"""Scenarios of disks that fail or go back, and of epochs that end."""

from __future__ import annotations

from unittest.mock import patch

from clutch_tui.net.sync import sync_calls
from clutch_tui.net.sync.batch_sizes import BatchSizes

from .scenario import adjust, edit, parts, scenario, sell
from .stage import FOR_EVER, Stage
from .violation import Violation

INVENTORY, SALES = "/inventory/sync", "/sales/sync"


# --- commits ---------------------------------------------------------------------------------------------


@scenario()
async def no_fsync(on: Stage) -> None:
    """The power goes right after a receipt was printed."""
    await on.open()
    on.weather.order("refused", times=FOR_EVER)
    on.do(on.first, sell(parts(on.first)[0], 1))
    on.first.guard.arm(0, "crash after")
    on.do(on.first, sell(parts(on.first)[0], 1))
    await on.pass_time(10)
    await on.end()


@scenario()
async def unsure_is_not_saved(on: Stage) -> None:
    """The disk fails to confirm a sale, which it has, and everything after it."""
    await on.open()
    on.weather.order("refused", times=FOR_EVER)
    on.first.guard.arm(0, "unsynced")
    on.attempt(on.first, sell(parts(on.first)[0], 1))
    await on.pass_time(10)
    if on.first.boots < 2 or not on.first.sql("SELECT 1 FROM sale"):
        raise Violation("the sale that was not confirmed is not there at the next start")
    await on.end()


# --- disks that go back ----------------------------------------------------------------------------------


@scenario()
async def lineage_keeps_prefix(on: Stage) -> None:
    """A disk is put back behind sales that it has sent: its next receipts are other papers."""
    await on.open()
    on.do(on.first, sell(parts(on.first)[0], 1))
    on.copy_disk(on.first)
    on.do(on.first, sell(parts(on.first)[0], 1))
    await on.until(lambda: not on.books.unanswered(on.first))
    on.put_back_disk(on.first)
    await on.pass_time(10)
    on.do(on.first, sell(parts(on.first)[0], 1))
    await on.end()


@scenario(empty=True, without_sync=True)
async def receipt_bump_minus1(on: Stage) -> None:
    """The same with a server that does not know disks apart: its list of sales shows which numbers are printed."""
    on.first.boot()
    await on.pass_time(5)
    on.books.alone = False
    on.copy_disk(on.first)
    for _ in range(2):
        on.do(on.first, sell(parts(on.first)[0], 1))
        await on.pass_time(5)
    on.put_back_disk(on.first)
    await on.pass_time(60)
    on.do(on.first, sell(parts(on.first)[1], 1))
    await on.pass_time(60)
    await on.end()


@scenario()
async def unsent_is_unknown(on: Stage) -> None:
    """A copy of a disk holds more unsent sales than one call may ask about. They are sent, the copy is put back, and
    the parts come in while the call of the sales is broken."""

    def small(most: int = 2, least: int = 1) -> BatchSizes:
        return BatchSizes(most, least)

    with patch.object(sync_calls, "ASKED", 3), patch.object(sync_calls, "BatchSizes", small):
        await on.open()
        on.weather.order("refused", sender=on.first.name, times=FOR_EVER)
        for _ in range(8):
            on.do(on.first, sell(parts(on.first)[0], 1))
        on.copy_disk(on.first)
        on.weather.clear()
        await on.until(lambda: not on.books.unanswered(on.first))
        on.weather.order("error before", SALES, on.first.name, times=FOR_EVER)
        on.put_back_disk(on.first)
        await on.pass_time(30)
        await on.end()


# --- epochs ----------------------------------------------------------------------------------------------


@scenario()
async def epoch_ignored_in_contained(on: Stage) -> None:
    """The server has forgotten much and takes an edit under a low number, before its rows come."""
    await on.open()
    part_id = parts(on.first)[0]
    for _ in range(5):
        on.do(on.second, adjust(part_id, 1))
    await on.until(lambda: not on.books.unanswered(on.second) and on.is_level(on.first))
    on.weather.order("refused", sender=on.second.name, times=FOR_EVER)
    on.restore(announced=True)
    on.do(on.first, edit(part_id, name="mine"))
    await on.pass_time(10)
    await on.end()


@scenario()
async def reopen_keeps_covered(on: Stage) -> None:
    """An edit that a restored server has forgotten waits to be sent once more: it must stay on the screen."""
    await on.open()
    part_id = parts(on.first)[0]
    on.do(on.first, edit(part_id, name="mine"))
    await on.until(lambda: not on.books.unanswered(on.first) and on.is_level(on.first))
    on.restore(announced=True)
    on.choke_last("update")
    await on.until(lambda: on.is_level(on.first))
    await on.end()


@scenario()
async def reopen_shows_theirs(on: Stage) -> None:
    """A disk is put back to a copy that holds two edits of one part as unsent, the second of which the server has
    disputed since, and the server is restored: both lie over the row whenever no answer to them is known here."""
    await on.open()
    part_id = parts(on.first)[0]
    on.weather.order("refused", sender=on.first.name, times=FOR_EVER)
    on.do(on.first, edit(part_id, name="mine"))
    on.do(on.first, edit(part_id, name="mine again", location="A-1"))
    on.copy_disk(on.first)
    on.do(on.second, edit(part_id, location="B-2"))
    await on.until(lambda: not on.books.unanswered(on.second))
    on.weather.clear()
    await on.until(lambda: not on.books.unanswered(on.first))
    on.put_back_disk(on.first)
    await on.until(lambda: not on.books.unanswered(on.first) and on.is_level(on.first))
    on.restore(announced=True)
    await on.end()


@scenario()
async def freeze_across_epochs(on: Stage) -> None:
    """Two edits of one part wait when the server is restored: the second knows nothing of the numbers of today."""
    await on.open()
    part_id = parts(on.first)[0]
    on.weather.order("refused", sender=on.first.name, times=FOR_EVER)
    on.do(on.first, edit(part_id, name="mine"))
    on.do(on.first, edit(part_id, name="mine again"))
    on.restore(announced=True)
    on.weather.clear()
    await on.pass_time(10)
    await on.end()
