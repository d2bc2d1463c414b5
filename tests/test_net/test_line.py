"""What stands between the socket and the network: handshakes that fail, each with its own word."""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from collections.abc import Awaitable

import pytest

from clutch_tui.config.settings import Backend
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.socket.line import HandshakeRefused, LineClosed, SocketLine, WebSocketDial
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running

KEY = {"Authorization": f"Bearer {demo_data.API_KEY}"}


def dial(url: str, headers: dict[str, str] | None = None, **settings: object) -> Awaitable[SocketLine]:
    backend = Backend(base_url="https://api.example.com", **settings)  # type: ignore[arg-type]
    return WebSocketDial(backend, heartbeat=15, pong_timeout=10)(url, headers or {})


async def drain(line: SocketLine) -> None:
    while True:
        await line.receive()


async def test_text_goes_both_ways_and_the_end_has_a_code(sandbox: Running) -> None:
    line = await dial(sandbox.ws_url, KEY)
    await line.send('{"type": "ping", "timestamp": 1}')
    frames = [await line.receive() for _ in range(2)]
    assert "pong" in str(frames)
    await sandbox.stop()
    with pytest.raises(LineClosed):
        await drain(line)
    with pytest.raises(LineClosed):
        await line.send("{}")
    await line.close()


async def test_a_refused_token_ends_with_its_code(sandbox: Running) -> None:
    line = await dial(sandbox.ws_url, {"Authorization": "Bearer nonsense"})
    with pytest.raises(LineClosed) as caught:
        await line.receive()
    assert caught.value.code == 1008


async def test_a_server_without_a_socket(sandbox: Running) -> None:
    with pytest.raises(HandshakeRefused) as caught:
        await dial(sandbox.ws_url.replace("/ws", "/elsewhere"), KEY)
    assert caught.value.status in (403, 404)


async def test_nobody_there_a_wrong_name_and_an_open_line() -> None:
    with sockets.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    expected = {
        f"ws://127.0.0.1:{port}/ws": Kind.UNREACHABLE,
        "ws://no-such-host.localhost.invalid/ws": Kind.TLS,
        "wss://no-such-host.invalid/ws": Kind.UNKNOWN_HOST,
    }
    for url, kind in expected.items():
        with pytest.raises(ApiError) as caught:
            await dial(url)
        assert caught.value.kind is kind


async def test_a_proxy_that_refuses() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(ApiError) as caught:
            await dial("wss://api.example.com/ws", proxy=f"http://127.0.0.1:{port}")
        assert caught.value.kind is Kind.PROXY
    finally:
        server.close()


async def test_the_token_is_not_in_any_log(sandbox: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="clutch_tui.net"):
        line = await dial(f"{sandbox.ws_url}?token={demo_data.API_KEY}")
        await line.receive()
        await line.close()
    assert demo_data.API_KEY not in "".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("clutch_tui.net", "websockets.client"))
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_so_that_the_key_stays_with_its_server(status: int) -> None:
    strangers: list[bytes] = []

    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        strangers.append(await reader.read(1000))
        writer.close()

    async def send_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        place = f"ws://127.0.0.2:{stranger.sockets[0].getsockname()[1]}/ws"
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        writer.close()

    stranger = await asyncio.start_server(strange, "127.0.0.2", 0)
    server = await asyncio.start_server(send_away, "127.0.0.1", 0)
    async with stranger, server:
        with pytest.raises(HandshakeRefused) as caught:
            await dial(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws", KEY)
    assert strangers == []
    assert caught.value.status == status
    assert caught.value.place.startswith("ws://127.0.0.2:")
