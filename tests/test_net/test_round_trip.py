"""The tester told to write: whole round trips, and a shop that is afterwards what it was before."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from clutch_tui.config.settings import Settings, WebSocket
from clutch_tui.core.clock import SystemClock
from clutch_tui.net.endpoint_tester import tester as endpoint_tester
from clutch_tui.net.endpoint_tester.capabilities import Capability
from clutch_tui.net.endpoint_tester.own_session import Login
from clutch_tui.net.endpoint_tester.round_trips import MARK, NOUNS
from clutch_tui.net.endpoint_tester.tester import EndpointReport
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running

from .conftest import Client, Fault, MakeClient, until

BASE = "https://api.example.com/api/v1"
OWNER = Login("owner@clutch.test", demo_data.PASSWORD)
# What the server keeps of everything that ever happened, and who is signed in.
KEPT_APART = {"ledger", "mark", "event", "lineage", "session", "server", "sqlite_sequence"}
COUNTERS = {"seq", "event_seq", "counter", "updated_at", "version", "versions"}


def dump(sandbox: Running) -> dict[str, list[str]]:
    """Every row of every table but for ledger, tombstones and counters."""
    with sqlite3.connect(f"file:{sandbox.settings.db}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: sorted(_row(row) for row in database.execute(f"SELECT * FROM {table}") if not _is_tombstone(row))
            for table in tables
            if table not in KEPT_APART
        }


def _is_tombstone(row: sqlite3.Row) -> bool:
    return bool(dict(row).get("deleted"))


def _row(row: sqlite3.Row) -> str:
    return json.dumps({name: value for name, value in dict(row).items() if name not in COUNTERS}, ensure_ascii=False)


def judge_of(client: Client, login: Login | None = None) -> endpoint_tester.Tester:
    settings = Settings(backend=client.settings)
    return endpoint_tester.Tester(
        client.api, client.session, client.monitor, clock=client.clock, settings=settings, login=login
    )


def capabilities(report: EndpointReport) -> dict[str, Capability]:
    return {one.name: one for one in report.capabilities}


@pytest.fixture
async def shop(control: Fault) -> None:
    """A shop that has something to lose."""
    part = {"name": "بوجيه", "price": 120, "stock_quantity": 5}
    await control("edit", kind="create", type="item", id="01930000-0000-7000-8000-0000000000f1", fields=part)
    await control("edit", kind="create", type="customer", fields={"name": "علي", "phone": "01000000009"})
    await control("order")


async def test_all_47_work_and_the_servers_data_is_what_it_was(client: Client, sandbox: Running, shop: None) -> None:
    client.clock.start = SystemClock().now()
    await client.session.login(OWNER.email, OWNER.password)
    token = await client.session.bearer()
    before = dump(sandbox)
    assert before["item"]
    assert before["customer"]
    report = await judge_of(client, OWNER).run(write=True)
    states = {result.name: result.state for result in report.results}
    assert len(states) == 47
    assert {name for name, state in states.items() if state not in ("ok", "reachable")} == set()
    written = [
        *(f"{noun}.{action}" for noun in ("inventory", "customers", "suppliers") for action in ("create", "update")),
        *("inventory.delete", "auth.login", "auth.refresh", "auth.logout", "shop.update"),
    ]
    assert {states[name] for name in written} == {"ok"}
    assert {states[name] for name in ("sales.create", "sales.update", "orders.accept")} == {"reachable"}
    assert (report.exit_code, report.recommendations) == (0, ())
    assert {name: one.verdict for name, one in capabilities(report).items()} == dict.fromkeys(
        ("idempotency", "versions", "cursors", "clock", "socket"), "yes"
    )
    assert dump(sandbox) == before
    # the tester's own session has ended, the person's has not
    assert await client.session.bearer() == token
    assert (await client.api.call("auth.verify")).data["user"]["role"] == "owner"


async def test_without_being_told_nothing_is_written_at_all(client: Client, sandbox: Running, shop: None) -> None:
    await client.session.login(OWNER.email, OWNER.password)
    before = dump(sandbox)
    report = await judge_of(client).run()
    with sqlite3.connect(f"file:{sandbox.settings.db}?mode=ro", uri=True) as database:
        assert MARK not in "".join(str(tuple(row)) for row in database.execute("SELECT * FROM ledger"))
    assert dump(sandbox) == before
    states = {result.name: result.state for result in report.results}
    assert {name for name, state in states.items() if state == "skipped"} == {"shop.update"}
    assert capabilities(report)["idempotency"].verdict == "unknown"


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("customers.create", "drop_before"),
        ("customers.create", "drop_after"),
        ("customers.create", "not_json"),
        ("customers.update", "error_after"),
        ("customers.delete", "drop_before"),
        ("customers.delete", "error_after"),
    ],
)
async def test_nothing_remains_whatever_breaks_in_the_middle(
    client: Client, sandbox: Running, fault: Fault, endpoint: str, kind: str
) -> None:
    await client.session.use_api_key(demo_data.API_KEY)
    before = dump(sandbox)
    await fault(kind, endpoint=endpoint, count=1)
    report = await judge_of(client).run(["customers.create", "customers.update", "customers.delete"], write=True)
    assert any(not result.works for result in report.results)
    assert dump(sandbox) == before


async def test_a_run_that_was_ended_is_tidied_up(client: Client, sandbox: Running, fault: Fault) -> None:
    await client.session.use_api_key(demo_data.API_KEY)
    before = dump(sandbox)
    await fault("latency", endpoint="inventory.update", seconds=30, count=1)
    running = asyncio.create_task(judge_of(client).run(["inventory.update"], write=True))
    await until(lambda: dump(sandbox) != before)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert dump(sandbox) == before


async def test_what_a_killed_run_left_behind_is_deleted_by_the_next(
    client: Client, sandbox: Running, control: Fault
) -> None:
    before = dump(sandbox)
    for noun in ("item", "customer", "supplier"):
        for n in range(3):
            await control("edit", kind="create", type=noun, fields={"name": f"{MARK} 1234567{n}"})
    await control("edit", kind="create", type="customer", fields={"name": f"Garage {MARK}"})
    await client.session.use_api_key(demo_data.API_KEY)
    report = await judge_of(client).run([f"{noun}.create" for noun in NOUNS], write=True)
    assert all(result.works for result in report.results)
    after = dump(sandbox)
    assert [json.loads(row)["name"] for row in after.pop("customer")] == [f"Garage {MARK}"]
    before.pop("customer")
    assert after == before


# --- other servers ---------------------------------------------------------------------------------------


class Careless:
    """A server that finds names of its own for everything, forgets keys, and knows no search."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, Any]] = {}
        self.made = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/api/v1/customers"):
            return httpx.Response(404, html=f"<pre>Cannot {request.method} {request.url.path}</pre>")
        identity = request.url.path.removeprefix("/api/v1/customers").strip("/")
        if request.method == "POST":
            return self._make(json.loads(request.content))
        if request.method == "GET":
            page = int(request.url.params.get("page", 1)) - 1
            rows = list(self.customers.values())[page * 2 : page * 2 + 2]
            data = {"customers": rows, "pagination": {"page": page + 1, "pages": -(-len(self.customers) // 2)}}
            return httpx.Response(200, json={"success": True, "data": data})
        if identity not in self.customers:
            return httpx.Response(404, json={"success": False, "error": "NOT_FOUND"})
        if request.method == "DELETE":
            del self.customers[identity]
            return httpx.Response(200, json={"success": True, "data": None})
        self.customers[identity] |= json.loads(request.content)
        return httpx.Response(200, json={"success": True, "data": {"customer": self.customers[identity]}})

    def _make(self, body: dict[str, Any]) -> httpx.Response:
        if not isinstance(body.get("name"), str):
            return httpx.Response(400, json={"success": False, "message": "name is required"})
        self.made += 1
        record = {"_id": f"mongo-{self.made}", "fullName": body["name"], "name": body["name"], "createdBy": "x"}
        self.customers[record["_id"]] = record
        return httpx.Response(201, json={"success": True, "data": {"customer": record}})


async def test_a_server_with_ids_of_its_own_that_forgets_keys(make_client: MakeClient) -> None:
    server = Careless()
    for name in ("علي", f"{MARK} old", "منى", f"{MARK} older", "سارة"):
        server._make({"name": name})
    client = make_client(BASE, api_key="k", transport=httpx.MockTransport(server))
    report = await judge_of(client).run(write=True)
    assert [one["name"] for one in server.customers.values()] == ["علي", "منى", "سارة"]
    states = {result.name: result.state for result in report.results}
    assert {states[f"customers.{one}"] for one in ("list", "create", "update", "delete")} == {"ok"}
    assert {states[f"suppliers.{one}"] for one in ("list", "create", "update", "delete")} == {"missing"}
    found = capabilities(report)
    assert (found["idempotency"].verdict, found["cursors"].verdict) == ("no", "no")


async def test_a_profile_that_comes_back_changed_is_told(make_client: MakeClient) -> None:
    names = iter(["محل", "محل", "another"])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"success": True, "data": {"id": "s", "name": next(names)}})

    client = make_client(BASE, api_key="k", transport=httpx.MockTransport(_with_health(answer)))
    result = (await judge_of(client).run(["shop.update"], write=True)).results[0]
    assert result.problem is not None
    assert (result.state, result.problem.key) == ("invalid", "tester.profile_changed")


def _with_health(answer: Callable[[httpx.Request], httpx.Response]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        if "/system/" in request.url.path:
            return httpx.Response(200, json={"success": True, "data": {"status": "healthy"}})
        return answer(request)

    return serve


async def test_a_logout_is_proved_only_where_a_route_is_looked_for_first(make_client: MakeClient) -> None:
    """A server whose guard stands before its routes refuses everything alike: that proves nothing."""
    client = make_client(
        BASE, api_key="k", transport=httpx.MockTransport(_with_health(lambda request: httpx.Response(401)))
    )
    assert (await judge_of(client).run(["auth.logout"])).results[0].state == "skipped"


async def test_a_wrong_password_of_the_testers_own_is_told_and_the_rest_is_probed(client: Client) -> None:
    report = await judge_of(client, Login(OWNER.email, "wrong")).run(category="auth")
    states = {result.name: result.state for result in report.results}
    assert states == {
        "auth.login": "unauthorized",
        "auth.refresh": "reachable",
        "auth.verify": "unauthorized",
        "auth.logout": "reachable",
    }


async def test_a_silent_socket_is_no_connection(sandbox: Running, make_client: MakeClient, fault: Fault) -> None:
    await fault("silent_socket", endpoint="socket", count=None)
    client = make_client(sandbox.base_url, api_key=demo_data.API_KEY)
    hurried = replace(client.settings, connect_timeout=0.2)  # only the silent socket is waited for by it
    settings = Settings(backend=hurried, websocket=WebSocket(pong_timeout=0.2))
    judge = endpoint_tester.Tester(client.api, client.session, client.monitor, settings=settings)
    assert capabilities(await judge.run())["socket"].verdict == "no"
