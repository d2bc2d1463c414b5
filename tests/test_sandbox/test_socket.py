"""The socket: numbered events without a gap, replay or resync, and what its end says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from clutch_tui.sandbox import demo_data, socket_session
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings

from .conftest import Terminal, frame, say, uid


async def _close_code(socket: Any) -> int | None:
    try:
        while True:
            await frame(socket)
    except ConnectionClosed as ended:
        return ended.rcvd.code if ended.rcvd else None


async def test_a_price_that_changes_is_told_with_its_numbers(terminal: Terminal) -> None:
    item = await terminal.item()
    async with terminal.socket("price_update") as socket:
        await terminal.control("price", part_number="OF-1", price=125.5)
        event = await frame(socket)
    wanted = {"item_id": item, "old_price": 100, "new_price": 125.5, "version": 2}
    assert (event["type"], event["data"], event["head"]) == ("price_update", wanted, 2)


async def test_events_are_numbered_without_a_gap_and_a_pong_knows_the_last(terminal: Terminal) -> None:
    async with terminal.socket() as socket:
        item = await terminal.item(stock_quantity=6, min_stock=5)
        await terminal.one("sales", terminal.sale(1, (item, 2)))
        await terminal.control("edit", id=item, fields={"price": 10})
        events = [await frame(socket) for _ in range(6)]
        await say(socket, type="ping", timestamp=1234)
        pong = await frame(socket)
    assert [event["seq"] for event in events] == list(range(1, 7))
    created, sold, alert, *edited = (event["type"] for event in events)
    assert (created, sold, alert) == ("inventory_update", "inventory_update", "stock_alert")
    assert edited == ["inventory_update", "price_update", "price_alert"]
    assert events[2]["data"]["urgency"] == "medium"
    assert (pong["type"], pong["seq"], pong["head"], pong["data"]["timestamp"]) == ("pong", 6, 4, 1234)


async def test_resume_replays_what_was_missed_in_order(terminal: Terminal) -> None:
    await terminal.item()
    for price in (1, 2, 3):
        await terminal.control("price", part_number="OF-1", price=100 + price)
    async with terminal.socket("price_update") as socket:
        await say(socket, type="resume", data={"last_seq": 3})
        prices = [(event["seq"], event["data"]["new_price"]) for event in [await frame(socket), await frame(socket)]]
    assert prices == [(5, 102), (7, 103)]


async def test_a_number_that_the_server_never_gave_is_answered_by_resync(terminal: Terminal) -> None:
    await terminal.item()
    async with terminal.socket() as socket:
        for last in (999, -1, None):
            await say(socket, type="resume", data={"last_seq": last})
            answer = await frame(socket)
            assert (answer["type"], answer["seq"], answer["head"]) == ("resync", 1, 1)


async def test_after_a_restore_no_event_number_comes_twice_and_old_ones_resync(terminal: Terminal) -> None:
    await terminal.fault("backup")
    await terminal.item()
    async with terminal.socket() as socket:
        await terminal.fault("restore")
        restored = await frame(socket)
        assert (restored["type"], restored["seq"]) == ("system_message", 3)
        await say(socket, type="resume", data={"last_seq": 1})
        assert (await frame(socket))["type"] == "resync"


async def test_lost_and_doubled_events_show_in_the_numbers(terminal: Terminal) -> None:
    async with terminal.socket("inventory_update") as socket:
        await terminal.fault("lose_event")
        await terminal.fault("double_event")
        for n in (1, 2, 3):
            await terminal.item(n)
        assert [(await frame(socket))["seq"] for _ in range(3)] == [2, 2, 3]


@pytest.mark.parametrize(
    ("address", "code"),
    [("?token=nonsense", 1008), (f"/shop/{demo_data.SECOND_SHOP_ID}?token={demo_data.API_KEY}", 4003)],
)
async def test_a_refused_socket_says_why_before_its_first_message(terminal: Terminal, address: str, code: int) -> None:
    async with connect(terminal.sandbox.ws_url + address) as socket:
        assert await _close_code(socket) == code


async def test_token_in_the_header_or_by_auth_or_under_the_shops_path(terminal: Terminal) -> None:
    url, headers = terminal.sandbox.ws_url, {"Authorization": f"Bearer {demo_data.API_KEY}"}
    async with connect(url, additional_headers=headers) as one, connect(url) as two:
        assert (await frame(one))["type"] == (await frame(two))["type"] == "connection"
        await say(two, type="ping")
        assert (await frame(two))["data"]["error"] == "NOT_SIGNED_IN"
        await say(two, type="auth", data={"shop_id": demo_data.SHOP_ID, "token": demo_data.API_KEY, "device_id": "d"})
        assert (await frame(two))["type"] == "authenticated"
        async with connect(f"{url}/shop/{demo_data.SHOP_ID}?token={demo_data.API_KEY}") as three:
            assert (await frame(three))["type"] == "connection"
            await terminal.control("message", message="صيانة الساعة 3", level="info")
            assert {(await frame(each))["type"] for each in (one, two, three)} == {"system_message"}


async def test_auth_for_another_shop_is_told_by_code(terminal: Terminal) -> None:
    async with connect(terminal.sandbox.ws_url) as socket:
        await frame(socket)
        await say(socket, type="auth", data={"shop_id": demo_data.SECOND_SHOP_ID, "token": demo_data.API_KEY})
        assert await _close_code(socket) == 4003


async def test_sockets_can_be_closed_with_a_code_or_cut(terminal: Terminal) -> None:
    for given, code in (({"code": 4029}, 4029), ({}, 1001), ({"cut": True}, None)):
        async with terminal.socket() as socket:
            await terminal.fault("close_sockets", **given)
            assert await _close_code(socket) == code


async def test_a_muted_socket_stays_open_and_says_nothing(terminal: Terminal) -> None:
    async with terminal.socket() as mute:
        await terminal.fault("mute_sockets")
        async with terminal.socket("inventory_update") as socket:
            await terminal.item()
            await frame(socket)
        await say(mute, type="ping")
        with pytest.raises(TimeoutError):
            await frame(mute, 0.2)


async def test_only_subscribed_channels_are_told_and_unknown_ones_refused(terminal: Terminal) -> None:
    async with terminal.socket("new_order") as socket:
        await say(socket, type="subscribe", channel="gossip")
        assert (await frame(socket))["data"]["error"] == "UNKNOWN_CHANNEL"
        await terminal.item()
        await terminal.control("order")
        order = (await frame(socket))["data"]["order"]
        assert order["items"][0]["item_id"] == uid(1)
        await socket.send("not json")
        assert (await frame(socket))["data"]["error"] == "MALFORMED"


async def test_another_shops_events_are_not_heard(terminal: Terminal) -> None:
    async with terminal.socket(token=demo_data.SECOND_API_KEY) as socket:
        await terminal.item()
        await terminal.control("message", message="hello", shop_id=demo_data.SECOND_SHOP_ID)
        assert (await frame(socket))["seq"] == 1


async def test_signing_out_ends_the_sockets_of_that_session_only(terminal: Terminal) -> None:
    body = {"email": "owner@clutch.test", "password": demo_data.PASSWORD}
    token = (await terminal.data("auth.login", body))["token"]
    async with terminal.socket(token=token) as mine, terminal.socket() as other:
        await terminal.call("auth.logout", headers={"Authorization": f"Bearer {token}"})
        assert await _close_code(mine) == 4001
        await say(other, type="ping")
        assert (await frame(other))["type"] == "pong"


async def test_an_expired_token_is_told_apart_from_a_wrong_one(settings: Settings) -> None:
    async with (
        running(replace(settings, token_lifetime=-1, max_sockets=1)) as sandbox,
        httpx.AsyncClient(verify=False) as client,
    ):
        terminal = Terminal(sandbox, client)
        body = {"email": "owner@clutch.test", "password": demo_data.PASSWORD}
        token = (await terminal.data("auth.login", body))["token"]
        async with connect(f"{sandbox.ws_url}?token={token}") as expired:
            assert await _close_code(expired) == 4001
        async with terminal.socket(), connect(f"{sandbox.ws_url}?token={demo_data.API_KEY}") as second:
            assert await _close_code(second) == 4029


async def test_sockets_that_never_sign_in_have_few_places_and_one_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(replace(settings, max_strangers=2)) as sandbox, httpx.AsyncClient(verify=False) as client:
        terminal = Terminal(sandbox, client)
        monkeypatch.setattr(socket_session, "SIGN_IN_SECONDS", 0.3)
        async with connect(sandbox.ws_url) as first, connect(sandbox.ws_url) as second:
            assert [(await frame(one))["type"] for one in (first, second)] == ["connection"] * 2
            async with connect(sandbox.ws_url) as third:
                assert await _close_code(third) == 4029
            async with terminal.socket() as known:  # whoever comes with a token does not stand in their queue
                await say(known, type="ping")
                assert (await frame(known))["type"] == "pong"
            await say(first, type="gossip")  # talking buys no time
            assert [await _close_code(one) for one in (first, second)] == [1008, 1008]
        async with terminal.socket():
            pass
        assert sandbox.backend.hub.strangers == 0
