"""A sandbox on a real loopback socket, and short words for what the tests say to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import simplejson
from websockets.asyncio.client import ClientConnection, connect

from clutch_tui.net.endpoints import BY_NAME
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings

JSON = dict[str, Any]
EPOCH = "e-1"


def uid(n: int, kind: str = "0001") -> str:
    return f"0193{kind}-0000-7000-8000-{n:012x}"


class Terminal:
    """One terminal of the shop, as dumb as possible: it says what it is told and keeps nothing."""

    def __init__(self, sandbox: Running, client: httpx.AsyncClient, name: str = "a") -> None:
        self.sandbox, self.client, self.name = sandbox, client, name
        self.headers = {"X-API-Key": demo_data.API_KEY, "X-Device-ID": f"device-{name}"}
        self.shop_id = demo_data.SHOP_ID
        self.lineage = f"lineage-{name}"
        self.n = 0
        self.epoch: str | None = EPOCH

    async def call(self, name: str, body: JSON | None = None, record_id: str = "", **given: Any) -> httpx.Response:
        entry = BY_NAME[name]
        url = self.sandbox.base_url + entry.url(id=record_id)
        headers = self.headers | given.pop("headers", {})
        return await self.client.request(entry.method, url, json=body, headers=headers, **given)

    async def data(self, name: str, body: JSON | None = None, record_id: str = "", **given: Any) -> Any:
        response = await self.call(name, body, record_id, **given)
        assert response.is_success, response.text
        return response.json()["data"]

    def change(self, kind: str, record_id: str, **given: Any) -> JSON:
        self.n += 1
        noun = {"sale": "sale", "return": "sale"}.get(kind, given.pop("type", "item"))
        change_id = given.pop("change_id", uid(self.n, f"c{ord(self.name[0]):03x}"))
        return {
            "change_id": change_id,
            "n": self.n,
            "kind": kind,
            "type": noun,
            "id": record_id,
            "at": "2026-11-22T09:00:00.000Z",
            "epoch": self.epoch,
            "base": {},
            "was": {},
        } | given

    def sync_body(self, *changes: JSON, **given: Any) -> JSON:
        return {
            "protocol": 1,
            "shop_id": self.shop_id,
            "device_id": f"device-{self.name}",
            "lineage": self.lineage,
            "head": self.n,
            "epoch": self.epoch,
            "cursor": 0,
            "snapshot": False,
            "since": None,
            "limit": 5000,
            "changes": list(changes),
            "unconfirmed": [],
        } | given

    async def sync(self, which: str, *changes: JSON, **given: Any) -> JSON:
        answer: JSON = await self.data(f"{which}.sync", self.sync_body(*changes, **given))
        return answer

    async def one(self, which: str, change: JSON) -> JSON:
        """Send one change; returns its result."""
        result: JSON = (await self.sync(which, change))["results"][change["change_id"]]
        return result

    async def item(self, n: int = 1, **fields: Any) -> str:
        """A new part on the shelf; returns its id."""
        values = {"name": f"فلتر زيت {n}", "part_number": f"OF-{n}", "price": 100, "cost": 60, "stock_quantity": 10}
        result = await self.one("inventory", self.change("create", uid(n), fields=values | fields))
        assert result["status"] in ("applied", "applied_flagged"), result
        return uid(n)

    async def stock(self, item_id: str) -> float:
        rows = (await self.data("inventory.list", params={"limit": 1000}))["items"]
        return float(next(row["stock_quantity"] for row in rows if row["id"] == item_id))

    async def exact_stock(self, item_id: str) -> Decimal:
        """The same as it is written."""
        response = await self.call("inventory.list", params={"limit": 1000})
        rows = simplejson.loads(response.text, use_decimal=True)["data"]["items"]
        return Decimal(next(row["stock_quantity"] for row in rows if row["id"] == item_id))

    def sale(self, n: int, *lines: tuple[str, float], kind: str = "sale", **given: Any) -> JSON:
        """A sale of pieces at 100 each."""
        items: list[JSON] = [
            {"item_id": item, "item_name": "", "quantity": pieces, "price": 100, "discount": 0, "total": 100 * pieces}
            for item, pieces in lines
        ]
        total = sum(line["total"] for line in items)
        body: JSON = {
            "id": uid(n, "5a1e"),
            "receipt_number": f"{self.name.upper()}-{n:06d}",
            "date": "2026-11-22T09:00:00.000Z",
            "items": items,
            "subtotal": total,
            "total": total,
            "payments": [{"method": "cash", "amount": total}],
            "payment_method": "cash",
            "status": "completed",
        }
        return self.change(kind, body["id"], body=body | given)

    async def fault(self, kind: str, **given: Any) -> Any:
        return await self._post("/__faults", {"kind": kind} | given)

    async def control(self, do: str, **given: Any) -> Any:
        return await self._post("/__control", {"do": do} | given)

    async def _post(self, path: str, body: JSON) -> Any:
        response = await self.client.post(self.sandbox.root + path, json=body)
        assert response.is_success, response.text
        return response.json()["data"]

    def terminal(self, name: str) -> Terminal:
        return Terminal(self.sandbox, self.client, name)

    @asynccontextmanager
    async def socket(self, *channels: str, token: str = demo_data.API_KEY) -> AsyncIterator[ClientConnection]:
        """An open socket that has been greeted and is subscribed."""
        async with connect(f"{self.sandbox.ws_url}?token={token}") as socket:
            assert (await frame(socket))["type"] == "connection"
            for channel in channels:
                await say(socket, type="subscribe", channel=channel)
                assert (await frame(socket))["type"] == "subscribed"
            yield socket


def exact_of(text: str, name: str) -> Decimal:
    """A number of the record in an answer, as it is written."""
    return Decimal(simplejson.loads(text, use_decimal=True)["data"][name])


async def frame(socket: ClientConnection, seconds: float = 120) -> JSON:
    message: JSON = json.loads(await asyncio.wait_for(socket.recv(), seconds))
    return message


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(db=str(tmp_path / "backend.db"), faults=True, insight_pace=None)


@pytest.fixture
async def terminal(settings: Settings) -> AsyncIterator[Terminal]:
    async with running(settings) as sandbox, httpx.AsyncClient(timeout=120, verify=False) as client:
        yield Terminal(sandbox, client)
