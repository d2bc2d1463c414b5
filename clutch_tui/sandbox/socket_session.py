"""One terminal's socket from the handshake to its end (docs/protocol.md#live-connection)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from . import payload
from .auth import Denied, Identity, identify
from .backend import Backend
from .events import CHANNELS, Closing, Listener, frame, missed, position, pump
from .payload import JSON

EXPIRED, REFUSED, WRONG_SHOP, TOO_MANY = 4001, 1008, 4003, 4029
SIGN_IN_SECONDS = 15.0


async def converse(backend: Backend, websocket: WebSocket) -> None:
    """Serve `/ws` and `/ws/shop/{id}`. A refused token is told by a close code, after accepting: the code of
    a refused handshake would never reach the terminal."""
    with contextlib.suppress(WebSocketDisconnect):  # whoever leaves while being greeted has left
        await websocket.accept()
        token, identity = _token(websocket), None
        if token:
            admitted = await _admit(backend, token, websocket.path_params.get("shop_id", ""))
            if isinstance(admitted, Closing):
                await websocket.close(admitted.code, admitted.reason)
                return
            identity = admitted
        elif backend.hub.strangers >= backend.settings.max_strangers:
            await websocket.close(TOO_MANY, "TOO_MANY_CONNECTIONS")
            return
        listener = Listener("", websocket, silent=backend.faults.socket_is_silent())
        await _greet(backend, listener)
        await _attend(backend, listener, identity)


async def _attend(backend: Backend, listener: Listener, identity: Identity | None) -> None:
    """Listen and send at once, until either side ends it."""
    sender = asyncio.create_task(pump(listener))
    try:
        if identity is not None:
            _enrol(backend, listener, identity)
        await _listen(backend, listener, identity)
    except WebSocketDisconnect:
        sender.cancel()
    finally:
        backend.hub.remove(listener)
        if not sender.done():
            listener.say(Closing(1000, ""))
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(sender, 5)


def _enrol(backend: Backend, listener: Listener, identity: Identity) -> None:
    listener.shop_id, listener.session_id = identity.shop_id, identity.session_id
    backend.hub.add(listener)


def _token(websocket: WebSocket) -> str:
    scheme, _, bearer = websocket.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else websocket.query_params.get("token", "")


async def _admit(backend: Backend, token: str, shop_id: str) -> Identity | Closing:
    """The caller, or the code with which the socket is to be closed."""
    try:
        identity = await backend.read(identify, token, "")
    except Denied as denied:
        return Closing(EXPIRED if denied.code == "TOKEN_EXPIRED" else REFUSED, denied.code)
    if shop_id and shop_id != identity.shop_id:
        return Closing(WRONG_SHOP, "SHOP_MISMATCH")
    if backend.hub.count(identity.shop_id) >= backend.settings.max_sockets:
        return Closing(TOO_MANY, "TOO_MANY_CONNECTIONS")
    return identity


async def _greet(backend: Backend, listener: Listener) -> None:
    now = backend.database.now
    if listener.silent:
        return
    data: JSON = {"message": "connected", "server_time": now, "heartbeat_seconds": 15}
    await listener.websocket.send_text(frame("connection", data, now))


async def _listen(backend: Backend, listener: Listener, identity: Identity | None) -> None:
    if identity is None:
        identity = await _introduced(backend, listener)
    while identity is not None:
        message = await _message(backend, listener)
        if message.get("type") == "auth":
            identity = await _authenticate(backend, listener, identity, message.get("data"))
        elif message:
            await _answer(backend, listener, identity, message.get("type"), message)


async def _introduced(backend: Backend, listener: Listener) -> Identity | None:
    """Wait for the `auth` of a socket that came without a token; None where it did not come in time, or was refused.
    The time is one for all that it says, or a stranger who keeps talking would keep his place."""
    backend.hub.strangers += 1
    try:
        async with asyncio.timeout(SIGN_IN_SECONDS):
            while True:
                message = await _message(backend, listener)
                if message.get("type") == "auth":
                    return await _authenticate(backend, listener, None, message.get("data"))
                if message:
                    _complain(backend, listener, "NOT_SIGNED_IN", "send auth first")
    except TimeoutError:
        listener.say(Closing(REFUSED, "NO_TOKEN"))
        return None
    finally:
        backend.hub.strangers -= 1


async def _message(backend: Backend, listener: Listener) -> JSON:
    """The next frame; empty for one that is no object, after saying so."""
    try:
        message = payload.load(await listener.websocket.receive_text())
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict):
        return message
    _complain(backend, listener, "MALFORMED", "a frame must be a JSON object")
    return {}


async def _authenticate(backend: Backend, listener: Listener, identity: Identity | None, data: Any) -> Identity | None:
    """`auth` on an open socket: signs in one that came without a token, renews one that came with it."""
    data = data if isinstance(data, dict) else {}
    token, shop_id = str(data.get("token") or ""), str(data.get("shop_id") or "")
    admitted: Identity | Closing
    if identity is None:
        admitted = await _admit(backend, token, shop_id)
    else:
        admitted = await _renewed(backend, identity, token, shop_id)
    if isinstance(admitted, Closing):
        listener.say(admitted)
        return None
    backend.hub.remove(listener)
    _enrol(backend, listener, admitted)
    listener.say(frame("authenticated", {"shop_id": admitted.shop_id}, backend.database.now))
    return admitted


async def _renewed(backend: Backend, identity: Identity, token: str, shop_id: str) -> Identity | Closing:
    try:
        fresh = await backend.read(identify, token, "") if token else identity
    except Denied as denied:
        return Closing(EXPIRED if denied.code == "TOKEN_EXPIRED" else REFUSED, denied.code)
    other = fresh.shop_id != identity.shop_id or shop_id not in ("", identity.shop_id)
    return Closing(WRONG_SHOP, "SHOP_MISMATCH") if other else fresh


async def _answer(backend: Backend, listener: Listener, identity: Identity, kind: Any, message: JSON) -> None:
    now = backend.database.now
    if kind == "ping":
        seq, head = await backend.read(position, identity.shop_id)
        data: JSON = {"timestamp": message.get("timestamp")}
        listener.say(frame("pong", data, now, seq=seq, head=head))
    elif kind == "subscribe":
        channel = str(message.get("channel") or "")
        if channel not in CHANNELS and channel != "*":
            _complain(backend, listener, "UNKNOWN_CHANNEL", channel)
            return
        listener.channels.add(channel)
        listener.say(frame("subscribed", {"channel": channel}, now, channel=channel))
    elif kind == "unsubscribe":
        listener.channels.discard(str(message.get("channel") or ""))
    elif kind == "resume":
        await _resume(backend, listener, message.get("data"))
    else:
        _complain(backend, listener, "UNKNOWN_TYPE", str(kind))


async def _resume(backend: Backend, listener: Listener, data: Any) -> None:
    """Replay what was missed, in order, with the live events held back until it is done."""
    last = data.get("last_seq") if isinstance(data, dict) else None
    listener.held = []
    events = None
    if isinstance(last, int) and not isinstance(last, bool) and last >= 0:
        events = await backend.read(missed, listener.shop_id, last)
    seq, head = await backend.read(position, listener.shop_id)
    held, listener.held = listener.held, None
    if events is None:
        listener.say(frame("resync", {"last_seq": last}, backend.database.now, seq=seq, head=head))
        events = []
    replayed = {event.seq for event in events}
    for event in [*events, *(event for event in held if event.seq not in replayed)]:
        listener.deliver(event)


def _complain(backend: Backend, listener: Listener, code: str, message: str) -> None:
    listener.say(frame("error", {"error": code, "message": message}, backend.database.now))
