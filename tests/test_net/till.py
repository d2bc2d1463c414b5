"""A till for tests: a real store and a real engine against a real sandbox, driven round by round."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from clutch_tui.config.paths import Home
from clutch_tui.config.settings import Settings
from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.views import ChangeRow, QueueSummary
from clutch_tui.core.quantity import of_decimal, to_decimal
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import queue
from clutch_tui.core.types import Payment
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.sync.context import SyncContext
from clutch_tui.net.sync.engine import SyncEngine
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running
from clutch_tui.security.vault import Vault
from tests.fresh_store import open_new


class HandClock:
    """Time that a test moves. Sleeping moves it, too: nothing waits for real."""

    def __init__(self, start: datetime | None = None) -> None:
        self.at = start or datetime.now(UTC)
        self.elapsed = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.elapsed += seconds


@dataclass
class Till:
    """One terminal. `nouns` gathers what its screens were told."""

    store: Store
    api: Api
    sync: SyncEngine
    monitor: Monitor
    clock: HandClock
    session: Session
    nouns: set[str] = field(default_factory=set)

    async def round(self) -> None:
        await self.sync.round()

    async def step(self) -> float:
        """One round whose failure becomes a state; time moves on to when the next one is due."""
        wait = await self.sync.step()
        self.clock.forward(wait)
        return wait

    def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        return self.store.read_now(function, *args)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.store.run_now(function, *args, **kwargs)

    def sql(self, statement: str, *args: Any) -> list[tuple[Any, ...]]:
        return self.ask(lambda: db.execute(statement, args).fetchall())

    @property
    def queue(self) -> QueueSummary:
        return self.ask(outbox.summary)

    @property
    def changes(self) -> tuple[ChangeRow, ...]:
        return self.ask(queue.page, "", None, 0, 1000)

    def shelf(self, part_id: str) -> int | Decimal:
        """What a clerk sees of a part's stock, in units."""
        return to_decimal(self.ask(inventory.get, part_id).stock)

    def sell(self, part_id: str, quantity: int | Decimal = 1, price: int = 15000) -> str:
        """A sale of so many units as the till's own code makes it, by the shortest way; its id."""
        return self.do(sell, part_id, quantity, price)

    async def close(self) -> None:
        await self.api.close()
        self.store.close()


def said(request: httpx.Request) -> bytes:
    """The body of a request as it was before it was packed; for transports, once they have read it."""
    packed = request.headers.get("content-encoding") == "gzip"
    return gzip.decompress(request.content) if packed else request.content


def sell(part_id: str, quantity: int | Decimal, price: int) -> str:
    """So many units of one part, paid in cash."""
    part = inventory.get(part_id)
    cart = carts.set_quantity(carts.add_line(sales.open_cart(), part), 0, of_decimal(quantity))
    cart = carts.set_price(cart, 0, price)
    rules = state.tax_rules()
    total = carts.totals(cart, rules, "cash").total
    payments = (Payment("cash", total),)
    return sales.checkout(cart, payments, tendered=total, cashier="t", device_id="d", rules=rules).id


async def open_till(
    folder: Path,
    sandbox: Running,
    name: str = "a",
    *,
    clock: HandClock | None = None,
    policies: dict[str, str] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    page_size: int = 5000,
    api_key: str = demo_data.API_KEY,
    store: Store | None = None,
) -> Till:
    """A terminal of the sandbox's first shop, signed in by the shop's key. Open twice with one name: the same disk."""
    home = Home.find({"CLUTCH_HOME": str(folder / name)})
    home.prepare()
    settings = _settings(home, sandbox)
    clock = clock or HandClock()
    monitor = Monitor(clock)
    vault = Vault(home.secrets_file, sandbox.base_url, demo_data.SHOP_ID, "file")
    session = Session(vault, clock=clock, monitor=monitor, api_key=api_key)
    await session.open()
    chance = random.Random(1)
    api = Api(
        settings.backend,
        session=session,
        monitor=monitor,
        device_id=f"device-{name}",
        clock=clock,
        chance=chance,
        transport=transport,
    )
    nouns: set[str] = set()
    if store is None:
        path = home.data_dir / "shop.db"
        store = (Store.open if path.exists() else open_new)(path, clock=clock, inline=True)
    sync = SyncEngine(
        SyncContext(
            store,
            api,
            monitor,
            shop_id=demo_data.SHOP_ID,
            device_id=f"device-{name}",
            clock=clock,
            chance=chance,
            on_change=nouns.update,
            policies=policies or {"price": "server_wins", "cost": "server_wins", "*": "ask"},
            page_size=page_size,
        )
    )
    return Till(store, api, sync, monitor, clock, session, nouns)


def _settings(home: Home, sandbox: Running) -> Settings:
    from clutch_tui.config import settings as config

    overrides = {"backend.base_url": sandbox.base_url, "backend.shop_id": demo_data.SHOP_ID}
    return config.load(home, environ={}, overrides=overrides)
