"""Keys one after the other, however fast they come, each upon what the one before has done.

Textual hands a key to the focused widget and takes the next one at once; a key that is a binding (Tab, Enter,
a function key) is only obeyed when it has bubbled up to the app. Keys that come in a burst (a scanner, a fast
typist over a slow line) therefore end in the field before: `name TAB number` would all be typed into the name.

Here a key waits until the one before has been dealt with. Behind each key a marker is put into the queue of the
widget that got it; it climbs behind the key up to the app, or to where the key ended, and once more from the widget
that has the focus then, so that what the key set off (a form that goes to its next field) is done as well.

It also waits for the deed that the one before has begun, until that is over or asks a person: what is typed behind a
function key belongs into its dialog, and what follows an Enter into the sale that comes next. And a key that acts on
a row of a list waits for the rows that were asked for, so that it names the row which a clerk who types slowly
would see. All this lasts a moment as a rule; if it lasts longer, the screen says so (`show_waiting`), and after
`PATIENCE` the keys that are held are given up aloud: nothing is ever done to a row that nobody has seen.

Names of Textual used here that its documentation does not promise: `Message._stop_propagation`. A test pins it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.worker import Worker, WorkerError, get_current_worker

from clutch_tui.text.strings import t
from clutch_tui.ui import keys
from clutch_tui.ui.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from textual.app import App

    _AppPart = App[Any]
else:
    _AppPart = object

LOST_AFTER = 0.5
"""Seconds after which a marker is taken for lost, with a widget that was removed under it."""
DEEDS = frozenset({"ask", "add", "pay", "save", "leave", "menu"})
"""The groups of workers that a key begins and that are over, or ask a person, in a moment. None of them may wait for
the network."""
SHOWN_AFTER = 0.2
"""Seconds of waiting after which the screen says that it waits."""
PATIENCE = 4.0
"""Seconds after which what is held is given up."""


class KeysInOrder(_AppPart):
    """Mixin, before `App`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        keys.hear_alt_digits()
        super().__init__(*args, **kwargs)
        self._held_keys: deque[Key | Paste] = deque()
        self._key_under_way: Key | Paste | None = None
        self._key_since = 0.0
        self._waiting: asyncio.Task[None] | None = None
        self._asking: set[Worker[Any]] = set()
        """Deeds that have put a question to a person: nothing waits for them."""
        self._asked = asyncio.Event()
        self.idle_since: float | None = 0.0
        """When the last key had been dealt with, on the monotonic clock; None while one is under way."""

    @property
    def has_keys(self) -> bool:
        """Whether a key is under way or held."""
        return bool(self._held_keys) or self._key_under_way is not None or self._waiting is not None

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._held_keys.append(event)
        if self._key_under_way is not None:
            self.set_timer(LOST_AFTER, self._next_key)
        await self._next_key()

    async def _next_key(self) -> None:
        lost = self._key_under_way is not None and monotonic() - self._key_since >= LOST_AFTER
        if not self._held_keys or self._waiting is not None or (self._key_under_way is not None and not lost):
            return
        if self._awaited(self._held_keys[0]):
            self._key_under_way = None
            self._waiting = asyncio.create_task(self._wait())
        else:
            await self._deal_with(self._held_keys.popleft())

    # --- what a key waits for --------------------------------------------------------------------------

    def push_screen(self, *args: Any, **kwargs: Any) -> Any:
        """As Textual's. A worker that asks is over for those who wait for its deed, until it has its answer."""
        pushed = super().push_screen(*args, **kwargs)
        if kwargs.get("wait_for_dismiss"):
            worker = get_current_worker()
            self._asking.add(worker)
            self._asked.set()
            pushed.add_done_callback(lambda _: self._asking.discard(worker))
        return pushed

    def _awaited(self, key: Key | Paste) -> list[Worker[Any] | WindowTable[Any]]:
        """The deeds and the rows without which this key would not mean what it says."""
        deeds = [
            worker
            for worker in self.workers
            if worker.group in DEEDS and not worker.is_finished and worker not in self._asking
        ]
        if deeds or not self._needs_rows(key):
            return [*deeds]
        return [table for table in self.screen.query(WindowTable) if table.is_awaited and table.display]

    def _needs_rows(self, key: Key | Paste) -> bool:
        return isinstance(key, Key) and not keys.is_everywhere(key.key) and not keys.is_typing(key, self.focused)

    async def _wait(self) -> None:
        """Until the first key that is held can be dealt with, or for as long as anybody has patience."""
        begun, screen, told = monotonic(), self.screen, False
        try:
            while self._held_keys and (awaited := self._awaited(self._held_keys[0])):
                waited = monotonic() - begun
                if waited >= PATIENCE:
                    self._give_up()
                    break
                if waited >= SHOWN_AFTER and not told:
                    told = True
                    _show_waiting(screen, True)
                await self._news_of(awaited, SHOWN_AFTER)
        finally:
            self._waiting = None
            if told:
                _show_waiting(screen, False)
            self.call_later(self._next_key)

    async def _news_of(self, awaited: list[Worker[Any] | WindowTable[Any]], seconds: float) -> None:
        """Until one of them is over, something is asked, or so many seconds have gone."""
        self._asked.clear()
        ends = [asyncio.create_task(_end_of(one)) for one in awaited]
        ends.append(asyncio.create_task(_heard(self._asked)))
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    def _give_up(self) -> None:
        self._held_keys.clear()
        self.bell()
        self.notify(t("keys.given_up"), severity="warning", timeout=8)

    # --- dealing with one ------------------------------------------------------------------------------

    async def _deal_with(self, key: Key | Paste) -> None:
        self._key_under_way, self._key_since = key, monotonic()
        self.idle_since = None
        await super().on_event(key)
        target = self.focused or self.screen
        if key.is_forwarded:
            self._climb(key, target, again=True)
        else:  # a priority binding: obeyed already
            self._climb(key, target, again=False)

    def _climb(self, key: Key | Paste, node: MessagePump, *, again: bool) -> None:
        node.call_later(self._passed, key, node, again)

    async def _passed(self, key: Key | Paste, node: MessagePump, again: bool) -> None:
        """The key, and whatever was queued before it, has been dealt with by `node`."""
        parent = node._parent
        if again and key._stop_propagation:  # nobody above hears of it: only what it set off is waited for
            self._climb(key, self.focused or self.screen, again=False)
        elif node is not self and parent is not None:
            self._climb(key, parent, again=again)
        elif again:
            self._climb(key, self.focused or self.screen, again=False)
        else:
            await self._done(key)

    async def _done(self, key: Key | Paste) -> None:
        if key is self._key_under_way:
            self._key_under_way = None
            self.idle_since = monotonic()
            self.call_later(self._next_key)


async def _end_of(awaited: Worker[Any] | WindowTable[Any]) -> None:
    with suppress(WorkerError):  # its own funnel tells of it
        await awaited.wait() if isinstance(awaited, Worker) else await awaited.arrival()


async def _heard(event: asyncio.Event) -> None:
    await event.wait()


def _show_waiting(screen: Screen[Any], waiting: bool) -> None:
    if (show := getattr(screen, "show_waiting", None)) is not None and screen.is_attached:
        show(waiting)
