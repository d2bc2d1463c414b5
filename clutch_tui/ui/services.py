"""The services that the app is given by whoever starts it: the seam between the composition root and the screens.

The app opens the store after its first frame, in a thread, and starts the network after that; both come from
here as functions, so that neither is imported, let alone made, before there is something to look at. Tests
hand in a store in `tmp_path` and no network at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings
    from clutch_tui.core.reference import Reference
    from clutch_tui.core.store.store import Store
    from clutch_tui.core.sync.differences import Stranded
    from clutch_tui.core.updates import VersionStanding
    from clutch_tui.net.monitor import Monitor
    from clutch_tui.net.supervisor import Start
    from clutch_tui.support.bundle import Section

OnChange = Callable[[frozenset[str]], None]
"""Called in the event loop's thread after rows were committed that did not come from a screen, with the nouns
that have new rows: inventory, sales, customers, suppliers, orders, queue, conflicts, notifications, shop."""


class Prove(Protocol):
    """Sign in at the server of these settings without saving them. The credentials are kept where they are good."""

    async def __call__(self, changes: Mapping[str, Any], email: str, password: str, api_key: str) -> str:
        """The id of the shop that the credentials are for, empty where the server does not say. Raises
        `ConfigError`, or an error with a `key` when the server refuses."""


class Network(Protocol):
    """The running connection to one backend, for one store. Made by `Services.start_network`."""

    @property
    def monitor(self) -> Monitor:
        """Return what is known of the connection; the strip and the connection screen draw its snapshots."""

    @property
    def offline(self) -> bool:
        """Tell whether a person has cut the connection on purpose."""

    @property
    def user_name(self) -> str:
        """Return who is signed in, as the server calls them; empty with an API key alone or nobody."""

    async def run(self, start: Start) -> None:
        """API, socket and sync, for ever, each started as a job of its own. Ends by being cancelled, and closes
        everything that it opened."""

    def wake(self) -> None:
        """A change has entered the queue: send it soon. Cheap; called after every write."""

    async def force_sync(self) -> None:
        """One whole round of sync now. Raises `ApiError`."""

    def reconnect(self) -> None:
        """Forget every waiting time and try API and socket at once."""

    def go_offline(self, offline: bool) -> None:
        """Cut the connection on purpose, or take it up again."""

    async def test_endpoints(self, names: Sequence[str] = ()) -> bool:
        """Try the named endpoints, or all; the results arrive in the monitor as they come."""

    async def fetch(self, name: str) -> Reference:
        """Return what a reading endpoint of the catalogue says now, kept with its age. Raises `ApiError`."""

    async def ping(self) -> None:
        """Have the backend answer, once. Raises `ApiError`."""

    async def check_version(self) -> VersionStanding:
        """Ask now which version of this program is the newest. Raises `ApiError`."""

    async def sign_in(self, email: str, password: str) -> None:
        """Raises `ApiError`. The credentials that come back are kept by the network, never by a screen."""

    async def use_api_key(self, key: str) -> None:
        """Keep this key and prove it. Raises `ApiError` when the server refuses it; it is not kept then."""

    async def sign_out(self) -> None: ...

    def set_debug(self, debug: bool) -> None:
        """Write every exchange into the log, or stop doing so."""


class DemoLine(Protocol):
    """The demo's pretended cable to the backend."""

    @property
    def is_cut(self) -> bool: ...

    async def cut(self) -> None: ...

    async def restore(self) -> None: ...


class Door(Protocol):
    """The way into a database that does not open by itself. All of it blocks and raises `ShopError`."""

    def listen(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the key of what takes a while, before it begins, in the thread that opens the store."""

    def unlock(self, passphrase: str) -> None:
        """Take the passphrase; where there is none yet, it becomes the passphrase."""

    def recover(self, text: str) -> None:
        """Keep a recovery key, as it was typed."""

    def start_over(self, settings: Settings) -> Path:
        """Set the database aside, for a new one to take its place; where the old one is now."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside the screens that the app needs.

    `open_store`, `warm_up` and `save_settings` block and are called in a thread; `start_network` is called in
    the event loop once the store is open, only where a backend is set up.
    """

    settings: Settings
    device_id: str
    receipts: Path
    """The folder for receipts that a person saves as text."""
    exports: Path
    """The folder for files that go to support."""
    open_store: Callable[[Settings], Store]
    save_settings: Callable[[Mapping[str, Any]], Settings]
    """Writes `{"text.language": "en", ...}` and gives back the whole tree as it now holds. Raises `ConfigError`."""
    warm_up: Callable[[], None] = lambda: None
    """Imports what the network needs, so that `start_network` does not stop the screen."""
    start_network: Callable[[Settings, Store, OnChange], Awaitable[Network]] | None = None
    prove: Prove | None = None
    takes_along: Callable[[Mapping[str, Any]], bool] = lambda _changes: False
    """Whether the unsent work goes along to the shop of these settings, because no server was set up until now.
    Blocks. Raises `ConfigError`."""
    line: DemoLine | None = None
    door: Door | None = None
    """Opens a database that is locked; without it a locked one ends the app with a sentence."""
    tidy: Callable[[Settings], object] = lambda _settings: None
    """Begins what can wait until the till is up. It is cut off when the program ends."""
    stranded: Callable[[Settings], tuple[Stranded, ...]] = lambda _settings: ()
    """The other databases of this home with work that no server has. Blocks."""
    send_stranded: Callable[[Path, Settings], Awaitable[None]] | None = None
    """Sends what is unsent in one of them to the shop of the settings. Raises `ApiError` and `ShopError`."""
    must_be_same_shop: Callable[[Stranded, Settings], Awaitable[str]] | None = None
    """Has the server say that one of them is the shop of the settings. Raises `ApiError`, `ShopError` otherwise."""
    make_bundle: Callable[[Path], Awaitable[tuple[Section, ...]]] | None = None
    """Writes the support file and gives back what is inside."""


def value_of(settings: Settings, name: str) -> object:
    """The value of a setting by its dotted name."""
    section, _, field = name.partition(".")
    return getattr(getattr(settings, section), field)
