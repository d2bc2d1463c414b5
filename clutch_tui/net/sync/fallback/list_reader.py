"""Reads the lists of a server without sync, page by page, as little as it takes (docs/protocol.md#without-sync-calls).

What a page means and when a list is complete is decided in `core.sync.fallback.listings`; here is only what the line
does. A page that was read is kept: after a cut, or in another life of the program, the next one is asked for.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from clutch_tui.core import search, state
from clutch_tui.core.clock import to_text
from clutch_tui.core.sync.fallback import listings
from clutch_tui.core.sync.fallback.listings import ListPage, Outcome, PagePlan

from ... import wire
from ...client.api import Answer
from ...client.errors import ApiError, Kind
from ..batch_sizes import CUT, is_too_much
from ..context import SyncContext, SyncPart
from ..quarantine import set_aside

_REFUSED = frozenset({Kind.INVALID, Kind.TOO_LARGE, Kind.ANSWER_TOO_LARGE})
"""What a server, or we, say of a page that is too large whatever the line does."""


class ListReader(SyncPart):
    """The lists of one shop. `pull` brings one channel up to date, or does nothing where nothing is due."""

    def __init__(self, context: SyncContext) -> None:
        super().__init__(context)
        self._lacking: set[str] = set()
        self.at_once = False
        """A person waits: the next pulls are not put off to spare the line."""

    async def pull(self, channel: str) -> None:
        """Read until the channel's list is complete. Raises `ApiError` and `wire.BadPayload`; what was read before
        that is kept."""
        confirming = False
        while (plan := await self._store.read(listings.plan, channel, at_once=self.at_once)) is not None:
            try:
                outcome = await self._read(plan)
            except ApiError as error:
                if error.kind in (Kind.MISSING_ROUTE, Kind.FORBIDDEN):
                    if channel not in self._lacking:
                        self._monitor.note("info", "sync", "sync.no_list", channel=channel)
                        await self._store.run(state.put, f"{channel}.lacking", error.kind.value)
                    self._lacking.add(channel)
                    return
                if not (refused := error.kind in _REFUSED) and not is_too_much(error):
                    raise
                if not await self._store.run(partial(listings.shrink, channel, refused=refused)):
                    raise
                if error.kind in CUT - _REFUSED:  # the line may be down altogether: whoever paces the rounds decides
                    raise
                continue
            if outcome == "stored":
                if confirming or not await self._store.read(listings.must_confirm, channel):
                    return
                confirming = True

    async def _read(self, plan: PagePlan) -> Outcome:
        started = self._clock.monotonic()
        answer = await self._api.call(f"{plan.channel}.list", query=_query(plan), retry=False)
        took = self._clock.monotonic() - started
        good, bad = wire.read_rows(plan.type, answer.data)
        await set_aside(self._store, self._monitor, plan.channel, bad, anew=plan.full and plan.page == 1)
        page = ListPage(good, [row.id for row in bad], whole_number(answer, "total"), True, server_time(answer))
        page = await self._bounded(plan, page, whole_number(answer, "pages"))
        while page.last and await self._store.run(listings.build, plan):
            pass
        outcome, nouns = await self._store.run(listings.stage, plan, page, took=took)
        self._monitor.moved(fetched=len(good))
        if outcome in ("torn", "unfiltered"):
            self._monitor.note("info", "sync", f"sync.list_{outcome}", channel=plan.channel)
        while outcome == "stored" and await self._store.run(search.index_slice):
            pass
        if nouns:
            self._on_change(nouns)
        return outcome

    async def _bounded(self, plan: PagePlan, page: ListPage, pages: int | None) -> ListPage:
        """The page, with what it is said to be the last of. A server that says nothing has come to its end when a
        page is empty, or when it sends the one before once more because it knows no pages."""
        last = not page.count
        if pages:
            last = last or plan.page >= pages
        elif page.total is not None:
            # a full page that is said to be all there is may only have been counted by itself
            alone = page.total == page.count >= plan.limit
            last = last or (plan.read + page.count >= page.total and not alone)
        elif plan.page > 1 and {row["id"] for row in page.rows} == await self._store.read(
            listings.last_ids, plan.channel
        ):
            return ListPage((), (), None, True, page.time)
        else:
            last = last or page.count > plan.limit
        return ListPage(page.rows, page.bad, page.total, last, page.time)


def _query(plan: PagePlan) -> dict[str, Any]:
    query: dict[str, Any] = {"page": plan.page, "limit": plan.limit}
    if plan.since is not None:
        query["updated_since"] = plan.since
    if plan.day is not None:
        query["date_from"] = plan.day
    return query


def whole_number(answer: Answer, name: str) -> int | None:
    """A figure of the pagination; live servers write numbers as text, too."""
    return wire.counter_in(answer.pagination.get(name))


def server_time(answer: Answer) -> str | None:
    """Return when the server answered, by its own clock: only that may be handed back as `updated_since`."""
    try:
        stamped = wire.moment_in(answer.envelope.get("timestamp"))
        return stamped or to_text(parsedate_to_datetime(answer.headers.get("date", "")))
    except (TypeError, ValueError):
        return None
