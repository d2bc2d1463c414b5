"""A session of the tester's own, from its sign-in to its end, so that nobody else's is renewed or ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clutch_tui.net import wire
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.errors import ApiError
from clutch_tui.net.endpoint_tester.probes import fault_of
from clutch_tui.net.endpoint_tester.round_trips import TripStep
from clutch_tui.net.endpoints import BY_NAME

CALLS = ("auth.login", "auth.refresh", "auth.logout")
"""In the order in which a session lives; each needs what the one before brought."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whom the tester may sign in as. The password is sent and forgotten."""

    email: str
    password: str = field(repr=False)


async def live(api: Api, login: Login, on_step: Callable[[TripStep], None]) -> None:
    """Sign in, refresh, sign out, telling each call that could be made."""
    who = {"email": login.email, "emailOrPhone": login.email, "password": login.password}
    tokens: dict[str, Any] = {}
    for name in CALLS:
        if name == "auth.login":
            body, bearer = who, None
        elif (missing := "refresh_token" if name == "auth.refresh" else "token") not in tokens:
            continue
        else:
            body = {"refresh_token": tokens.get("refresh_token", "")}
            bearer = str(tokens["token"]) if missing == "token" else None
        on_step(await _call(api, name, body, bearer, tokens))


async def _call(api: Api, name: str, body: dict[str, str], bearer: str | None, tokens: dict[str, Any]) -> TripStep:
    """One call; the tokens that it brings are added to `tokens`."""
    endpoint = BY_NAME[name]
    try:
        answer = await api.send_as(name, body, bearer=bearer, probe=True)
    except ApiError as error:
        return TripStep(endpoint, error=error)
    if name == "auth.logout":
        return TripStep(endpoint, answer)
    problem = fault_of(endpoint, answer)
    if problem is None:
        record = wire.read_answer(name, answer.whole).record or {}
        tokens |= {key: record[key] for key in ("token", "refresh_token") if record.get(key)}
    return TripStep(endpoint, answer, problem=problem)
