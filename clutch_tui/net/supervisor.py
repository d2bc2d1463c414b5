"""The jobs of a connection, side by side: tasks of asyncio's, or workers of the app that shows them.

Whoever runs a connection says how a job is started. Where one of them ends, which none does by itself, all are ended
and begun anew: they know of each other, and half a connection is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

Work = Coroutine[Any, Any, None]


class Job(Protocol):
    """Something that runs, with a name of its own."""

    @property
    def is_finished(self) -> bool:
        """True when it has ended, however that was."""

    @property
    def error(self) -> BaseException | None:
        """Return what it has ended by; None while it runs."""

    def cancel(self) -> object:
        """Have it end soon."""

    async def wait(self) -> object:
        """Wait for its end. Raises what it raised, or that it was cancelled."""


Start = Callable[[str, Work], Job]


class TaskJob:
    """A job that is a task of asyncio's."""

    def __init__(self, name: str, work: Work) -> None:
        self._task = asyncio.create_task(work, name=name)

    @property
    def is_finished(self) -> bool:
        return self._task.done()

    @property
    def error(self) -> BaseException | None:
        if not self._task.done():
            return None
        return asyncio.CancelledError() if self._task.cancelled() else self._task.exception()

    def cancel(self) -> None:
        self._task.cancel()

    async def wait(self) -> None:
        if not self._task.done():
            await asyncio.wait([self._task])
        self._task.result()


class Supervisor:
    """Some jobs that begin and end together."""

    def __init__(self, start: Start = TaskJob) -> None:
        self._start = start
        self._jobs: dict[str, Job] = {}

    def begin(self, works: Mapping[str, Work]) -> None:
        """Start these, each under its name."""
        self._jobs |= {name: self._start(name, work) for name, work in works.items()}

    @property
    def ended(self) -> tuple[str, BaseException | None] | None:
        """The name of a job that has ended although none should, and by what; None where all of them run."""
        return next(((name, job.error) for name, job in self._jobs.items() if job.is_finished), None)

    async def end(self) -> None:
        """Cancel all of them and wait until they have closed what they opened."""
        jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            job.cancel()
        for job in jobs.values():
            with suppress(Exception, asyncio.CancelledError):
                await job.wait()
