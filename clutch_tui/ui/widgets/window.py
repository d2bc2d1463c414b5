"""A long list, of which only the rows around the eye are in memory.

Rows come in pages by key: "the rows after this key, so many skipped". Wherever a page ends, its key becomes
an anchor, so that a jump costs the distance to the nearest anchor and not the distance to the start. Pages
that nobody has looked at for a while are forgotten; anchors stay.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from clutch_tui.core.types import Key

PAGE = 64
KEPT_PAGES = 32


class ListRow(Protocol):
    """A row of any list of `core`."""

    @property
    def id(self) -> str | int: ...

    @property
    def key(self) -> Key: ...


R = TypeVar("R", bound=ListRow)


@dataclass(frozen=True, slots=True)
class RowSource(Generic[R]):
    """The source of rows: usually two calls of `store.read`, bound to one query."""

    count: Callable[[], Awaitable[int]]
    page: Callable[[Key | None, int, int], Awaitable[Sequence[R]]]
    """`page(after, skip, limit)`: rows behind the key `after` (None: from the start), `skip` more left out."""


def fixed(rows: Sequence[R]) -> RowSource[R]:
    """A source over rows that are already here: search hits, the lines of a cart."""

    async def count() -> int:
        return len(rows)

    async def page(after: Key | None, skip: int, limit: int) -> Sequence[R]:
        start = 0 if after is None else next((n + 1 for n, row in enumerate(rows) if row.key == after), len(rows))
        return rows[start + skip : start + skip + limit]

    return RowSource(count, page)


class Window(Generic[R]):
    """The rows of one source at one moment. A change of the data wants a new window: keys may have moved."""

    def __init__(self, source: RowSource[R]) -> None:
        self.source = source
        self.count = 0
        self._pages: OrderedDict[int, Sequence[R]] = OrderedDict()
        self._anchors: dict[int, Key | None] = {0: None}
        self._anchored = [0]
        self._loading: dict[int, asyncio.Event] = {}

    def row(self, index: int) -> R | None:
        """The row at `index`, None while it is not loaded or where there is none."""
        page = self._pages.get(index // PAGE)
        if page is None or index % PAGE >= len(page):
            return None
        self._pages.move_to_end(index // PAGE)
        return page[index % PAGE]

    def missing(self, first: int, last: int) -> list[int]:
        """The pages that have to be loaded before the rows `first` to `last` can be shown."""
        last = min(last, self.count - 1)
        return [n for n in range(max(0, first) // PAGE, last // PAGE + 1) if n not in self._pages]

    def find(self, row_id: str | int) -> int | None:
        """The index of a record among the loaded rows."""
        for n, rows in self._pages.items():
            for k, row in enumerate(rows):
                if row.id == row_id:
                    return n * PAGE + k
        return None

    async def place(self, key: Key | None) -> int:
        """Return where a record with this key stands, or would stand; a list of other keys (None) has it last."""
        last = max(0, self.count - 1)
        if key is None:
            return last
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            rows = await self.source.page(None, middle, 1)
            if rows and rows[0].key < key:
                low = middle + 1
            else:
                high = middle
        return min(low, last)

    async def load_count(self) -> int:
        self.count = await self.source.count()
        return self.count

    async def load(self, page: int) -> None:
        """Fetch one page from the nearest anchor before it, and remember where it ends. Who wants one that is being
        fetched waits for it."""
        while (under_way := self._loading.get(page)) is not None:
            await under_way.wait()
            if page in self._pages:
                return
        self._loading[page] = asyncio.Event()
        try:
            await self._fetch(page)
        finally:
            self._loading.pop(page).set()

    async def _fetch(self, page: int) -> None:
        nearest = self._anchored[bisect_right(self._anchored, page) - 1]
        rows = await self.source.page(self._anchors[nearest], (page - nearest) * PAGE, PAGE)
        self.put(page, rows)

    def put(self, page: int, rows: Sequence[R]) -> None:
        """Take in the rows of one page."""
        self._pages[page] = rows
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        if len(rows) == PAGE:
            if page + 1 not in self._anchors:
                insort(self._anchored, page + 1)
            self._anchors[page + 1] = rows[-1].key
        else:  # rows have gone since they were counted
            self.count = min(self.count, page * PAGE + len(rows))
