"""Keys one after the other, however fast they come.

Textual hands a key to the focused widget and takes the next one at once; a key that is a binding (Tab, Enter,
a function key) is only obeyed when it has bubbled up to the app. Keys that come in a burst (a scanner, a fast
typist over a slow line) therefore end in the field before: `name TAB number` would all be typed into the name.

Here a key waits until the one before has been dealt with. Behind each key a marker is put into the queue of the
widget that got it; it climbs behind the key up to the app, or to where the key ended, and once more from the widget
that has the focus then, so that what the key set off (a form that goes to its next field) is done as well.

Name of Textual used here that its documentation does not promise: `Message._stop_propagation`. A test pins it.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.events import Event, Key
from textual.message_pump import MessagePump

from clutch_tui.ui import keys

if TYPE_CHECKING:
    from textual.app import App

    _AppPart = App[Any]
else:
    _AppPart = object

LOST_AFTER = 0.5
"""Seconds after which a marker is taken for lost, with a widget that was removed under it."""


class KeysInOrder(_AppPart):
    """Mixin, before `App`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        keys.hear_alt_digits()
        super().__init__(*args, **kwargs)
        self._held_keys: deque[Key] = deque()
        self._key_under_way: Key | None = None
        self._key_since = 0.0
        self.idle_since: float | None = 0.0
        """When the last key had been dealt with, on the monotonic clock; None while one is under way."""

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._held_keys or self._key_under_way is not None:
            # also where none is under way at this moment: those that are held came before
            self._held_keys.append(event)
            self.set_timer(LOST_AFTER, self._next_key)
            await self._next_key()
        else:
            await self._deal_with(event)

    async def _deal_with(self, key: Key) -> None:
        self._key_under_way, self._key_since = key, monotonic()
        self.idle_since = None
        await super().on_event(key)
        target = self.focused or self.screen
        if key.is_forwarded:
            self._climb(key, target, again=True)
        else:  # a priority binding: obeyed already
            self._climb(key, target, again=False)

    def _climb(self, key: Key, node: MessagePump, *, again: bool) -> None:
        node.call_later(self._passed, key, node, again)

    async def _passed(self, key: Key, node: MessagePump, again: bool) -> None:
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

    async def _done(self, key: Key) -> None:
        if key is self._key_under_way:
            self._key_under_way = None
            self.idle_since = monotonic()
            self.call_later(self._next_key)

    async def _next_key(self) -> None:
        lost = self._key_under_way is not None and monotonic() - self._key_since >= LOST_AFTER
        if self._held_keys and (self._key_under_way is None or lost):
            await self._deal_with(self._held_keys.popleft())
