"""The keys that open the databases of this home, and where each is kept.

The record of them is a small file outside the data folder, so that a copy of the data says nothing without it. It
names every key and its keeper; only for keeper `file` does it hold the key itself. It is written before a
database is encrypted with a new key, and an old key leaves it after the last database has left that key: whenever
the machine stops, whatever opens a database is still here.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from clutch_tui.config.paths import make_private, write_private
from clutch_tui.core.database import faults
from clutch_tui.core.database.cipher import sync_folder
from clutch_tui.core.database.cipher_key import CipherKey, Cost, check_passphrase
from clutch_tui.core.errors import ShopError
from clutch_tui.security import key_store
from clutch_tui.security.key_store import SERVICE, KeyStoreError
from clutch_tui.security.redaction import remember

Keeper = Literal["keyring", "file", "passphrase", "variable"]
VARIABLE = "CLUTCH_DB_KEY"
_SALT = 16
_OTHER_ANSWER = "it gives back something else"
_MALFORMED = (ValueError, LookupError, TypeError)
"""What JSON raises that is not as we write it."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key as the record has it. `key` is its text for keeper `file`, `salt` (hexadecimal) and `cost` are those
    of a passphrase; a key in the key store or in a variable has neither."""

    name: str
    keeper: Keeper
    key: str | None = field(default=None, repr=False)
    salt: str | None = None
    cost: Cost | None = None


class Keychain:
    """The keys of one home. Reading it may block for as long as the system's key store takes."""

    def __init__(self, path: Path, environ: Mapping[str, str], *, may_ask_system: bool = True) -> None:
        self.path = path
        self._may_ask_system = may_ask_system
        self._given = _from_variable(environ)
        self._known: dict[str, CipherKey] = {}

    # --- reading ---------------------------------------------------------------------------------------

    def entries(self) -> tuple[KeyEntry, ...]:
        """The keys on record, the newest first. Raises `ShopError` `error.key.record` for a record of which anything
        cannot be read: taking it for an empty one would make a new key and hide the old ones."""
        entries, damage = self._legible()
        if damage is not None:
            raise damage
        return entries

    def is_empty(self) -> bool:
        """Tell whether no key is on record, not even one that cannot be read."""
        return self._legible() == ((), None)

    def _legible(self) -> tuple[tuple[KeyEntry, ...], ShopError | None]:
        """The entries that can be read, and what is to be said of the others, if there are any."""
        damage: ShopError | None = None
        entries: list[KeyEntry] = []
        try:
            stored = list(json.loads(self.path.read_bytes())["keys"])
        except FileNotFoundError:
            return (), None
        except OSError as error:
            return (), faults.of_system(error, self.path) or self._damage(error)
        except _MALFORMED as error:
            return (), self._damage(error)
        for raw in stored:
            try:
                entries.append(_entry(raw))
            except _MALFORMED as error:
                damage = self._damage(error)
        return tuple(entries), damage

    def _damage(self, error: Exception) -> ShopError:
        damage = ShopError("error.key.record", path=str(self.path))
        damage.__cause__ = error
        return damage

    def find(self, path: Path, fits: Callable[[CipherKey], bool]) -> CipherKey:
        """The key that fits the database at `path`, whatever became of the others on record. Raises `ShopError` that
        says what is missing."""
        if self._given is not None and fits(self._given):
            return self._given
        entries, damage = self._legible()
        silent: KeyStoreError | None = None
        for entry in entries:
            try:
                key = self._read(entry)
            except KeyStoreError as error:
                silent = error
                continue
            if key is not None and fits(key):
                return key
        raise self._why_none(path, entries, silent, damage)

    def newest(self) -> CipherKey | None:
        """The key that a new database gets: that of the variable, or the newest on record; None where there is
        none yet. Raises `ShopError` where it is not to be had."""
        if self._given is not None:
            return self._given
        entries = self.entries()
        if not entries:
            return None
        try:
            key = self._read(entries[0])
        except KeyStoreError as error:
            raise ShopError("error.key.no_key_store", name=entries[0].name, reason=str(error)) from error
        if key is None:
            raise self._why_none(self.path, entries[:1], None)
        return key

    def unlock(self, passphrase: str) -> None:
        """Take a passphrase for the rest of this run. Raises `ShopError` `error.key.wrong_passphrase`."""
        for entry in self._legible()[0]:
            if entry.keeper == "passphrase" and entry.salt is not None and entry.cost is not None:
                key = CipherKey.from_passphrase(passphrase, bytes.fromhex(entry.salt), entry.cost)
                if key.name == entry.name:
                    self._knows(key)
                    return
        raise ShopError("error.key.wrong_passphrase")

    def _read(self, entry: KeyEntry) -> CipherKey | None:
        """The key of an entry; None where a person has to bring it."""
        if entry.name in self._known:
            return self._known[entry.name]
        text = entry.key
        if entry.keeper == "keyring":
            key_store.find_bus()
            text = self._ask(lambda store: store.get_password(SERVICE, _label(entry.name)))
        if text is None:
            return None
        try:
            return self._knows(CipherKey.from_text(text))
        except ShopError:  # its words are for whoever types a key
            raise KeyStoreError(_OTHER_ANSWER) from None

    def _knows(self, key: CipherKey) -> CipherKey:
        """Remember a key for the rest of this run, and that no log may show it."""
        remember(key.raw.hex(), key.recovery)
        self._known[key.name] = key
        return key

    def _why_none(
        self,
        path: Path,
        entries: Iterable[KeyEntry],
        silent: KeyStoreError | None,
        damage: ShopError | None = None,
    ) -> ShopError:
        """Why nothing fits, by what a person can do about it."""
        missing = {entry.keeper: entry.name for entry in entries if entry.name not in self._known}
        if "passphrase" in missing:
            return ShopError("error.key.passphrase_needed", path=path.name)
        if damage is not None:
            return damage
        if silent is not None:
            return ShopError("error.key.no_key_store", name=missing.get("keyring", ""), reason=str(silent))
        if self._given is not None:
            return ShopError("error.key.wrong_variable", path=path.name, variable=VARIABLE)
        if "variable" in missing:
            return ShopError("error.key.variable_missing", path=path.name, variable=VARIABLE)
        return ShopError("error.key.lost", path=path.name)

    # --- writing ---------------------------------------------------------------------------------------

    def make(self, keeper: Keeper) -> CipherKey:
        """The key for the first database of this home: a fresh one, unless another process has just made one."""
        with self._changing() as entries:
            if not entries:
                entries.insert(0, self._kept(CipherKey.random(), keeper))
        key = self.newest()
        assert key is not None
        return key

    def renew(self, keeper: Keeper) -> CipherKey:
        """A fresh key, put in front of those on record."""
        return self.add(CipherKey.random(), keeper)

    def renew_from(self, passphrase: str, cost: Cost | None = None) -> CipherKey:
        """The key of a new passphrase, put in front. Raises `ShopError` for a passphrase that is too short."""
        check_passphrase(passphrase)
        salt, cost = secrets.token_bytes(_SALT), cost or Cost()
        key = CipherKey.from_passphrase(passphrase, salt, cost)
        with self._changing() as entries:
            entries.insert(0, KeyEntry(key.name, "passphrase", salt=salt.hex(), cost=cost))
        return self._knows(key)

    def add(self, key: CipherKey, keeper: Keeper, *, newest: bool = True) -> CipherKey:
        """Put a key on record, as the newest or behind the others; one that is there gets another keeper where it
        stands. A record of which something cannot be read is kept beside the new one."""
        with self._changing(mends=True) as entries:
            names = [entry.name for entry in entries]
            entry = self._kept(key, keeper)
            if key.name in names:
                entries[names.index(key.name)] = entry
            else:
                entries.insert(0 if newest else len(entries), entry)
        return self._knows(key)

    def note_variable(self) -> None:
        """Write down that the key came in a variable, so that a start without it can say what is missing."""
        if self._given is not None and self._given.name not in {entry.name for entry in self.entries()}:
            self.add(self._given, "variable")

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget every other key, in the key store too: what it opened has another one now."""
        wanted = set(names)
        with self._changing() as entries:
            gone = [entry for entry in entries if entry.name not in wanted]
            entries[:] = [entry for entry in entries if entry.name in wanted]
        for entry in gone:
            self._known.pop(entry.name, None)
            if entry.keeper == "keyring":
                self._forget(entry.name)

    def keeper_for(self, wish: Literal["auto", "keyring", "file", "passphrase"]) -> Keeper:
        """Return who keeps the first key: the variable where that gives it, else as `lasting_keeper`."""
        return "variable" if self._given is not None else self.lasting_keeper(wish)

    def lasting_keeper(self, wish: Literal["auto", "keyring", "file", "passphrase"]) -> Keeper:
        """Return who keeps a key of ours: the system where it can, else a file, unless a person wishes otherwise."""
        if wish == "auto":
            return "keyring" if self._may_ask_system and _works() else "file"
        return wish

    def _kept(self, key: CipherKey, keeper: Keeper) -> KeyEntry:
        """Give a key to its keeper; the entry that says so."""
        if keeper == "file":
            return KeyEntry(key.name, keeper, key=key.recovery)
        if keeper == "keyring":
            try:
                self._ask(lambda store: store.set_password(SERVICE, _label(key.name), key.recovery))
                kept = self._ask(lambda store: store.get_password(SERVICE, _label(key.name)))
            except KeyStoreError as error:
                raise ShopError("error.key.no_key_store", name=key.name, reason=str(error)) from error
            if kept != key.recovery:  # a store that forgets is worse than none
                raise ShopError("error.key.no_key_store", name=key.name, reason=_OTHER_ANSWER)
        return KeyEntry(key.name, keeper)

    def _ask(self, question: Callable[[Any], str | None]) -> str | None:
        """Ask the system's key store, where this home may. Raises `KeyStoreError`."""
        if not self._may_ask_system:
            raise KeyStoreError("CLUTCH_SECRETS=file")
        return key_store.ask(question)

    def _forget(self, name: str) -> None:
        try:
            self._ask(lambda store: store.delete_password(SERVICE, _label(name)))
        except KeyStoreError:
            return  # it opens nothing any more

    @contextmanager
    def _changing(self, *, mends: bool = False) -> Iterator[list[KeyEntry]]:
        """The entries, to be changed; on the disk when this ends. One process at a time. A damaged record is not
        changed, or with `mends` put aside with all that it says, and written anew."""
        from filelock import FileLock

        make_private(self.path.parent)
        with FileLock(f"{self.path}.lock", timeout=60, mode=0o600):
            legible, damage = self._legible()
            if damage is not None and not mends:
                raise damage
            entries = list(legible)
            yield entries
            if tuple(entries) != legible:
                if damage is not None:
                    self._keep_damaged()
                content = {"keys": [_plain(entry) for entry in entries]}
                write_private(self.path, json.dumps(content, indent=1).encode())
                sync_folder(self.path.parent)

    def _keep_damaged(self) -> None:
        """Keep a record that cannot be read beside the one that takes its place; each but once."""
        content = self.path.read_bytes()
        digest = hashlib.blake2b(content, digest_size=4).hexdigest()
        write_private(self.path.with_name(f"{self.path.name}.damaged-{digest}"), content)


def _label(name: str) -> str:
    return f"database key {name}"


def _works() -> bool:
    """Tell whether the system has a key store that answers: one that does not gets no key to keep."""
    if not key_store.is_there():
        return False
    try:
        key_store.ask(lambda store: store.get_password(SERVICE, "database key"))
    except KeyStoreError:
        return False
    return True


def _from_variable(environ: Mapping[str, str]) -> CipherKey | None:
    text = environ.get(VARIABLE, "")
    if not text.strip():
        return None
    try:
        return CipherKey.from_text(text)
    except ShopError as error:
        raise ShopError("error.key.bad_variable", variable=VARIABLE) from error


def _entry(stored: dict[str, object]) -> KeyEntry:
    keeper = stored["keeper"]
    if keeper not in ("keyring", "file", "passphrase", "variable"):
        raise ValueError(keeper)
    known = KeyEntry(str(stored["name"]), keeper)
    if keeper == "file":
        return replace(known, key=_key_text(stored["key"]))
    if keeper == "passphrase":
        return replace(known, salt=_salt(stored["salt"]), cost=_cost(stored["cost"]))
    return known


def _key_text(text: object) -> str:
    """The text of a key. Raises `ValueError` for one that is no key, and does not repeat it."""
    try:
        return CipherKey.from_text(str(text)).recovery
    except ShopError as error:
        raise ValueError(error.key) from None


def _salt(text: object) -> str:
    salt = bytes.fromhex(str(text))
    if len(salt) != _SALT:
        raise ValueError(len(salt))
    return salt.hex()


def _cost(stored: object) -> Cost:
    if not isinstance(stored, dict) or not all(type(value) is int and value > 0 for value in stored.values()):
        raise ValueError(stored)
    return Cost(**stored)


def _plain(entry: KeyEntry) -> dict[str, object]:
    return {name: value for name, value in asdict(entry).items() if value is not None}
