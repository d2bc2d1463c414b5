"""The figures of the strip on every screen, and the brake that keeps the screen below ten redraws a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from clutch_tui.ui.services import Network

Overall = Literal["connected", "limited", "offline", "signed_out", "not_signed_in", "cut", "alone", "starting"]
"""Four words of the protocol (docs/protocol.md#connected-limited-offline), and three of this terminal's own: cut on
purpose, no backend set up, starting."""

DRAW_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Status:
    """State of the connection and of the queue at the moment `now`."""

    overall: Overall = "starting"
    since: datetime | None = None
    unsent: int = 0
    oldest_at: datetime | None = None
    attention: int = 0
    unread: int = 0
    now: datetime | None = None
    local: int = 0
    """Changes that wait here for a server that takes them: no delay, and no reason to worry."""
    stranded: int = 0
    """Changes in other databases of this home, which nobody sends."""
    skew: float = 0.0
    """Seconds that this machine's clock is ahead of the server's, where somebody should know."""
    orders: int = 0
    """Orders that nobody has read of; they are among `unread`."""
    missing: int = 0
    """Records of the server that cannot be read here."""


def of_connection(network: Network | None, cut_since: datetime | None) -> tuple[Overall, datetime | None]:
    """The state of a connection in the strip's word, and since when; None is one that has not been begun yet."""
    if network is None:
        return "starting", None
    if network.offline:
        return "cut", cut_since
    snapshot = network.monitor.snapshot()
    unanswered = snapshot.parts["api"].state in ("off", "connecting") and snapshot.reason is None
    if snapshot.overall == "offline" and unanswered:  # nobody has had an answer yet, good or bad
        return "starting", None
    if snapshot.overall == "signed_out" and not snapshot.was_somebody:
        return "not_signed_in", None
    return snapshot.overall, snapshot.since


class Brake:
    """Gathers what happens and passes it on ten times a second at most: at once when nothing happened lately,
    then together whatever came in the meantime."""

    def __init__(self, owner: MessagePump, pass_on: Callable[[frozenset[str]], None]) -> None:
        self._owner = owner
        self._pass_on = pass_on
        self._gathered: set[str] = set()
        self._waiting = False

    def add(self, nouns: frozenset[str]) -> None:
        self._gathered |= nouns
        if not self._waiting:
            self._flush()

    def _flush(self) -> None:
        self._waiting = False
        if self._gathered:
            nouns, self._gathered = frozenset(self._gathered), set()
            self._waiting = True
            self._owner.set_timer(DRAW_EVERY, self._flush)
            self._pass_on(nouns)
