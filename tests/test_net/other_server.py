"""A backend by somebody else, small and believable: Express manners, its own ids and spellings, half of the routes.

It shares no line with ours. What it has: a sign-in whose token stands beside the user, `POST /auth/verify`, items as a
bare list in camelCase with numbers as text, customers, sales that it numbers itself, a socket that reads its token
only from the query. What it has not: sync, refresh, logout, suppliers, orders, advice, the market.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

TOKEN = "other.server.token"
LOGIN = "01000000101"
PASSWORD = "their-password"
Record = dict[str, Any]


@dataclass
class OtherServer:
    """Its whole memory."""

    items: list[Record] = field(default_factory=list)
    customers: list[Record] = field(default_factory=list)
    sales: list[Record] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sockets: list[WebSocket] = field(default_factory=list)
    base_url: str = ""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def app(self) -> Starlette:
        def route(path: str, serve: Any, *methods: str) -> Route:
            return Route(f"/api/v1{path}", self._guarded(serve), methods=list(methods))

        return Starlette(
            routes=[
                Route("/api/v1/auth/login", self._login, methods=["POST"]),
                route("/auth/verify", self._verify, "POST"),
                route("/shops/profile", self._profile, "GET"),
                route("/inventory/items", self._items, "GET", "POST"),
                route("/inventory/items/{id}", self._item, "GET", "PUT", "DELETE"),
                route("/customers", self._customers, "GET", "POST"),
                route("/sales/transactions", self._sales, "GET", "POST"),
                Route("/api/v1/system/health", self._health),
                WebSocketRoute("/ws", self._socket),
                Route("/{path:path}", cannot, methods=["GET", "POST", "PUT", "DELETE"]),
            ],
            exception_handlers={405: cannot},
        )

    def _guarded(self, serve: Any) -> Any:
        async def guarded(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return JSONResponse({"success": False, "message": "Please authenticate"}, 401)
            answer: Response = await serve(request)
            return answer

        return guarded

    async def _login(self, request: Request) -> Response:
        given = await request.json()
        if given.get("emailOrPhone") != LOGIN or given.get("password") != PASSWORD:
            return JSONResponse({"success": False, "message": "Invalid credentials"}, 401)
        user = {"_id": "64f0c0ffee", "fullName": "منى", "name": "منى", "role": "shop_owner"}
        return JSONResponse({"success": True, "token": TOKEN, "data": {"user": user}})

    async def _verify(self, request: Request) -> Response:
        return JSONResponse({"success": True, "data": {"valid": True, "user": {"_id": "64f0c0ffee"}}})

    async def _profile(self, request: Request) -> Response:
        return JSONResponse({"success": True, "data": {"shop": {"_id": "their-shop", "name": "محل تاني"}}})

    async def _items(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.items)
        return self._made(self.items, await request.json(), {"stockQuantity": "0"})

    async def _item(self, request: Request) -> Response:
        found = next((one for one in self.items if one["_id"] == request.path_params["id"]), None)
        if found is None:
            return JSONResponse({"success": False, "message": "Item not found"}, 404)
        if request.method == "DELETE":
            self.items.remove(found)
        elif request.method == "PUT":
            given = await request.json()
            found |= {spelling: str(given[ours]) for ours, spelling in _SPELLINGS.items() if ours in given}
            found["__v"] += 1
        return JSONResponse({"success": True, "data": {"item": found}})

    async def _customers(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"success": True, "data": self.customers})
        return self._made(self.customers, await request.json(), {})

    async def _sales(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"success": True, "transactions": self.sales, "total": len(self.sales), "page": 1})
        return self._made(self.sales, await request.json(), {"status": "completed"})

    def _made(self, where: list[Record], given: Any, more: Record) -> Response:
        if not isinstance(given, dict) or not isinstance(given.get("name", given.get("items")), str | list):
            return JSONResponse({"success": False, "errors": [{"path": "name", "msg": "Invalid value"}]}, 400)
        if isinstance(given.get("items"), str):
            return JSONResponse({"success": False, "errors": [{"path": "items", "msg": "Invalid value"}]}, 400)
        kept = {_SPELLINGS.get(name, name): value for name, value in given.items() if name != "id"}
        record = {**more, **kept, "_id": f"64f0c0ffee{next(self._ids):06d}", "__v": 0}
        where.append(record)
        return JSONResponse({"success": True, "data": record}, 201)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "OK", "uptime": 12.5, "timestamp": "2026-11-22T09:00:00.000Z"})

    async def _socket(self, websocket: WebSocket) -> None:
        if websocket.query_params.get("token") != TOKEN:
            await websocket.close(1008)
            return
        await websocket.accept()
        self.sockets.append(websocket)
        await websocket.send_json({"type": "connection", "data": {"message": "Connected"}})
        async for text in websocket.iter_text():
            kind = json.loads(text).get("type")
            known = {"type": "pong"} if kind == "ping" else {"type": "error", "message": "Unknown message type"}
            await websocket.send_json(known)


_SPELLINGS = {"name": "name", "price": "price", "stock_quantity": "stockQuantity", "part_number": "partNumber"}


async def cannot(request: Request, error: Exception | None = None) -> Response:
    """Express, where nobody has thought of the route."""
    page = f"<!DOCTYPE html>\n<html><body><pre>Cannot {request.method} {request.url.path}</pre></body></html>"
    return HTMLResponse(page, 404)


def item(n: int, name: str, price: str, stock: str) -> Record:
    """A part as this server keeps it."""
    return {
        **{"_id": f"64f0item{n:06d}", "__v": 0, "name": name, "partNumber": f"P-{n:03d}", "price": price},
        **{"stockQuantity": stock, "minStock": "1", "createdAt": "2026-01-01T00:00:00.000Z", "isActive": True},
    }


@asynccontextmanager
async def serving(other: OtherServer, port: int = 0) -> AsyncIterator[OtherServer]:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    config = uvicorn.Config(other.app(), log_config=None, log_level="critical", ws="websockets-sansio", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    other.base_url = f"http://127.0.0.1:{bound.getsockname()[1]}/api/v1"
    try:
        yield other
    finally:
        server.should_exit = server.force_exit = True
        await running
