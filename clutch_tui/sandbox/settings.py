"""The settings that a sandbox is started with; time and chance are handed in, so that a simulation owns both."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from .without_sync import Plain

PROTOCOL = 2
"""The newest version of the protocol that is spoken here."""


class Clock(Protocol):
    """Whatever tells the time; the sandbox asks nothing else of it."""

    def now(self) -> datetime: ...


class WallClock:
    """The machine's own clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """One sandbox.

    `db` is a file, or `:memory:` (which lives in one thread, so it wants `inline`). `inline` runs every
    database call on the caller's thread: for simulations, where a thread would make the order of things
    depend on the machine. `order_pace` is the mean number of seconds between two customers' orders; None
    stops them. `parts` None leaves a fresh database without demo data: shops, people and keys only.
    """

    db: str = ":memory:"
    clock: Clock = field(default_factory=WallClock)
    rng: random.Random = field(default_factory=random.SystemRandom)
    faults: bool = False
    inline: bool = False
    parts: int | None = None
    seed: int = 1
    token_lifetime: float = 900.0
    refresh_lifetime: float = 30 * 86400.0
    order_pace: float | None = None
    insight_pace: float | None = 60.0
    max_sockets: int = 200
    max_strangers: int = 50
    """Sockets that may be open without having signed in; they have `socket_session.SIGN_IN_SECONDS` to do so."""
    failed_logins: int = 10
    """Wrong passwords for one account within `sign_in_attempts.SPAN`; after them even the right one has to wait."""
    hosts: tuple[str, ...] = ()
    """Names by which the server may be called; empty for those of this machine where it listens only there, and
    any where it listens to others."""
    minimum_client: str = "0.1.0"
    latest_client: str = "0.1.0"
    environment: str = "sandbox"
    plain: Plain | None = None
    """Set for a server without sync."""

    def __post_init__(self) -> None:
        if self.db == ":memory:" and not self.inline:
            raise ValueError("a database in memory belongs to one thread: use inline=True or a file")
