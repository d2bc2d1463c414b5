"""Proxies that lead every name to one local port, and one that stands in front of a server and may answer for it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """`asked` are the hosts in the order in which somebody wanted to be led to them."""

    target: int
    port: int = 0
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        try:
            if first == b"\x05":
                await self._socks(reader, writer)
            elif first:
                await self._connect(first, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _connect(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split()[1].decode().rpartition(":")[0])
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _lead(reader, writer, self.target)

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind != 3:  # an address: the name was looked up where it must not be
            writer.write(b"\x05\x08\x00\x01" + bytes(6))
            return
        name = await reader.readexactly((await reader.readexactly(1))[0])
        struct.unpack("!H", await reader.readexactly(2))
        self.asked.append(name.decode())
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await _lead(reader, writer, self.target)


async def _lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int, first: bytes = b"") -> None:
    """Say `first` to the local port `target`, and from then on what each side says to the other."""
    there, back = await asyncio.open_connection("127.0.0.1", target)
    back.write(first)
    try:
        async with asyncio.TaskGroup() as ways:
            ways.create_task(_pour(reader, back))
            ways.create_task(_pour(there, writer))
    finally:
        back.close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        return
    finally:
        sink.close()


@asynccontextmanager
async def proxy(target: int) -> AsyncIterator[Proxy]:
    """Speaks SOCKS5 and HTTP CONNECT on the same port."""
    one = Proxy(target)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


@dataclass
class Front:
    """Stands before a server; while it has a `page`, it answers everything with that instead."""

    target: int
    port: int = 0
    page: bytes = b""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def answer(self, status: str, body: str, *headers: str) -> None:
        """From now on everything gets this answer."""
        content = body.encode()
        lines = (f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(content)}", *headers)
        self.page = "\r\n".join((*lines, "Connection: close", "", "")).encode() + content

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if self.page:
                writer.write(self.page)
                await writer.drain()
                return
            # one call on each connection: the next may find a page
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            upgrades = b"upgrade: websocket" in head.lower()
            lines[1:1] = [b"Connection: Upgrade" if upgrades else b"Connection: close"]
            await _lead(reader, writer, self.target, b"\r\n".join(lines))
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def front(target: int) -> AsyncIterator[Front]:
    """A reverse proxy in front of a local port."""
    one = Front(target)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
