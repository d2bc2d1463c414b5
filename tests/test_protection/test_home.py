"""A whole home: nothing to read in it, nothing open to others, and nothing lost with a key."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from clutch_tui.commands import keys
from clutch_tui.config import file_modes
from clutch_tui.core import aftersales, customers, inventory, journal, past_sales, sales
from clutch_tui.core.cart import add_line, totals, with_customer
from clutch_tui.core.database import cipher
from clutch_tui.core.database.cipher_key import CipherKey
from clutch_tui.core.database.db import execute
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import differences
from clutch_tui.core.sync.differences import Stranded
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment, SaleQuery, TaxRules
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.security.encryption import ASIDE, Protection
from clutch_tui.security.vault import Secrets
from clutch_tui.support import logs
from tests.homes import connect, installation, open_home
from tests.program import Program
from tests.test_protection.killed import hunt
from tests.test_protection.older import age

NAME, PHONE, PART, NUMBER = "زينب عبد الحميد", "01012345678", "طرمبة بنزين", "ZX-90817"
PRICE, API_KEY = 7_654_321, "ck-hunter2-hunter2"
HIDDEN = (NAME, PHONE, PART, NUMBER, "Zeinab", "7654321", "76543.21", API_KEY)
PLAIN = {"CLUTCH_DATABASE__ENCRYPTION": "false"}


def fill(store: Store) -> None:
    def everything() -> None:
        part = inventory.create(PartDraft(name=PART, name_en="fuel pump", part_number=NUMBER, price=PRICE), whole(5))
        buyer = customers.create(CustomerDraft(name=NAME, phone=PHONE, email="Zeinab@example.com"))
        rules = TaxRules()
        cart = with_customer(add_line(sales.open_cart(), part), buyer)
        sales.save_cart(cart)
        total = totals(cart, rules, "cash").total
        receipt = sales.checkout(
            cart, (Payment("cash", total),), tendered=total, cashier="sara", device_id="d", rules=rules
        )
        aftersales.void(receipt.id, f"{NAME} changed her mind", "sara")
        journal.log("info", "sync", "log.test", text=f"{NAME} 76543.21")

    store.run_now(everything)


def readable(folder: Path) -> set[str]:
    """What `strings` would find of what was put in, in whichever encoding, in every file below a folder."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found |= {
                text for text in HIDDEN for code in ("utf-8", "utf-16-le", "cp1256") if text.encode(code) in content
            }
    return found


# --- nothing to read ------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_stolen_folder_says_nothing(program: Program, tmp_path: Path, encrypted: bool) -> None:
    """Database, log, index, caches and the program's own log, while the shop is open and after it; and the same
    look finds everything in a plain home, so it can see."""
    here = installation(tmp_path, **({} if encrypted else PLAIN))
    here.vault().write(Secrets(api_key=API_KEY))
    with here.open_store(inline=True) as store:
        fill(store)
        wal = store.path.with_name(f"{store.path.name}-wal")
        assert wal.stat().st_size > 0
        if not encrypted:
            assert readable(here.home.data_dir) >= {NAME, PHONE, PART, NUMBER, "Zeinab", "76543.21"}
            return
        sold = program.run(tmp_path, "sell", "--part", NUMBER)
        assert (sold.returncode, sold.stderr) == (0, "")
        assert program.run(tmp_path, "--debug", "find", PART).returncode == 0
        assert readable(here.home.data_dir) == set()
    for folder in (here.home.data_dir, here.home.log_dir, here.home.cache_dir, tmp_path / "tmp"):
        assert readable(folder) == set()
    assert not os.listdir(tmp_path / "tmp")
    assert readable(here.home.keys_dir) == {API_KEY}, "the one file that may hold it"


@pytest.mark.parametrize("debug", [True, False])
async def test_a_stolen_folder_says_nothing_of_a_line_that_fails(program: Program, tmp_path: Path, debug: bool) -> None:
    """What a call carried and what it asked for are no text for a file, also where it failed, also in debug mode; what
    failed and how is."""
    async with running(Settings(db=str(tmp_path / "server.db"), faults=True)) as sandbox:
        server = {
            **{"CLUTCH_BASE_URL": sandbox.base_url, "CLUTCH_SHOP_ID": demo_data.SHOP_ID, "CLUTCH_SECRETS": "file"},
            **{"CLUTCH_API_KEY": demo_data.API_KEY, "CLUTCH_LOG__DEBUG": str(debug).lower()},
        }
        home = tmp_path / "home"
        here = installation(home, **server)
        with here.open_store(inline=True) as store:
            fill(store)
        for channel in ("inventory.sync", "sales.sync"):
            sandbox.backend.faults.arm({"kind": "error_before", "status": 422, "endpoint": channel, "count": None})
        asked = f"/customers?search={quote(NAME)}&phone={PHONE}"
        body = json.dumps({"name": NAME, "phone": PHONE, "email": "no address", "price": 76543.21}, ensure_ascii=False)
        for words in (("sync",), ("request", "GET", asked), ("request", "POST", "/customers", "--data", body)):
            said = await asyncio.to_thread(program.run, home, *words, **server)
            assert "Traceback" not in said.stderr
    written = (here.home.log_dir / logs.NAME).read_text("utf-8")
    assert '"status": 422' in written
    assert quote(NAME) not in written
    for folder in (here.home.data_dir, here.home.log_dir, here.home.cache_dir, home / "tmp"):
        assert readable(folder) == set()
    with here.open_store(inline=True) as store:
        kept = store.read_now(lambda: execute("SELECT detail FROM connection_log").fetchall())
    assert any("request_body" in row[0] and PHONE in row[0] for row in kept), "what the file lacks"


def test_an_old_plain_home_is_converted_in_place(tmp_path: Path) -> None:
    with installation(tmp_path, **PLAIN).open_store(inline=True) as store:
        fill(store)
    here = installation(tmp_path)
    assert cipher.kind(here.database()) == "plain"
    with here.open_store(inline=True) as store:
        assert store.key is not None
        assert store.read_now(inventory.find_code, NUMBER) is not None
        assert store.read_now(outbox.summary).unsent > 0
        kinds = store.read_now(lambda: execute("SELECT kind FROM notification").fetchall())
        assert kinds == [("encrypted",)]
    assert readable(here.home.data_dir) == set()
    with here.open_store(inline=True) as store:
        assert store.read_now(journal.notification_count) == 1


def shop_of(name: str) -> dict[str, str]:
    return {"CLUTCH_BACKEND__BASE_URL": "http://127.0.0.1:9/api/v1", "CLUTCH_BACKEND__SHOP_ID": name}


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A plain home that worked with one shop and then with another, and has something of a stranger's in its folder."""
    for name in ("first", "second"):
        with installation(tmp_path, **PLAIN, **shop_of(name)).open_store(inline=True) as store:
            fill(store)
    Store.open(tmp_path / "data" / "sandbox.db", inline=True).close()
    return tmp_path


def test_the_plain_databases_of_shops_from_before_are_encrypted_too(moved: Path) -> None:
    here = installation(moved, **shop_of("second"))
    left = installation(moved, **shop_of("first"))
    with here.open_store(inline=True):
        assert here.protection.plain_others(here.database()) == (left.database(),)
        with open_home(moved, left.database()) as other:
            here.tidy(here.settings)
            assert other.read_now(inventory.find_code, NUMBER) is not None
        assert cipher.kind(left.database()) == "plain", "another window works with it"
        here.tidy(here.settings)
        assert here.protection.plain_others(here.database()) == ()
    with left.open_store(inline=True) as store:
        assert store.key is not None
        assert store.read_now(inventory.find_code, NUMBER) is not None
    assert readable(here.home.data_dir) == set()
    assert cipher.kind(moved / "data" / "sandbox.db") == "plain", "it is no shop's"


def test_what_is_done_aside_goes_behind_its_process_and_slows_nothing_else_in_it(
    moved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tidied in a thread that went on with something else was slow from then on."""
    here, seen = installation(moved, **shop_of("second")), list[int]()
    before, encrypt_others = os.getpriority(os.PRIO_PROCESS, 0), Protection.encrypt_others

    def encrypt_and_note(*arguments: Any) -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, 0))
        encrypt_others(*arguments)

    monkeypatch.setattr(Protection, "encrypt_others", encrypt_and_note)
    here.tidy_aside(here.settings).join()
    assert here.protection.plain_others(here.database()) == ()
    here.tidy(here.settings)
    assert seen == [max(before, 10) if sys.platform == "linux" else before, before]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_window_looks_into_a_database_and_encrypts_it_one_after_the_other(
    moved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes it for itself: the one would find it in use by the other, and leave it plain or tell of no work."""
    monkeypatch.setattr("clutch_tui.security.encryption.GLANCE", 0.0)
    monkeypatch.setattr("clutch_tui.bootstrap.composition._LOOK_PATIENCE", 0.0)
    here, left = installation(moved, **shop_of("second")), installation(moved, **shop_of("first"))
    tidied: list[Future[None]] = []
    seen: list[object] = []
    look, copy = differences.left_in, cipher.copy_into

    def look_while_it_is_encrypted(path: Path) -> Stranded | None:
        tidied.append(threads.submit(here.tidy, here.settings))
        wait(tidied, timeout=0.2)
        return look(path)

    def copy_while_somebody_looks(*arguments: Any) -> None:
        seen.append(threads.submit(here.stranded).result())
        copy(*arguments)

    monkeypatch.setattr(differences, "left_in", look_while_it_is_encrypted)
    monkeypatch.setattr(cipher, "copy_into", copy_while_somebody_looks)
    with ThreadPoolExecutor() as threads:
        found = here.stranded()
        tidied[0].result()
    assert cipher.kind(left.database()) == "encrypted"
    assert [one.path for one in found] == [left.database()]
    assert seen == [found]


def test_a_home_that_is_to_stay_plain_keeps_all_of_it_plain(moved: Path) -> None:
    here = installation(moved, **PLAIN, **shop_of("second"))
    here.tidy(here.settings)
    assert {cipher.kind(path) for path in here.protection.databases()} == {"plain"}


def test_a_damaged_database_from_before_keeps_no_other_from_being_encrypted(moved: Path) -> None:
    here, left = installation(moved, **shop_of("second")), installation(moved, **shop_of("first"))
    with left.database().open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 20)
    alone = installation(moved, **PLAIN)
    alone.open_store(inline=True).close()
    here.tidy(here.settings)
    assert cipher.kind(alone.database()) == "encrypted"
    assert cipher.kind(left.database()) == "plain"


def test_the_doctor_warns_of_a_plain_database_from_before(program: Program, moved: Path) -> None:
    here = installation(moved, **shop_of("second"))
    here.open_store(inline=True).close()
    said = program.run(moved, "doctor", **shop_of("second")).stdout
    assert "another database here is plain" in " ".join(said.split())
    here.tidy(here.settings)
    assert "is plain" not in program.run(moved, "doctor", **shop_of("second")).stdout


def test_two_windows_one_of_which_finds_the_home_still_plain(program: Program, tmp_path: Path) -> None:
    """The older window goes on selling into the file that has the name; the next start alone converts it."""
    with installation(tmp_path, **PLAIN).open_store(inline=True) as older:
        fill(older)
        with installation(tmp_path).open_store(inline=True) as newer:
            assert newer.key is None
            newer.run_now(inventory.create, PartDraft(name="two", part_number="TWO-2"), whole(1))
        assert older.read_now(inventory.find_code, "TWO-2") is not None
        locked = program.run(tmp_path, "key", "encrypt")
        assert (locked.returncode, "Another window" in locked.stderr) == (1, True)
    with installation(tmp_path).open_store(inline=True) as store:
        assert store.key is not None
        assert store.read_now(inventory.find_code, "TWO-2") is not None
        assert store.read_now(journal.verify_audit) is None


def test_windows_that_open_an_old_home_at_once(tmp_path: Path) -> None:
    """One of them converts and the others wait for it; or they were too close, and the next start converts. What each
    of them writes is there."""
    with installation(tmp_path, **PLAIN).open_store(inline=True) as store:
        fill(store)

    def open_and_write(n: int) -> None:
        with installation(tmp_path).open_store(inline=True) as store:
            store.run_now(inventory.create, PartDraft(name="one more", part_number=f"MORE-{n}"), whole(1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_and_write, range(4)))
    with installation(tmp_path).open_store(inline=True) as store:
        assert store.key is not None
        assert all(store.read_now(inventory.find_code, f"MORE-{n}") for n in range(4))
        assert store.read_now(journal.verify_audit) is None


def grow_old(home: Path) -> None:
    """Give a home's database the form of older versions."""
    here = installation(home)
    key = here.protection.find_key(here.database())
    assert key is not None
    age(here.database(), key)
    assert outdated(home)


def outdated(home: Path) -> bool:
    here = installation(home)
    key = here.protection.find_key(here.database())
    return key is not None and cipher.is_outdated(here.database(), key)


def test_a_database_of_the_older_form_gets_todays_at_a_start(home: Path) -> None:
    assert not outdated(home), "a new shop has it from the beginning"
    grow_old(home)
    told: list[str] = []
    here = installation(home)
    here.listen(told.append)
    with here.open_store(inline=True) as store:
        assert store.read_now(inventory.find_code, NUMBER) is not None
        assert store.read_now(journal.verify_audit) is None
        kinds = store.read_now(lambda: execute("SELECT kind FROM notification").fetchall())
        assert ("encrypted",) not in kinds, "it was encrypted all along, and its paper is still good"
    assert told == ["locked.encrypting"]
    assert not outdated(home)
    with here.open_store(inline=True):
        assert len(told) == 1


def test_an_older_form_is_worked_with_while_another_window_has_it_open(program: Program, home: Path) -> None:
    grow_old(home)
    with open_home(home) as older:
        sold = program.run(home, "sell", "--part", NUMBER)
        assert (sold.returncode, sold.stderr) == (0, "")
        assert older.read_now(journal.verify_audit) is None
        assert outdated(home)
    with installation(home).open_store(inline=True) as store:
        assert store.read_now(past_sales.count, SaleQuery()) == 2
    assert not outdated(home)


def test_an_older_form_with_a_damaged_page_opens_as_it_always_did(home: Path) -> None:
    with open_home(home) as store:
        before = store.read_now(past_sales.count, SaleQuery())
        # what is copied last lies at the end: pages that nothing needs
        store.run_now(execute, "CREATE TABLE last_of_all (filling BLOB)")
        store.run_now(execute, "INSERT INTO last_of_all VALUES (zeroblob(300000))")
    grow_old(home)
    path = installation(home).database()
    with path.open("r+b") as file:
        file.seek(-20_000, os.SEEK_END)
        file.write(b"\x00" * 64)
    with installation(home).open_store(inline=True) as store:
        assert store.read_now(past_sales.count, SaleQuery()) == before
    assert outdated(home)


def test_without_its_key_an_older_form_is_locked_and_never_replaced(program: Program, home: Path) -> None:
    grow_old(home)
    here = installation(home)
    content = here.database().read_bytes()
    paper = program.run(home, "key", "export").stdout
    shutil.rmtree(here.home.keys_dir)
    lost = program.run(home, "find", PART)
    assert lost.returncode == 1
    assert "Traceback" not in lost.stderr
    assert here.database().read_bytes() == content
    assert program.run(home, "key", "import", typed=paper).returncode == 0
    assert NUMBER in program.run(home, "find", PART).stdout
    assert not outdated(home)


def test_secrets_that_lay_with_the_data_move_to_the_keys(tmp_path: Path) -> None:
    here = installation(tmp_path)
    here.vault().write(Secrets(api_key=API_KEY))
    here.home.data_dir.mkdir(exist_ok=True)
    os.replace(here.home.secrets_file, here.home.data_dir / "secrets.json")
    assert installation(tmp_path).vault().read().api_key == API_KEY
    assert not (here.home.data_dir / "secrets.json").exists()


# --- nothing open ---------------------------------------------------------------------------------------


def test_what_is_open_to_others_is_closed_at_the_next_start(program: Program, tmp_path: Path) -> None:
    here = installation(tmp_path)
    here.vault().write(Secrets(api_key=API_KEY))
    here.save_settings({"ui.bell": False})
    with here.open_store(inline=True) as store:
        fill(store)
    (here.receipts).mkdir()
    (here.receipts / "KXT-000001.txt").write_text("a receipt")
    ours = [*here.home.data_dir.rglob("*"), *here.home.keys_dir.rglob("*"), *here.home.cache_dir.rglob("*")]
    ours += [here.home.data_dir, here.home.keys_dir, here.home.cache_dir, here.home.config_file]
    foreign = tmp_path / "holiday.jpg"
    foreign.touch()
    for path in (*ours, foreign):
        path.chmod(0o777 if path.is_dir() else 0o644)
    sold = program.run(tmp_path, "sell", "--part", NUMBER)
    assert (sold.returncode, sold.stderr) == (0, "")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in ours if path.exists()}
    assert {mode for mode in modes.values()} == {0o700, 0o600}, modes
    assert foreign.stat().st_mode & 0o777 == 0o644, "a folder that a person names may hold anything"
    assert "was open to others (0644) and is closed now" in (here.home.log_dir / "clutch-tui.log").read_text()
    assert list(file_modes.openings(here.home)) == []


def test_a_folder_of_somebody_else_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = installation(tmp_path)
    here.home.prepare()
    here.home.data_dir.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(tmp_path).st_uid + 1)
    with pytest.raises(ShopError) as error:
        here.open_store()
    assert (error.value.key, error.value.values["mode"]) == ("error.home.not_ours", "0777")
    assert here.home.data_dir.stat().st_mode & 0o777 == 0o777


# --- nothing lost ---------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with installation(tmp_path).open_store(inline=True) as store:
        fill(store)
    return tmp_path


def recovery(home: Path) -> str:
    (key,) = installation(home).protection.keys()
    return key.recovery


def test_a_lost_key_is_a_sentence_everywhere_and_changes_nothing(program: Program, home: Path) -> None:
    shutil.rmtree(home / "keys")
    before = {path: path.read_bytes() for path in (home / "data").glob("shop.db*")}
    for words in (("sell", "--part", NUMBER), ("status",), ("key", "export"), ("key", "change")):
        said = program.run(home, *words)
        assert (said.returncode, said.stdout) == (1, "")
        assert said.stderr.startswith("No key on this machine opens the database")
        assert "Traceback" not in said.stderr
    assert "no key at hand opens it" in program.run(home, "key", "status").stdout
    assert program.run(home, "doctor").returncode == 1
    assert {path: path.read_bytes() for path in (home / "data").glob("shop.db*")} == before
    assert not list((home / "keys").glob("database.json"))


def test_a_recovery_key_opens_the_database_on_another_machine(
    program: Program, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(home / "data", other / "data")
    text = recovery(home)
    assert program.run(other, "find", NUMBER).returncode == 1
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert "mistake in group 13" in program.run(other, "key", "import", typed=wrong).stderr
    strange = program.run(other, "key", "import", typed=CipherKey.random().recovery)
    assert (strange.returncode, "opens no database here" in strange.stderr) == (1, True)
    assert program.run(other, "key", "import", typed=text.lower()).returncode == 0
    with open_home(other) as store:
        assert store.read_now(inventory.find_code, NUMBER) is not None


def test_the_sheet_can_be_typed_back_in_both_languages(program: Program, home: Path) -> None:
    sheets = {language: program.run(home, "--lang", language, "key", "export").stdout for language in ("ar", "en")}
    for sheet in sheets.values():
        groups = " ".join(line for line in sheet.splitlines() if line.startswith("    "))
        assert CipherKey.from_text(groups).recovery == recovery(home)
        assert max(map(len, sheet.splitlines())) <= 80
    assert "support never asks for it" in " ".join(sheets["en"].split())
    out = home / "sheet.txt"
    assert program.run(home, "key", "export", "--out", str(out)).returncode == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_sheet_is_taken_whole(program: Program, home: Path, language: str) -> None:
    sheet = program.run(home, "--lang", language, "key", "export").stdout
    shutil.rmtree(home / "keys")
    assert program.run(home, "key", "import", typed=sheet).returncode == 0
    assert program.run(home, "find", NUMBER).returncode == 0


@pytest.mark.parametrize("form", ["groups", "hexadecimal", "half"])
def test_a_key_may_be_pasted_on_several_lines(form: str) -> None:
    """Whatever a prompt leaves goes to the shell, and into its history."""
    key = CipherKey.random()
    groups = key.recovery.split("-")
    typed = {
        "groups": [*("  ".join(groups[at : at + 5]) for at in range(0, 13, 5)), "and no more"],
        "hexadecimal": [key.raw.hex(), "and no more"],
        "half": [" ".join(groups[:5]), "", "and no more"],
    }[form]
    with CliRunner().isolation(input="\n".join(typed) + "\n"):
        got = keys._typed_key()
        assert sys.stdin.readline().strip() == "and no more"
    if form == "half":
        assert got.split() == groups[:5]
    else:
        assert CipherKey.from_text(got) == key


def test_nothing_to_encrypt_and_nothing_to_decrypt_are_said(program: Program, home: Path) -> None:
    assert "encrypted already" in program.run(home, "key", "encrypt").stdout
    assert "is plain now" in program.run(home, "key", "decrypt", "--yes").stdout
    assert "No database here is encrypted" in program.run(home, "key", "decrypt", "--yes").stdout


def leave_log(home: Path) -> None:
    """A window that died: the last part that was made there stands in the log alone."""
    store = open_home(home)
    store.run_now(inventory.create, PartDraft(name="last", part_number="LAST-1"), whole(1))
    shutil.copytree(home / "data", home / "died")
    store.close()
    shutil.rmtree(home / "data")
    os.rename(home / "died", home / "data")
    assert (home / "data" / "shop.db-wal").stat().st_size > 0


def die_setting_aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die between the second name of a database and the end of its first."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    here = installation(home)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            here.protection.set_aside(here.database(), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize("form", ["today's form", "older form"])
def test_starting_over_keeps_the_old_database_for_the_day_its_key_is_found(
    program: Program, home: Path, form: str
) -> None:
    text = recovery(home)
    assert "no need to start over" in program.run(home, "key", "reset", "--yes").stderr
    if form == "older form":
        grow_old(home)
    leave_log(home)  # the window died: its last part lies in the log, which must go along
    shutil.rmtree(home / "keys")
    asked = program.run(home, "key", "reset")
    assert (asked.returncode, "--yes" in asked.stderr) == (2, True)
    assert program.run(home, "key", "reset", "--yes").returncode == 0
    assert program.run(home, "find", NUMBER).stdout == "Nothing matches this search\n"
    found = program.run(home, "key", "import", typed=text)
    assert (found.returncode, "unsent changes" in found.stdout) == (0, True)
    (aside,) = (path for path in installation(home).protection.databases(aside=True) if ASIDE in path.name)
    with open_home(home, aside) as store:
        assert store.read_now(inventory.find_code, "LAST-1") is not None
        assert store.read_now(outbox.summary).unsent > 0
    with open_home(home) as store:
        assert store.read_now(inventory.find_code, NUMBER) is None
        assert store.key == installation(home).protection.keychain.newest()


def test_a_crash_while_setting_aside_loses_neither_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = installation(home).database()
    content = path.read_bytes()
    die_setting_aside(home, monkeypatch)
    assert path.read_bytes() == content
    assert path.with_name(f"shop.db{ASIDE}20261122T000000Z").read_bytes() == content


@pytest.fixture
def half_aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that died while its database was set aside: it has two names. Its last part stands in the log alone."""
    leave_log(home)
    die_setting_aside(home, monkeypatch)
    return home


def test_a_database_with_two_names_is_opened_by_one_of_them_alone(half_aside: Path) -> None:
    protection, path = installation(half_aside).protection, installation(half_aside).database()
    assert protection.databases(aside=True) == (path,)
    with open_home(half_aside) as store:
        assert store.read_now(outbox.summary).unsent > 0
        assert protection.unsent_aside(path) == {}
        store.run_now(inventory.create, PartDraft(name="later", part_number="LATER-1"), whole(1))
    with installation(half_aside).open_store(inline=True) as store:
        assert store.read_now(execute, "PRAGMA integrity_check").fetchone() == ("ok",)
        for number in (NUMBER, "LAST-1", "LATER-1"):
            assert store.read_now(inventory.find_code, number) is not None
    assert not list(path.parent.glob(f"*{ASIDE}*Z*")), "its key is there, so it was not to be set aside"


def test_a_setting_aside_that_was_cut_off_is_ended_at_the_next_start(half_aside: Path) -> None:
    here = installation(half_aside)
    found = here.protection.keychain.newest()
    assert found is not None
    shutil.rmtree(half_aside / "keys")
    here = installation(half_aside)
    here.protection.keychain.renew("file")
    with here.open_store(inline=True) as store:
        assert store.read_now(inventory.find_code, NUMBER) is None
    here.protection.keychain.add(found, "file", newest=False)
    (aside,) = here.protection.unsent_aside(here.database())
    with open_home(half_aside, aside) as store:
        assert store.read_now(inventory.find_code, "LAST-1") is not None


def test_a_change_of_keys_leaves_one_key_and_an_older_paper_opens_nothing(program: Program, home: Path) -> None:
    before = recovery(home)
    assert program.run(home, "key", "change").returncode == 0
    assert recovery(home) != before
    assert len(installation(home).protection.keychain.entries()) == 1
    assert program.run(home, "key", "import", typed=before).returncode == 1
    with installation(home).open_store(inline=True):
        said = program.run(home, "key", "change")
        assert (said.returncode, "Another window" in said.stderr) == (1, True)
    assert len(installation(home).protection.keychain.entries()) == 1


def test_the_variable_gives_the_key(program: Program, tmp_path: Path) -> None:
    key = CipherKey.random()
    assert program.run(tmp_path, "find", "x", CLUTCH_DB_KEY=key.recovery).returncode == 0
    assert cipher.opens(installation(tmp_path).database(), key)
    assert "CLUTCH_DB_KEY" in program.run(tmp_path, "find", "x").stderr
    assert program.run(tmp_path, "find", "x", CLUTCH_DB_KEY=CipherKey.random().recovery).returncode == 1
    assert program.run(tmp_path, "find", "x", CLUTCH_DB_KEY="secret").returncode == 2
    assert program.run(tmp_path, "key", "change", "--keep", "file", CLUTCH_DB_KEY=key.recovery).returncode == 0
    assert program.run(tmp_path, "find", "x").returncode == 0


def test_decrypting_is_asked_about_and_lasts(program: Program, home: Path) -> None:
    assert program.run(home, "key", "decrypt").returncode == 2
    assert program.run(home, "key", "change", "--keep", "passphrase").returncode == 2
    assert cipher.kind(installation(home).database()) == "encrypted"
    assert program.run(home, "key", "decrypt", "--yes").returncode == 0
    assert program.run(home, "find", NUMBER).returncode == 0
    assert cipher.kind(installation(home).database()) == "plain"
    assert program.run(home, "key", "encrypt").returncode == 0
    connection = connect(home)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_machine_without_the_driver_is_told_so(home: Path) -> None:
    (home / "sqlcipher3").mkdir()
    (home / "sqlcipher3" / "__init__.py").write_text("raise ImportError('no wheel', name='sqlcipher3')")
    environ = {**os.environ, "CLUTCH_HOME": str(home), "CLUTCH_LANG": "en", "PYTHONPATH": str(home)}
    command = [sys.executable, "-m", "clutch_tui", "find", "x"]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=180)
    assert (said.returncode, "Traceback" in said.stderr) == (1, False)
    assert "pip install sqlcipher3" in said.stderr


def test_killed_at_any_moment_the_database_opens_and_is_whole(tmp_path: Path) -> None:
    """The small size of `python -m tests.test_protection.killed`, which kills fifty."""
    found = hunt(tmp_path, 6, parts=100)
    assert found["killed"] == 6
