"""Running the sandbox: by itself for the command line, or inside a test's or the demo's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import Scope

from .app import PREFIX, create_app
from .backend import Backend
from .control import is_loopback
from .settings import Settings
from .without_sync import Plain

_TOKEN = re.compile(r"((?:token|api_key)=)[^&\s\"']+", re.IGNORECASE)

DYING = 0.2  # seconds that running requests have to notice that their connection is gone


class _Discretion(logging.Filter):
    """uvicorn writes a socket's whole address, token and all, into its log: it must not get there. And a
    request that a stop has cut off is no error of the application."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is asyncio.CancelledError:
            return False
        message = record.getMessage()
        redacted = _TOKEN.sub(r"\1***", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True


def _be_discreet() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets.server"):
        logger = logging.getLogger(name)
        if not any(isinstance(log_filter, _Discretion) for log_filter in logger.filters):
            logger.addFilter(_Discretion())


class _Uvicorn(uvicorn.Server):
    """uvicorn without its hold on the process's signals (the loop belongs to somebody else), and with the end
    of a pulled plug: connections are reset, running requests are dropped, nobody is waited for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks) and not self.ended.is_set():
            ticks += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for bound in sockets or []:
            bound.close()
        tasks = list(self.server_state.tasks)
        self.abort_connections()
        if tasks:
            await asyncio.wait(tasks, timeout=DYING)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.lifespan.shutdown()

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
        self._server.ended.set()
        await self._task


async def start(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Start a sandbox in this event loop; returns when it answers. Whoever starts it stops it."""
    _be_discreet()
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
        TrustedHostMiddleware(app, _names(settings, host), www_redirect=False),
        log_config=None,
        log_level="warning",
        access_log=False,
        http="h11",
        ws="websockets-sansio",
        lifespan="on",
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


def _names(settings: Settings, host: str) -> tuple[str, ...]:
    """By which names the server answers. A page of a stranger in this machine's browser reaches a server that listens
    to this machine alone by giving its own name our address; a name that is not ours is refused."""
    return settings.hosts or (("localhost", "127.0.0.1", "::1", "[::1]", host) if is_loopback(host) else ("*",))


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
    plain: Plain | None = None,
    on_ready: Callable[[Running], None] = lambda sandbox: None,
) -> None:
    """Run until interrupted; blocks. `on_ready` hears when it answers, and where: port 0 takes a free one.
    Raises `OSError` where the port is taken."""
    rng = random.Random()
    settings = Settings(db=db, rng=rng, faults=faults, seed=seed, parts=parts, order_pace=order_pace, plain=plain)
    asyncio.run(_until_signalled(settings, host, port, on_ready))


async def _until_signalled(settings: Settings, host: str, port: int, on_ready: Callable[[Running], None]) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: there Ctrl-C ends the loop by itself
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with running(settings, host, port) as sandbox:
        on_ready(sandbox)
        await asked.wait()
