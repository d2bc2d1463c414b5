"""Every endpoint judged, and nothing in the shop touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clutch_tui.net.endpoint_tester import tester as endpoint_tester
from clutch_tui.net.endpoint_tester.tester import EndpointReport, EndpointResult
from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.sandbox import demo_data
from clutch_tui.text import strings

from .conftest import Client, Fault, MakeClient

BASE = "https://api.example.com/api/v1"
Handler = Callable[[httpx.Request], httpx.Response]


def judge_of(client: Client) -> endpoint_tester.Tester:
    return endpoint_tester.Tester(client.api, client.session, client.monitor, clock=client.clock)


def states(report: EndpointReport) -> dict[str, str]:
    return {result.name: result.state for result in report.results}


async def head(client: Client) -> dict[str, Any]:
    """The server's counters and figures: what a probe must not move."""
    stats = (await client.api.call("shop.stats")).data
    names = ("inventory.list", "customers.list", "suppliers.list", "orders.list", "sales.list")
    lists = {name: (await client.api.call(name)).data["pagination"]["total"] for name in names}
    return {**stats, **lists}


async def test_all_47_are_judged_and_the_shop_is_as_before(client: Client, control: Fault) -> None:
    part = {"name": "بوجيه", "price": 120, "stock_quantity": 5}
    await control("edit", kind="create", type="item", id="01930000-0000-7000-8000-0000000000f1", fields=part)
    await control("order")
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    before = await head(client)
    heard: list[EndpointResult] = []
    report = await judge_of(client).run(on_result=heard.append)
    found = states(report)
    assert len(found) == len(ENDPOINTS) == len(heard) == 47
    assert {name for name, state in found.items() if state not in ("ok", "reachable")} == {"shop.update"}
    assert (found["auth.logout"], found["orders.get"]) == ("reachable", "ok")
    assert (report.exit_code, report.recommendations) == (0, ())
    assert report.summary["working"] == 46
    assert await head(client) == before
    assert client.session.state == "user"
    assert client.monitor.part("api").state == "up"
    assert not client.api.breaker.is_open
    assert {name for name, one in client.monitor.snapshot().endpoints.items() if one.works is False} == {
        "tester.control"
    }


async def test_with_an_api_key_alone(client: Client) -> None:
    await client.session.use_api_key(demo_data.API_KEY)
    report = await judge_of(client).run()
    assert report.summary["working"] >= 40


async def test_where_nobody_looked_for_earlier_records_it_is_said_why(client: Client, fault: Fault) -> None:
    await client.session.use_api_key(demo_data.API_KEY)
    await fault("error_before", endpoint="suppliers.list", status=500, count=None)
    await judge_of(client).run(category="suppliers", write=True)
    reasons = {event.values["reason"] for event in client.events if event.key == "tester.not_swept"}
    assert reasons == {"server 500 SERVER_ERROR"}


async def test_names_and_categories(client: Client) -> None:
    await client.session.use_api_key(demo_data.API_KEY)
    assert list(states(await judge_of(client).run(["system.ping", "system.time"]))) == ["system.ping", "system.time"]
    found = states(await judge_of(client).run(category="suppliers"))
    assert set(found) == {"suppliers.list", "suppliers.create", "suppliers.update", "suppliers.delete"}


async def test_signed_out_is_said_for_each(client: Client) -> None:
    report = await judge_of(client).run()
    found = states(report)
    assert found["inventory.list"] == "unauthorized"
    assert found["system.ping"] == "ok"
    assert found["auth.login"] == "reachable"
    assert report.exit_code == 1
    assert report.recommendations[0] == "tester.advice.unauthorized"


async def test_a_faulty_server_gets_the_right_words(client: Client, fault: Fault) -> None:
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    await fault("missing", endpoint="market.*", count=None)
    await fault("not_json", endpoint="ai.demand_forecast", count=None)
    await fault("error_before", endpoint="sales.list", status=500, count=None)
    await fault("rate_limit", endpoint="suppliers.list", retry_after=1, count=1)
    await fault("rate_limit", endpoint="customers.list", retry_after=600, count=None)
    await fault("drop_before", endpoint="shop.stats", count=None)
    report = await judge_of(client).run()
    found = states(report)
    assert {found[name] for name in found if name.startswith("market.")} == {"missing"}
    assert (found["ai.demand_forecast"], found["sales.list"], found["shop.stats"]) == ("invalid", "error", "error")
    assert (found["suppliers.list"], found["customers.list"]) == ("ok", "rate_limited")
    assert report.exit_code == 1
    assert not client.api.breaker.is_open


async def test_a_dead_line_is_found_once(make_client: MakeClient) -> None:
    client = make_client("http://127.0.0.1:9")
    report = await judge_of(client).run()
    assert set(states(report).values()) == {"unreachable"}
    assert report.exit_code == 3
    assert len(client.exchanges) == 2


async def test_a_plain_web_server_is_no_backend(make_client: MakeClient) -> None:
    client = make_client(
        BASE, api_key="k", transport=httpx.MockTransport(lambda request: httpx.Response(404, html="<h1>Not found</h1>"))
    )
    report = await judge_of(client).run()
    assert set(states(report).values()) == {"missing"}
    assert report.exit_code == 1


async def test_a_server_that_takes_anything_is_named_and_tidied_up(make_client: MakeClient) -> None:
    removed: list[str] = []

    def careless(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            removed.append(request.url.path)
            return httpx.Response(200, json={"success": True, "data": {"id": "made"}})
        return httpx.Response(201, json={"success": True, "data": {"id": "made-1"}})

    client = make_client(BASE, api_key="k", transport=httpx.MockTransport(careless))
    report = await judge_of(client).run(["customers.create", "sales.create"])
    found = {result.name: result for result in report.results}
    assert removed == ["/api/v1/customers/made-1"]
    assert {result.state for result in report.results} == {"invalid"}
    problems = {name: result.problem.key for name, result in found.items() if result.problem}
    assert problems == {"customers.create": "tester.accepted_and_removed", "sales.create": "tester.accepted"}


async def test_what_is_wrong_in_an_answer_is_told(make_client: MakeClient) -> None:
    rows = [{"id": "a", "name": "x"}, {"id": "b", "name": "y", "price": "cheap"}]
    body = json.dumps({"success": True, "data": {"items": rows}}).encode()
    client = make_client(
        BASE, api_key="k", transport=httpx.MockTransport(lambda request: httpx.Response(200, content=body))
    )
    result = (await judge_of(client).run(["inventory.list"])).results[0]
    assert (result.state, result.works, result.status) == ("invalid", False, 200)
    assert result.problem is not None
    assert result.problem.values["id"] == "b"


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_word_of_the_tester_is_in_both_languages(language: strings.Language) -> None:
    strings.use(language)
    for state in ("ok", "reachable", "slow", "invalid", "unauthorized", "forbidden", "missing", "rate_limited"):
        assert strings.t(f"tester.state.{state}") != f"tester.state.{state}"
    for state in ("slow", "invalid", "error", "timeout", "unreachable", "skipped", "missing", "forbidden"):
        assert strings.t(f"tester.remedy.{state}") != f"tester.remedy.{state}"
    strings.use("ar")


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (httpx.Response(200, json={"success": True, "data": {"status": "healthy"}}), "slow"),
        (httpx.Response(401), "unauthorized"),
        (httpx.Response(403), "forbidden"),
        (httpx.Response(404), "missing"),
        (httpx.Response(429, headers={"Retry-After": "600"}), "rate_limited"),
        (httpx.Response(500), "error"),
        (httpx.Response(426), "error"),
        (httpx.Response(200, json={"success": True, "data": [1]}), "invalid"),
        (httpx.ReadTimeout("late"), "timeout"),
        (httpx.ConnectError("nobody"), "unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_each_state_that_is_no_success_has_its_remedy(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, response: httpx.Response | Exception, state: str
) -> None:
    monkeypatch.setattr(endpoint_tester, "SLOW_MS", -1.0)

    def answer(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    client = make_client(BASE, api_key="k", transport=httpx.MockTransport(answer))
    result = (await judge_of(client).run(["system.health"])).results[0]
    assert (result.state, result.remedy) == (state, f"tester.remedy.{state}")
    assert result.works is (state == "slow")
    assert (result.problem is None) is (state == "slow")


async def test_a_server_that_asks_for_patience_gets_it_and_every_endpoint_is_judged(make_client: MakeClient) -> None:
    """Ten calls, then a pause that the server names, and so on: all are judged, and whoever watches is told."""
    left, until, waits = 10, -1.0, list[float]()

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal left, until
        now = client.clock.elapsed
        if now >= until and left == 0:
            left = 10
        if left == 0:
            return httpx.Response(429, headers={"Retry-After": "20"}, json={"success": False, "error": "RATE_LIMITED"})
        left -= 1
        if left == 0:
            until = now + 20
        return httpx.Response(200, json={"success": True, "data": {"status": "healthy"}})

    client = make_client(BASE, api_key="k", transport=httpx.MockTransport(answer))
    names = [one.name for one in ENDPOINTS if one.category in ("system", "ai", "market")]
    report = await judge_of(client).run(names, on_wait=waits.append)
    assert "rate_limited" not in {result.state for result in report.results}
    assert waits
    assert set(waits) == {20.0}
