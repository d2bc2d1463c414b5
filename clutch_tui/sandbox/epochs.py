"""The history that a number belongs to: the marks of a shop's counter, and the shop's epoch.

A counter does not identify a history: a file that was put back to an older copy counts on, past what a terminal has
seen before. So each transaction that takes numbers leaves a random mark beside the highest of them, for ever, and the
mark of a number is its transaction's. A terminal that names a number with another mark, or one that this file has
never given out, has seen what the file has lost: that shop's next epoch begins, and no other shop's.
"""

from __future__ import annotations

from dataclasses import dataclass

from .calls import Refusal
from .database import Database, Reading, Transaction

_RESTORED = {
    "message": "The server was restored from a backup; terminals send again what it has lost.",
    "message_ar": "السيرفر رجع من نسخة احتياطية، والأجهزة بتبعت تاني اللي ضاع منه.",
    "level": "warning",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A number that a terminal has been told, and its mark; none from a terminal that knows no marks."""

    seq: int
    mark: str | None = None


NOTHING = Place(0)


def present(reading: Reading, shop_id: str) -> str:
    """The epoch of a shop."""
    name = reading.value("SELECT name FROM epoch WHERE shop_id = ?", (shop_id,))
    return str(name or f"e-{reading.value('SELECT epoch FROM server')}")


def check(database: Database, shop_id: str, epoch: str | None, *places: Place) -> str:
    """The shop's epoch, if whoever names `epoch` and these places belongs to it; raises `Refusal` otherwise. Who
    names none has seen nothing."""
    with database.reading() as reading:
        now = present(reading, shop_id)
        if epoch is None or (epoch == now and all(_holds(reading, shop_id, place) for place in places)):
            return now
    raise refusal(now if epoch != now else begin(database, shop_id))


def _holds(reading: Reading, shop_id: str, place: Place) -> bool:
    if place.seq > reading.shop(shop_id)["counter"]:
        return False
    return place.seq == 0 or place.mark is None or place.mark == reading.mark_of(shop_id, place.seq)


def refusal(epoch: str) -> Refusal:
    return Refusal(409, "EPOCH", "the server was restored", data={"epoch": epoch})


def begin(database: Database, shop_id: str) -> str:
    """A shop's data turned out to be older than what one of its terminals has seen: what they have lost is unknown,
    and so are the events that were told of it. Their numbers go on far beyond. Returns the new epoch, which bears a
    name that the file cannot have had before it was put back."""
    with database.reading() as reading:
        events = reading.shop(shop_id)["event_seq"] + 1_000_000
    with database.writing(shop_id) as transaction:
        return open_epoch(transaction, shop_id, events, unheard=True)


def open_epoch(transaction: Transaction, shop_id: str, events: int, *, least: int = 0, unheard: bool = False) -> str:
    """Begin the next epoch of a shop, the `least` at least; its events are numbered on from `events`."""
    n = max(least, count(transaction, shop_id) + 1)
    name = f"e-{n}-{transaction.mark[:8]}" if unheard else f"e-{n}"
    transaction.execute("INSERT OR REPLACE INTO epoch (shop_id, n, name) VALUES (?, ?, ?)", (shop_id, n, name))
    transaction.execute("DELETE FROM event WHERE shop_id = ?", (shop_id,))
    transaction.execute("UPDATE shop SET event_seq = ? WHERE id = ?", (events, shop_id))
    transaction.emit("system_message", _RESTORED, shop_id)
    return name


def count(reading: Reading, shop_id: str) -> int:
    """Return which epoch of the shop this is."""
    n = reading.value("SELECT n FROM epoch WHERE shop_id = ?", (shop_id,))
    return int(n or reading.value("SELECT epoch FROM server"))
