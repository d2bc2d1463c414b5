"""Faults on demand do what a bad line does: really, and only as often as they were asked for."""

from __future__ import annotations

import time
from dataclasses import replace

import httpx
import pytest

from clutch_tui.sandbox import control
from clutch_tui.sandbox.app import create_app
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings

from .conftest import Terminal


@pytest.mark.parametrize(("kind", "stock"), [("drop_before", 10), ("drop_after", 8)])
async def test_a_dropped_line_is_cut_before_or_after_the_commit(terminal: Terminal, kind: str, stock: int) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    await terminal.fault(kind, endpoint="sales.sync")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await terminal.sync("sales", sale)
    assert await terminal.stock(item) == stock
    assert (await terminal.one("sales", sale))["status"] == ("applied" if stock == 10 else "duplicate")
    assert await terminal.stock(item) == 8


@pytest.mark.parametrize(("kind", "stock"), [("error_before", 10), ("error_after", 9)])
async def test_a_5xx_comes_before_or_after_the_commit(terminal: Terminal, kind: str, stock: int) -> None:
    item = await terminal.item()
    await terminal.fault(kind, endpoint="sales.sync", status=502)
    response = await terminal.call("sales.sync", terminal.sync_body(terminal.sale(1, (item, 1))))
    assert (response.status_code, response.json()["success"]) == (502, False)
    assert await terminal.stock(item) == stock


async def test_a_truncated_body_promises_more_than_it_brings(terminal: Terminal) -> None:
    await terminal.item()
    await terminal.fault("truncated", endpoint="inventory.list")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await terminal.call("inventory.list")


async def test_the_other_ways_to_answer_badly(terminal: Terminal) -> None:
    await terminal.fault("not_json")
    page = await terminal.call("inventory.list")
    assert page.headers["content-type"] == "text/html"
    await terminal.fault("rate_limit", retry_after=7)
    limited = await terminal.call("inventory.list")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    await terminal.fault("401")
    assert (await terminal.call("inventory.list")).json()["error"] == "TOKEN_EXPIRED"
    await terminal.fault("missing", endpoint="*.sync", count=None)
    gone = await terminal.call("inventory.sync", terminal.sync_body())
    assert (gone.status_code, gone.text) == (404, "Not Found")
    begun = time.monotonic()
    await terminal.fault("latency", seconds=0.15)
    await terminal.call("inventory.list")
    assert time.monotonic() - begun >= 0.15


async def test_a_fault_hits_its_endpoint_as_often_as_asked_and_can_be_taken_back(terminal: Terminal) -> None:
    await terminal.fault("error_before", endpoint="sales.*", count=2)
    assert (await terminal.call("inventory.list")).status_code == 200
    assert [(await terminal.call("sales.list")).status_code for _ in range(3)] == [503, 503, 200]
    await terminal.fault("error_before", count=None)
    assert (await terminal.call("system.ping")).status_code == 503
    await terminal.client.delete(terminal.sandbox.root + "/__faults")
    assert (await terminal.call("system.ping")).status_code == 200
    wrong = await terminal.client.post(terminal.sandbox.root + "/__faults", json={"kind": "gremlins"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "kind")


async def test_a_poisoned_change_breaks_every_call_that_carries_it_and_no_other(terminal: Terminal) -> None:
    item = await terminal.item()
    good, bad = terminal.sale(1, (item, 1)), terminal.sale(2, (item, 1))
    await terminal.fault("poison", change=bad["change_id"], count=None)
    for changes in ((good, bad), (bad,)):
        assert (await terminal.call("sales.sync", terminal.sync_body(*changes))).status_code == 500
    assert (await terminal.one("sales", good))["status"] == "duplicate"
    await terminal.client.delete(terminal.sandbox.root + "/__faults")
    assert (await terminal.one("sales", bad))["status"] == "applied"


async def test_a_change_that_is_put_off_is_not_in_the_ledger(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 1))
    await terminal.fault("retry", change=sale["id"], retry_after=3)
    result = await terminal.one("sales", sale)
    assert (result["status"], result["after"]) == ("retry", 3)
    assert (await terminal.sync("sales", unconfirmed=[sale["change_id"]]))["confirmed"] == {}
    assert (await terminal.one("sales", sale))["status"] == "applied"


async def test_controls_are_only_there_when_enabled_and_only_for_this_machine(settings: Settings) -> None:
    assert [control.is_loopback(host) for host in ("127.0.0.1", "::1")] == [True, True]
    assert not any(control.is_loopback(host) for host in ("192.168.1.7", None, "testclient"))
    app = create_app(Settings(inline=True, faults=True))
    outside = httpx.ASGITransport(app, client=("10.0.0.9", 5000))
    async with httpx.AsyncClient(transport=outside, base_url="http://sandbox", verify=False) as client:
        assert (await client.post("/__faults", json={"kind": "backup"})).status_code == 404
    async with running(replace(settings, faults=False)) as sandbox, httpx.AsyncClient(verify=False) as client:
        assert (await client.post(f"{sandbox.root}/__control", json={"do": "stop"})).status_code == 404


@pytest.mark.parametrize("path", ["/__control", "/__faults"])
async def test_only_json_gives_orders(terminal: Terminal, path: str) -> None:
    """A page in a browser on this machine may post a form or a text to any address without asking."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"Content-Type": kind} if kind else {}
        answer = await terminal.client.post(
            terminal.sandbox.root + path, content=b'{"do": "stop", "kind": "purge"}', headers=headers
        )
        assert answer.status_code == 415
    assert not terminal.sandbox.backend.stopped
