"""Tells whether another process has written something that a screen shows."""

from __future__ import annotations

from ..outbox import outbox, transports
from . import conflicts, replica


def figures() -> tuple[int, ...]:
    """Figures that move when any process writes something that a screen shows; whoever has kept the ones before sees
    by them that there is something to read again."""
    queue = outbox.summary()
    cursors = (replica.cursor(channel) for channel in replica.CHANNELS)
    decisions = (queue.slow, queue.attention, conflicts.count(), outbox.is_due())
    return (outbox.head(), queue.unsent, *decisions, transports.progress(), *cursors)
