"""The application: the catalogue's routes under /api/v1, the socket, and the controls beside them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute, compile_path
from starlette.types import Scope
from starlette.websockets import WebSocket

from clutch_tui.net.endpoints import ENDPOINTS, Endpoint

from . import (
    background_jobs,
    calls,
    control,
    rest_auth,
    rest_insights,
    rest_lists,
    rest_records,
    rest_shop,
    rest_sync,
    socket_session,
)
from .backend import Backend, ConnectionCut
from .database import open_database
from .demo_data import seed
from .events import Hub
from .faults import Faults, FaultyLine
from .settings import Settings
from .without_sync import PlainServer

PREFIX = "/api/v1"
# Importing these registers their handlers.
NOUNS = (rest_auth, rest_insights, rest_lists, rest_records, rest_shop, rest_sync)


def create_backend(settings: Settings) -> Backend:
    """Open the database, with demo data if it is new, and put a backend in front of it."""
    database = open_database(settings)
    seed(database)
    database.close() if not settings.inline else None
    return Backend(database, Hub(), Faults(settings.faults, settings.rng.random))


def create_app(settings: Settings) -> Starlette:
    """The whole sandbox as an ASGI application; its `Backend` is `app.state.backend`.

    Mounted without a server (`httpx.ASGITransport`) nothing runs in the background: who owns the clock calls
    `orders.place_random` and the like himself, and a cut connection raises `ConnectionCut`.
    """
    backend = create_backend(settings)
    routes: list[BaseRoute] = [_route(backend, entry) for entry in ENDPOINTS]

    async def socket(websocket: WebSocket) -> None:
        await socket_session.converse(backend, websocket)

    routes += [WebSocketRoute("/ws", socket), WebSocketRoute("/ws/shop/{shop_id}", socket)]
    if settings.faults:
        routes += control.routes(backend)

    async def cut(scope: Scope) -> None:
        if not backend.cut(scope):
            raise ConnectionCut(scope["path"])
        for _ in range(3):  # lets the server notice, so that it does not complain of a missing answer
            await asyncio.sleep(0)

    line = Middleware(FaultyLine, backend.faults, _namer(), cut, lambda: backend.database.now)
    gzip = Middleware(GZipMiddleware, minimum_size=2048, compresslevel=1)
    plain = Middleware(PlainServer, lambda: backend.plain, _namer())
    app = Starlette(routes=routes, middleware=[line, gzip, plain], lifespan=_lifespan(backend))
    app.state.backend = backend
    return app


def _route(backend: Backend, entry: Endpoint) -> Route:
    async def answer(request: Request) -> Response:
        return await calls.serve(backend, entry, request)

    return Route(PREFIX + entry.path, answer, methods=[entry.method], name=entry.name)


def _namer() -> Callable[[Scope], str | None]:
    """Return which catalogue entry a request is for: faults are aimed by name."""
    patterns = [(entry.method, compile_path(PREFIX + entry.path)[0], entry.name) for entry in ENDPOINTS]

    def name_of(scope: Scope) -> str | None:
        for method, pattern, name in patterns:
            if scope["method"] == method and pattern.match(scope["path"]):
                return name
        return None

    return name_of


def _lifespan(backend: Backend) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        backend.start()
        chores: list[Awaitable[None]] = background_jobs.chores(backend)
        tasks = [asyncio.ensure_future(chore) for chore in chores]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            backend.close()

    return lifespan
