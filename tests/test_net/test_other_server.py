"""A shop at a server that we did not write: it signs in, pulls and sells, and is told what is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config.settings import Backend, Settings
from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartQuery, PartRow, Payment, Receipt
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.client.trial import Credentials, prove
from clutch_tui.net.endpoint_tester.own_session import Login
from clutch_tui.net.endpoint_tester.tester import EndpointReport
from clutch_tui.net.endpoint_tester.tester import Tester as Engine
from clutch_tui.net.network import Network

from .other_server import LOGIN as WHO
from .other_server import PASSWORD, OtherServer, item, serving

PATIENCE = 120.0


@pytest.fixture
async def other() -> AsyncIterator[OtherServer]:
    shelf = [item(1, "بوجيه", "120.5", "8"), item(2, "فلتر زيت", "185", "3"), item(3, "سير", "90", "0")]
    shelf.append({"_id": "64f0item000004", "name": "row that nobody can read", "price": "call us"})
    async with serving(OtherServer(items=shelf)) as other:
        yield other


@pytest.fixture
async def network(tmp_path: Path, other: OtherServer) -> AsyncIterator[tuple[Network, Store]]:
    environ = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file"}
    overrides = {"backend.base_url": other.base_url, "backend.shop_id": "their-shop"}
    installation = Installation.find(environ, overrides)
    store = installation.open_store()
    network = installation.network(installation.settings, store, lambda _nouns: None)
    running = asyncio.create_task(network.run())
    try:
        yield network, store
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(store.close)


async def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.02)


def parts(store: Store) -> tuple[PartRow, ...]:
    return store.read_now(inventory.page, PartQuery(), None, 0, 50)


def sell(part: PartRow) -> Receipt:
    cart = carts.add_line(sales.open_cart(), part, whole(2))
    rules = state.tax_rules()
    total = carts.totals(cart, rules, "cash").total
    return sales.checkout(cart, (Payment("cash", total),), tendered=total, cashier="منى", device_id="till", rules=rules)


async def test_it_signs_in_pulls_and_sells(network: tuple[Network, Store], other: OtherServer) -> None:
    connection, store = network
    await until(lambda: connection.leads)
    await connection.sign_in(WHO, PASSWORD)
    assert connection.user_name == "منى"
    await until(lambda: len(parts(store)) == 3)
    shelf = {row.part_number: (row.name, row.price, row.stock) for row in parts(store)}
    assert shelf == {
        "P-001": ("بوجيه", 12050, whole(8)),
        "P-002": ("فلتر زيت", 18500, whole(3)),
        "P-003": ("سير", 9000, 0),
    }
    await until(lambda: connection.monitor.part("socket").state == "up")
    assert (await connection.fetch("shop.profile")).data["name"] == "محل تاني"
    await connection.ping()  # it has none, and its health answers as well

    part = next(row for row in parts(store) if row.part_number == "P-001")
    receipt = await store.run(sell, part)
    connection.wake()
    await until(lambda: other.sales)
    await until(lambda: store.read_now(outbox.summary).unsent == 0)
    assert [sale["receipt_number"] for sale in other.sales] == [receipt.receipt_number]
    await until(lambda: next(one for one in other.items if one["partNumber"] == "P-001")["stockQuantity"] == "6")
    assert next(row for row in parts(store) if row.part_number == "P-001").stock == whole(6)
    assert connection.monitor.snapshot().overall in ("connected", "limited")


async def test_a_wrong_password_and_a_right_one_before_anything_is_moved(tmp_path: Path, other: OtherServer) -> None:
    installation = Installation.find(
        {"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file"}, {"backend.base_url": other.base_url}
    )
    backend, vault = installation.settings.backend, installation.vault()
    with pytest.raises(ApiError) as refused:
        await prove(backend, Credentials(WHO, "wrong"), vault, device_id="d")
    assert refused.value.kind is Kind.BAD_CREDENTIALS
    assert await prove(backend, Credentials(WHO, PASSWORD), vault, device_id="d") == "their-shop"


async def judged(network: Network, other: OtherServer, *, write: bool = False) -> EndpointReport:
    settings = Settings(backend=Backend(base_url=other.base_url, shop_id="their-shop"))
    login = Login(WHO, PASSWORD)
    engine = Engine(network.api, network.session, network.monitor, settings=settings, login=login)
    return await engine.run(write=write)


async def test_it_says_what_is_missing_and_what_is_there(network: tuple[Network, Store], other: OtherServer) -> None:
    connection, _ = network
    await connection.sign_in(WHO, PASSWORD)
    before = [dict(one) for one in other.items]
    report = await judged(connection, other)
    states = {result.name: result.state for result in report.results}
    there = {name for name, found in states.items() if found in ("ok", "reachable", "slow")}
    assert there == {
        *("auth.login", "auth.verify", "shop.profile", "inventory.create", "inventory.update", "inventory.delete"),
        *("sales.list", "sales.create", "customers.list", "customers.create", "system.health"),
    }
    assert states["inventory.list"] == "invalid"
    assert {states[name] for name in states if name not in there} == {"missing", "invalid", "skipped"}
    named = next(result for result in report.results if result.name == "inventory.list")
    assert named.problem is not None
    assert named.problem.values["id"] == "64f0item000004"
    assert "POST /auth/verify" in other.asked
    found = {one.name: one.verdict for one in report.capabilities}
    assert found == {
        **{"idempotency": "unknown", "versions": "no", "cursors": "no"},
        **{"clock": "unknown", "socket": "yes"},
    }
    assert other.items == before


async def test_a_round_trip_leaves_nothing_where_ids_are_their_own(
    network: tuple[Network, Store], other: OtherServer
) -> None:
    connection, _ = network
    await connection.sign_in(WHO, PASSWORD)
    before = [dict(one) for one in other.items]
    report = await judged(connection, other, write=True)
    states = {result.name: result.state for result in report.results}
    assert {states[f"inventory.{action}"] for action in ("create", "update", "delete")} == {"ok"}
    assert other.items == before
    assert next(one.verdict for one in report.capabilities if one.name == "idempotency") == "no"
