"""Frames of the socket as they come in: JSON checked, an event in our terms."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clutch_tui.net import events, wire
from clutch_tui.net.socket import news


@dataclass(frozen=True, slots=True)
class Frame:
    """A text frame of the socket: its type, its data as it came, and the two counters where it has them."""

    type: str
    data: Any
    seq: int | None
    head: int | None


def read_frame(text: str | bytes) -> Frame:
    """One frame. Raises `wire.BadPayload`."""
    raw = wire.loads(text.encode("utf-8", "replace") if isinstance(text, str) else text)
    frame = wire.read_record(news.Frame, raw).__dict__
    data = frame["data"] if frame["data"] is not None else {key: raw[key] for key in raw if key not in frame}
    return Frame(frame["type"], data, frame["seq"], frame["head"])


def read_event(frame: Frame) -> events.Happening | None:
    """One of the nine events; None for another kind, which newer servers may have. Raises `wire.BadPayload`."""
    kind = events.BY_NAME.get(frame.type)
    if kind is None:
        return None
    data = wire.in_our_terms(wire.read_record(news.MODELS[kind], frame.data))
    plain = {name: float(value) if isinstance(value, Decimal) else value for name, value in data.items()}
    return kind(**plain, seq=frame.seq)
