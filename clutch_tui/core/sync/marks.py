"""Marks tell one history of the server from another that has the same numbers (docs/protocol.md#marks).

A server that was put back to an older copy counts on: what it says next may bear numbers that we know already. So each
number comes with the mark of the transaction that took it. The mark of a cursor stands beside it; here is the highest
number that any answer has told, for a result may run ahead of the cursor that covers it. Both are sent back with every
call that may bring a number, and a server in which they are not the same has been restored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import state

_SEQ, _MARK = "heard.seq", "heard.mark"


@dataclass(frozen=True, slots=True)
class Heard:
    """The highest number of the server's that we know, its mark, and the epoch in which it was told."""

    seq: int
    mark: str
    epoch: str


def heard() -> Heard | None:
    """None where the server has told no marks, or nothing yet since it was restored."""
    mark, epoch = state.get(_MARK), state.get("epoch")
    return None if mark is None or epoch is None else Heard(state.number(_SEQ), mark, epoch)


def hear(numbers: Iterable[tuple[int, str | None]]) -> None:
    """Remember the highest of these numbers, of the present epoch, if it is higher than any before."""
    seq, mark = max(((seq, mark) for seq, mark in numbers if mark), default=(0, None))
    if mark and seq > state.number(_SEQ):
        state.put(_SEQ, seq)
        state.put(_MARK, mark)


def learn(cursor: int, mark: str | None) -> None:
    """See whether the server knows marks at all: by a page that reaches some number."""
    if cursor > 0 and (mark is not None) != are_told():
        state.put("marks", "told" if mark is not None else "none")


def are_told() -> bool:
    """Tell whether the server tells marks, as far as has been seen."""
    return state.get("marks") != "none"


def forget() -> None:
    """Forget what was heard: it belongs to an epoch that is over."""
    state.forget(_SEQ)
    state.forget(_MARK)


def of_cursor(channel: str) -> str | None:
    """The mark of a channel's cursor."""
    return state.get(f"{channel}.mark")


def put_cursor(channel: str, mark: str | None) -> None:
    if mark is None:
        state.forget(f"{channel}.mark")
    else:
        state.put(f"{channel}.mark", mark)
