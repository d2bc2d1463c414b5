"""Insights: what the backend makes of the shop's figures and of the market, with the age of each answer.

Answers are kept in the database, so they are there without a network and say how old they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.errors import is_missing, note
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.screens.insight_lines import TOPICS, lines
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.reference import Reference

FRESH_FOR = 900.0
"""Seconds for which an answer is not asked for again just because somebody looks at it."""


class InsightsScreen(ShopScreen):
    """Topics on one side, the chosen one as a list on the other."""

    NAME = "insights"
    NOUNS = frozenset({"shop", *TOPICS})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "refresh", "common.refresh", id="insights.refresh"),
        Binding("f6", "refresh_all", "insight.refresh_all", id="insights.refresh_all"),
    ]
    DEFAULT_CSS = """
    InsightsScreen {
        #topics { width: 28; height: 1fr; border: none; padding: 0; background: $panel; }
        #topics:focus { border: none; }
        #insight { width: 1fr; padding: 0 1; }
        #insight-age { height: auto; color: $text-muted; }
        #insight-rows { height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.topic = TOPICS[0]
        self._overtaken: set[str] = set()
        """Topics of which the live connection has had news since they were fetched."""
        self._troubles: dict[str, Exception] = {}
        """Why a topic could not be fetched, until it can."""
        self.topics = OptionList(*(Option(t(f"topic.{topic}"), id=topic) for topic in TOPICS), id="topics")
        self.age = Words(id="insight-age")
        self.body = Words(id="insight-body")

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            yield self.topics
            with Vertical(id="insight"):
                yield self.age
                with VerticalScroll(id="insight-rows"):
                    yield self.body

    def on_mount(self) -> None:
        self.topics.focus()

    def relabel(self) -> None:
        here = self.topics.highlighted
        self.topics.clear_options()
        self.topics.add_options([Option(t(f"topic.{topic}"), id=topic) for topic in TOPICS])
        self.topics.highlighted = here

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("refresh", "refresh_all"):
            network = self.app.network
            return True if network is not None and not network.offline else None
        return True

    def _status_changed(self, status: Status) -> None:
        super()._status_changed(status)
        self.refresh_bindings()

    def _rows_changed(self, nouns: frozenset[str]) -> None:
        self._overtaken |= nouns & set(TOPICS)
        super()._rows_changed(nouns)

    def choose(self, topic: str) -> None:
        """Show this topic, as if it had been picked."""
        self.topics.highlighted = TOPICS.index(topic)

    @on(OptionList.OptionHighlighted, "#topics")
    def _picked(self, event: OptionList.OptionHighlighted) -> None:
        self.topic = str(event.option_id)
        if self.app.is_open:
            self.reload()

    @work(group="load", exclusive=True, exit_on_error=False)
    async def reload(self) -> None:
        """Show what is kept of the topic, then ask for it where that is old; a server that does not offer it is asked
        again only when a person wants it."""
        topic = self.topic
        kept = await self.store.read(shop.reference.find, topic)
        self._show(topic, kept)
        old = kept is None or (datetime.now(UTC) - kept.fetched_at).total_seconds() > FRESH_FOR
        old = (old or topic in self._overtaken) and not is_missing(self._troubles.get(topic))
        if old and self.app.network is not None and self.app.status.overall in ("connected", "limited"):
            self._fetch(topic)

    def _show(self, topic: str, kept: Reference | None) -> None:
        trouble = self._troubles.get(topic)
        self.age.tell(lambda: "\n".join(_standing(kept, trouble)))
        if kept is None:
            self.body.clear()
        else:
            self.body.tell(lambda: "\n".join(lines(topic, kept.data)))
        self.query_one("#insight-rows", VerticalScroll).scroll_home(animate=False)

    @work(group="fetch", exit_on_error=False)
    async def _fetch(self, topic: str) -> None:
        if (network := self.app.network) is None:
            return
        try:
            kept: Reference | None = await network.fetch(topic)
        except Exception as error:
            note(error)
            self._troubles[topic] = error
            kept = await self.store.read(shop.reference.find, topic)
        else:
            self._overtaken.discard(topic)
            self._troubles.pop(topic, None)
        if topic == self.topic:
            self._show(topic, kept)

    def action_refresh(self) -> None:
        self._fetch(self.topic)

    @work(group="fetch-all", exclusive=True, exit_on_error=False)
    async def action_refresh_all(self) -> None:
        for topic in TOPICS:
            await self._fetch(topic).wait()
        failed = sum(topic in self._troubles for topic in TOPICS)
        if failed:
            self.notify(t("insight.not_refreshed", failed=failed, topics=len(TOPICS)), severity="warning")
        else:
            self.notify(t("insight.refreshed"))


def _standing(kept: Reference | None, trouble: Exception | None) -> Iterator[str]:
    """Say how old the answer is, and why there is none or no newer one."""
    if kept is not None:
        yield t("insight.age", age=shown.age(kept.fetched_at, datetime.now(UTC)))
    if trouble is not None:
        yield explain(trouble)
    elif kept is None:
        yield t("insight.never")
