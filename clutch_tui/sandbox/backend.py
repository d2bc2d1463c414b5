"""One running sandbox: the database behind its threads, the sockets, the faults.

Handlers never touch the database on the event loop: `write` runs on the one writer thread, `read` on the
reader's. Inline (for simulations) both run where they are called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from starlette.types import Scope

from .database import Database
from .events import Hub
from .faults import Faults
from .payload import JSON
from .settings import Settings
from .sign_in_attempts import Attempts
from .without_sync import Plain

P = ParamSpec("P")
T = TypeVar("T")


class ConnectionCut(Exception):
    """The connection of this request was cut on purpose; where no real socket exists, the caller sees this."""


@dataclass(slots=True)
class Backend:
    """Everything that a request handler needs. `cut` ends the TCP connection of a scope, if there is one."""

    database: Database
    hub: Hub
    faults: Faults
    cut: Callable[[Scope], bool] = lambda scope: False
    stopped: bool = False
    minimum_client: str = field(init=False)
    latest_client: str = field(init=False)
    releases: list[JSON] = field(default_factory=list)
    """Releases of the terminal that came out since this server runs, newest first."""
    plain: Plain | None = field(init=False)
    """What is taken away just now; None for the whole server."""
    running_keys: set[tuple[str, str]] = field(default_factory=set)
    started: datetime = field(init=False)
    attempts: Attempts = field(init=False)
    _writer: ThreadPoolExecutor | None = None
    _reader: ThreadPoolExecutor | None = None

    def __post_init__(self) -> None:
        self.started = self.settings.clock.now()
        self.attempts = Attempts(self.settings.failed_logins)
        self.minimum_client = self.settings.minimum_client
        self.latest_client = self.settings.latest_client
        self.simplify(self.settings.plain)

    @property
    def settings(self) -> Settings:
        return self.database.settings

    def simplify(self, plain: Plain | None) -> None:
        """Be a server without sync from now on, or, with None, the whole one again."""
        self.plain = plain
        self.database.moves_stock = plain is None or plain.moves_stock

    def start(self) -> None:
        """Start the threads; safe to call again."""
        if not self.settings.inline and self._writer is None:
            self._writer = ThreadPoolExecutor(1, "sandbox-writer")
            self._reader = ThreadPoolExecutor(1, "sandbox-reader")

    async def write(self, call: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that writes; what it has committed goes out to the sockets even if it then fails."""
        try:
            written: T = await self._run(self._writer, call, *args, **kwargs)
            return written
        finally:
            self.publish()

    async def read(self, call: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._run(self._reader, call, *args, **kwargs)
        return result

    async def _run(self, pool: ThreadPoolExecutor | None, call: Any, *args: Any, **kwargs: Any) -> Any:
        if self.settings.inline:
            return call(self.database, *args, **kwargs)
        self.start()
        pool = pool or self._writer
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, lambda: call(self.database, *args, **kwargs))

    def publish(self) -> None:
        """Hand what was committed to the sockets, in the order of the commits."""
        while self.database.committed:
            self.hub.publish(self.database.committed.popleft())

    def close(self) -> None:
        """Close every connection to the file; the sandbox can be opened again on it at once."""
        for pool in (self._writer, self._reader):
            if pool is not None:
                pool.submit(self.database.close)
                pool.shutdown(wait=True)
        self._writer = self._reader = None
        self.database.close()
