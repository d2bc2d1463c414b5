"""Running it: stopped like a pulled plug, started again on the same port and file, discreet about tokens."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.sandbox import app, calls, changes, demo_data, records
from clutch_tui.sandbox.app import create_backend
from clutch_tui.sandbox.database import Database, open_database
from clutch_tui.sandbox.ledger import Change, Origin, Outcome
from clutch_tui.sandbox.server import start
from clutch_tui.sandbox.settings import Settings

from .conftest import Terminal, frame, until


def test_every_endpoint_of_the_catalogue_has_its_handler() -> None:
    assert app.PREFIX == "/api/v1"
    assert set(calls.HANDLERS) == {entry.name for entry in ENDPOINTS}


async def test_a_hard_stop_with_open_sockets_and_a_restart_on_the_same_port(terminal: Terminal) -> None:
    item = await terminal.item()
    sandbox = terminal.sandbox
    async with terminal.socket() as socket:
        await sandbox.stop()
        with pytest.raises(ConnectionClosed):
            await frame(socket)
    with pytest.raises(httpx.TransportError):
        await terminal.call("system.ping")
    again = await start(sandbox.settings, port=sandbox.port)
    try:
        assert again.port == sandbox.port
        assert await terminal.stock(item) == 10
        await sandbox.stop()
    finally:
        await again.stop()


async def test_a_request_that_is_under_way_does_not_hold_up_a_stop(terminal: Terminal) -> None:
    await terminal.fault("latency", seconds=30)
    (armed,) = terminal.sandbox.backend.faults._armed
    slow = asyncio.create_task(terminal.call("system.ping"))

    async def is_under_way() -> bool:
        return armed.hits > 0

    await until(is_under_way)
    await terminal.sandbox.stop()
    with pytest.raises(httpx.TransportError) as caught:
        await slow
    assert not isinstance(caught.value, httpx.TimeoutException)  # it was cut off, nobody waited for it


async def test_a_port_that_is_taken_is_told(terminal: Terminal, tmp_path: object) -> None:
    with pytest.raises(OSError, match="in use"):
        await start(Settings(db=f"{tmp_path}/other.db"), port=terminal.sandbox.port)


async def test_no_log_holds_a_token(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("uvicorn.error", "uvicorn.access", "websockets.server"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    async with terminal.socket():
        await terminal.call("inventory.list", params={"token": demo_data.API_KEY})
    assert "[accepted]" in caplog.text
    served = [
        record.getMessage() for record in caplog.records if not record.name.startswith(("websockets.client", "httpx"))
    ]
    assert demo_data.API_KEY not in "\n".join(served)


async def test_the_health_tells_how_long_it_has_been_up(terminal: Terminal) -> None:
    health = await terminal.data("system.health")
    assert (health["status"], health["uptime"]) == ("healthy", 0)
    assert (await terminal.data("system.version"))["minimum_client"] == "0.1.0"


async def test_the_database_outlives_its_process_whole(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.one("sales", terminal.sale(1, (item, 1)))
    await terminal.sandbox.stop()
    database = open_database(terminal.sandbox.settings)
    with database.reading() as reading:
        assert reading.value("PRAGMA integrity_check") == "ok"
        assert reading.value("SELECT COUNT(*) FROM ledger") == 2
    database.close()


def test_keys_of_before_the_folds_rules_changed_are_folded_anew(settings: Settings) -> None:
    database = create_backend(settings).database
    with database.writing(demo_data.SHOP_ID) as transaction:
        records.insert(transaction, records.CUSTOMER, "c", {"name": "رؤوف"})
        transaction.execute("UPDATE customer SET search_key = 'رؤوف'")
        transaction.execute("PRAGMA user_version = 0")
    database.close()
    again = open_database(settings)
    with again.reading() as reading:
        assert reading.value("SELECT COUNT(*) FROM customer WHERE id = 'c' AND search_key = 'رووف'") == 1
    again.close()


def test_two_who_write_to_one_file_wait_for_each_other_and_share_the_counter(settings: Settings) -> None:
    databases = [create_backend(settings).database for _ in range(2)]

    def sell(database: Database, first: int) -> list[Outcome]:
        body = {"items": [{"item_id": "part", "quantity": 1, "price": 5}], "total": 5}
        changes_ = [Change(f"c-{n}", "sale", "sale", f"s-{n}", body=body) for n in range(first, first + 25)]
        found = [changes.apply(database, demo_data.SHOP_ID, change, Origin()) for change in changes_]
        database.close()
        return found

    with ThreadPoolExecutor(2) as pool:
        outcomes = [one for found in pool.map(sell, databases, (0, 100)) for one in found]
    assert {outcome.status for outcome in outcomes} == {"applied_flagged"}
    assert sorted(outcome.seq for outcome in outcomes) == list(range(1, 51))
