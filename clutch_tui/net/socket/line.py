"""One WebSocket connection as the rest of the program sees it: text in, text out, and how it ended.

The only place that knows the websockets library, so that a simulation can put its own line underneath.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from clutch_tui.net.client.attempt import seconds
from clutch_tui.net.client.errors import ApiError, Kind, from_os_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websockets.asyncio.client import ClientConnection, connect

    from clutch_tui.config.settings import Backend

PROTOCOL_PATIENCE = 6
"""How many times as long the library's own ping waits: on a thin line a call's answer may stand before it, and whoever
knows of that is the heartbeat above."""
FRAME_LIMIT = 4 * 1024 * 1024


class LineClosed(Exception):
    """The connection has ended; 1006 where nobody said goodbye."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class HandshakeRefused(Exception):
    """The server answered the handshake with an HTTP status instead of a socket; `place` is where it sends us,
    `retry_after` the seconds that it asks us to wait."""

    def __init__(self, status: int, place: str = "", retry_after: float | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.place = place
        self.retry_after = retry_after


class SocketLine(Protocol):
    """An open socket. All three raise `LineClosed` once it has ended."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str | bytes: ...

    async def close(self) -> None: ...


class Dial(Protocol):
    """Opens a line. Raises `HandshakeRefused`, or `ApiError` where the server was not reached."""

    async def __call__(self, url: str, headers: Mapping[str, str]) -> SocketLine: ...


class WebSocketDial:
    """Lines over the real network: proxies, the system's trust store, a second heartbeat below ours."""

    def __init__(self, settings: Backend, *, heartbeat: float, pong_timeout: float, close_timeout: float = 2.0) -> None:
        self._settings = settings
        self._close_timeout = close_timeout
        self._heartbeat = heartbeat
        self._pong_timeout = pong_timeout
        self._trust: ssl.SSLContext | None = None

    async def __call__(self, url: str, headers: Mapping[str, str]) -> SocketLine:
        from websockets.exceptions import InvalidProxy, InvalidStatus, ProxyError, WebSocketException

        from clutch_tui.config.rules import is_loopback
        from clutch_tui.net.client.egress import proxy_for
        from clutch_tui.security.redaction import hide_text

        parts = urlsplit(url)
        host = parts.hostname or ""
        local = is_loopback(host)
        if parts.scheme != "wss" and not local:
            raise ApiError(Kind.TLS, message=f"ws://{parts.netloc}", host=host, fault="open_line")
        proxy = await asyncio.to_thread(proxy_for, self._settings, url)
        try:
            connection = await _connect()(
                url,
                additional_headers=dict(headers),
                proxy=proxy or None,
                open_timeout=self._settings.connect_timeout * 2,
                ping_interval=self._heartbeat,
                ping_timeout=self._pong_timeout * PROTOCOL_PATIENCE,
                close_timeout=self._close_timeout,
                max_size=FRAME_LIMIT,
                logger=_quiet(),
                ssl=await self._trusted() if parts.scheme == "wss" else None,
            )
        except InvalidStatus as error:
            place = error.response.headers.get("Location", "")
            wait = seconds(error.response.headers.get("Retry-After"), error.response.headers.get("Date"))
            raise HandshakeRefused(error.response.status_code, hide_text(place)[:200], wait) from error
        except (ProxyError, InvalidProxy) as error:
            raise ApiError(Kind.PROXY, message=hide_text(str(error))[:200], host=host) from error
        except (OSError, TimeoutError) as error:
            raise from_os_error(error, host, proxied=bool(proxy)) from error
        except WebSocketException as error:
            raise ApiError(Kind.NOT_JSON, message=type(error).__name__, host=host) from error
        return _WebSocketLine(connection)

    async def _trusted(self) -> ssl.SSLContext:
        from clutch_tui.net.client.egress import trusted

        if self._trust is None:
            try:
                self._trust = await asyncio.to_thread(trusted, self._settings.ca_file)
            except OSError as error:
                message = f"{self._settings.ca_file}: {error.strerror or error}"[:200]
                raise ApiError(Kind.TLS, message=message, fault="ca_file") from error
        return self._trust


@lru_cache(maxsize=1)
def _connect() -> type[connect]:
    """The library's `connect`, made to follow no redirect, as the REST calls follow none: our key stands in the first
    frame, which the library knows nothing of, so it would say it to whomever the server named."""
    from websockets.asyncio.client import connect

    class ConnectHere(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    return ConnectHere


class _WebSocketLine:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def receive(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def close(self) -> None:
        await self._connection.close()


def _closed(error: Exception) -> LineClosed:
    received = getattr(error, "rcvd", None)
    return LineClosed(received.code, received.reason) if received is not None else LineClosed(1006)


def _quiet() -> logging.Logger:
    """The library logs the handshake, and with it the token; it gets a logger that says nothing below errors."""
    logger = logging.getLogger("clutch_tui.net.socket.line.websockets")
    logger.setLevel(logging.CRITICAL)
    return logger
