"""The frame that all screens of the shop share: the strip above, the keys below, fresh rows, one error funnel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from clutch_tui.ui.errors import report
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.key_bar import KeyBar
from clutch_tui.ui.widgets.status_strip import StatusStrip

if TYPE_CHECKING:
    from clutch_tui.core.store.store import Store
    from clutch_tui.ui.app import ClutchApp

P = ParamSpec("P")
T = TypeVar("T")


class ShopScreen(Screen[None]):
    """A mode of the app. Subclasses name the nouns whose rows they show, compose a body, and read in `reload`.

    Hidden screens only note that they are stale and read when they are looked at again. Writes go through
    `write`: one at a time, whatever the fingers do; reads may be exclusive workers of their own.
    """

    NAME: ClassVar[str]
    """The mode, and the catalogue key `mode.NAME` of the title."""
    NOUNS: ClassVar[frozenset[str]] = frozenset()
    TYPED: ClassVar[tuple[str, ...]] = ()
    """Catalogue keys of what a person can type here beside the keys; F1 shows them first."""
    MARKS: ClassVar[tuple[str, ...]] = ()
    """Catalogue keys of what the marks in the list mean; F1 shows them last."""
    KEPT_CLEAR: ClassVar[int] = 0
    """How many lines above the keys a toast must not cover."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "common.back", show=False, id="screen.back")]

    if TYPE_CHECKING:

        @property
        def app(self) -> ClutchApp: ...  # type: ignore[override]

    def __init__(self) -> None:
        super().__init__()
        self._stale = True
        self.writing = False
        """Whether a write of this screen is under way: another one is not begun."""
        self.strip = StatusStrip(f"mode.{self.NAME}")
        self.key_bar = KeyBar()

    def compose(self) -> ComposeResult:
        yield self.strip
        with Vertical(id="body"):
            yield from self.compose_body()
        yield self.key_bar

    def compose_body(self) -> ComposeResult:
        yield from ()

    @property
    def store(self) -> Store:
        return self.app.store

    def _compositor_refresh(self) -> None:
        """Draw now, or behind a batch of updates."""
        if not self.app.is_held_back(self):
            super()._compositor_refresh()

    # --- fresh rows ------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.app.changed.subscribe(self, self._rows_changed)
        self.app.status_changed.subscribe(self, self._status_changed)
        self._status_changed(self.app.status)
        self._reload_if_shown()

    def on_screen_resume(self) -> None:
        self.strip.show(self.app.status)
        self._reload_if_shown()

    def _rows_changed(self, nouns: frozenset[str]) -> None:
        if nouns & self.NOUNS or "everything" in nouns:
            self._stale = True
            self._reload_if_shown()

    def _reload_if_shown(self) -> None:
        if self._stale and self.is_current_mode and self.app.is_open:
            self._stale = False
            self.reload()

    def expect(self, nouns: frozenset[str]) -> None:
        """These nouns have just been changed from here: a list of them waits for its new rows."""

    def take_scan(self, text: str) -> bool | None:
        """Do with a scan what is done with it here; None where the screen below may have it (`scan_routing`)."""
        return None

    @property
    def toast_room(self) -> tuple[int, int]:
        """The lines between which toasts may lie."""
        return self.strip.region.bottom, self.key_bar.region.y - self.KEPT_CLEAR

    def show_waiting(self, waiting: bool) -> None:
        """Say at the foot that a key waits for what it needs, or no longer."""
        self.key_bar.show_waiting(waiting)

    @property
    def is_current_mode(self) -> bool:
        """Tell whether this screen is looked at, dialogs over it notwithstanding."""
        return self in self.app.screen_stack

    def reload(self) -> object:
        """Read what is shown again. Called once the store is open, and whenever its rows have changed."""

    def _status_changed(self, status: Status) -> None:
        if self.is_current_mode:
            self.strip.show(status)

    def relabel(self) -> None:
        """The language has changed: set what is not drawn from a key, such as placeholders."""

    # --- writing ---------------------------------------------------------------------------------------

    async def write(self, nouns: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Do one write of core and tell everybody which nouns changed (blank-separated). None when a write is
        already under way, or when the shop's rules refuse it: the sentence has been shown then."""
        if self.writing:
            return None
        self.writing = True
        try:
            return await self.app.write(nouns, function, *args, **kwargs)
        except Exception as error:
            report(self, error)
            return None
        finally:
            self.writing = False

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            report(self, event.worker.error)

    def action_back(self) -> None:
        """Esc: screens that have something to leave override this; the outermost stays."""
