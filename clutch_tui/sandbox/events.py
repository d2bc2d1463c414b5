"""The socket: what has happened in a shop, told to all its terminals in one order.

Events are numbered per shop without a gap and written with the commit that they tell of, so a terminal that
was away can ask for exactly what it missed. They are hints: rows travel by sync only.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from . import payload
from .database import Database, Event
from .payload import JSON

CHANNELS = frozenset(
    {
        "inventory_update",
        "price_update",
        "demand_forecast",
        "market_insight",
        "new_order",
        "order_update",
        "stock_alert",
        "price_alert",
        "system_message",
    }
)
BACKLOG = 2000


@dataclass(frozen=True, slots=True)
class Closing:
    """Says goodbye to a socket with a code."""

    code: int
    reason: str


@dataclass(eq=False, slots=True)
class Listener:
    """One socket. While `held` is a list, live events wait in it for a replay to finish."""

    shop_id: str
    websocket: WebSocket
    channels: set[str] = field(default_factory=set)
    outgoing: asyncio.Queue[str | Closing] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    held: list[Event] | None = None
    session_id: str = ""
    silent: bool = False

    def wants(self, kind: str) -> bool:
        """A socket that never subscribed gets everything, as the live servers do it."""
        return not self.channels or kind in self.channels or "*" in self.channels

    def say(self, frame: str | Closing) -> None:
        """Queue a frame; a terminal that does not read is let go rather than waited for."""
        if self.silent and not isinstance(frame, Closing):
            return
        try:
            self.outgoing.put_nowait(frame)
        except asyncio.QueueFull:
            self.outgoing = asyncio.Queue(BACKLOG)
            self.outgoing.put_nowait(Closing(1013, "too slow"))

    def deliver(self, event: Event) -> None:
        if self.held is not None:
            self.held.append(event)
        elif self.wants(event.type):
            self.say(frame_of(event))


def frame_of(event: Event) -> str:
    return (
        f'{{"type":"{event.type}","data":{event.data},"timestamp":"{event.at}","seq":{event.seq},"head":{event.head}}}'
    )


class Hub:
    """All open sockets, by shop. Lives on the event loop; `publish` is called there and nowhere else."""

    def __init__(self) -> None:
        # in the order in which they came: a set of them has the order of their addresses, another one in every run
        self.listeners: dict[str, dict[Listener, None]] = {}
        self.strangers = 0
        """Open sockets that have not signed in yet."""
        # Faults: how often the next events of any shop are told; empty is once each.
        self.repeats: list[int] = []

    def publish(self, event: Event) -> None:
        times = self.repeats.pop(0) if self.repeats else 1
        for listener in list(self.listeners.get(event.shop_id, ())):
            for _ in range(times):
                listener.deliver(event)

    def add(self, listener: Listener) -> None:
        self.listeners.setdefault(listener.shop_id, {})[listener] = None

    def remove(self, listener: Listener) -> None:
        self.listeners.get(listener.shop_id, {}).pop(listener, None)

    def all(self) -> list[Listener]:
        return [listener for listeners in self.listeners.values() for listener in listeners]

    def end_session(self, session_id: str) -> None:
        """End the socket of a terminal on which somebody signs out."""
        for listener in self.all():
            if session_id and listener.session_id == session_id:
                listener.say(Closing(4001, "SIGNED_OUT"))

    def count(self, shop_id: str) -> int:
        return len(self.listeners.get(shop_id, ()))


def position(database: Database, shop_id: str) -> tuple[int, int]:
    """The number of the last event, and the head of the record counter."""
    with database.reading() as reading:
        shop = reading.shop(shop_id)
        return int(shop["event_seq"]), int(shop["counter"])


def missed(database: Database, shop_id: str, last_seq: int) -> list[Event] | None:
    """The events after `last_seq`; None where they are not all kept, or the number is none of ours."""
    with database.reading() as reading:
        current = int(reading.shop(shop_id)["event_seq"])
        if last_seq > current:
            return None
        rows = reading.all("SELECT * FROM event WHERE shop_id = ? AND seq > ? ORDER BY seq", (shop_id, last_seq))
    if len(rows) != current - last_seq:
        return None
    return [Event(shop_id, row["seq"], row["type"], row["data"], row["head"], row["at"]) for row in rows]


async def pump(listener: Listener) -> None:
    """Send what is queued until the socket ends."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            frame = await listener.outgoing.get()
            if isinstance(frame, Closing):
                await listener.websocket.close(frame.code, frame.reason)
                return
            await listener.websocket.send_text(frame)


def frame(kind: str, data: JSON, now: str, **extra: int | str) -> str:
    return payload.dump({"type": kind, "data": data, "timestamp": now} | extra)
