"""Updates: whether this version is the newest and still allowed to fetch, what is new, and what to type.

Nothing is installed from here, and nobody is called away from a sale: the app comes here by itself only when
the backend refuses this version, and only while no sale is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from clutch_tui import __version__
from clutch_tui.core.updates import VersionStanding
from clutch_tui.phrases.errors import explain
from clutch_tui.support import upgrade
from clutch_tui.text import format as shown
from clutch_tui.text.strings import language, t
from clutch_tui.ui import shop
from clutch_tui.ui.errors import is_missing, note
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.widgets.words import Words


class UpdatesScreen(ShopScreen):
    """The verdict in one sentence, the versions, what is new since this one, the command to type."""

    NAME = "updates"
    NOUNS = frozenset({"updates"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "check", "updates.check", id="updates.check"),
        Binding("f6", "own", "updates.own", id="updates.own"),
    ]
    DEFAULT_CSS = """
    UpdatesScreen {
        #updates-verdict { padding: 1 1 0 1; text-style: bold; }
        #updates-verdict.-available { color: $text-warning; }
        #updates-verdict.-required { color: $text-error; }
        #updates-versions { padding: 0 1; color: $text-muted; }
        #updates-news { height: 1fr; padding: 1 1 0 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.standing = VersionStanding("unknown", __version__)
        self.trouble: Exception | None = None
        """Why the server did not answer when it was asked last; None where it did, or where nobody has asked."""
        self.own = False
        """Whether the program's own changelog is shown instead of what the backend says is new."""
        self.verdict = Words(id="updates-verdict")
        self.versions = Words(id="updates-versions")
        self.news = Words(id="updates-text")

    def compose_body(self) -> ComposeResult:
        yield self.verdict
        yield self.versions
        with VerticalScroll(id="updates-news", can_focus=True):
            yield self.news

    def on_mount(self) -> None:
        self.query_one("#updates-news").focus()
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "check":
            return True if self.app.network is not None else None
        return True

    @work(group="load", exclusive=True, exit_on_error=False)
    async def reload(self) -> None:
        self.standing = await self.store.read(shop.updates.standing, __version__)
        self._show()

    def _show(self) -> None:
        standing, trouble, own = self.standing, self.trouble, self.own
        self.verdict.set_classes(f"-{standing.verdict}")
        self.verdict.tell(lambda: _verdict(standing, trouble))
        self.versions.tell(lambda: "\n".join(_versions(standing, trouble)))
        self.news.tell(lambda: "\n".join(_own_lines() if own else _news(standing)))
        self.query_one("#updates-news", VerticalScroll).scroll_home(animate=False)

    @work(group="fetch", exclusive=True, exit_on_error=False)
    async def action_check(self) -> None:
        if (network := self.app.network) is None:
            return
        try:
            self.standing = await network.check_version()
            self.trouble = None
        except Exception as error:
            note(error)
            self.trouble = error
        self._show()

    def action_own(self) -> None:
        self.own = not self.own
        self._show()


def _verdict(standing: VersionStanding, trouble: Exception | None) -> str:
    """Return how the version stands; where nobody knows, who could say."""
    if standing.verdict == "unknown" and trouble is not None:
        return t("updates.not_offered" if is_missing(trouble) else "updates.no_answer")
    return t(f"updates.verdict.{standing.verdict}", version=standing.latest or standing.minimum)


def _versions(standing: VersionStanding, trouble: Exception | None) -> Iterator[str]:
    yield t("updates.running", version=standing.current)
    if trouble is not None:
        yield explain(trouble)
    if standing.latest:
        yield t("updates.latest", version=standing.latest)
    if standing.minimum:
        yield t("updates.minimum", version=standing.minimum)
    if standing.checked_at is not None:
        yield t("updates.checked", age=shown.age(standing.checked_at, datetime.now(UTC)))


def _own_lines() -> list[str]:
    return [t("updates.own_title"), "", *_plain(upgrade.changelog(language()))]


def _news(standing: VersionStanding) -> Iterator[str]:
    if standing.verdict in ("available", "required"):
        yield t("updates.type")
        yield shown.isolate(f"  {upgrade.upgrade_command()}")
        yield ""
    for release in standing.news:
        yield t("updates.new_in", version=release.version)
        yield from (f"- {change}" for change in release.changes_in(language()))
        yield ""


def _plain(text: str) -> Iterator[str]:
    """Markdown as lines to read: headings without their marks; a paragraph's lines joined, the widget wraps them."""
    joined = ""
    for line in text.splitlines():
        continues = line.startswith("  ") and joined
        if not continues and joined:
            yield joined
            joined = ""
        if continues:
            joined += " " + line.strip()
        elif line.startswith("- "):
            joined = line
        else:
            yield line.lstrip("#").strip().replace("`", "")
    if joined:
        yield joined
