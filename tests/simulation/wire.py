"""The socket between a terminal and the server: the program's own `Socket` at one end, the sandbox's own
conversation at the other, and between them a line that loses frames, doubles them, lets one overtake another,
and breaks.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket

from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.socket.line import LineClosed
from clutch_tui.sandbox.socket_session import converse

if TYPE_CHECKING:
    from .network import Weather
    from .server import Server

BROKEN = 1006
"""The code of an end of which nobody spoke."""


class Wire:
    """One connection. Frames travel each for itself; the end of the line is heard at once on both sides."""

    def __init__(self, weather: Weather, rng: random.Random) -> None:
        self._weather = weather
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._to_terminal: asyncio.Queue[str | LineClosed] = asyncio.Queue()
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._end: LineClosed | None = None

    # --- the terminal's end --------------------------------------------------------------------------

    async def send(self, text: str) -> None:
        if self._end is not None:
            raise self._end
        self._travel(self._to_server, {"type": "websocket.receive", "text": text})

    async def receive(self) -> str:
        if self._end is not None and self._to_terminal.empty():
            raise self._end
        frame = await self._to_terminal.get()
        if isinstance(frame, LineClosed):
            raise frame
        return frame

    async def close(self) -> None:
        self.break_off(1000)

    # --- the server's end ----------------------------------------------------------------------------

    def serve(self, server: Server, headers: Mapping[str, str], query: str) -> asyncio.Task[None]:
        """Let the sandbox speak at the other end."""
        self._to_server.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": "/ws",
            "path_params": {},
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        return self._loop.create_task(converse(server.backend, WebSocket(scope, self._to_server.get, self._answer)))

    async def _answer(self, event: Any) -> None:
        if event["type"] == "websocket.send":
            self._travel(self._to_terminal, event["text"])
        elif event["type"] == "websocket.close":
            self.break_off(event["code"])

    # --- between them --------------------------------------------------------------------------------

    def _travel(self, to: asyncio.Queue[Any], frame: Any) -> None:
        if self._weather.strikes("cut"):
            self.break_off(BROKEN)
        for _ in range(2 if self._weather.strikes("frame twice") else 1):
            if not self._weather.strikes("frame lost"):
                self._loop.call_later(self._weather.journey("late frame"), self._arrive, to, frame)

    def _arrive(self, to: asyncio.Queue[Any], frame: Any) -> None:
        if self._end is None:
            to.put_nowait(frame)

    def break_off(self, code: int) -> None:
        """The line is no more. Only the first end counts."""
        if self._end is None:
            self._end = LineClosed(code)
            self._to_terminal.put_nowait(self._end)
            self._to_server.put_nowait({"type": "websocket.disconnect", "code": code})


class Exchange:
    """Where one terminal's sockets are put through: the `dial` of its `Socket`."""

    def __init__(
        self, server: Server, weather: Weather, rng: random.Random, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._server = server
        self._weather = weather
        self._rng = rng
        self._on_failure = on_failure
        self._wire: Wire | None = None

    async def __call__(self, url: str, headers: Mapping[str, str]) -> Wire:
        await asyncio.sleep(self._weather.journey("late frame"))
        if self._weather.strikes("refused"):
            raise ApiError(Kind.UNREACHABLE, host="simulated")
        self._wire = wire = Wire(self._weather, self._rng)
        wire.serve(self._server, headers, url.partition("?")[2]).add_done_callback(self._served)
        return wire

    def _served(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)

    def break_off(self) -> None:
        """The server, or the terminal, is gone."""
        if self._wire is not None:
            self._wire.break_off(BROKEN)
