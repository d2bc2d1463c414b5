"""auth.*: sign in, stay signed in, sign out."""

from __future__ import annotations

from . import auth, payload
from .calls import Answer, Call, endpoint


def _required(call: Call, *names: str) -> str:
    for name in names:
        value = call.body.get(name)
        if isinstance(value, str) and value:
            return value
    raise payload.invalid(names[0], "is required")


@endpoint("auth.login")
async def login(call: Call) -> Answer:
    who, password = _required(call, "email", "emailOrPhone"), _required(call, "password")
    return Answer(await call.backend.write(auth.login, who, password, call.device_id))


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
