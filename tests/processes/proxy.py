"""The line between the terminals and the server: bytes go through, or not all of them, or late, or twice.

It understands just as much HTTP as it takes to know where a request ends: a fault is drawn for each request, and
a request that is complete can be sent once more on a connection of its own, as a proxy that retries would. After
an upgrade the connection is a socket: then faults are drawn for what is sent, and doubling repeats the whole
conversation so far, handshake included.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import Counter
from typing import Literal

Fault = Literal["cut request", "cut answer", "delay", "double", "double at once"]

HOST = "127.0.0.1"
ODDS: dict[Fault | None, float] = {
    None: 0.62, "cut request": 0.08, "cut answer": 0.1, "delay": 0.08, "double": 0.07, "double at once": 0.05,
}  # fmt: skip
LONGEST_DELAY = 1.5
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade:\s*websocket", re.IGNORECASE)


class Proxy:
    """Listens on `port` and forwards to whatever listens on `upstream`. `calm` ends all faults."""

    def __init__(self, rng: random.Random, upstream: int) -> None:
        self.rng = rng
        self.upstream = upstream
        self.calm = False
        self.port = 0
        self.struck: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def heard(self, request: bytes) -> None:
        """A request went through, whole. For whoever counts them."""

    def draw(self) -> Fault | None:
        """What happens to the next request, or to the next words on a socket."""
        if self.calm:
            return None
        return self.rng.choices(list(ODDS), list(ODDS.values()))[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            up = await asyncio.open_connection(HOST, self.upstream)
        except OSError:  # the server is dead just now: so is the line to it
            writer.transport.abort()
            return
        await Connection(self, (reader, writer), up).run()

    def replay(self, conversation: bytes) -> None:
        """Say to the server, on a new connection, what was said to it before."""
        task = asyncio.get_running_loop().create_task(self._replay(conversation))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _replay(self, conversation: bytes) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection(HOST, self.upstream)
            try:
                writer.write(conversation)
                async with asyncio.timeout(5):  # the answer goes nowhere; it is read so that it is given
                    while await reader.read(65536):
                        pass
            finally:
                writer.transport.abort()


class Cut(Exception):
    """Both ends of a connection are to be reset."""


class Connection:
    """One connection of a terminal and the one to the server that belongs to it."""

    def __init__(
        self,
        proxy: Proxy,
        terminal: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._terminal = terminal
        self._server = server
        self._said = b""
        """The request that is under way; of a socket everything that the terminal has said."""
        self._fault: Fault | None = None
        self._is_socket = False

    async def run(self) -> None:
        """Both directions, until either end closes or a fault cuts the connection."""
        ways = [asyncio.ensure_future(self._upward()), asyncio.ensure_future(self._downward())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for _, writer in (self._terminal, self._server):
                writer.transport.abort()

    async def _upward(self) -> None:
        while chunk := await self._terminal[0].read(65536):
            if self._is_socket or self._is_complete():
                self._fault = self._proxy.draw()
            if not self._is_socket and self._is_complete():
                self._said = b""
            self._said += chunk
            self._is_socket = self._is_socket or _UPGRADE.search(self._said) is not None
            await self._strike("cut request", self._server[1], chunk)
            await _forward(self._server[1], chunk)
            if self._is_complete():
                self._proxy.heard(self._said)
                if self._struck("double at once"):
                    self._proxy.replay(self._said)

    async def _downward(self) -> None:
        while chunk := await self._server[0].read(65536):
            await self._strike("cut answer", self._terminal[1], chunk)
            await _forward(self._terminal[1], chunk)
            if self._struck("double"):
                self._proxy.replay(self._said)

    def _is_complete(self) -> bool:
        """True before the first request, and once the one under way has been said to its end."""
        head, found, body = self._said.partition(b"\r\n\r\n")
        if not found:
            return not self._said
        length = _LENGTH.search(head)
        return len(body) >= (int(length[1]) if length else 0)

    async def _strike(self, cut: Fault, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        """Let this chunk be late, or a part of it (none at all, too) the last that gets through."""
        if self._struck("delay"):
            await asyncio.sleep(self._proxy.rng.uniform(0, LONGEST_DELAY))
        if self._struck(cut):
            await _forward(writer, chunk[: int(len(chunk) * self._proxy.rng.random())])
            raise Cut

    def _struck(self, fault: Fault) -> bool:
        """True once where this is the fault that was drawn; it is used up then."""
        if self._fault != fault or self._proxy.calm:
            return False
        self._fault = None
        self._proxy.struck[f"socket {fault}" if self._is_socket else fault] += 1
        return True


async def _forward(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    writer.write(chunk)
    await writer.drain()
