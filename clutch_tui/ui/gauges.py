"""The speed that a person feels, measured where it happens: from key to paint, frames, bytes to the terminal.

Over SSH nothing else tells why the program seems slow. Figures go into the app's meter by an append each and into
the database once a minute; the performance screen and `clutch-tui perf` show them.

Names of Textual used here that its documentation does not promise: `App._display`, `App._batch_count`. A test
pins them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from textual.driver import Driver
from textual.events import CursorPosition, Event, Key
from textual.message import Message

from clutch_tui.core.performance import gauges
from clutch_tui.core.performance.meter import Meter

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from clutch_tui.net.monitor import Event as LogEvent

    _AppPart = App[Any]
else:
    _AppPart = object

ANSWERED_WITHIN = 0.25
"""Seconds after a key was dealt with in which a paint still counts as its answer."""


QUESTION = "\x1b[6n"
"""Where is the cursor? Every terminal and multiplexer answers that, and Textual's parser knows the answer; that to
`CSI c` it would take for keys."""
NOT_MODIFIED = 304
"""A server's word that what it was asked for is still as it was; `http` has a name for it and takes 2 ms to import."""
PATIENCE = 1.0
"""Seconds for which an answer of the terminal is waited for."""


class Gauges(_AppPart):
    """Mixin, behind `KeysInOrder` and `ThinWire`: it sees keys as they are dealt with and what is really displayed."""

    idle_since: float | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.meter = Meter()
        self.bytes_sent = 0
        """To the terminal since the start, with what is no frame, such as a bell."""
        self._bytes_before = 0
        self._typed_at: float | None = None
        self._answer: asyncio.Future[None] | None = None
        super().__init__(*args, **kwargs)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded and self._typed_at is None:
            self._typed_at = event.time
        await super().on_event(event)

    def get_driver_class(self) -> type[Driver]:
        """The driver of this terminal, counting what it writes."""
        app, driver = self, super().get_driver_class()

        class Counted(driver):  # type: ignore[valid-type,misc]
            def write(self, data: str) -> None:
                app.bytes_sent += len(data) if data.isascii() else len(data.encode())
                super().write(data)

            def process_message(self, message: Message) -> None:
                if isinstance(message, CursorPosition):  # in the driver's thread; nobody else asks for it
                    self._loop.call_soon_threadsafe(app._terminal_answers)
                else:
                    super().process_message(message)

        return Counted

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if renderable is not None and not self._batch_count:
            self._painted()

    async def ask_terminal(self) -> float | None:
        """Milliseconds until the terminal answers a question, there and back; None where it does not answer. Over
        SSH this is what a person waits for besides the program."""
        if self._driver is None or self.is_headless:
            return None
        self._answer = asyncio.get_running_loop().create_future()
        begun = monotonic()
        self._driver.write(QUESTION)
        try:
            await asyncio.wait_for(self._answer, PATIENCE)
        except TimeoutError:
            return None
        return (monotonic() - begun) * 1000

    def _terminal_answers(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def note_start(self) -> None:
        """The first frame is out."""
        if (age := gauges.age_of_process()) is not None:
            self.meter.note("start.frame", age)
        self.meter.note("memory.frame", gauges.memory())

    def note_present(self, database: Path) -> None:
        """Note what the process and the database take now."""
        self.meter.note("memory.now", gauges.memory())
        self.meter.note("store.size", gauges.size(database))

    def note_exchange(self, event: LogEvent) -> None:
        """A call of the backend was answered."""
        if event.exchange is not None and event.exchange.ms is not None:
            self.meter.note("api.response", event.exchange.ms)
            if event.exchange.status == NOT_MODIFIED:
                self.meter.note("cache.unchanged", 1)

    def _painted(self) -> None:
        sent, self._bytes_before = self.bytes_sent - self._bytes_before, self.bytes_sent
        if sent:
            self.meter.note("wire.frame", sent)
        typed_at, self._typed_at = self._typed_at, None
        now = monotonic()
        if typed_at is not None and (self.idle_since is None or now - self.idle_since <= ANSWERED_WITHIN):
            self.meter.note("key.paint", (now - typed_at) * 1000)
