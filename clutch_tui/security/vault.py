"""Keeps keys and tokens: the system's key store, or a private file where there is none.

They are kept for each (base URL, shop), and nowhere else: not in config.toml, not in the database, not in a log.
Everything here may block (a key store may even ask its owner): call it from a thread.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from clutch_tui.config.paths import make_private, write_private
from clutch_tui.security import key_store
from clutch_tui.security.key_store import SERVICE, KeyStoreError

if TYPE_CHECKING:
    from filelock import BaseFileLock

Mode = Literal["auto", "file", "keyring"]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one shop's access. `expires_at` is RFC 3339, `lifetime` in seconds."""

    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: str | None = None
    lifetime: float = 0.0
    user_id: str = ""
    user_name: str = ""
    user_role: str = ""


def mode_from(environ: Mapping[str, str]) -> Mode:
    """`CLUTCH_SECRETS` decides. A home in one folder keeps its secrets there too: it may be a memory stick, and a
    test must never touch the key store of its developer."""
    modes: dict[str, Mode] = {"file": "file", "keyring": "keyring", "auto": "auto"}
    return modes.get(environ.get("CLUTCH_SECRETS", ""), "file" if environ.get("CLUTCH_HOME") else "auto")


class Vault:
    """The secrets of one shop on one backend."""

    def __init__(self, path: Path, base_url: str, shop_id: str, mode: Mode = "auto") -> None:
        self._path = path
        self._name = f"{base_url.rstrip('/')} {shop_id}".strip()
        self._mode = mode
        self._lock: BaseFileLock | None = None
        self._use_keyring = mode != "file" and (mode == "keyring" or key_store.is_there())

    def at(self, base_url: str, shop_id: str) -> Vault:
        """The vault of another place, for the moment in which a login tells us the shop's identity."""
        return Vault(self._path, base_url, shop_id, self._mode)

    @property
    def keeper(self) -> Literal["keyring", "file"]:
        """Return who keeps them now, for the settings screen and the doctor."""
        return "keyring" if self._use_keyring else "file"

    def read(self) -> Secrets:
        """Return what is stored; empty where nothing is, or where it cannot be read any more."""
        return self._stored(self._read_file())

    def write(self, secrets: Secrets) -> None:
        """Keep these instead of what was there. Raises `OSError` where not even the file can be written."""
        with self._file() as entries:
            self._put(secrets, entries)

    def change(self, fields: Mapping[str, Any], known: Secrets) -> Secrets:
        """Keep these fields, and beside them what is stored, which another process may have changed meanwhile;
        return all of it. A vault that holds nothing gets the rest from what is `known`. Raises as `write` does."""
        with self._file() as entries:
            stored = self._stored(entries)
            kept = replace(known if stored == Secrets() else stored, **fields)
            self._put(kept, entries)
        return kept

    def clear(self) -> None:
        self.write(Secrets())

    def acquire(self) -> None:
        """One process at a time: two that refresh the same token at once would log each other out. Waits 20 s at
        most and then goes on: a lock that nobody gives back must not sign the shop out. `release()` it."""
        from filelock import FileLock, Timeout

        make_private(self._path.parent)
        if self._lock is None:
            self._lock = FileLock(f"{self._path}.lock", thread_local=False, mode=0o600)
        with suppress(Timeout):
            self._lock.acquire(timeout=20)

    def release(self) -> None:
        if self._lock is not None and self._lock.is_locked:
            self._lock.release()

    def _stored(self, entries: Mapping[str, str]) -> Secrets:
        raw = entries.get(self._name)
        if raw is None and self._use_keyring:
            raw = self._ask(lambda store: store.get_password(SERVICE, self._name))
        return _secrets(raw)

    def _put(self, secrets: Secrets, entries: dict[str, str]) -> None:
        text = json.dumps({name: value for name, value in asdict(secrets).items() if value})
        if self._use_keyring:
            self._ask(lambda store: store.set_password(SERVICE, self._name, text))
        if self._use_keyring:  # still: it may have failed just now
            entries.pop(self._name, None)
        else:
            entries[self._name] = text

    def _ask(self, question: Callable[[Any], str | None]) -> str | None:
        """Ask the key store. In mode `auto` one that fails is not asked again, the file takes over; only
        `CLUTCH_SECRETS=keyring` forbids the file."""
        try:
            return key_store.ask(question)
        except KeyStoreError:
            if self._mode == "keyring":
                raise
            self._use_keyring = False
            return None

    def _read_file(self) -> dict[str, str]:
        try:
            entries = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        if self._path.stat().st_mode & 0o077 and os.name == "posix":
            self._path.chmod(0o600)
        return {str(name): str(text) for name, text in entries.items()} if isinstance(entries, dict) else {}

    @contextmanager
    def _file(self) -> Iterator[dict[str, str]]:
        """The file's entries, to be changed; written back when they were."""
        from filelock import FileLock

        make_private(self._path.parent)
        with FileLock(f"{self._path}.write.lock", mode=0o600):
            entries = self._read_file()
            before = dict(entries)
            yield entries
            if entries != before:
                write_private(self._path, json.dumps(entries, indent=1).encode())


def _secrets(raw: str | None) -> Secrets:
    try:
        stored = json.loads(raw or "{}")
        return replace(Secrets(), **{name: stored[name] for name in Secrets.__slots__ if name in stored})
    except (ValueError, TypeError):
        return Secrets()
