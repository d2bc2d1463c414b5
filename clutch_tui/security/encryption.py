"""Protection at rest, put together: which database of this home is encrypted, with which key, and how that changes.

Works on whole files and says what went wrong as `ShopError`. A change of keys goes through every database of the
home. The new key is on record before the first is converted, and the old one until the last has been: a change that
was cut off leaves databases that open, some with the one and some with the other, and is finished by doing it again.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from clutch_tui.config.settings import Database
from clutch_tui.core.database import cipher, faults
from clutch_tui.core.database.cipher_key import CipherKey
from clutch_tui.core.database.presence import Presence
from clutch_tui.core.errors import ShopError
from clutch_tui.security.keychain import Keeper, Keychain

log = logging.getLogger(__name__)

Wish = Literal["auto", "keyring", "file", "passphrase"]
NO_CONVERSION = frozenset({"error.store.in_use", "error.key.no_room"}) | faults.OF_THE_DISK
"""Why a plain database stays plain for now. The shop sells all the same; the next start tries again."""
GLANCE = 0.2
"""Seconds to wait for another window that is only looking whether there is anything to encrypt."""
ASIDE = ".locked-"
"""In the name of a database that was set aside because its key was lost."""
OF_A_SHOP = re.compile(rf"(?:shop|[a-z0-9-]*-[0-9a-f]{{10}})\.db(?:{re.escape(ASIDE)}.*)?")
"""The names that `Home.database` gives. Nothing else in the folder is touched unasked."""


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """One database as it lies there. `key` is the name of the key that opens it, None for a plain one or where
    nothing at hand opens it; then `missing` is the key of the sentence that says why: a key that is missing, or a fault
    of the disk or the file."""

    path: Path
    encrypted: bool
    key: str | None = None
    keeper: Keeper | None = None
    missing: str | None = None

    @property
    def opens(self) -> bool:
        return not self.encrypted or self.key is not None

    @property
    def lacks_key(self) -> bool:
        """Tell whether a key is what is missing. Behind a full or broken disk nothing is known of the file."""
        return (self.missing or "").startswith("error.key.")

    @property
    def aside(self) -> bool:
        """Tell whether it was set aside because its key was lost."""
        return ASIDE in self.path.name


class Protection:
    """The databases in one folder and the keys to them."""

    def __init__(self, folder: Path, keychain: Keychain, settings: Database) -> None:
        self.folder = folder
        self.keychain = keychain
        self._settings = settings

    # --- opening ---------------------------------------------------------------------------------------

    def prepare(self, path: Path, begins: Callable[[], None] = lambda: None) -> bool:
        """Tidy up after a conversion that was cut off. Encrypt a plain database where that is wanted, and give an
        encrypted one today's form, where nobody else has it open; true where it has been encrypted just now. `begins`
        hears of it before."""
        self._end_setting_aside(path)
        cipher.clean(path)
        if not self._settings.encryption:
            return False
        with Presence(path).share():  # not in the middle of what another process does to the file
            kind = cipher.kind(path)
            outdated = self._outdated(path) if kind == "encrypted" else None
        if outdated is not None:
            self._renew_form(path, outdated, begins)
        return kind == "plain" and self._encrypt_now(path, begins)

    def _encrypt_now(self, path: Path, begins: Callable[[], None]) -> bool:
        try:
            key = self._newest()
            self._must_be_free([path], GLANCE)
            begins()
            cipher.convert(path, None, key, patience=GLANCE)
        except ShopError as error:
            if error.key not in NO_CONVERSION:
                raise
            log.warning("%s stays plain for now: %s", path.name, error.key)
            return False
        log.info("%s is encrypted now", path.name)
        return True

    def plain_others(self, own: Path) -> tuple[Path, ...]:
        """The plain databases of the shops with which this home has worked before, where it is to have none."""
        if not self._settings.encryption:
            return ()
        return tuple(
            path
            for path in self.databases(aside=True)
            if path != own and OF_A_SHOP.fullmatch(path.name) and cipher.kind(path) == "plain"
        )

    def encrypt_others(self, own: Path) -> None:
        """Encrypt `plain_others` where nobody has them open; what is in the way of one is no matter of the till, and of
        no other either."""
        for path in self.plain_others(own):
            try:
                cipher.clean(path)
                self._encrypt_now(path, lambda: None)
            except ShopError as error:
                log.warning("%s stays plain for now: %s", path.name, error.key)

    def _outdated(self, path: Path) -> CipherKey | None:
        """The key of a database that is in an older form. Raises `ShopError` where no key at hand opens it."""
        key = self._key_of(path)
        return key if cipher.is_outdated(path, key) else None

    def _renew_form(self, path: Path, key: CipherKey, begins: Callable[[], None]) -> None:
        """Write a database anew in today's form. It works on in the older one, only slower, whatever is in the way:
        also a damaged page, of which the doctor tells, must not keep a till from opening that has opened so far."""
        try:
            self._must_be_free([path], GLANCE)
            begins()
            cipher.convert(path, key, key, patience=GLANCE)
        except ShopError as error:
            log.warning("%s stays in an older form for now: %s", path.name, error.key)
        else:
            log.info("%s is in today's form now", path.name)

    def find_key(self, path: Path) -> CipherKey | None:
        """The `FindKey` of this home's databases."""
        match cipher.kind(path):
            case "plain":
                return None
            case "absent":
                return self._newest() if self._settings.encryption else None
            case "encrypted":
                return self._key_of(path)

    def _key_of(self, path: Path) -> CipherKey:
        """The key that opens an encrypted database. Raises `ShopError`: that it was cut off where it was, or which key
        is missing."""
        try:
            return self.keychain.find(path, partial(cipher.opens, path))
        except ShopError as error:
            if error.key.startswith("error.key.") and cipher.is_cut(path):
                raise ShopError(faults.DAMAGED, path=str(path)) from error
            raise

    def _newest(self) -> CipherKey:
        """The key for what is encrypted next, made where there is none."""
        if (key := self.keychain.newest()) is not None:
            self.keychain.note_variable()
            return key
        if self.keychain.keeper_for(self._settings.key) == "passphrase":
            raise ShopError("error.key.choose_passphrase")
        return self.keychain.make(self.keychain.keeper_for(self._settings.key))

    # --- looking ---------------------------------------------------------------------------------------

    def databases(self, *, aside: bool = False) -> tuple[Path, ...]:
        """The databases of this home; with `aside` also those that were set aside. A database that has two names, since
        setting it aside was cut off, is the one in use: whoever opened it by the other would have another log."""
        self._must_be_readable()
        paths = sorted(self.folder.glob("*.db"))
        if aside:
            used = [path.stat() for path in paths]
            paths += [
                candidate
                for candidate in self._aside("*.db")
                if not any(os.path.samestat(candidate.stat(), at) for at in used)
            ]
        return tuple(path for path in paths if cipher.kind(path) != "absent")

    def emptied(self) -> tuple[Path, ...]:
        """The databases of this home that have lost all that was in them."""
        return tuple(path for path in sorted(self.folder.glob("*.db")) if faults.is_emptied(path))

    def _must_be_readable(self) -> None:
        """Raise `ShopError` where the folder cannot be looked into: to `glob` it is an empty one."""
        try:
            os.scandir(self.folder).close()
        except FileNotFoundError:
            return
        except OSError as error:
            raise faults.of_system(error, self.folder) or error from error

    def _aside(self, name: str) -> list[Path]:
        """Return what was set aside in the place of the databases of this name, as `glob` takes it."""
        return sorted(
            path
            for path in self.folder.glob(f"{name}{ASIDE}*")
            if path.suffix not in (".lock", ".converting") and not path.name.endswith(("-wal", "-shm", "-journal"))
        )

    def conditions(self) -> tuple[KeyCondition, ...]:
        """Return what every database of this home is, also those that do not open."""
        keepers = {entry.name: entry.keeper for entry in self.keychain.entries()}
        return tuple(self._condition(path, keepers) for path in self.databases(aside=True))

    def keys(self) -> tuple[CipherKey, ...]:
        """The different keys of this home's encrypted databases. Raises `ShopError` where one is not at hand."""
        keys = {key.name: key for path in self.databases() if (key := self.find_key(path)) is not None}
        return tuple(keys.values())

    def unsent_aside(self, path: Path) -> dict[Path, int]:
        """Return what was set aside in the place of the database at `path`, opens with a key at hand and holds unsent
        changes; how many each."""
        from clutch_tui.core.outbox import outbox
        from clutch_tui.core.store.store import Store

        unsent: dict[Path, int] = {}
        for condition in self.conditions():
            if condition.path.name.startswith(f"{path.name}{ASIDE}") and condition.opens:
                with Store.open(condition.path, inline=True, find_key=self.find_key) as store:
                    unsent[condition.path] = store.read_now(outbox.summary).unsent
        return {aside: n for aside, n in unsent.items() if n}

    def _condition(self, path: Path, keepers: dict[str, Keeper]) -> KeyCondition:
        try:
            if cipher.kind(path) == "plain":
                return KeyCondition(path, False)
            name = self._key_of(path).name
        except ShopError as error:
            return KeyCondition(path, True, missing=error.key)
        return KeyCondition(path, True, name, keepers.get(name, "variable"))

    # --- changing --------------------------------------------------------------------------------------

    def encrypt(self, done: Callable[[Path], None]) -> None:
        """Encrypt every plain database; `done` hears of each."""
        plain = [path for path in self.databases(aside=True) if cipher.kind(path) == "plain"]
        self._must_be_free(plain)
        for path in plain:
            cipher.convert(path, None, self._newest())
            done(path)

    def decrypt(self, done: Callable[[Path], None]) -> None:
        """Make every database plain. Those that were set aside stay as they are."""
        keys = {path: key for path in self.databases() if (key := self.find_key(path)) is not None}
        self._must_be_free(keys)
        for path, key in keys.items():
            cipher.convert(path, key, None)
            done(path)

    def change(self, wish: Wish, passphrase: str | None, done: Callable[[Path], None]) -> CipherKey:
        """Give every encrypted database a new key, kept as wished, or made of a new `passphrase`; the new key."""
        olds = {path: key for path in self.databases() if (key := self.find_key(path)) is not None}
        self._must_be_free(olds)
        if passphrase is not None:
            new = self.keychain.renew_from(passphrase)
        else:
            new = self.keychain.renew(self._keeper(wish))
        for path, old in olds.items():
            cipher.convert(path, old, new)
            done(path)
        self._forget_what_opens_nothing(new)
        return new

    def take(self, key: CipherKey) -> tuple[Path, ...]:
        """Keep a recovery key; the databases that it opens. Raises `ShopError` `error.key.opens_nothing`."""
        opened = tuple(
            path for path in self.databases(aside=True) if cipher.kind(path) == "encrypted" and cipher.opens(path, key)
        )
        if not opened:
            raise ShopError("error.key.opens_nothing", name=key.name)
        self.keychain.add(key, self._keeper(), newest=False)  # a new database does not get an old paper's key
        return opened

    def start_over(self, path: Path) -> Path:
        """Set a database aside that nothing opens, and make a fresh key for the one that takes its place; where the
        old one is now. Raises `ShopError` `error.key.opens_already` for one that opens."""
        condition = self._condition(path, {})
        if condition.opens:
            raise ShopError("error.key.opens_already", path=path.name)
        if not condition.lacks_key:  # nobody can say now whether a key would open it
            raise ShopError(condition.missing or faults.BROKEN, path=str(path))
        self._must_be_free([path])
        self.keychain.renew(self._keeper())
        return self.set_aside(path)

    def set_aside(self, path: Path, now: datetime | None = None) -> Path:
        """Put a database whose key is lost under another name, with its log: what is unsent in it can still be had
        when the key is found. At every moment the whole of it is there under one of the two names."""
        stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        aside = path.with_name(f"{path.name}{ASIDE}{stamp}")
        wal, aside_wal = (file.with_name(f"{file.name}-wal") for file in (path, aside))
        with Presence(path).alone():
            if wal.exists():
                _also_call(wal, aside_wal)
            _also_call(path, aside)
            cipher.sync_folder(self.folder)
            _take_away(path)
        return aside

    def _end_setting_aside(self, path: Path) -> None:
        """Leave a database one name where setting it aside was cut off: its own where a key at hand opens it by now,
        and people may have worked with it since, else the other, as it was meant."""
        for aside in self._aside(path.name):
            if path.exists() and path.samefile(aside):
                try:
                    with Presence(path).alone(GLANCE):
                        if path.exists() and path.samefile(aside):
                            _take_away(aside if self._condition(path, {}).opens else path)
                            cipher.sync_folder(self.folder)
                            log.info("a setting aside of %s was cut off; it is ended now", path.name)
                except ShopError as error:
                    log.warning("%s keeps a second name for now: %s", path.name, error.key)

    def _keeper(self, wish: Wish | None = None) -> Keeper:
        """Return who keeps a key that is not made of a passphrase, by the settings where nobody wishes otherwise."""
        wish = wish or self._settings.key
        return self.keychain.lasting_keeper("auto" if wish == "passphrase" else wish)

    def _must_be_free(self, paths: Iterable[Path], patience: float = 0.0) -> None:
        """Raise before anything is changed where any of them is open elsewhere."""
        for path in paths:
            Presence(path).alone(patience).leave()

    def _forget_what_opens_nothing(self, new: CipherKey) -> None:
        conditions = self.conditions()
        if all(condition.opens for condition in conditions):  # what does not open may need any of the others
            self.keychain.keep_only(
                {new.name, *(condition.key for condition in conditions if condition.key is not None)}
            )


def _take_away(path: Path) -> None:
    """Remove a database's name, then those of its log and index, which mean nothing without it."""
    path.unlink()
    for ending in ("-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)


def _also_call(path: Path, name: Path) -> None:
    """Give a file a second name; a copy where the file system knows no second names."""
    try:
        os.link(path, name)
    except OSError:
        shutil.copy2(path, name)
        with name.open("rb") as file:
            os.fsync(file.fileno())
