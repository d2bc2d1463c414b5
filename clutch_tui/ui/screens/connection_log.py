"""سجل الاتصال: what the connection did, newest first, following by itself; every entry whole.

The list stands still while one reads: it ends at the entry that was the newest when it was shown, and what has
come since is only counted. At the first row, and while nobody has paused it, it moves on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from clutch_tui.core.clock import to_text
from clutch_tui.core.journal import LogQuery, LogRow
from clutch_tui.phrases import log as log_phrases
from clutch_tui.phrases.log import category_word
from clutch_tui.text import format as shown
from clutch_tui.text.fold import fold
from clutch_tui.text.harmless import escaped
from clutch_tui.text.strings import keys_saying, t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose, ShowText
from clutch_tui.ui.screens.list_screen import ListScreen
from clutch_tui.ui.screens.support import Supporting, stamp
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.search_field import SearchField
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.store.store import Store

LOOK_EVERY = 1.0
LEVELS = ("", "info", "warning", "error")
_TONES = {"warning": "warning", "error": "bad", "debug": "muted"}


def sentence(row: LogRow) -> str:
    """An entry of the log as a sentence."""
    return log_phrases.sentence(row.event, row.values)


COLUMNS: tuple[TableColumn[LogRow], ...] = (
    TableColumn("log.time", 14, lambda row: shown.time_of_day(row.at, day=True)),
    TableColumn("log.category", 10, lambda row: category_word(row.category), priority=1),
    TableColumn("log.what", 40, sentence, flex=1, tone=lambda row: _TONES.get(row.level, "")),
)


class ConnectionLogScreen(Supporting, ListScreen):
    """The log over the connection screen; Esc goes back there."""

    NAME = "connection_log"
    NOUNS = frozenset()
    EMPTY = "log.empty"
    HINT = "log.hint"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "pause", "log.pause", id="log.pause"),
        Binding("f3", "export", "log.export", id="log.export"),
        Binding("f4", "level", "log.level", id="log.level"),
        Binding("f5", "category", "log.category", id="log.category"),
        Binding("f6", "clear", "log.clear", id="log.clear"),
        Binding("f7", "debug", "support.debug", id="log.debug"),
        Binding("f8", "bundle", "support.bundle", id="log.bundle"),
    ]
    DEFAULT_CSS = "ConnectionLogScreen #log-caption { width: auto; padding: 0 1; color: $text-muted; }"

    def __init__(self) -> None:
        super().__init__()
        self.caption = Words(id="log-caption")
        self.level = ""
        self.category = ""
        self.paused = False
        self.newest = 0
        """The newest entry of the list that is shown, and of the log."""
        self.shown_up_to = 0
        self.cleared_at: int | None = None
        self.behind = 0
        self._said = ""

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="search-line"):
            yield Words("common.search")
            yield self.search
            yield self.caption
        yield self.table
        yield self.details

    def on_mount(self) -> None:
        self.caption.tell(self._caption)
        self.set_interval(LOOK_EVERY, self._look)
        self._look()

    def columns(self) -> Sequence[TableColumn[LogRow]]:
        return COLUMNS

    def reload(self) -> None:
        self._look()

    # --- which entries --------------------------------------------------------------------------------

    def query_for(self, text: str) -> LogQuery:
        """Return what is asked for: a word counts for an entry, too, where its sentence in this language holds it."""
        meant = tuple(keys_saying(word) for word in fold(text).split())
        return LogQuery(self.level, self.category, text, meant, self.shown_up_to, self.cleared_at)

    def source(self, text: str) -> RowSource[LogRow]:
        store, query = self.store, self.query_for(text)
        return RowSource(
            lambda: store.read(shop.journal.log_count, query),
            lambda after, skip, limit: store.read(shop.journal.log_page, query, after, skip, limit),
        )

    def describe(self, row: LogRow) -> str:
        return sentence(row)

    @property
    def follows(self) -> bool:
        """Tell whether the list moves on by itself: nobody has paused it or gone down in it."""
        return not self.paused and self.table.cursor == 0

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        if not self.is_current or not self.app.is_open:
            return
        newest = await self.store.read(shop.journal.log_newest)
        if newest == self.newest and (not self.behind or not self.follows):
            return
        self.newest = newest
        if self.follows:
            self._catch_up()
        else:
            since = self.query_for(self.search.value)
            asked = LogQuery(since.level, since.category, since.text, since.meant, None, self.shown_up_to)
            self.behind = await self.store.read(shop.journal.log_count, asked)
            self._tell_caption()

    def _catch_up(self) -> None:
        """Show the log as it is now."""
        self.shown_up_to, self.behind = self.newest, 0
        self.search_again()
        self._tell_caption()

    def _tell_caption(self) -> None:
        """Draw the caption again where it says something else: laying out at every step would slow scrolling down."""
        if (said := self._caption()) != self._said:
            self._said = said
            self.caption.refresh(layout=True)

    def _caption(self) -> str:
        words = [t("log.paused" if self.paused else "log.follows" if self.follows else "log.stands")]
        if self.behind:
            words.insert(0, shown.isolate(f"+{shown.number(self.behind)}"))
        if self.level:
            words.append(t(f"log.level.{self.level}"))
        if self.category:
            words.append(category_word(self.category))
        if self.cleared_at is not None:
            words.append(t("log.cleared"))
        return " · ".join(words)

    @on(WindowTable.Highlighted, "#list")
    def _moved(self, event: WindowTable.Highlighted) -> None:
        if self.behind and self.follows:
            self._catch_up()
        self._tell_caption()

    @on(SearchField.Changed, "#search")
    def _asked(self) -> None:
        self.behind = 0

    # --- keys -----------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        self.paused = not self.paused
        if self.follows:
            self._catch_up()
        self._tell_caption()

    def action_level(self) -> None:
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]
        self._catch_up()

    @work(group="ask", exit_on_error=False)
    async def action_category(self) -> None:
        categories = await self.store.read(shop.journal.log_categories)
        words = [("", partial(t, "log.every_category"))]
        words += [(category, partial(category_word, category)) for category in categories]
        category = await self.app.push_screen_wait(Choose("log.category", words))
        if category is not None:
            self.category = category
            self._catch_up()

    def action_clear(self) -> None:
        """Begin with what comes from now on; once more brings everything back. Nothing is deleted."""
        self.cleared_at = self.newest if self.cleared_at is None else None
        self._catch_up()

    def action_open(self) -> None:
        if isinstance(row := self.table.row, LogRow):
            self.app.push_screen(ShowText("log.entry", lambda: entry_lines(row)))

    @work(group="export", exclusive=True, exit_on_error=False)
    async def action_export(self) -> None:
        """Write the entries that the filter shows, one JSON object a line."""
        path = self.app.services.exports / f"clutch-log-{stamp()}.jsonl"
        count = await export(self.store, self.query_for(self.search.value), path)
        self.notify(t("log.exported", n=shown.number(count), path=shown.isolate(str(path))), timeout=10)

    def action_back(self) -> None:
        if self.search.value:
            self.search.value = ""
        else:
            self.app.pop_screen()


# --- one entry, and all of them ------------------------------------------------------------------------


def entry_lines(row: LogRow) -> list[str]:
    """An entry whole: when, what, its values, and the request with its answer where they were kept."""
    when = f"{shown.date(row.at)} {shown.time_of_day(row.at)}"
    lines = [
        f"{when}  {category_word(row.category)}  {t(f'log.level.{row.level}')}",
        "",
        sentence(row),
        "",
    ]
    if row.exchange is not None:
        return [*lines, *_exchange_lines(row.exchange)]
    return lines + [
        shown.isolate(f"{name}: {value}") for name, value in row.values.items() if value not in ("", 0, None)
    ]


def _exchange_lines(exchange: dict[str, Any]) -> Iterator[str]:
    yield t("log.request")
    yield shown.isolate(f"{exchange.get('method', '')} {exchange.get('url', '')}")
    if exchange.get("sent"):
        yield shown.isolate(_weight(exchange["sent"], exchange.get("sent_on_line")))
    yield from _message(exchange, "request")
    status = exchange.get("status")
    yield from ("", t("log.answer") if status is not None else t("endpoint.no_answer"))
    if status is not None:
        weight = _weight(exchange.get("size", 0), exchange.get("size_on_line"))
        yield shown.isolate(f"{status}  {round(exchange.get('ms', 0))} ms  {weight}")
    yield from _message(exchange, "response")


def _weight(size: int, on_line: int | None) -> str:
    """Return what a body weighs; where it was packed, what it weighed on the line as well."""
    return f"{size} B" if not on_line or on_line == size else f"{size} B (gzip {on_line} B)"


def _message(exchange: dict[str, Any], side: str) -> Iterator[str]:
    for name, value in exchange.get(f"{side}_headers", {}).items():
        yield shown.isolate(f"{name}: {value}")
    body = str(exchange.get(f"{side}_body", ""))
    if body:
        yield ""
        yield from _readable(body)


def _readable(body: str) -> list[str]:
    """A body in lines: JSON indented, anything else as it is."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2).splitlines()
    except ValueError:
        return body.splitlines()


async def export(store: Store, query: LogQuery, path: Path) -> int:
    """Write what a query finds to a file for its owner alone, newest first; how many entries there were."""
    from clutch_tui.config.paths import write_private

    def gather() -> list[bytes]:
        return [_as_line(row) for row in shop.journal.log_page(query, None, 0, -1)]

    lines = await store.read(gather)
    write_private(path, b"".join(lines))
    return len(lines)


def _as_line(row: LogRow) -> bytes:
    entry: dict[str, Any] = {
        "at": to_text(row.at),
        "level": row.level,
        "category": row.category,
        "event": row.event,
        "message": sentence(row),
        "values": row.values,
    }
    if row.exchange is not None:
        entry["exchange"] = row.exchange
    return (escaped(json.dumps(entry, ensure_ascii=False)) + "\n").encode()
