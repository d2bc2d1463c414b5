"""auth.*: sign in, stay signed in, sign out."""

from __future__ import annotations

from . import auth, payload
from .calls import Answer, Call, Refusal, endpoint
from .sign_in_attempts import TooManyAttempts


def _required(call: Call, *names: str) -> str:
    for name in names:
        value = call.body.get(name)
        if isinstance(value, str) and value:
            return value
    raise payload.invalid(names[0], "is required")


@endpoint("auth.login")
async def login(call: Call) -> Answer:
    who, password = _required(call, "email", "emailOrPhone"), _required(call, "password")
    attempts, now = call.backend.attempts, call.backend.settings.clock.now()
    try:
        attempts.check(who, now)
        answer = Answer(await call.backend.write(auth.login, who, password, call.device_id))
    except TooManyAttempts as problem:
        headers = {"Retry-After": str(problem.after)}
        raise Refusal(429, "TOO_MANY_ATTEMPTS", "too many wrong passwords; wait", headers=headers) from None
    except auth.Denied:
        attempts.failed(who, now)
        raise
    attempts.succeeded(who)
    return answer


@endpoint("auth.refresh")
async def refresh(call: Call) -> Answer:
    return Answer(await call.backend.write(auth.refresh, _required(call, "refresh_token")))


@endpoint("auth.verify")
async def verify(call: Call) -> Answer:
    return Answer(await call.backend.read(auth.describe, call.identity))


@endpoint("auth.logout")
async def logout(call: Call) -> Answer:
    await call.backend.write(auth.logout, call.identity)
    call.backend.hub.end_session(call.identity.session_id)
    return Answer({"signed_out": True})
