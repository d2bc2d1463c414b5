"""Who is let in, for how long, and what happens when a refresh token is lost or leaks."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.sandbox import auth, demo_data
from clutch_tui.sandbox.app import create_backend
from clutch_tui.sandbox.auth import Denied
from clutch_tui.sandbox.database import Database
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings

from .conftest import Terminal


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(clock: Clock) -> Database:
    return create_backend(Settings(inline=True, clock=clock)).database


def _login(database: Database) -> dict[str, str]:
    return auth.login(database, "owner@clutch.test", demo_data.PASSWORD, "device-a")


async def test_login_verify_refresh_logout(terminal: Terminal) -> None:
    body = {"email": "Owner@clutch.test", "emailOrPhone": "Owner@clutch.test", "password": demo_data.PASSWORD}
    given = await terminal.data("auth.login", body, headers={"X-API-Key": ""})
    assert given["user"]["role"] == "owner"
    assert given["shop"]["id"] == demo_data.SHOP_ID
    terminal.headers = {"Authorization": f"Bearer {given['token']}"}
    assert (await terminal.data("auth.verify"))["valid"] is True
    fresh = await terminal.data("auth.refresh", {"refresh_token": given["refresh_token"]})
    assert fresh["refresh_token"] != given["refresh_token"]
    await terminal.call("auth.logout")
    ended = await terminal.call("auth.verify")
    assert (ended.status_code, ended.json()["error"]) == (401, "INVALID_TOKEN")


async def test_wrong_password_and_unknown_person_are_told_alike(terminal: Terminal) -> None:
    answers = [
        await terminal.call("auth.login", {"email": email, "password": password})
        for email, password in (("owner@clutch.test", "wrong"), ("nobody@clutch.test", demo_data.PASSWORD))
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["message"] == answers[1].json()["message"]
    missing = await terminal.call("auth.login", {"email": "owner@clutch.test"})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "password")


async def test_everything_but_system_and_sign_in_wants_credentials(terminal: Terminal) -> None:
    terminal.headers = {}
    for entry in ENDPOINTS:
        response = await terminal.call(entry.name, {} if not entry.reads else None, record_id="x")
        if entry.category == "system":
            assert response.status_code == 200, entry.name
        elif entry.name not in ("auth.login", "auth.refresh"):
            assert (response.status_code, response.json()["error"]) == (401, "INVALID_TOKEN"), entry.name


async def test_credentials_of_another_shop_are_refused(terminal: Terminal) -> None:
    response = await terminal.call("inventory.list", headers={"X-Shop-ID": demo_data.SECOND_SHOP_ID})
    assert (response.status_code, response.json()["error"]) == (403, "SHOP_MISMATCH")


def test_a_token_expires_and_says_so(database: Database, clock: Clock) -> None:
    token = _login(database)["token"]
    clock.pass_(seconds=899)
    assert auth.identify(database, token).role == "owner"
    clock.pass_(seconds=2)
    with pytest.raises(Denied) as refused:
        auth.identify(database, token)
    assert refused.value.code == "TOKEN_EXPIRED"


def test_a_token_that_somebody_else_signed_is_invalid(database: Database) -> None:
    other = create_backend(replace(database.settings)).database
    with pytest.raises(Denied) as refused:
        auth.identify(database, _login(other)["token"])
    assert refused.value.code == "INVALID_TOKEN"


def test_a_lost_refresh_answer_may_be_asked_for_again_at_once(database: Database, clock: Clock) -> None:
    first = _login(database)["refresh_token"]
    auth.refresh(database, first)
    clock.pass_(seconds=30)
    again = auth.refresh(database, first)
    assert auth.identify(database, again["token"]).person_id


def test_a_refresh_token_used_long_after_its_successor_ends_the_session(database: Database, clock: Clock) -> None:
    first = _login(database)["refresh_token"]
    second = auth.refresh(database, first)
    clock.pass_(minutes=5)
    with pytest.raises(Denied):
        auth.refresh(database, first)
    with pytest.raises(Denied):
        auth.refresh(database, second["refresh_token"])
    with pytest.raises(Denied):
        auth.identify(database, second["token"])


async def test_tokens_outlive_a_restart(settings: Settings) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        async with running(settings) as sandbox:
            body = {"email": "owner@clutch.test", "password": demo_data.PASSWORD}
            answer = await client.post(f"{sandbox.base_url}/auth/login", json=body)
            headers = {"Authorization": f"Bearer {answer.json()['data']['token']}"}
        async with running(settings) as sandbox:
            assert (await client.get(f"{sandbox.base_url}/auth/verify", headers=headers)).status_code == 200


def test_refresh_tokens_cannot_be_foretold(tmp_path: Path) -> None:
    tokens = set()
    for name in "ab":
        settings = Settings(db=str(tmp_path / f"{name}.db"), rng=random.Random(7))
        backend = create_backend(settings)
        tokens.add(_login(backend.database)["refresh_token"])
        backend.close()
    assert len(tokens) == 2, "two servers with one source of chance made one secret"


async def test_passwords_cannot_be_tried_by_the_thousand(settings: Settings) -> None:
    clock = Clock()
    right, wrong = ({"email": "owner@clutch.test", "password": word} for word in (demo_data.PASSWORD, "wrong"))
    async with (
        running(replace(settings, clock=clock, failed_logins=3)) as sandbox,
        httpx.AsyncClient(verify=False) as client,
    ):
        terminal = Terminal(sandbox, client)
        refused = [(await terminal.call("auth.login", wrong)).status_code for _ in range(4)]
        assert refused == [401, 401, 401, 429]
        waits = await terminal.call("auth.login", right)
        assert (waits.status_code, waits.json()["error"]) == (429, "TOO_MANY_ATTEMPTS")
        assert 0 < int(waits.headers["Retry-After"]) <= 300
        other = {"email": "cashier@clutch.test", "password": demo_data.PASSWORD}
        assert (await terminal.call("auth.login", other)).status_code == 200
        clock.pass_(seconds=301)
        assert (await terminal.call("auth.login", right)).status_code == 200


async def test_a_name_that_is_not_ours_is_refused(terminal: Terminal) -> None:
    for host in ("evil.example", "evil.example:8765", "localhost.evil.example"):
        assert (await terminal.call("system.ping", headers={"Host": host})).status_code == 400
    for host in ("localhost", "127.0.0.1:1", "[::1]:9"):
        assert (await terminal.call("system.ping", headers={"Host": host})).status_code == 200
