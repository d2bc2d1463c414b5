"""A line that is as slow as a shop's: so many bits a second each way, and a round trip that takes its time.

Loopback has neither. Bytes go through a relay that lets them leave one after the other at the line's rate, all
connections together, and arrive half a round trip later; what TCP and IP put around each packet weighs, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

HOST = "127.0.0.1"
PACKET, AROUND = 1460, 40
"""Bytes of a packet, and of the headers that every packet has."""


@dataclass
class Way:
    """One direction of the line."""

    bits_a_second: float
    delay: float
    carried: int = 0
    """Bytes, headers of the packets included."""
    _free_at: float = 0.0

    def arrival(self, size: int, now: float) -> float:
        """When so many bytes that are handed over now have arrived at the other end, all of them."""
        weight = size + -(-size // PACKET) * AROUND
        self.carried += weight
        self._free_at = max(self._free_at, now) + weight * 8 / self.bits_a_second
        return self._free_at + self.delay


@dataclass
class Line:
    """Listens on `port` and carries everything to `upstream` and back."""

    upstream: int
    up: Way
    down: Way
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        server_reader, server_writer = await asyncio.open_connection(HOST, self.upstream)
        await asyncio.sleep(self.up.delay + self.down.delay)  # the handshake, which loopback has already made
        ways = (_carry(reader, server_writer, self.up), _carry(server_reader, writer, self.down))
        try:
            await asyncio.gather(*ways)
        except (OSError, asyncio.CancelledError):  # an end was closed while something was on its way there
            pass
        finally:
            server_writer.transport.abort()
            writer.transport.abort()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
    """Everything that one end says, in order, until it says no more."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while (arriving := await under_way.get())[1]:
            await asyncio.sleep(max(0.0, arriving[0] - loop.time()))
            writer.write(arriving[1])
            await writer.drain()
        writer.close()

    delivering = asyncio.ensure_future(deliver())
    try:
        while chunk := await reader.read(16_384):
            under_way.put_nowait((way.arrival(len(chunk), loop.time()), chunk))
        under_way.put_nowait((0.0, b""))
        await delivering
    finally:
        delivering.cancel()


@contextlib.asynccontextmanager
async def slow(upstream: int, bits_a_second: float, round_trip: float) -> AsyncIterator[Line]:
    """A line in front of a server that listens on the loopback port `upstream`."""
    line = Line(upstream, Way(bits_a_second, round_trip / 2), Way(bits_a_second, round_trip / 2))
    server = await asyncio.start_server(line.serve, HOST, 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.stop()
