"""The doors, figures and wishes that the sync of one shop works with, for the engine and the calls that it makes."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from clutch_tui.core.clock import Clock
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import part_staging

from ..client.api import Api
from ..monitor import Monitor

OnChange = Callable[[frozenset[str]], None]

P = ParamSpec("P")
T = TypeVar("T")


class Aside(Protocol):
    """Does long work off the event loop, so that keys are heard while a first pull is checked: `asyncio.to_thread`."""

    def __call__(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]: ...


async def here(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the work where it is asked for."""
    return work(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class SyncContext:
    """The doors, figures and wishes of one shop's sync.

    `on_change` is told, in the event loop's thread, which nouns have new rows after each stored answer. `policies` are
    those of the settings, by field; `page_size` and `portion` are rows, `timeout` seconds of a sync call, `idle` gives
    the seconds until a round without an occasion.
    """

    store: Store
    api: Api
    monitor: Monitor
    shop_id: str
    device_id: str
    clock: Clock
    chance: random.Random
    on_change: OnChange
    policies: Mapping[str, str]
    page_size: int = 5000
    portion: int = part_staging.AT_ONCE
    stock_by: str = "auto"
    timeout: float = 60.0
    idle: Callable[[], float] = lambda: 30.0
    aside: Aside = here


class SyncPart:
    """A part of one shop's sync: the doors that each of them goes through, out of its context."""

    def __init__(self, context: SyncContext) -> None:
        self._store = context.store
        self._api = context.api
        self._monitor = context.monitor
        self._clock = context.clock
        self._on_change = context.on_change
