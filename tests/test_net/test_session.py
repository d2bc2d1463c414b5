"""Sign-in and fresh tokens, against the real thing."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from clutch_tui.net.client.api import Answer, ApiError, Kind
from clutch_tui.net.client.session import Session
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings as SandboxSettings
from clutch_tui.security.key_store import KeyStoreError
from clutch_tui.security.vault import Secrets

from .conftest import Client, Fault, MakeClient, TestClock, until

OWNER = ("owner@clutch.test", demo_data.PASSWORD)


def calls(client: Client, name: str) -> int:
    return sum(exchange.endpoint == name for exchange in client.exchanges)


async def test_signing_in_is_kept_for_the_next_start(sandbox: Running, client: Client, make_client: MakeClient) -> None:
    user = await client.session.login(*OWNER)
    assert (user.role, client.session.state) == ("owner", "user")
    assert client.session.shop is not None
    assert client.session.shop["id"] == demo_data.SHOP_ID
    later = make_client(sandbox.base_url)
    await later.session.open()
    assert (later.session.state, later.session.user) == ("user", user)
    assert (await later.api.call("auth.verify")).data["valid"]


async def test_a_wrong_password_says_so_and_changes_nothing(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        await client.session.login("owner@clutch.test", "wrong")
    assert caught.value.kind is Kind.BAD_CREDENTIALS
    assert client.session.state == "signed_out"
    assert not client.monitor.snapshot().was_somebody
    assert client.monitor.figures("auth.login").works


async def test_the_key_serves_while_nobody_is_logged_in(client: Client) -> None:
    await client.session.use_api_key(demo_data.API_KEY)
    assert client.session.state == "key"
    assert (await client.api.call("inventory.list")).status == 200
    await client.session.login(*OWNER)
    assert client.session.state == "user"
    await client.session.logout()
    assert (client.session.state, await client.session.bearer()) == ("key", demo_data.API_KEY)
    assert calls(client, "auth.logout") == 1


async def test_a_key_for_this_run_is_never_stored(sandbox: Running, make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(sandbox.base_url, api_key=demo_data.API_KEY)
    await client.api.call("inventory.list")
    await client.session.login(*OWNER)
    assert demo_data.API_KEY not in (tmp_path / "secrets.json").read_text()


async def test_a_refused_key_is_no_sign_in_until_it_is_accepted(sandbox: Running, make_client: MakeClient) -> None:
    client = make_client(sandbox.base_url, api_key="not-a-key")
    with pytest.raises(ApiError) as caught:
        await client.api.call("inventory.list")
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert (client.session.state, client.monitor.overall) == ("signed_out", "signed_out")
    await client.session.use_api_key(demo_data.API_KEY)


@pytest.mark.parametrize("key", ["مفتاح", "a\nb", "a\tb"])
async def test_a_key_that_no_header_can_carry_is_refused(client: Client, key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        await client.session.use_api_key(key)


async def test_a_token_is_renewed_five_minutes_before_its_end(client: Client) -> None:
    await client.session.login(*OWNER)
    first = await client.session.bearer()
    client.clock.elapsed += 900 - 301  # a fifth of its 15 minutes would be 180 s, five minutes are the most
    assert await client.session.bearer() == first
    client.clock.elapsed += 900 - 180 - client.clock.elapsed + 1
    second = await client.session.bearer()
    assert second != first
    assert calls(client, "auth.refresh") == 1
    assert (await client.api.call("auth.verify")).data["valid"]


async def test_ten_calls_that_fail_together_refresh_once(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    await fault("unauthorized", endpoint="inventory.list", count=10)
    answers = await asyncio.gather(*(client.api.call("inventory.list", retry=False) for _ in range(10)))
    assert {answer.status for answer in answers} == {200}
    assert calls(client, "auth.refresh") == 1


async def test_a_call_is_repeated_once_under_the_new_token_and_not_again(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    await fault("unauthorized", endpoint="inventory.list", count=2)
    with pytest.raises(ApiError) as caught:
        await client.api.call("inventory.list", retry=False)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert calls(client, "inventory.list") == 2


async def test_a_refused_refresh_signs_out_and_says_so(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    await fault("unauthorized", count=None)
    with pytest.raises(ApiError) as caught:
        await client.api.call("inventory.list")
    assert caught.value.kind is Kind.SIGNED_OUT
    assert (client.session.state, client.vault.read().token) == ("signed_out", None)
    assert client.monitor.overall == "signed_out"
    assert client.monitor.snapshot().was_somebody


async def test_an_outage_during_a_refresh_costs_no_sign_in(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    await fault("unauthorized", endpoint="inventory.list", count=1)
    await fault("error_before", endpoint="auth.refresh", status=503, count=1)
    with pytest.raises(ApiError) as caught:
        await client.api.call("inventory.list", retry=False)
    assert caught.value.kind is Kind.SERVER
    assert client.session.state == "user"
    assert (await client.api.call("inventory.list")).status == 200


async def test_a_token_that_still_holds_is_used_while_its_renewal_fails(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    first = await client.session.bearer()
    client.clock.elapsed += 800
    await fault("error_before", endpoint="auth.refresh", status=503, count=1)
    assert await client.session.bearer() == first


async def test_a_lost_answer_to_a_refresh_signs_nobody_out(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    stale = await client.session.bearer()
    assert stale
    await fault("drop_after", endpoint="auth.refresh", count=1)
    with pytest.raises(ApiError):
        await client.session.renew(stale)
    assert await client.session.renew(stale)
    assert (await client.api.call("auth.verify")).data["valid"]


async def test_a_renewal_that_fails_when_nobody_waits_any_more_is_no_complaint(client: Client, fault: Fault) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    await client.session.login(*OWNER)
    stale = await client.session.bearer()
    assert stale
    await fault("latency", endpoint="auth.refresh", seconds=0.2, count=1)
    await fault("error_before", endpoint="auth.refresh", status=503, count=1)
    asking = asyncio.create_task(client.session.renew(stale))
    for _ in range(5):
        await asyncio.sleep(0)
    renewal = client.session._renewal
    assert renewal is not None
    asking.cancel()
    await asyncio.wait([asking, renewal])
    client.session._renewal = None
    del renewal
    gc.collect()
    assert complaints == []


async def test_another_process_was_faster(sandbox: Running, client: Client, make_client: MakeClient) -> None:
    await client.session.login(*OWNER)
    other = make_client(sandbox.base_url)
    stale = await client.session.bearer()
    assert stale
    await other.session.open()
    assert await other.session.renew(stale)
    assert await client.session.renew(stale)
    assert await client.session.bearer() == await other.session.bearer()
    assert (calls(client, "auth.refresh"), calls(other, "auth.refresh")) == (0, 1)


async def test_two_processes_at_the_same_moment_do_not_sign_each_other_out(
    sandbox: Running, client: Client, make_client: MakeClient
) -> None:
    await client.session.login(*OWNER)
    stale = await client.session.bearer()
    assert stale
    others = [make_client(sandbox.base_url) for _ in range(4)]
    for other in others:
        await other.session.open()
    assert all(await asyncio.gather(*(one.session.renew(stale) for one in (client, *others))))
    assert sum(calls(one, "auth.refresh") for one in (client, *others)) == 1


async def test_a_very_short_life_is_renewed_when_it_ends(
    tmp_path: Path, clock: TestClock, make_client: MakeClient
) -> None:
    settings = SandboxSettings(db=str(tmp_path / "short.db"), clock=clock, token_lifetime=0.5)
    async with running(settings) as sandbox:
        client = make_client(sandbox.base_url, clock=clock)
        await client.session.login(*OWNER)
        clock.elapsed += 0.6
        assert (await client.api.call("auth.verify")).data["valid"]
        assert calls(client, "auth.refresh") == 1


async def test_logging_out_needs_no_server(sandbox: Running, client: Client) -> None:
    await client.session.login(*OWNER)
    await sandbox.stop()
    await client.session.logout()
    kept = client.vault.read()
    assert (client.session.state, kept.token, kept.refresh_token) == ("signed_out", None, None)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (KeyStoreError("no answer in time"), "no answer in time"),
    ],
)
async def test_a_vault_that_cannot_be_written_does_not_stop_the_shop(
    client: Client, monkeypatch: pytest.MonkeyPatch, failure: Exception, reason: str
) -> None:
    def full(fields: object, known: Secrets) -> Secrets:
        raise failure

    monkeypatch.setattr(client.vault, "change", full)
    await client.session.login(*OWNER)
    assert client.session.state == "user"
    reasons = [event.values["reason"] for event in client.events if event.key == "error.vault.not_saved"]
    assert reasons
    assert all(reason in str(one) for one in reasons)


class Gate:
    """Holds up one thread of a vault until the test has seen what it waits for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reached, self._open, self._loop = asyncio.Event(), threading.Event(), loop

    def stand(self) -> None:
        self._loop.call_soon_threadsafe(self.reached.set)
        assert self._open.wait(120)

    def open(self) -> None:
        self._open.set()


async def other_threads_had_their_chance() -> None:
    for _ in range(20):
        await asyncio.to_thread(lambda: None)


async def test_a_vault_read_before_a_sign_in_does_not_undo_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password was right: another process's news, looked for at that moment, must not say otherwise."""
    await client.session.open()
    gate, read = Gate(asyncio.get_running_loop()), client.vault.read

    def slow() -> Secrets:
        stored = read()
        gate.stand()
        return stored

    monkeypatch.setattr(client.vault, "read", slow)
    looking = asyncio.create_task(client.session.look_again())
    await gate.reached.wait()
    signing_in = asyncio.create_task(client.session.login(*OWNER))
    await until(lambda: client.session.state == "user")
    gate.open()
    assert (await signing_in).role == "owner"
    assert await looking is False
    assert client.session.state == "user"
    assert read().token == await client.session.bearer()


async def test_a_vault_read_before_a_sign_out_is_written_does_not_undo_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.session.login(*OWNER)
    gate, change = Gate(asyncio.get_running_loop()), client.vault.change

    def slow(fields: Mapping[str, object], known: Secrets) -> Secrets:
        gate.stand()
        return change(fields, known)

    monkeypatch.setattr(client.vault, "change", slow)
    signing_out = asyncio.create_task(client.session.logout())
    await gate.reached.wait()
    looking = asyncio.create_task(client.session.look_again())
    await other_threads_had_their_chance()
    gate.open()
    assert await looking is False
    await signing_out
    assert (client.session.state, client.vault.read().token) == ("signed_out", None)


async def test_a_sign_out_that_cannot_be_written_down_holds_all_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.session.login(*OWNER)

    def full(fields: object, known: Secrets) -> Secrets:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(client.vault, "change", full)
        await client.session.logout()
        assert await client.session.look_again() is False
    await client.session.use_api_key(demo_data.API_KEY)  # there is room again: what was left over goes along
    assert (client.session.state, client.vault.read().token) == ("key", None)


@pytest.mark.parametrize("then", ["signs out", "signs in again"])
async def test_what_a_person_does_during_a_renewal_has_the_last_word(client: Client, then: str) -> None:
    await client.session.login(*OWNER)
    stale = await client.session.bearer()
    assert stale
    gate, send = asyncio.Event(), client.session._send
    assert send is not None
    answered = asyncio.Event()

    async def held(name: str, body: object, *, bearer: str | None) -> Answer:
        answer = await send(name, body, bearer=bearer)
        if name == "auth.refresh":
            answered.set()
            await gate.wait()
        return answer

    client.session.bind(held)
    renewal = asyncio.create_task(client.session.renew(stale))
    await answered.wait()
    if then == "signs out":
        await client.session.logout()
    else:
        await client.session.login("cashier@clutch.test", demo_data.PASSWORD)
    wanted = client.session.state, client.session.user, client.vault.read()
    gate.set()
    assert await renewal is (then != "signs out")
    assert (client.session.state, client.session.user, client.vault.read()) == wanted


async def test_a_process_that_learns_the_key_puts_no_old_token_back(
    sandbox: Running, client: Client, make_client: MakeClient
) -> None:
    """What one process stores goes beside what another stored meanwhile, not over it."""
    await client.session.login(*OWNER)
    other = make_client(sandbox.base_url)
    await other.session.open()
    stale = await client.session.bearer()
    assert stale
    assert await client.session.renew(stale)
    await other.session.use_api_key(demo_data.API_KEY)
    kept = client.vault.read()
    assert (kept.token, kept.api_key) == (await client.session.bearer(), demo_data.API_KEY)
    assert await other.session.bearer() == kept.token


async def test_a_sign_out_of_another_process_is_not_undone_by_a_renewal(
    sandbox: Running, client: Client, make_client: MakeClient, fault: Fault
) -> None:
    await client.session.login(*OWNER)
    other = make_client(sandbox.base_url)
    stale = await other.session.bearer()
    assert stale
    await fault("error_before", endpoint="auth.logout", status=503, count=1)  # the server never hears of it
    await client.session.logout()
    assert await other.session.renew(stale) is False
    assert (other.session.state, client.vault.read().token) == ("signed_out", None)


async def test_without_an_api_a_session_says_that_nothing_is_set_up(client: Client) -> None:
    lonely = Session(client.vault)
    with pytest.raises(ApiError) as caught:
        await lonely.login(*OWNER)
    assert caught.value.kind is Kind.NOT_SET_UP


@pytest.mark.parametrize("has_refresh_token", [True, False])
async def test_a_token_that_cannot_be_renewed_serves_until_it_is_refused(
    make_client: MakeClient, has_refresh_token: bool
) -> None:
    """Live servers have no `/auth/refresh`, and some name no end: a guess of ours signs nobody out."""
    refused = False

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/login"):
            tokens = {"token": "t-1", **({"refreshToken": "r-1"} if has_refresh_token else {})}
            return httpx.Response(200, json={"success": True, "data": tokens})
        if request.url.path.endswith("/auth/refresh"):
            return httpx.Response(404, html="<pre>Cannot POST /api/v1/auth/refresh</pre>")
        return httpx.Response(401 if refused else 200, json={"success": not refused})

    client = make_client("https://api.example.com/api/v1", transport=httpx.MockTransport(answer))
    await client.session.login(*OWNER)
    client.clock.elapsed += 3 * 3600
    for _ in range(3):
        await client.api.call("system.ping")
    assert client.session.state == "user"
    assert calls(client, "auth.refresh") == int(has_refresh_token)
    refused = True
    with pytest.raises(ApiError) as caught:
        await client.api.call("system.ping")
    assert (caught.value.kind, client.session.state) == (Kind.SIGNED_OUT, "signed_out")


# --- what only looks changes nothing -------------------------------------------------------------------


async def test_a_server_that_verifies_by_post_alone_gets_the_token_in_the_body(make_client: MakeClient) -> None:
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/login"):
            return httpx.Response(200, json={"success": True, "data": {"token": "t-1", "refresh_token": "r-1"}})
        if request.url.path.endswith("/auth/verify") and request.method == "POST":
            bodies.append(request.content)
            good = request.content == b'{"token":"t-1"}'
            return httpx.Response(200 if good else 401, json={"success": good, "data": {"valid": good}})
        if request.url.path.endswith("/system/health"):
            return httpx.Response(200, json={"success": True, "data": {"status": "healthy"}})
        return httpx.Response(404, html="Cannot GET")

    client = make_client("https://shop.example.com/api/v1", transport=httpx.MockTransport(answer))
    await client.session.login(*OWNER)
    for _ in range(2):
        assert (await client.api.call("auth.verify", probe=True)).data == {"valid": True}
    assert bodies == [b'{"token":"t-1"}'] * 2


async def test_a_diagnosis_that_is_refused_changes_no_credentials(client: Client, fault: Fault) -> None:
    await client.session.login(*OWNER)
    before = await asyncio.to_thread(client.session._vault.read)
    await fault("error_before", status=401, endpoint="auth.verify", count=3)
    await fault("error_before", status=401, endpoint="auth.refresh", count=3)
    with pytest.raises(ApiError) as caught:
        await client.api.call("auth.verify", probe=True)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert client.session.state == "user"
    assert await asyncio.to_thread(client.session._vault.read) == before
    assert calls(client, "auth.refresh") == 0


@pytest.mark.parametrize("page", ["<html>blocked by the proxy</html>", '{"message": "blocked"}'])
async def test_a_refresh_that_somebody_in_between_refuses_ends_no_session(make_client: MakeClient, page: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/login"):
            return httpx.Response(200, json={"success": True, "data": {"token": "t-1", "refresh_token": "r-1"}})
        return httpx.Response(401, content=page.encode())

    client = make_client("https://shop.example.com/api/v1", transport=httpx.MockTransport(answer))
    await client.session.login(*OWNER)
    with pytest.raises(ApiError):
        await client.api.call("shop.stats", retry=False)
    assert client.session.state == "user"
    assert await client.session.bearer() == "t-1"


async def test_a_token_that_nothing_renews_is_kept_and_serves_again(make_client: MakeClient) -> None:
    refuses = True

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/login"):
            return httpx.Response(200, json={"success": True, "data": {"token": "t-1"}})
        status = 401 if refuses else 200
        return httpx.Response(status, json={"success": status == 200, "data": {}})

    client = make_client("https://shop.example.com/api/v1", transport=httpx.MockTransport(answer))
    await client.session.login(*OWNER)
    with pytest.raises(ApiError) as caught:
        await client.api.call("shop.stats", retry=False)
    assert (caught.value.kind, client.session.state) == (Kind.SIGNED_OUT, "signed_out")
    assert (await asyncio.to_thread(client.session._vault.read)).token == "t-1"
    refuses = False
    await client.api.call("shop.stats", retry=False)
    assert client.session.state == "user"


async def test_nobody_is_told_to_be_signed_out_who_never_was_in(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        await client.api.call("inventory.list", retry=False)
    assert caught.value.kind is Kind.NOT_SIGNED_IN


async def test_a_wrong_shop_id_is_named(sandbox: Running, make_client: MakeClient) -> None:
    client = make_client(sandbox.base_url, api_key=demo_data.API_KEY, shop_id="0000-wrong")
    with pytest.raises(ApiError) as caught:
        await client.api.call("inventory.list", retry=False)
    assert caught.value.key == "error.api.forbidden.shop"
    assert caught.value.values["shop"] == "0000-wrong"
