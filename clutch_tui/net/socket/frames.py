"""Frames of the socket as they come in: JSON checked, an event in our terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clutch_tui.net import wire
from clutch_tui.net.socket import news


@dataclass(frozen=True, slots=True)
class Frame:
    """A text frame of the socket: its type, its data as it came, and the two counters where it has them."""

    type: str
    data: Any
    seq: int | None
    head: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened in the shop. `seq` is `None` from a server that does not number its events."""

    type: str
    data: Mapping[str, Any]
    seq: int | None


def read_frame(text: str | bytes) -> Frame:
    """One frame. Raises `wire.BadPayload`."""
    raw = wire.loads(text.encode("utf-8", "replace") if isinstance(text, str) else text)
    frame = wire.read_record(news.Frame, raw).__dict__
    data = frame["data"] if frame["data"] is not None else {key: raw[key] for key in raw if key not in frame}
    return Frame(frame["type"], data, frame["seq"], frame["head"])


def read_event(frame: Frame) -> Event:
    """One of the nine events, its data in our terms; any other kind as it came. Raises `wire.BadPayload`."""
    model = news.EVENTS.get(frame.type)
    if model is not None:
        return Event(frame.type, wire.in_our_terms(wire.read_record(model, frame.data)), frame.seq)
    return Event(frame.type, frame.data if isinstance(frame.data, dict) else {"data": frame.data}, frame.seq)
