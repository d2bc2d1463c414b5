"""Where keys live, and what is said where one is missing."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from clutch_tui.core.database.cipher_key import CipherKey, Cost
from clutch_tui.core.errors import ShopError
from clutch_tui.security import key_store
from clutch_tui.security.keychain import Keychain

KEY = CipherKey(b"\x05" * 32)
CHEAP = Cost(rounds=1, memory=8, lanes=1)


class MemoryStore(keyring.backend.KeyringBackend):
    """A key store that remembers, and can be locked."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def _look(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("somebody has to type a password")

    def get_password(self, service: str, username: str) -> str | None:
        self._look()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._look()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._look()
        del self.kept[service, username]


class ForgetfulStore(MemoryStore):
    def set_password(self, service: str, username: str, password: str) -> None:
        return


@pytest.fixture
def system_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryStore]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.setattr(key_store, "PATIENCE", 120.0)
    before, store = keyring.get_keyring(), MemoryStore()
    keyring.set_keyring(store)
    yield store
    keyring.set_keyring(before)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "database.json"


def complaint(keychain: Keychain) -> str:
    """What is said where nothing fits."""
    with pytest.raises(ShopError) as error:
        keychain.find(Path("shop.db"), lambda _: False)
    return error.value.key


def find(keychain: Keychain, key: CipherKey) -> CipherKey:
    return keychain.find(Path("shop.db"), lambda one: one == key)


def test_a_file_is_private_and_found_again(record: Path) -> None:
    key = Keychain(record, {}).make("file")
    assert find(Keychain(record, {}), key) == key
    assert Keychain(record, {}).make("file") == key, "there is one already"
    assert [stat.S_IMODE(one.stat().st_mode) for one in (record.parent, record)] == [0o700, 0o600]


def test_all_who_make_the_first_key_at_once_get_the_same(record: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: Keychain(record, {}).make("file"), range(8)))
    assert len(set(keys)) == 1


def test_the_key_store_keeps_the_key_and_the_file_only_its_name(record: Path, system_store: MemoryStore) -> None:
    keychain = Keychain(record, {})
    assert keychain.keeper_for("auto") == "keyring"
    key = keychain.make("keyring")
    assert key.recovery not in record.read_text()
    assert key.raw.hex() not in record.read_text()
    assert find(Keychain(record, {}), key) == key
    system_store.locked = True
    assert complaint(Keychain(record, {})) == "error.key.no_key_store"
    with pytest.raises(ShopError, match="no_key_store"):
        Keychain(record, {}).newest()
    system_store.locked = False
    other = keychain.renew("file")
    keychain.keep_only([other.name])
    assert system_store.kept == {}


def test_a_key_store_that_does_not_answer_says_why(record: Path, system_store: MemoryStore) -> None:
    keychain = Keychain(record, {})
    keychain.make("keyring")
    system_store.locked = True
    for deed in (
        lambda: Keychain(record, {}).find(Path("shop.db"), lambda _: False),
        lambda: Keychain(record, {}).newest(),
        lambda: Keychain(record, {}).renew("keyring"),
    ):
        with pytest.raises(ShopError, match="no_key_store") as error:
            deed()
        assert error.value.values["reason"] == "KeyringLocked"


def test_a_key_store_that_keeps_nothing_gets_no_key(record: Path, system_store: MemoryStore) -> None:
    keyring.set_keyring(ForgetfulStore())
    with pytest.raises(ShopError, match="no_key_store"):
        Keychain(record, {}).make("keyring")
    assert Keychain(record, {}).entries() == ()
    system_store.locked = True
    keyring.set_keyring(system_store)
    assert Keychain(record, {}).keeper_for("auto") == "file"


def test_a_home_in_one_folder_never_asks_the_system(record: Path, system_store: MemoryStore) -> None:
    keychain = Keychain(record, {}, may_ask_system=False)
    assert keychain.keeper_for("auto") == "file"
    with pytest.raises(ShopError, match="no_key_store"):
        keychain.make("keyring")
    assert keychain.entries() == ()
    Keychain(record, {}).make("keyring")
    assert complaint(keychain) == "error.key.no_key_store"


def test_a_passphrase_is_kept_nowhere_and_asked_for_once_a_run(record: Path) -> None:
    key = Keychain(record, {}).renew_from("محل الأمانة", CHEAP)
    keychain = Keychain(record, {})
    assert complaint(keychain) == "error.key.passphrase_needed"
    with pytest.raises(ShopError, match="wrong_passphrase"):
        keychain.unlock("محل الأمان")
    assert complaint(keychain) == "error.key.passphrase_needed"
    keychain.unlock("محل الأمانة")
    assert find(keychain, key) == key
    assert complaint(keychain) == "error.key.lost"
    assert not any(text in record.read_text() for text in ("الأمانة", key.recovery, key.raw.hex()))


def test_the_variable_comes_first_and_its_absence_is_noticed(record: Path) -> None:
    filed = Keychain(record, {}).make("file")
    given = Keychain(record, {"CLUTCH_DB_KEY": KEY.recovery})
    assert (given.newest(), given.keeper_for("auto"), find(given, filed)) == (KEY, "variable", filed)
    assert complaint(given) == "error.key.wrong_variable"
    given.note_variable()
    assert complaint(Keychain(record, {})) == "error.key.variable_missing"
    assert Keychain(record, {"CLUTCH_DB_KEY": KEY.raw.hex()}).newest() == KEY
    assert KEY.recovery not in record.read_text()
    with pytest.raises(ShopError, match="bad_variable"):
        Keychain(record, {"CLUTCH_DB_KEY": "password"})


def test_with_no_record_the_key_is_lost(record: Path) -> None:
    assert complaint(Keychain(record, {})) == "error.key.lost"
    assert Keychain(record, {}).newest() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": 1}', '{"keys": [{"name": "A", "keeper": "me"}]}'])
def test_a_damaged_record_is_never_taken_for_an_empty_one(record: Path, content: str) -> None:
    record.parent.mkdir()
    record.write_text(content)
    for deed in (Keychain.entries, Keychain.newest, lambda chain: chain.make("file")):
        with pytest.raises(ShopError, match=r"error\.key\.record"):
            deed(Keychain(record, {}))
    assert record.read_text() == content


SALT, COST = "ab" * 16, {"rounds": 1, "memory": 8, "lanes": 1}
BROKEN = [
    {"name": "AAAA-AAAA", "keeper": "file", "key": f"Z{KEY.recovery[1:]}"},
    {"name": "AAAA-AAAA", "keeper": "file", "key": 7},
    {"name": "AAAA-AAAA", "keeper": "file"},
    {"name": "AAAA-AAAA", "keeper": "passphrase", "salt": "no salt", "cost": COST},
    {"name": "AAAA-AAAA", "keeper": "passphrase", "salt": "ab", "cost": COST},
    {"name": "AAAA-AAAA", "keeper": "passphrase", "salt": SALT, "cost": {**COST, "memory": "8"}},
    {"name": "AAAA-AAAA", "keeper": "passphrase", "salt": SALT, "cost": {**COST, "lanes": -1}},
    {"name": "AAAA-AAAA", "keeper": "passphrase", "salt": SALT},
    "AAAA-AAAA",
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_one_damaged_entry_locks_nothing_that_another_opens(record: Path, broken: object) -> None:
    key = Keychain(record, {}).make("file")
    stored = json.loads(record.read_text())
    stored["keys"].insert(0, broken)
    record.write_text(json.dumps(stored))
    content = record.read_bytes()
    assert find(Keychain(record, {}), key) == key
    assert complaint(Keychain(record, {})) == "error.key.record"
    with pytest.raises(ShopError, match="wrong_passphrase"):
        Keychain(record, {}).unlock("محل الأمانة")
    for deed in (Keychain.entries, Keychain.newest, lambda chain: chain.make("file")):
        with pytest.raises(ShopError, match=r"error\.key\.record"):
            deed(Keychain(record, {}))
    assert record.read_bytes() == content


def test_a_passphrase_behind_a_damaged_entry_is_still_asked_for(record: Path) -> None:
    key = Keychain(record, {}).renew_from("محل الأمانة", CHEAP)
    stored = json.loads(record.read_text())
    record.write_text(json.dumps({"keys": [BROKEN[0], *stored["keys"]]}))
    keychain = Keychain(record, {})
    assert complaint(keychain) == "error.key.passphrase_needed"
    keychain.unlock("محل الأمانة")
    assert find(keychain, key) == key


@pytest.mark.parametrize("content", ["{", json.dumps({"keys": [BROKEN[0]]})])
def test_a_key_that_is_typed_in_mends_the_record_and_what_it_said_is_kept(record: Path, content: str) -> None:
    record.parent.mkdir()
    record.write_text(content)
    assert not Keychain(record, {}).is_empty()
    Keychain(record, {}).add(KEY, "file", newest=False)
    assert find(Keychain(record, {}), KEY) == KEY
    assert Keychain(record, {}).newest() == KEY
    (kept,) = record.parent.glob("database.json.damaged-*")
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (content, 0o600)


def test_what_the_key_store_gives_back_may_be_no_key(record: Path, system_store: MemoryStore) -> None:
    Keychain(record, {}).make("keyring")
    system_store.kept = dict.fromkeys(system_store.kept, "somebody else's")
    assert complaint(Keychain(record, {})) == "error.key.no_key_store"


def test_the_newest_comes_first_and_what_opens_nothing_is_forgotten(record: Path) -> None:
    keychain = Keychain(record, {})
    first, second = keychain.make("file"), keychain.renew("file")
    assert keychain.newest() == second
    assert find(Keychain(record, {}), first) == first
    keychain.keep_only([second.name])
    assert [entry.name for entry in keychain.entries()] == [second.name]
    assert first.recovery not in record.read_text()
    assert json.loads(record.read_text())["keys"][0]["keeper"] == "file"


def test_a_program_without_a_session_finds_its_owners_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setattr(key_store, "Path", lambda _: tmp_path / "bus")
    key_store.find_bus()
    assert not key_store.is_there()
    monkeypatch.setattr(Path, "is_socket", lambda _: True)
    key_store.find_bus()
    assert key_store.is_there()
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
