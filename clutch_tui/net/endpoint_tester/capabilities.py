"""The capabilities of a server that sync needs, tried: keys, versions, cursors, clocks, and a socket that answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clutch_tui.core.clock import Clock
from clutch_tui.net import wire
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.endpoint_tester import probes
from clutch_tui.net.endpoint_tester.server_times import moment
from clutch_tui.net.monitor import SKEW, Monitor
from clutch_tui.net.socket import frames

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings
    from clutch_tui.net.client.session import Session

Name = Literal["idempotency", "versions", "cursors", "clock", "socket"]
Verdict = Literal["yes", "no", "unknown"]
FAR = SKEW
"""Seconds between two clocks from which on a person should hear of it."""


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing, whether the server has it, and the values of its sentence `tester.sync.<name>.<verdict>`."""

    name: Name
    verdict: Verdict
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"tester.sync.{self.name}.{self.verdict}"


async def examine(
    api: Api, session: Session, clock: Clock, *, settings: Settings | None, is_idempotent: bool | None
) -> tuple[Capability, ...]:
    """Everything that can be found out without writing; whether keys are honoured is known only after a write.
    Without `settings` the socket is left alone."""
    others = await asyncio.gather(_versions(api), _cursors(api), _clock(api, clock), _socket(api, session, settings))
    verdicts: dict[bool | None, Verdict] = {True: "yes", False: "no", None: "unknown"}
    return (Capability("idempotency", verdicts[is_idempotent]), *others)


async def _versions(api: Api) -> Capability:
    """Records that count their changes: without them a conflict shows only in the values."""
    try:
        answer = await api.call("inventory.list", query={"limit": 1}, probe=True)
        rows, _ = wire.read_rows("item", answer.data)
    except (ApiError, wire.BadPayload):
        return Capability("versions", "unknown")
    if not rows:
        return Capability("versions", "unknown")
    return Capability("versions", "yes" if rows[0]["version"] > 0 else "no")


async def _cursors(api: Api) -> Capability:
    try:
        answer = await api.call("inventory.sync", body=probes.empty_sync(api), probe=True)
        wire.read_sync(answer.data)
    except ApiError as error:
        return Capability("cursors", "no" if error.kind is Kind.MISSING_ROUTE else "unknown")
    except wire.BadPayload:
        return Capability("cursors", "no")
    return Capability("cursors", "yes")


async def _clock(api: Api, clock: Clock) -> Capability:
    """The distance between our clock, in the middle of the exchange, and the server's."""
    before = clock.now()
    try:
        answer = await api.call("system.time", probe=True)
    except ApiError:
        return Capability("clock", "unknown")
    ours = before + (clock.now() - before) / 2
    stamp = answer.data.get("timestamp") if isinstance(answer.data, dict) else None
    theirs = moment(stamp) or moment(answer.headers.get("date"))
    if theirs is None:
        return Capability("clock", "unknown")
    seconds = round((ours - theirs).total_seconds(), 1)
    return Capability("clock", "yes" if abs(seconds) <= FAR else "no", {"seconds": seconds})


async def _socket(api: Api, session: Session, settings: Settings | None) -> Capability:
    """The live connection itself, with all its ways of showing the token, until a ping is answered."""
    from clutch_tui.net.socket.websocket import Socket

    if settings is None:
        return Capability("socket", "unknown")
    monitor, settled, answered = Monitor(), asyncio.Event(), False

    def hear(direction: str, text: str | bytes) -> None:
        nonlocal answered
        if direction == "in" and _is_pong(text):
            answered = True
            settled.set()

    def look() -> None:
        if monitor.part("socket").state in ("retrying", "down", "refused"):
            settled.set()

    monitor.on_change.append(look)
    line = Socket(settings, session=session, monitor=monitor, device_id=api.device_id)
    line.on_frame = hear
    running = asyncio.create_task(line.run())
    waiting = asyncio.create_task(settled.wait())
    patience = settings.backend.connect_timeout * 2 + settings.websocket.pong_timeout
    try:
        await asyncio.wait([waiting], timeout=patience)
        part = monitor.part("socket")  # one that stands and says nothing is as good as none
    finally:
        waiting.cancel()
        running.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
    if answered:
        return Capability("socket", "yes")
    return Capability("socket", "no", {"problem": part.problem} if part.problem is not None else {})


def _is_pong(text: str | bytes) -> bool:
    try:
        return frames.read_frame(text).type == "pong"
    except wire.BadPayload:
        return False
