"""Running the sandbox: by itself for the command line, or inside a test's or the demo's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import uvicorn
from starlette.types import Scope

from .app import PREFIX, create_app
from .backend import Backend
from .settings import Settings

_TOKEN = re.compile(r"((?:token|api_key)=)[^&\s\"']+", re.IGNORECASE)
WORDLESS = 0.05


class _NoTokens(logging.Filter):
    """uvicorn writes a socket's whole address, token and all, into its log: it must not get there."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = _TOKEN.sub(r"\1***", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True


def _hide_tokens() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets.server"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, _NoTokens) for one in logger.filters):
            logger.addFilter(_NoTokens())


class _Uvicorn(uvicorn.Server):
    """uvicorn without its hold on the process's signals: the loop belongs to somebody else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()


@dataclass(slots=True)
class Running:
    """A sandbox that answers. `stop` is a plug pulled: open connections are reset, nothing is said."""

    settings: Settings
    backend: Backend
    port: int
    host: str
    _server: _Uvicorn
    _task: asyncio.Task[None] = field(repr=False)

    @property
    def root(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        return self.root + PREFIX

    @property
    def ws_url(self) -> str:
        return f"ws://{self.host}:{self.port}/ws"

    async def stop(self) -> None:
        """End at once and free the port and the file; safe to call twice."""
        if self._task.done():
            return
        for listener in self._server.servers:
            listener.close()
        self._server.abort_connections()
        self._server.should_exit = True
        while not self._task.done():
            self._server.abort_connections()
            await asyncio.wait([self._task], timeout=WORDLESS)
        self._task.result()


async def start(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Start a sandbox in this event loop; returns when it answers. Whoever starts it stops it."""
    _hide_tokens()
    # asyncio turns Nagle's algorithm off only where the socket says TCP; with it every answer waits 40 ms
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        app = create_app(settings)
    except BaseException:
        bound.close()
        raise
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        http="h11",
        ws="websockets-sansio",
        lifespan="on",
        timeout_graceful_shutdown=1,
        ws_max_size=1024 * 1024,
    )
    server = _Uvicorn(config)
    backend: Backend = app.state.backend
    backend.cut = lambda scope: _cut(server, scope)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the sandbox ended before it began")
        await asyncio.sleep(0.005)
    return Running(settings, backend, bound.getsockname()[1], host, server, task)


@contextlib.asynccontextmanager
async def running(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Running]:
    """A sandbox for as long as the block lasts."""
    sandbox = await start(settings, host, port)
    try:
        yield sandbox
    finally:
        await sandbox.stop()


def _cut(server: _Uvicorn, scope: Scope) -> bool:
    """Reset the TCP connection that carries this request; False where there is none of ours."""
    for connection in list(server.server_state.connections):
        transport = getattr(connection, "transport", None)
        if transport is not None and getattr(connection, "client", None) == tuple(scope.get("client") or ()):
            transport.abort()
            return True
    return False


def run(
    host: str = "127.0.0.1",
    port: int = 8765,
    db: str = "sandbox.db",
    *,
    faults: bool = False,
    seed: int = 1,
    parts: int = 1400,
    order_pace: float | None = 45.0,
) -> None:
    """Run until interrupted; blocks. Raises `OSError` where the port is taken."""
    rng = random.Random()
    settings = Settings(db=db, rng=rng, faults=faults, seed=seed, parts=parts, order_pace=order_pace)

    async def serve() -> None:
        async with running(settings, host, port) as sandbox:
            await sandbox._task

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
