"""Keys one after the other, however fast they come, each upon what the one before has done.

Textual hands a key to the focused widget and takes the next one at once; a key that is a binding (Tab, Enter,
a function key) is only obeyed when it has bubbled up to the app. Keys that come in a burst (a scanner, a fast
typist over a slow line) therefore end in the field before: `name TAB number` would all be typed into the name.

Here a key waits until the one before has been dealt with. Behind each key a marker is put into the queue of the
widget that got it; it climbs behind the key up to the app, or to where the key ended, and once more from the widget
that has the focus then, so that what the key set off (a form that goes to its next field) is done as well.

It also waits for the action that the one before has begun, until that is over or asks a person: what is typed behind a
function key belongs into its dialog, and what follows an Enter into the sale that comes next. And a key that acts on
a row of a list waits for the rows that were asked for, so that it names the row which a clerk who types slowly
would see. All this lasts a moment as a rule; if it lasts longer, the screen says so (`show_waiting`), and after
`PATIENCE` the keys that are held are given up aloud: nothing is ever done to a row that nobody has seen.

Keys that turn out to be a scan (`scanner`) are not dealt with as keys: they become one `Scan`, in their turn, and the
app says where it goes.

Names of Textual used here that its documentation does not promise: `Message._stop_propagation`. A test pins it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode
from textual.driver import Driver
from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerError, get_current_worker

from clutch_tui.terminal import read_keys
from clutch_tui.terminal import scanner as scanner_input
from clutch_tui.terminal.scanner import Place, Run, Runs, Scan
from clutch_tui.text.strings import t
from clutch_tui.ui import keys, shop
from clutch_tui.ui.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from textual.app import App

    _AppPart = App[Any]
else:
    _AppPart = object

LOOKED_FOR_AFTER = 0.03
"""Seconds after which one looks whether the widget that has the marker was removed with it, as a dialog that closes."""
LOST_AFTER = 100
"""Looks at one widget after which the marker is taken for lost. They are counted, not the seconds: a machine that was
busy with something else for a while, or a screen that took long to draw, has lost nothing."""
ACTION_GROUPS = frozenset({"ask", "add", "pay", "save", "leave", "menu"})
"""The groups of workers that a key begins and that are over, or ask a person, in a moment. None of them may wait for
the network."""
SHOWN_AFTER = 0.2
"""Seconds of waiting after which the screen says that it waits."""
PATIENCE = 4.0
"""Seconds of waiting after which what is held is given up; a machine that did something else has not waited."""


Held = Key | Paste | Scan
Awaited = Worker[Any] | WindowTable[Any]


class KeysInOrder(_AppPart):
    """Mixin, before `App`."""

    if TYPE_CHECKING:

        def take_scan(self, text: str) -> None:
            """Do with a scan what is done with it on this screen."""

        @property
        def scan_prefix(self) -> str: ...

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: deque[tuple[Held, Run | None]] = deque()
        self._runs = Runs()
        self._under_way: Held | None = None
        self._looks = 0
        """How often its marker was looked for where it is."""
        self._marked: MessagePump | None = None
        """Whose queue the marker of that key is in."""
        self._waiting: asyncio.Task[None] | None = None
        self._asking: set[Worker[Any]] = set()
        """Deeds that have put a question to a person: nothing waits for them."""
        self._asked = asyncio.Event()
        self.idle_since: float | None = 0.0
        """When the last key had been dealt with, on the monotonic clock; None while one is under way."""

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        read_keys.install(driver)
        return driver

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        run = self._runs.note(event) if isinstance(event, Key) else None
        if isinstance(event, Key) and event.key == "ctrl+j":
            if run is not None and run.is_ended_before(event):
                return  # CR LF is one end
            event = _as_enter(event, run)
        self._held.append((event, run))
        await self._next_key()

    def press_next(self, name: str, character: str | None = None) -> None:
        """Press a key before those that are held: what a scan stands for on some screens, or what was typed into a
        screen that gives way to it."""
        self._held.appendleft((Key(name, character), None))
        self.call_later(self._next_key)

    async def _next_key(self) -> None:
        lost = self._under_way is not None and self._looks >= LOST_AFTER
        if not self._held or self._waiting is not None or (self._under_way is not None and not lost):
            return
        held, run = self._held[0]
        if actions := self._actions():
            self._wait_in_background(self._wait(actions))
        elif run is not None and not run.is_typed and not self._may_go_on(held, run):
            pass  # another key, the end of the run or the store will tell
        elif self._rows_for(held):
            self._wait_in_background(self._wait(self._rows_for(held)))
        elif self._names_another_row(held):
            self._refuse_held("keys.row_has_gone")
        elif self._acts_unread(held):
            self._refuse_held("keys.not_read")
        elif self._answers_unread(held, run):
            self._refuse_held(getattr(self.screen, "NOT_ANSWERED", ""))
        else:
            self._held.popleft()
            await self._deal_with(held)

    def _wait_in_background(self, waiting: Coroutine[Any, Any, None]) -> None:
        self._under_way = None
        self._waiting = asyncio.create_task(waiting)

    # --- scans -----------------------------------------------------------------------------------------

    def _may_go_on(self, held: Held, run: Run) -> bool:
        """Tell whether a key of a run can be dealt with as a key now. In a field a run is written until its end says
        what it was; elsewhere it is held until it is over."""
        field = self.focused
        if held is run.keys[0] and isinstance(field, Input):
            run.before = field, field.value, field.selection
        if run.before is not None and held is not run.end:
            return True
        if not run.is_over:
            self.set_timer(run.patience, partial(self._end_run, run, len(run.keys)))
            return False
        verdict = scanner_input.judge(run, self._place_of(run), self.scan_prefix)
        if verdict is None:
            self._wait_in_background(self._look_up(run))
            return False
        run.is_typed = not verdict
        if verdict:
            self._turn_into_scan(run)
            self.call_later(self._next_key)
        return run.is_typed

    async def _end_run(self, run: Run, length: int) -> None:
        if len(run.keys) == length:
            run.is_over = True
        if self.is_running:  # and not about to end
            await self._next_key()

    async def _look_up(self, run: Run) -> None:
        """Find out whether the shop has this code."""
        try:
            if await self._is_known(run.text):
                self._turn_into_scan(run)
            else:
                run.is_typed = True
        finally:
            self._waiting = None
            self.call_later(self._next_key)

    async def _is_known(self, text: str) -> bool:
        """Tell whether a part has exactly this code; a program without a shop knows of none."""
        store = getattr(self, "_store", None)
        return store is not None and bool(await store.read(shop.search.with_code, text))

    def _turn_into_scan(self, run: Run) -> None:
        """Put a scan in the place of the keys that are still held, and take back those that were written."""
        while self._held and self._held[0][1] is run:
            self._held.popleft()
        if run.before is not None and run.before[0].is_attached:
            field, value, selection = run.before
            field.value, field.selection = value, selection
        self._held.appendleft((Scan(scanner_input.code_of(run, self.scan_prefix)), None))

    def _place_of(self, run: Run) -> Place:
        if run.before is None:
            return "keys"
        return _place(run.before[0])

    # --- what a key waits for --------------------------------------------------------------------------

    def push_screen(self, *args: Any, **kwargs: Any) -> Any:
        """As Textual's. A worker that asks is over for those who wait for its action, from when its question has the
        focus, and until it has its answer."""
        pushed = super().push_screen(*args, **kwargs)
        if kwargs.get("wait_for_dismiss"):
            worker, question = get_current_worker(), self.screen
            # behind the mounting of the question, and then behind the focus that it has asked for
            question.call_later(self.call_later, self._note_asking, worker, pushed)
            pushed.add_done_callback(lambda _: self._asking.discard(worker))
        return pushed

    def _note_asking(self, worker: Worker[Any], answer: asyncio.Future[Any]) -> None:
        if not answer.done():
            self._asking.add(worker)
            self._asked.set()

    def _actions(self) -> list[Awaited]:
        """Return what the keys before have begun and what is neither over nor waits for a person."""
        return [
            worker
            for worker in self.workers
            if worker.group in ACTION_GROUPS and not worker.is_finished and worker not in self._asking
        ]

    def _rows_for(self, held: Held) -> list[Awaited]:
        """The rows without which this key would not mean what it says."""
        return [table for table in self._tables_for(held) if table.is_awaited]

    def _refuse_held(self, why: str) -> None:
        self._held.clear()
        self.bell()
        self.notify(t(why), severity="warning")

    def _acts_unread(self, held: Held) -> bool:
        """Tell whether this key would decide about a row that nobody can have read when it was pressed."""
        if not isinstance(held, Key) or keys.is_moving(held.key):
            return False
        return any(table.is_unread(held.time) for table in self._tables_for(held))

    def _answers_unread(self, held: Held, run: Run | None) -> bool:
        """Tell whether this key would answer a question that nobody can have read when it was pressed, or ends what a
        scanner may have sent."""
        is_unread = getattr(self.screen, "is_unread", None)
        if is_unread is None or not isinstance(held, Key):
            return False
        if run is not None and run.end is not None and len(run.text) >= scanner_input.SHORTEST:
            # what is written into a field stays there; anywhere else its first letter or digit might be an answer
            return held is run.end or run.before is None or is_unread(held)
        return bool(is_unread(held))

    def _names_another_row(self, held: Held) -> bool:
        """Tell whether news has put another row under the mark at this very moment."""
        if not isinstance(held, Key) or keys.is_moving(held.key):
            return False
        return any(table.has_slipped(held.time) for table in self._tables_for(held))

    def _tables_for(self, held: Held) -> list[WindowTable[Any]]:
        """The lists on whose rows this key depends."""
        if not isinstance(held, Key) or keys.is_everywhere(held.key) or keys.is_typing(held, self.focused):
            return []
        return [table for table in self.screen.query(WindowTable) if table.display]

    async def _wait(self, awaited: list[Awaited]) -> None:
        """Until the first key that is held can be dealt with, or for as long as anybody has patience."""
        waited, screen, is_shown = 0.0, self.screen, False
        try:
            while self._held and awaited:
                if waited >= PATIENCE:
                    self._give_up()
                    break
                if waited >= SHOWN_AFTER and not is_shown:
                    is_shown = True
                    _show_waiting(screen, True)
                begun = monotonic()
                await self._news_of(awaited, SHOWN_AFTER)
                waited += min(monotonic() - begun, SHOWN_AFTER)
                awaited = self._actions() or self._rows_for(self._held[0][0])
        finally:
            self._waiting = None
            if is_shown:
                _show_waiting(screen, False)
            self.call_later(self._next_key)

    async def _news_of(self, awaited: list[Awaited], seconds: float) -> None:
        """Until one of them is over, something is asked, or so many seconds have gone."""
        self._asked.clear()
        ends = [asyncio.create_task(_end_of(work)) for work in awaited]
        ends.append(asyncio.create_task(_heard(self._asked)))
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    def _give_up(self) -> None:
        self._held.clear()
        self.bell()
        self.notify(t("keys.given_up"), severity="warning", timeout=8)

    # --- dealing with one ------------------------------------------------------------------------------

    async def _deal_with(self, held: Held) -> None:
        self._under_way = held
        self.idle_since = None
        if isinstance(held, Scan):
            self.take_scan(held.text)
        elif not self._is_scanned_paste(held):
            await super().on_event(held)
        self.set_timer(LOOKED_FOR_AFTER, partial(self._look_for_marker, held))
        # a priority binding is obeyed already
        self._climb(held, self.focused or self.screen, again=isinstance(held, Scan) or held.is_forwarded)

    def _is_scanned_paste(self, held: Key | Paste) -> bool:
        """Tell whether this is pasted and goes where scans go: lines at the till, a code where a number is asked
        for."""
        if not isinstance(held, Paste):
            return False
        lines = [line.strip() for line in held.text.splitlines() if line.strip()]
        if getattr(self.screen, "takes_lines", False) and held.text.splitlines() != [held.text]:
            self._held.extendleft((Scan(line), None) for line in reversed(lines))
        elif isinstance(self.focused, Input) and scanner_input.is_pasted_code(held.text, _place(self.focused)):
            self._held.appendleft((Scan(held.text.strip()), None))
        else:
            return False
        return True

    def _climb(self, key: Held, node: MessagePump, *, again: bool) -> None:
        self._marked, self._looks = node, 0
        node.call_later(self._passed, key, node, again)

    async def _look_for_marker(self, key: Held) -> None:
        if key is not self._under_way:
            return
        node = self._marked
        if isinstance(node, DOMNode) and not (node.is_running and node.is_attached):
            self._climb(key, self.focused or self.screen, again=False)
        self._looks += 1
        self.set_timer(LOOKED_FOR_AFTER, partial(self._look_for_marker, key))
        if self._looks >= LOST_AFTER:
            await self._next_key()

    async def _passed(self, key: Held, node: MessagePump, again: bool) -> None:
        """The key, and whatever was queued before it, has been dealt with by `node`."""
        parent = node._parent
        if (
            again and not isinstance(key, Scan) and key._stop_propagation
        ):  # nobody above hears of it: only what it set off is waited for
            self._climb(key, self.focused or self.screen, again=False)
        elif node is not self and parent is not None:
            self._climb(key, parent, again=again)
        elif again:
            self._climb(key, self.focused or self.screen, again=False)
        else:
            await self._done(key)

    async def _done(self, key: Held) -> None:
        if key is self._under_way:
            self._under_way = None
            self.idle_since = monotonic()
            self.call_later(self._next_key)


def _as_enter(line_feed: Key, run: Run | None) -> Key:
    """A scanner may send LF, and so may a terminal."""
    enter = Key("enter", "\r")
    enter.time = line_feed.time
    if run is not None:
        run.end = run.keys[-1] = enter
    return enter


def _place(field: Input) -> Place:
    place: Place = "secret" if field.password else getattr(field, "place", "text")
    return "form" if place == "text" and getattr(field.screen, "is_form", False) else place


async def _end_of(awaited: Awaited) -> None:
    if isinstance(awaited, Worker):
        await asyncio.shield(_over(awaited))  # who no longer waits for an action must not end it
    else:
        await awaited.arrival()


async def _over(worker: Worker[Any]) -> None:
    with suppress(WorkerError):  # its own funnel tells of it
        await worker.wait()


async def _heard(event: asyncio.Event) -> None:
    await event.wait()


def _show_waiting(screen: Screen[Any], waiting: bool) -> None:
    if (show := getattr(screen, "show_waiting", None)) is not None and screen.is_attached:
        show(waiting)
