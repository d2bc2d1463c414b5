"""One installation of the program on this machine: where things are, and how they are put together.

The composition root for commands and app alike: settings -> store -> network. Everything that costs start-up
time is imported where it is used.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from clutch_tui.config import settings as config
from clutch_tui.config.paths import Home, device_id, must_be_ours
from clutch_tui.config.settings import Settings

if TYPE_CHECKING:
    from clutch_tui.core.errors import ShopError
    from clutch_tui.core.store.store import Store
    from clutch_tui.core.sync.differences import Stranded
    from clutch_tui.net.client.api import Api
    from clutch_tui.net.client.session import Session
    from clutch_tui.net.monitor import Monitor
    from clutch_tui.net.network import Network
    from clutch_tui.net.sync.context import OnChange
    from clutch_tui.security.encryption import Protection
    from clutch_tui.security.vault import Vault
    from clutch_tui.support.bundle import Section
    from clutch_tui.ui.services import DemoLine, Services


T = TypeVar("T")

_LOOK_PATIENCE = 2.0
"""Seconds for which a look at the other databases waits for another look, or for who encrypts them."""
_LOOKED_AFTER = frozenset({"error.store.in_use", "error.store.busy"})
"""What says of a database that another process works with it."""

ATTEMPTS = 3
"""How often a passphrase is asked for before a command gives up."""
PASSPHRASE_WANTED = frozenset({"error.key.passphrase_needed", "error.key.choose_passphrase"})


def _say_nothing(_key: str) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Installation:
    """`environ` and `overrides` (dotted keys of the configuration) are what this run was started with; both win
    over config.toml. `api_key` is one for this run only and is never stored."""

    home: Home
    environ: Mapping[str, str]
    overrides: Mapping[str, object]
    api_key: str | None
    settings: Settings
    ask_passphrase: Callable[[ShopError], str | None] | None = None
    """Asks whoever sits there for the passphrase of the database; None where nobody does, or the app asks itself.
    Its answer None gives up."""
    tell: Callable[[str], None] = _say_nothing
    _protection: Protection | None = None
    _left: dict[Path, tuple[tuple[int, ...], Stranded | None]] = field(default_factory=dict)
    """What was found in other databases, and the moments of their files then."""
    _stranded: tuple[Stranded, ...] = ()
    """What the last look at them found."""
    _beside: threading.Lock = field(default_factory=threading.Lock)
    """Held by the thread that works with the other databases: each takes them for itself, and to a second one of this
    process it would look as if another process had them open."""

    @classmethod
    def find(
        cls, environ: Mapping[str, str] = os.environ, overrides: Mapping[str, object] | None = None
    ) -> Installation:
        """Read the configuration. Raises `ConfigError`, and `ShopError` `error.home.of_other` for a home of another
        user of the system."""
        home = Home.find(environ)
        must_be_ours(home)
        overrides = dict(overrides or {})
        api_key = str(overrides.pop("api_key", "") or environ.get("CLUTCH_API_KEY", "")) or None
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise config.ConfigError("error.config.api_key", place="CLUTCH_API_KEY / --api-key")
        settings = config.load(home, environ=environ, overrides=overrides)
        return cls(home, environ, overrides, api_key, settings)

    @property
    def device_id(self) -> str:
        return device_id(self.home)

    @property
    def receipts(self) -> Path:
        return self.home.data_dir / "receipts"

    @property
    def exports(self) -> Path:
        return self.home.data_dir / "exports"

    def database(self, settings: Settings | None = None) -> Path:
        backend = (settings or self.settings).backend
        return self.home.database(backend.base_url, backend.shop_id)

    def open_store(self, settings: Settings | None = None, *, inline: bool = False) -> Store:
        """Open the shop's database, made, encrypted or migrated where that is needed. Raises `ShopError`."""
        _check_driver()
        from clutch_tui.config import file_modes
        from clutch_tui.core import state
        from clutch_tui.core.sync import differences
        from clutch_tui.text import shop_time

        settings = settings or self.settings
        self.home.prepare()
        file_modes.close(self.home)
        store = self.unlocked(partial(self._open, settings, inline=inline))
        rules: dict[str, Any] = {
            "rate": int(settings.shop.tax_rate * 100),
            "prices_include_tax": settings.shop.prices_include_tax,
            "cash_rounding": settings.shop.coin,
            "timezone": settings.shop.timezone,
        }
        if not store.read_now(state.has_begun, **rules):
            store.run_now(state.begin, **rules)
        shop_time.use(store.read_now(state.timezone))
        place = settings.backend.base_url, settings.backend.shop_id
        if not store.read_now(differences.has_place, *place):
            store.run_now(differences.note_place, *place)
        return store

    def open_existing_store(self) -> Store | None:
        """The shop's database for who only looks, inline; None where there is none yet: looking makes none. Raises
        `ShopError`."""
        return self.open_store(inline=True) if self.database().exists() else None

    def stranded(self, settings: Settings | None = None) -> tuple[Stranded, ...]:
        """The other databases of this home with work that no server has, and those of which nobody can say; blocks. One
        that another process works with is looked after, and one that was set aside because its key is lost is no
        news. While this process encrypts them it is what the last look found."""
        own = self.database(settings)
        if not self._beside.acquire(timeout=_LOOK_PATIENCE):
            return tuple(database for database in self._stranded if database.path != own)
        try:
            others = (*self.protection.databases(aside=True), *self.protection.emptied())
            databases = (self._left_in(path) for path in others if path != own)
            self._stranded = tuple(database for database in databases if database is not None)
            return self._stranded
        finally:
            self._beside.release()

    async def send_stranded(self, path: Path, settings: Settings | None = None) -> None:
        """One round for another database of this home, to the server and shop of the settings: what is unsent in it
        goes up under its old identities, each of which the server answers once. Only after `must_be_same_shop`. Raises
        `ApiError`, `wire.BadPayload` and `ShopError`."""
        from clutch_tui.core.store.store import Store

        store = await asyncio.to_thread(Store.open, path, find_key=self.protection.find_key)
        try:
            network = self.network(settings or self.settings, store, lambda _nouns: None)
            await network.sync_once(0.0)
        finally:
            await asyncio.to_thread(store.close)

    async def must_be_same_shop(self, database: Stranded, settings: Settings | None = None) -> str:
        """The id of the shop that the server sees behind our credentials, where what is stranded belongs to it. Raises
        `ApiError`, and `ShopError` `error.stranded.other_shop` or `error.stranded.unknown_shop` where it is another's,
        or where the server does not say."""
        from clutch_tui.core.errors import ShopError
        from clutch_tui.net import wire
        from clutch_tui.net.monitor import Monitor

        settings = settings or self.settings
        api, _ = self.api(Monitor())
        try:
            answer = await api.call("shop.profile")
            server_shop = str((wire.read_answer("shop.profile", answer.data).record or {}).get("id") or "")
        except wire.BadPayload:
            server_shop = ""
        finally:
            await api.close()
        if not server_shop:
            raise ShopError("error.stranded.unknown_shop")
        if not database.may_belong_to(server_shop, settings.backend.shop_id):
            raise ShopError(
                "error.stranded.other_shop",
                shop=server_shop,
                other=database.server_shop or database.shop_id or database.base_url,
            )
        return server_shop

    def _left_in(self, path: Path) -> Stranded | None:
        """Return what is unsent in another database; looked up again only when the file has changed."""
        from clutch_tui.core.database import faults
        from clutch_tui.core.errors import ShopError
        from clutch_tui.core.store import health
        from clutch_tui.core.sync.differences import Stranded
        from clutch_tui.security.encryption import ASIDE, OF_A_SHOP

        if not OF_A_SHOP.fullmatch(path.name):
            return None
        mark = tuple(_changed_at(path.with_name(f"{path.name}{ending}")) for ending in ("", "-wal"))
        if path not in self._left or self._left[path][0] != mark:
            try:
                if faults.is_emptied(path):
                    raise ShopError(faults.EMPTIED)
                self._left[path] = mark, health.left_in(path, self.protection.find_key(path))
            except FileNotFoundError:
                return None
            except Exception as error:
                fault = error if isinstance(error, ShopError) else faults.of_sqlite(error, path)
                key = faults.DAMAGED if fault is None else fault.key
                if key in _LOOKED_AFTER or ASIDE in path.name:
                    return None
                logging.getLogger(__name__).info("%s tells nothing of its queue: %r", path.name, error)
                return Stranded(path, 0, None, fault=key)  # not kept: another look may tell
        return self._left[path][1]

    def unlocked(self, action: Callable[[], T]) -> T:
        """Do something that needs the databases' keys, asking for the passphrase where it is wanted and somebody can
        be asked. Raises `ShopError`."""
        from clutch_tui.core.errors import ShopError

        while True:
            try:
                return action()
            except ShopError as error:
                if error.key not in PASSPHRASE_WANTED or self.ask_passphrase is None:
                    raise
                self._ask_and_unlock(error, self.ask_passphrase)

    def _ask_and_unlock(self, why: ShopError, ask: Callable[[ShopError], str | None]) -> None:
        """Ask for the passphrase, and again where it is wrong. Raises `ShopError`."""
        from clutch_tui.core.errors import ShopError

        for left in reversed(range(ATTEMPTS)):
            if (passphrase := ask(why)) is None:
                raise why
            try:
                self.unlock(passphrase)
            except ShopError as refused:
                if refused.key != "error.key.wrong_passphrase" or not left:
                    raise
                why = refused
            else:
                return

    def _open(self, settings: Settings, *, inline: bool) -> Store:
        from clutch_tui.core import journal
        from clutch_tui.core.store.store import Store

        protection, path = self.protection, self.database(settings)
        if self._is_saved(settings):
            for source in self._of_no_shop(settings):
                from clutch_tui.core.store import first_shop

                if first_shop.adopt(source, path, protection.find_key, shop_id=settings.backend.shop_id):
                    break
        is_new = not path.exists()
        is_encrypted_now = protection.prepare(path, lambda: self.tell("locked.encrypting"))
        store = Store.open(path, inline=inline, find_key=protection.find_key)
        if store.key is not None and (is_new or is_encrypted_now):
            kind = "encrypted" if is_encrypted_now else "recovery_key"
            store.run_now(journal.notify, kind, {}, notification_id="recovery-key")
        return store

    def tidy_aside(self, settings: Settings) -> threading.Thread:
        """Start `tidy` in a thread of its own, behind whatever a person does; nobody waits for it when the program
        ends. The priority is that thread's for good: it is never one that does anything else."""

        def behind() -> None:
            if sys.platform == "linux":  # where a thread has a number, and a priority, of its own
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
            self.tidy(settings)

        thread = threading.Thread(target=behind, name="clutch-tidy", daemon=True)
        thread.start()
        return thread

    def tidy(self, settings: Settings) -> None:
        """Encrypt what else this home holds of shops it worked with before. Blocks; the till does not wait for it, nor
        does anybody hear of what went wrong: the doctor tells it."""
        try:
            with self._beside:
                self.protection.encrypt_others(self.database(settings))
        except Exception as error:
            logging.getLogger(__name__).warning("other databases were not looked at", exc_info=error)

    @property
    def protection(self) -> Protection:
        """The databases' protection at rest; it remembers a passphrase for the rest of this run. Raises
        `ConfigError` for a `CLUTCH_DB_KEY` that is no key."""
        if self._protection is None:
            from clutch_tui.core.errors import ShopError
            from clutch_tui.security.encryption import Protection
            from clutch_tui.security.keychain import VARIABLE, Keychain
            from clutch_tui.security.vault import mode_from

            may_ask = mode_from(self.environ) != "file"
            try:
                keychain = Keychain(self.home.keys_file, self.environ, may_ask_system=may_ask)
            except ShopError as error:
                raise config.ConfigError(error.key, place=VARIABLE, **error.values) from error
            self._protection = Protection(self.home.data_dir, keychain, self.settings.database)
        return self._protection

    def listen(self, tell: Callable[[str], None]) -> None:
        """Have what takes a while told, by its key, in whichever thread it happens."""
        self.tell = tell

    def unlock(self, passphrase: str) -> None:
        """Take the passphrase of this home's databases, or choose it where there is none yet; blocks. Raises
        `ShopError`."""
        keychain = self.protection.keychain
        if keychain.is_empty():
            keychain.renew_from(passphrase)
        else:
            keychain.unlock(passphrase)

    def recover(self, text: str) -> None:
        """Keep a recovery key that a person typed; blocks. Raises `ShopError`."""
        from clutch_tui.core.database.cipher_key import CipherKey

        self.protection.take(CipherKey.from_text(text))

    def start_over(self, settings: Settings) -> Path:
        """Set a database aside whose key is lost; the next opening makes a new one, which the server fills. Blocks.
        The name under which the old one is kept. Raises `ShopError`."""
        return self.protection.start_over(self.database(settings))

    def takes_along(self, settings: Settings) -> bool:
        """Tell whether what was done before a shop was known goes along to that of these settings: it is the first
        one."""
        return bool(self._of_no_shop(settings))

    def _of_no_shop(self, settings: Settings) -> tuple[Path, ...]:
        """The databases of no shop from which the first one takes its work, the likeliest first; none where the shop of
        these settings has a database already."""
        place, backend = self.database(settings), settings.backend
        if place.exists():
            return ()
        unnamed = self.home.database(backend.base_url, "") if backend.shop_id else place
        return tuple(path for path in (unnamed, self.home.database("", "")) if path != place and path.exists())

    def _is_saved(self, settings: Settings) -> bool:
        """Tell whether config.toml names this shop. One that was given for a single run gets nothing for good."""
        saved = config.load(self.home, environ={}).backend
        return (saved.base_url, saved.shop_id) == (settings.backend.base_url, settings.backend.shop_id)

    def save_settings(self, changes: Mapping[str, Any]) -> Settings:
        """Write settings to config.toml and give back those in force: a language that was chosen is spoken, whatever
        this run was started with. Raises `ConfigError`."""
        config.save(self.home, changes)
        if "text.language" in changes:
            self.overrides = {**self.overrides, "text.language": changes["text.language"]}
        self.settings = config.load(self.home, environ=self.environ, overrides=self.overrides)
        return self.settings

    def vault(self, settings: Settings | None = None) -> Vault:
        """Return where the secrets of the shop are kept."""
        from clutch_tui.security.vault import Vault, mode_from

        backend = (settings or self.settings).backend
        self.home.move_secrets()
        return Vault(self.home.secrets_file, backend.base_url, backend.shop_id, mode_from(self.environ))

    async def prove(self, changes: Mapping[str, Any], email: str, password: str, api_key: str) -> str:
        """Sign in at the server of these settings before they are saved, and keep the credentials; the id of the
        shop that they are for. Raises `ConfigError`, `ApiError` and `trial.OtherShop`."""
        from clutch_tui.net.client.trial import Credentials, prove

        settings = await asyncio.to_thread(self._with, changes)
        credentials = Credentials(email, password, api_key)
        vault = await asyncio.to_thread(self.vault, settings)
        return await prove(settings.backend, credentials, vault, device_id=self.device_id)

    def _with(self, changes: Mapping[str, Any]) -> Settings:
        return config.load(self.home, environ=self.environ, overrides={**self.overrides, **changes})

    def api(self, monitor: Monitor) -> tuple[Api, Session]:
        """A client without store and sync, for commands that only ask. Whoever takes it closes it."""
        from clutch_tui.net.client.api import Api
        from clutch_tui.net.client.session import Session

        session = Session(self.vault(), monitor=monitor, api_key=self.api_key)
        return Api(self.settings.backend, session=session, monitor=monitor, device_id=self.device_id), session

    def network(self, settings: Settings, store: Store, on_change: OnChange) -> Network:
        """The connection of a shop, not running yet."""
        from clutch_tui.net.network import Network

        return Network(
            settings,
            store,
            on_change,
            vault=self.vault(settings),
            device_id=self.device_id,
            api_key=self.api_key,
        )

    def services(self, line: DemoLine | None = None) -> Services:
        """Return what the app is given."""
        from clutch_tui.ui.services import Services

        async def start_network(settings: Settings, store: Store, on_change: OnChange) -> Network:
            return self.network(settings, store, on_change)

        async def make_bundle(path: Path) -> tuple[Section, ...]:
            from clutch_tui.bootstrap import support_file

            return await support_file.make_bundle(self, path)

        return Services(
            settings=self.settings,
            device_id=self.device_id,
            receipts=self.receipts,
            exports=self.exports,
            open_store=self.open_store,
            save_settings=self.save_settings,
            warm_up=_import_network,
            start_network=start_network,
            prove=self.prove,
            takes_along=lambda changes: self.takes_along(self._with(changes)),
            line=line,
            door=self,
            tidy=self.tidy_aside,
            stranded=self.stranded,
            send_stranded=self.send_stranded,
            must_be_same_shop=self.must_be_same_shop,
            make_bundle=make_bundle,
        )


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _check_driver() -> None:
    """Raise a sentence where the encrypted database's driver does not load on this machine."""
    try:
        import_module("sqlcipher3.dbapi2")
    except ImportError as error:
        from clutch_tui.core.errors import ShopError

        raise ShopError("error.store.no_driver", reason=str(error)) from error


def _import_network() -> None:
    """Import what the network needs, so that starting it does not stop the screen."""
    import_module("clutch_tui.net.network")
