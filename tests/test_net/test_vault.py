"""Secrets are kept for one place, in private, and never hold up the shop."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from clutch_tui.security import key_store
from clutch_tui.security.key_store import KeyStoreError
from clutch_tui.security.vault import Secrets, Vault, mode_from

URL = "https://api.example.com/v1"


class MemoryStore(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedStore(MemoryStore):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("somebody has to type a password")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked("somebody has to type a password")


class WaitingStore(MemoryStore):
    """Shows a window that nobody looks at."""

    answered = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait(120)
        return None


@pytest.fixture
def system_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryStore]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.setattr(key_store, "PATIENCE", 120.0)
    before = keyring.get_keyring()
    store = MemoryStore()
    keyring.set_keyring(store)
    yield store
    keyring.set_keyring(before)


def test_a_file_is_private_and_keeps_each_place_apart(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.json"
    first, second = Vault(path, URL, "s1", "file"), Vault(path, URL, "s2", "file")
    first.write(Secrets(api_key="k1"))
    second.write(Secrets(token="t2", lifetime=900.0, user_name="سارة"))
    assert (first.read().api_key, second.read().api_key) == ("k1", None)
    assert second.read() == Secrets(token="t2", lifetime=900.0, user_name="سارة")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert first.read().api_key == "k1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first.clear()
    assert (first.read(), second.read().token) == (Secrets(), "t2")
    assert first.at(URL, "s2").read().token == "t2"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 3}', '{"https://api.example.com/v1 s1": "[1]"}'])
def test_a_damaged_file_holds_nothing_and_is_written_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)
    vault = Vault(path, URL, "s1", "file")
    assert vault.read() == Secrets()
    vault.write(Secrets(token="t"))
    assert vault.read().token == "t"


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    vaults = [Vault(path, URL, f"s{n}", "file") for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: pair[1].write(Secrets(token=f"t{pair[0]}")), enumerate(vaults)))
    assert [vault.read().token for vault in vaults] == [f"t{n}" for n in range(16)]


def test_the_key_store_is_used_where_there_is_one(tmp_path: Path, system_store: MemoryStore) -> None:
    path = tmp_path / "secrets.json"
    vault = Vault(path, URL, "s1", "auto")
    vault.write(Secrets(token="t", api_key="k"))
    assert (vault.keeper, vault.read().token, path.exists()) == ("keyring", "t", False)
    assert list(system_store.kept) == [("clutch-tui", f"{URL} s1")]
    assert Vault(path, URL, "s1", "file").read() == Secrets()


def test_a_locked_key_store_leaves_it_to_the_file(tmp_path: Path, system_store: MemoryStore) -> None:
    keyring.set_keyring(LockedStore())
    path = tmp_path / "secrets.json"
    vault = Vault(path, URL, "s1", "auto")
    vault.write(Secrets(token="t"))
    assert (vault.keeper, vault.read().token) == ("file", "t")
    keyring.set_keyring(system_store)
    moved = Vault(path, URL, "s1", "auto")
    assert moved.read().token == "t"
    moved.write(replace(moved.read(), token="t2"))
    assert (moved.read().token, URL in path.read_text()) == ("t2", False)


def test_a_key_store_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, system_store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_store, "PATIENCE", 0.05)
    keyring.set_keyring(WaitingStore())
    vault = Vault(tmp_path / "secrets.json", URL, "s1", "auto")
    assert vault.read() == Secrets()
    assert vault.keeper == "file"
    with pytest.raises(KeyStoreError):
        Vault(tmp_path / "secrets.json", URL, "s1", "keyring").read()
    WaitingStore.answered.set()


def test_who_keeps_them_is_decided_by_the_environment() -> None:
    assert mode_from({}) == "auto"
    assert mode_from({"CLUTCH_HOME": "/stick"}) == "file"
    assert mode_from({"CLUTCH_HOME": "/stick", "CLUTCH_SECRETS": "keyring"}) == "keyring"
    assert mode_from({"CLUTCH_SECRETS": "nonsense"}) == "auto"


def test_secrets_do_not_show_in_a_traceback() -> None:
    assert "hunter2" not in repr(Secrets(api_key="hunter2", token="hunter2", refresh_token="hunter2"))
