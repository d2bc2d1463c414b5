"""One odd thing holds up nothing else: an answer that makes no sense, a refusal that nobody expects, a channel that
stays broken."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.core import customers, inventory
from clutch_tui.core.database.db import execute
from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import replica, unconfirmed
from clutch_tui.core.types import CustomerDraft
from clutch_tui.net import wire
from clutch_tui.net.client.errors import ApiError
from clutch_tui.net.sync.batch_sizes import RARELY, BatchSizes
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.till import HandClock, Till, open_till, said

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


class Odd(httpx.AsyncBaseTransport):
    """The real server, but what it answers goes through `change` first."""

    def __init__(self) -> None:
        self.change: Change = lambda request, response: response
        self.refuses: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self._inner = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if (refusal := self.refuses(request)) is not None:
            return refusal
        response = await self._inner.handle_async_request(request)
        await response.aread()
        return self.change(request, response)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


@pytest.fixture
def odd() -> Odd:
    return Odd()


@pytest.fixture
async def till(tmp_path: Path, sandbox: Running, odd: Odd) -> AsyncIterator[Till]:
    opened = await open_till(tmp_path, sandbox, transport=odd)
    await opened.round()
    yield opened
    await opened.close()


def a_part(till: Till) -> str:
    stocked = "SELECT id FROM part WHERE deleted = 0 AND stock_quantity > ? ORDER BY id LIMIT 1"
    return str(till.sql(stocked, whole(5))[0][0])


async def control(sandbox: Running, **order: Any) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        (await client.post(f"{sandbox.root}/__control", json=order)).raise_for_status()


def _sent(request: httpx.Request) -> list[Any]:
    """The changes in a sync call."""
    body = request.content
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return list(json.loads(body)["changes"])


def unsent(till: Till) -> set[str]:
    return {row[0] for row in till.sql("SELECT record_id FROM outbox WHERE answered_at IS NULL")}


@pytest.mark.parametrize("result", [{"status": "duplicate"}, "applied"])
async def test_a_result_that_makes_no_sense_holds_up_nobody(till: Till, odd: Odd, result: object) -> None:
    part = a_part(till)
    sold = [till.sell(part) for _ in range(5)]

    def spoil(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/sync"):
            return response
        answer = json.loads(response.content)
        for some in (answer["data"]["results"], answer["data"]["confirmed"]):
            if bad in some:
                some[bad] = result
        return httpx.Response(200, json=answer)

    bad = till.sql("SELECT change_id FROM outbox WHERE record_id = ?", sold[2])[0][0]
    odd.change = spoil
    for _ in range(6):
        await till.step()
    assert unsent(till) == {sold[2]}
    assert till.queue.slow == 1
    odd.change = lambda request, response: response
    till.clock.forward(16 * 60)
    await till.step()
    assert till.queue.unsent == 0


async def test_results_that_make_no_sense_are_put_aside_in_the_order_of_the_queue(
    till: Till, odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were taken from a set, whose order is another one in every process: no run could be repeated."""
    for _ in range(13):
        till.sell(a_part(till))
    *queued, _ = [row[0] for row in till.sql("SELECT change_id FROM outbox ORDER BY n")]

    def spoil(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("sales/sync"):
            return response
        answer = json.loads(response.content)
        answer["data"]["results"] |= dict.fromkeys(answer["data"]["results"].keys() & queued, "applied")
        return httpx.Response(200, json=answer)

    aside: list[str] = []
    make_slow = outbox.make_slow

    def noted(change_id: str, error: str) -> None:
        aside.append(change_id)
        make_slow(change_id, error)

    monkeypatch.setattr(outbox, "make_slow", noted)
    odd.change = spoil
    await till.sync._transports.calls.everything("sales")
    assert aside[: len(queued)] == queued


@pytest.mark.parametrize("status", [403, 302])
async def test_a_refusal_of_one_sale_holds_up_no_other(till: Till, odd: Odd, status: int) -> None:
    """A firewall on the way dislikes what one note says."""
    part = a_part(till)
    sold = [till.sell(part) for _ in range(5)]

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and f'"id":"{sold[2]}"'.encode() in said(request):
            body = {"success": False, "error": "SOMETHING", "message": "no"}
            return httpx.Response(status, json=body, headers={"Location": "/elsewhere"})
        return None

    odd.refuses = refuse
    for _ in range(12):
        await till.step()
    assert unsent(till) == {sold[2]}
    assert till.queue.slow == 1


async def test_a_list_that_is_barred_once_makes_no_plain_server_of_one_that_syncs(
    tmp_path: Path, sandbox: Running, odd: Odd
) -> None:
    """Nothing was stored yet, and customers, suppliers and orders went by lists for an hour."""
    new = await open_till(tmp_path, sandbox, transport=odd)
    new.do(replica.new_epoch, "e-1")  # the first answer has told it
    new.do(customers.create, CustomerDraft(name="أحمد", phone="01000000055"))
    odd.refuses = lambda request: httpx.Response(403) if request.method == "GET" else None
    with contextlib.suppress(ApiError):
        await new.sync._transports.push_records()
    odd.refuses = lambda request: None
    new.sync._transports._looked_at = new.clock.monotonic()  # it looks for new calls once an hour
    await new.round()
    assert {new.ask(transports.of, channel) for channel in transports.CHANNELS} == {"sync"}
    await new.close()


async def test_one_barred_list_among_broken_ones_makes_no_plain_server_of_one_that_syncs(
    tmp_path: Path, sandbox: Running, odd: Odd
) -> None:
    """Nobody had been heard yet, and the barred list was taken for one without numbers."""
    new = await open_till(tmp_path, sandbox, transport=odd)
    new.do(customers.create, CustomerDraft(name="أحمد", phone="01000000055"))
    odd.refuses = lambda request: (
        httpx.Response(403 if request.url.path.endswith("/orders") else 500) if request.method == "GET" else None
    )
    with contextlib.suppress(ApiError):
        await new.sync._transports.push_records()
    assert new.ask(transports.known) == dict.fromkeys(transports.CHANNELS)
    odd.refuses = lambda request: None
    await new.round()
    assert new.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "sync")
    await new.close()


async def test_a_broken_channel_keeps_no_other_from_news(till: Till, odd: Odd, sandbox: Running) -> None:
    part = a_part(till)
    till.do(customers.create, CustomerDraft(name="أحمد", phone="01000000055"))
    await control(sandbox, do="price", id=part, price="777.50")

    def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if request.url.path.endswith("sales/sync") else None

    odd.refuses = refuse
    with pytest.raises(ApiError):
        await till.round()
    assert till.ask(inventory.get, part).draft.price == 77_750
    assert till.queue.unsent == 0


async def test_a_part_that_chokes_the_server_keeps_no_sale_waiting(till: Till, odd: Odd) -> None:
    part = a_part(till)
    seen = till.ask(inventory.get, part)
    till.do(inventory.delete, part, seen=seen)
    other = till.sql("SELECT id FROM part WHERE id <> ? AND stock_quantity > ? LIMIT 1", part, whole(5))[0][0]
    sale = till.sell(str(other))
    odd.refuses = lambda request: (
        httpx.Response(500) if f'"id":"{part}"'.encode() in said(request) and request.method == "POST" else None
    )
    with pytest.raises(ApiError):
        await till.round()
    assert sale not in unsent(till)


async def test_a_part_that_chokes_the_server_fails_once_in_a_round(till: Till, odd: Odd) -> None:
    """It was sent twice in each, and three failures that were to be of three moments were of two."""
    part = a_part(till)
    till.do(inventory.delete, part, seen=till.ask(inventory.get, part))
    sent = 0

    def refuse(request: httpx.Request) -> httpx.Response | None:
        nonlocal sent
        if not request.url.path.endswith("inventory/sync") or not _sent(request):
            return None
        sent += 1
        return httpx.Response(500)

    odd.refuses = refuse
    for rounds in range(1, outbox.ALONE_FAILURES + 1):
        await till.step()
        assert (sent, till.queue.slow) == (rounds, 0)
    await till.step()
    assert till.queue.slow == 1


async def test_a_thousand_requests_without_an_answer_stop_no_news(till: Till, odd: Odd, sandbox: Running) -> None:
    part = a_part(till)
    for n in range(1_100):
        till.do(customers.create, CustomerDraft(name=f"عميل {n}"))
    till.do(
        execute,
        "UPDATE outbox SET lane = 'slow', not_before = '2999-01-01T00:00:00.000Z', attempts = 3,"
        " first_sent_at = at, last_sent_at = at WHERE answered_at IS NULL",
    )
    await control(sandbox, do="price", id=part, price="888.00")
    await till.round()
    assert till.ask(inventory.get, part).draft.price == 88_800
    assert till.ask(unconfirmed.offer).complete


async def test_scripts_that_end_with_their_round_find_the_culprit_together(
    tmp_path: Path, till: Till, odd: Odd, sandbox: Running
) -> None:
    part = a_part(till)
    sold = [till.sell(part) for _ in range(3)]
    await till.close()

    def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if f'"id":"{sold[0]}"'.encode() in said(request) else None

    for _ in range(8):
        transport = Odd()
        transport.refuses = refuse
        script = await open_till(tmp_path, sandbox, transport=transport)
        with contextlib.suppress(ApiError, wire.BadPayload):
            await script.round()
        left = unsent(script)
        await script.close()
    assert left == {sold[0]}


async def test_a_size_that_was_too_large_is_not_tried_again_and_again(till: Till, odd: Odd) -> None:
    """The portion that had to be halved grew back, and every second call of a long queue went up in vain."""
    part, refused = a_part(till), 0

    def refuse(request: httpx.Request) -> httpx.Response | None:
        nonlocal refused
        if not request.url.path.endswith("inventory/sync") or len(_sent(request)) <= 30:
            return None
        refused += 1
        return httpx.Response(413, json={"success": False, "error": "TOO_LARGE"})

    till.do(lambda: [inventory.adjust(part, whole(1), "found") for _ in range(500)])
    odd.refuses = refuse
    await till.round()
    assert till.queue.unsent == 0
    assert refused == 2


def test_a_size_that_was_too_large_is_tried_after_a_while() -> None:
    portions = BatchSizes()
    portions.refused("sales", 100)
    for _ in range(RARELY - 1):
        portions.went_through("sales", 50)
        assert portions.size("sales") == 50
    portions.went_through("sales", 50)
    assert portions.size("sales") == 100


class _Noting(HandClock):
    """Notes for how long somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_a_server_that_says_when_is_not_asked_sooner(tmp_path: Path, sandbox: Running, odd: Odd) -> None:
    clock = _Noting()
    till = await open_till(tmp_path, sandbox, transport=odd, clock=clock)
    odd.refuses = lambda request: httpx.Response(429, headers={"Retry-After": "40"})
    wait = await till.sync.step()
    assert wait >= 40
    clock.slept.clear()
    till.sync.wake()
    await till.sync._schedule.rest(wait)
    assert clock.slept[-1] == pytest.approx(40)
    await till.close()


async def test_two_servers_with_an_epoch_each_end_the_round(till: Till, odd: Odd) -> None:
    calls = 0

    def refuse(request: httpx.Request) -> httpx.Response | None:
        nonlocal calls
        if not request.url.path.endswith("/sync"):
            return None
        calls += 1
        body = {"success": False, "error": "EPOCH", "data": {"epoch": f"e-{calls}"}}
        return httpx.Response(409, json=body)

    till.sell(a_part(till))
    odd.refuses = refuse
    with pytest.raises((ApiError, wire.BadPayload)):
        await till.round()
    assert calls < 60


async def test_a_restored_server_is_asked_by_the_call_that_works(till: Till, odd: Odd, sandbox: Running) -> None:
    """What another epoch has answered is offered before anything else: where just the call that asked was broken, no
    sale went up any more."""
    async with httpx.AsyncClient(verify=False) as client:
        (await client.post(f"{sandbox.root}/__faults", json={"kind": "backup"})).raise_for_status()
        sold = till.sell(a_part(till))
        await till.round()
        (await client.post(f"{sandbox.root}/__faults", json={"kind": "restore"})).raise_for_status()
    odd.refuses = lambda request: httpx.Response(500) if request.url.path.endswith("inventory/sync") else None
    again = till.sell(a_part(till))
    with pytest.raises(ApiError):
        await till.round()
    assert unsent(till).isdisjoint({sold, again})
    assert till.queue.unsent == 0
