"""A sandbox's shop with its terminals, the line between them, and short words for what a test does there."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, inventory, sales, state
from clutch_tui.core.clock import to_text
from clutch_tui.core.quantity import to_decimal
from clutch_tui.core.types import Part, PartDraft, Payment
from clutch_tui.sandbox import server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.till import Till, open_till

PARTS = 12


class Shop:
    """A sandbox without sync, and the terminals of one test."""

    def __init__(self, folder: Path, sandbox: Running) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.tills: list[Till] = []

    async def till(self, name: str = "a", **options: Any) -> Till:
        till = await open_till(self.folder, self.sandbox, name, **options)
        self.tills.append(till)
        return till

    async def be(self, **options: Any) -> None:
        await self._control(do="without_sync", **options)

    async def sync(self) -> None:
        await self._control(do="with_sync")

    async def edit(self, **order: Any) -> dict[str, Any]:
        """Somebody else of the shop changes a record."""
        return await self._control(do="edit", **order)

    async def fault(self, kind: str, endpoint: str, **details: Any) -> None:
        async with httpx.AsyncClient(verify=False) as client:
            body = {"kind": kind, "endpoint": endpoint, **details}
            (await client.post(f"{self.sandbox.root}/__faults", json=body)).raise_for_status()

    async def mend(self) -> None:
        """No fault is left."""
        async with httpx.AsyncClient(verify=False) as client:
            (await client.delete(f"{self.sandbox.root}/__faults")).raise_for_status()

    async def _control(self, **order: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(verify=False) as client:
            answer = await client.post(f"{self.sandbox.root}/__control", json=order)
            answer.raise_for_status()
            data: dict[str, Any] = answer.json()["data"]
            return data

    def sql(self, statement: str, *args: Any) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.sandbox.settings.db}?mode=ro", uri=True) as db:
            return db.execute(statement, args).fetchall()

    def stock(self, name: str) -> int | Decimal:
        """What lies on the shelf of a part by its number, in units."""
        stock = "SELECT stock_quantity FROM item WHERE part_number = ? AND deleted = 0"
        return to_decimal(self.sql(stock, name)[0][0])

    def receipts(self) -> list[str]:
        return [row[0] for row in self.sql("SELECT receipt_number FROM sale ORDER BY receipt_number")]


@asynccontextmanager
async def opened(folder: Path, stocked: Path, **settings: Any) -> AsyncIterator[Shop]:
    """A shop on a copy of a stocked backend, whose parts are as new as the test, if not aged on purpose: a list reaches
    some minutes back. Its terminals are closed at the end."""
    path = folder / "backend.db"
    with sqlite3.connect(stocked) as source, sqlite3.connect(path) as target:
        source.backup(target)
        now = datetime.now(UTC)
        made_lately = (to_text(now), to_text(now - timedelta(days=1)))
        target.execute("UPDATE item SET updated_at = ? WHERE updated_at > ?", made_lately)
    async with server.running(Settings(db=str(path), faults=True, **settings)) as sandbox:
        shop = Shop(folder, sandbox)
        yield shop
        for till in shop.tills:
            await till.close()


class Line(httpx.AsyncBaseTransport):
    """The line to the server; `cut` ends it at the calls whose number, among those to a path, is in it."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=False)
        self.calls: list[str] = []
        self.cut: dict[str, set[int]] = {}
        self.barred: dict[str, Collection[int]] = {}
        """The calls that something on the way takes for an attack."""
        self.before: dict[str, Any] = {}
        """What is to happen just before a call, by `METHOD path#n`."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        self.calls.append(f"{name}?{request.url.query.decode()}")
        n = sum(call.startswith(f"{name}?") for call in self.calls)
        if act := self.before.pop(f"{name}#{n}", None):
            await act()
        if n in self.cut.get(name, ()):
            raise httpx.ReadError("cut", request=request)
        if n in self.barred.get(name, ()):
            return httpx.Response(403, content=b"<html>blocked</html>", request=request)
        return await self._inner.handle_async_request(request)

    def count(self, start: str) -> int:
        return sum(call.startswith(start) for call in self.calls)

    async def aclose(self) -> None:
        await self._inner.aclose()


def part(till: Till, number: str) -> Part:
    found = till.sql("SELECT id FROM part WHERE part_number = ? AND deleted = 0", number)
    assert len(found) == 1, f"{number} is there {len(found)} times"
    made: Part = till.ask(inventory.get, found[0][0])
    return made


def units(part: Part) -> int | Decimal:
    """What lies on the shelf of a part, in units."""
    return to_decimal(part.stock)


def edit(till: Till, number: str, **fields: Any) -> None:
    seen = part(till, number)
    draft = PartDraft(**{**{name: getattr(seen.draft, name) for name in PartDraft.__slots__}, **fields})
    till.do(inventory.edit, seen.id, draft, seen=seen)


async def settle(till: Till, rounds: int = 8) -> None:
    """Steps until nothing waits but what a person or another server must see to."""
    for _ in range(rounds):
        await till.step()
        waiting = [change for change in till.changes if change.lane in ("fast", "slow") and change.status == ""]
        if not waiting:
            return
    raise AssertionError(f"still waiting: {[(change.kind, change.last_error) for change in waiting]}")


async def minutes(till: Till, count: int, seconds: float = 60.0) -> None:
    for _ in range(count):
        till.clock.forward(seconds)
        await till.step()


def sell_on_account(part_id: str, customer_id: str) -> None:
    cart = carts.add_line(sales.open_cart(), inventory.get(part_id))
    cart = carts.with_customer(cart, customers.page("", None, 0, 10)[0])
    total = carts.totals(cart, state.tax_rules(), "credit").total
    sales.checkout(cart, (Payment("credit", total),), cashier="c", device_id="d", rules=state.tax_rules())


def sell_each(*part_ids: str) -> str:
    """One piece of each of these parts, in one sale; its id."""
    cart = sales.open_cart()
    for part_id in part_ids:
        cart = carts.add_line(cart, inventory.get(part_id))
    rules = state.tax_rules()
    payments = (Payment("cash", carts.totals(cart, rules, "cash").total),)
    return sales.checkout(cart, payments, cashier="c", device_id="d", rules=rules).id
