"""The jobs that go on by themselves: customers place orders, answer quotes, orders run out, old tombstones go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from . import forecaster, maintenance, orders
from .backend import Backend

log = logging.getLogger(__name__)


def chores(backend: Backend) -> list[Awaitable[None]]:
    """The background tasks of a running sandbox."""
    settings = backend.settings
    tasks: list[Awaitable[None]] = [_every(backend, 5.0, lambda: backend.write(orders.expire))]
    tasks.append(_every(backend, 3600.0, lambda: backend.write(maintenance.purge, timedelta(days=30))))
    tasks.append(_every(backend, 15.0, lambda: backend.write(forecaster.answer_quotes)))
    if settings.insight_pace is not None:
        announced = forecaster.Announced()
        tasks.append(_every(backend, settings.insight_pace, lambda: backend.write(forecaster.tell, announced)))
    if settings.order_pace is not None:
        tasks.append(_orders(backend, settings.order_pace))
    return tasks


async def _every(backend: Backend, seconds: float, chore: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _once(backend, chore)


async def _orders(backend: Backend, pace: float) -> None:
    """Customers do not come by the clock: the gaps are exponential around the pace."""
    while True:
        await asyncio.sleep(backend.settings.rng.expovariate(1 / pace))
        await _once(backend, lambda: backend.write(orders.place_random))


async def _once(backend: Backend, chore: Callable[[], Awaitable[object]]) -> None:
    if backend.stopped:
        return
    try:
        await chore()
    except Exception:
        log.exception("a chore of the sandbox failed and is tried again later")
