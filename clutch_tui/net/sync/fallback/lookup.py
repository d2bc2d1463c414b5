"""Finds one record in the lists of a server without sync: before a write, and after an answer was lost.

`search` is tried first. What it does not find is looked for in the whole list: only a list that was read to its end,
and did not change meanwhile, proves that a record is not there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from clutch_tui.core.clock import from_text
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync.fallback import listings, matching, recognition, single_writes

from ... import wire
from ...client.api import Api
from ...client.errors import ApiError, Kind
from .list_reader import whole_number

Row = Mapping[str, Any]
Judge = Callable[[Sequence[Row]], Awaitable[tuple[Row | None, bool]]]
"""The row that is meant, and whether another one might be."""

FOUND_IN = 100
"""Rows that a search is asked for: what is among more than these is looked for in the whole list."""
MOST_PAGES = 10_000


class Unfindable(Exception):
    """Raised where it cannot be found out whether the server has the record: a person must look."""


class Barred(Unfindable):
    """The list is not shown to us: for good, or because something on the way has taken this one call for an attack."""


class RecordLookup:
    """Questions about single records. All of them raise `ApiError`, `wire.BadPayload` and `Unfindable`."""

    def __init__(self, store: Store, api: Api) -> None:
        self._store = store
        self._api = api

    async def known(self, type: str, remote_id: str, fields: Row) -> Row | None:
        """The record of this id as it is now; None where the server has none. `fields` are those it was known by."""

        async def judge(rows: Sequence[Row]) -> tuple[Row | None, bool]:
            return next((row for row in rows if row["id"] == remote_id), None), False

        return await self._find(type, fields, judge)

    async def made(self, type: str, record_id: str, remote_id: str, sent: Row) -> Row | None:
        """The record that a lost answer may have been about, under our id or a new one; None where it is not there."""

        async def judge(rows: Sequence[Row]) -> tuple[Row | None, bool]:
            strangers = await self._store.read(recognition.strangers, type, rows, record_id)
            return matching.find(type, (record_id, remote_id), sent, strangers)

        return await self._find(type, sent, judge)

    async def _find(self, type: str, fields: Row, judge: Judge) -> Row | None:
        name = f"{single_writes.PLURALS[type]}.list"
        try:
            if term := matching.search_term(type, fields):
                rows, _ = await self._page(type, name, {"search": term, "limit": FOUND_IN})
                record, _ = await judge(rows)
                if record is not None:
                    return record
            for _ in range(listings.MOST_TORN):
                record, sure = await self._scan(type, name, fields, judge)
                if record is not None or sure:
                    return record
        except ApiError as error:
            if error.kind is Kind.FORBIDDEN:
                raise Barred from error
            if error.kind is Kind.MISSING_ROUTE:
                raise Unfindable from error
            raise
        raise Unfindable

    async def _scan(self, type: str, name: str, fields: Row, judge: Judge) -> tuple[Row | None, bool]:
        """Read a whole list; the row, and whether its absence is certain."""
        limit = await self._store.read(listings.limit_of, single_writes.PLURALS[type])
        query: dict[str, Any] = {"limit": limit, **_around(type, fields)}
        read, first_total, previous, unsure = 0, None, frozenset[str](), False
        seen: set[str] = set()
        for number in range(1, MOST_PAGES):
            rows, (total, pages, bad) = await self._page(type, name, {**query, "page": number})
            ids = frozenset(str(row["id"]) for row in rows)
            record, maybe = await judge(rows)
            if record is not None:
                return record, True
            first_total = total if number == 1 else first_total
            unsure = unsure or maybe or bad > 0 or total != first_total
            if ids == previous and total is None:
                break
            read, previous = read + len(rows) + bad, ids
            unsure = unsure or not seen.isdisjoint(ids)
            seen |= ids
            ended = number >= pages if pages else total is not None and read >= total
            if not rows or ended or len(rows) > limit:
                break
        return None, not unsure and first_total in (None, read)

    async def _page(
        self, type: str, name: str, query: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], tuple[int | None, int | None, int]]:
        answer = await self._api.call(name, query=query, retry=False)
        good, bad = wire.read_rows(type, answer.data)
        return good, (whole_number(answer, "total"), whole_number(answer, "pages"), len(bad))


def _around(type: str, fields: Row) -> dict[str, str]:
    """A sale is looked for among those of its days, whichever zone the server counts them in."""
    if type != "sale" or not fields.get("date"):
        return {}
    day = from_text(str(fields["date"]))
    return {
        "date_from": (day - timedelta(days=1)).date().isoformat(),
        "date_to": (day + timedelta(days=1)).date().isoformat(),
    }
