"""Syncing without the app: one round, or for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.views import QueueSummary
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import differences as core_differences
from clutch_tui.core.sync.differences import Differences, Stranded
from clutch_tui.net import wire
from clutch_tui.net.client.errors import LINE_DOWN, ApiError
from clutch_tui.net.monitor import Event
from clutch_tui.net.network import Network
from clutch_tui.phrases import differences as difference_phrases
from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text.harmless import escaped
from clutch_tui.text.strings import has, t, tn

from . import plain

PATIENCE = 30.0
"""Seconds that `sync` waits for another process that leads to send what is unsent."""


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """The end of a round: the exit code, the sentence, the error's key where there was one, and what is on one side
    only after it."""

    code: int
    message: str
    error_key: str
    differences: Differences


async def sync_once(installation: Installation) -> RoundOutcome:
    """One whole round; where another process has the lead, its work is waited for instead."""
    return await _once(installation, installation.open_store(), await asyncio.to_thread(installation.stranded))


async def sync_aside(installation: Installation, path: Path) -> RoundOutcome:
    """One round for a database that was set aside when its key was lost: what is unsent in it goes to the server
    under its old identities, which answers each of them once."""
    store = await asyncio.to_thread(Store.open, path, find_key=installation.protection.find_key)
    return await _once(installation, store)


async def _once(installation: Installation, store: Store, stranded: tuple[Stranded, ...] = ()) -> RoundOutcome:
    """One round of this store, which is closed afterwards."""
    try:
        return await _round(installation.network(installation.settings, store, lambda _nouns: None), store, stranded)
    finally:
        await asyncio.to_thread(store.close)


async def _round(network: Network, store: Store, stranded: tuple[Stranded, ...]) -> RoundOutcome:
    code, message, key = exit_codes.DONE, t("cli.sync.done"), ""
    try:
        await network.sync_once(PATIENCE)
    except ApiError as error:
        code, message, key = (
            exit_codes.UNREACHABLE if error.kind in LINE_DOWN else exit_codes.FAILED,
            explain(error),
            error.key,
        )
    except ShopError as error:
        code, message, key = exit_codes.FAILED, explain(error), error.key
    except wire.BadPayload as error:
        key = "error.sync.bad_answer"
        code, message = exit_codes.FAILED, t(key, reason=error.reason)
    differences = await store.read(core_differences.between, stranded)
    left = difference_phrases.sentences(differences)
    if code == exit_codes.DONE and left:
        code, message = exit_codes.DONE if differences.is_well else exit_codes.FAILED, "\n".join(left)
    elif left and differences.stranded:
        message = "\n".join([message, *left])
    return RoundOutcome(code, message, key, differences)


async def watch_sync(installation: Installation, *, as_json: bool) -> int:
    """Run the connection until interrupted, printing what happens as it happens: what the connection does, and how
    much waits whenever that has changed."""
    store = installation.open_store()
    try:
        waiting = UnsentCounter(store, as_json=as_json)
        network = installation.network(installation.settings, store, waiting.look_at)
        network.monitor.on_event.append(lambda event: _print(event, as_json=as_json))
        await waiting.tell()
        with contextlib.suppress(asyncio.CancelledError):
            await network.run()
    finally:
        await asyncio.to_thread(store.close)
    return exit_codes.DONE


class UnsentCounter:
    """Says how much waits, once for each time that it is another figure."""

    def __init__(self, store: Store, *, as_json: bool) -> None:
        self._store = store
        self._as_json = as_json
        self._announced: QueueSummary | None = None
        self._telling: set[asyncio.Task[None]] = set()
        """Kept until they are done: the loop itself holds its tasks but weakly."""

    def look_at(self, nouns: frozenset[str]) -> None:
        """Rows of these nouns have changed."""
        if nouns & {"queue", "conflicts"}:
            task = asyncio.ensure_future(self.tell())
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def tell(self) -> None:
        summary = await self._store.read(outbox.summary)
        if summary == self._announced:
            return
        self._announced = summary
        now, words = self._store.clock.now(), tn("queue.unsent", summary.unsent)
        if self._as_json:
            _say({"at": now, "level": "info", "category": "queue", "key": "queue.unsent", "message": words}, summary)
        else:
            print(f"{shown.time_of_day(now)} {words}", flush=True)


def _print(event: Event, *, as_json: bool) -> None:
    if event.level == "debug":
        return
    words = t(event.key, **event.values) if has(event.key) else event.key
    if as_json:
        fields = {name: value for name, value in asdict(event).items() if name != "exchange"}
        _say(fields | {"message": words})
    else:
        print(f"{shown.time_of_day(event.at)} {words}", flush=True)


def _say(fields: dict[str, Any], summary: QueueSummary | None = None) -> None:
    """One JSON object on one line, moments in RFC 3339."""
    whole = fields if summary is None else fields | {"values": asdict(summary)}
    print(escaped(json.dumps(whole, ensure_ascii=False, default=plain)), flush=True)
