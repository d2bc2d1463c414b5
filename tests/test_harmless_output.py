"""Every door out of the program, walked with the same words: a part, a customer and a server that mean harm."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from clutch_tui import cli
from clutch_tui.core import customers, inventory, quotations, sales
from clutch_tui.core.cart import add_line, totals, with_customer
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment, TaxRules
from clutch_tui.printing import quotation, receipt
from tests.homes import open_home

HARM = "\x1bp\x00\x19\x19 \x1b]0;owned\x07 \x1b[2J \x9b31m \u202egpj.exe \u2028 \x7f"
"""A drawer kicked open, a title set, a screen cleared, C1, an override, a line separator, DEL."""


def _make(store: Store) -> tuple[str, str]:
    def fill() -> tuple[str, str]:
        part = inventory.create(PartDraft(name=f"فلتر {HARM}", part_number="OC 197", price=10_00), whole(5))
        customer = customers.create(CustomerDraft(name=f"ورشة {HARM}", phone="01000000001"))
        cart = with_customer(add_line(sales.open_cart(), part), customer)
        due = totals(cart, TaxRules()).total
        sold = sales.checkout(
            cart, (Payment("cash", due),), tendered=due, cashier=f"سارة {HARM}", device_id="d", rules=TaxRules()
        )
        offered = quotations.quote(
            add_line(sales.open_cart(), part),
            valid_until=quotations.usual_end(),
            name=f"أم أحمد {HARM}",
            phone=HARM,
            note=HARM,
            cashier=f"سارة {HARM}",
            device_id="d",
            rules=TaxRules(),
        )
        return sold.id, quotations.lose(offered.id, f"غالي {HARM}", "").id

    return store.run_now(fill)


def _words(value: object) -> str:
    """All the texts of a JSON value, as they are."""
    if isinstance(value, dict):
        return " ".join(map(_words, value.values()))
    return " ".join(map(_words, value)) if isinstance(value, list) else str(value)


def _dangers(text: str) -> set[str]:
    bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")} - set("\n\t")
    return {ascii(c) for c in bad | set(text) & set("\u202a\u202b\u202d\u202e")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    with open_home(home) as store:
        sale, offer = _make(store)
        sold = store.read_now(sales.get, sale)
        receipt.save(sold, home, shop={"name": HARM, "address": HARM}, footer=HARM)
        offered = store.read_now(quotations.get, offer)
        quotation.save(offered, home, shop={"name": HARM, "address": HARM}, footer=HARM)
    return home


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command on the home; everything that it prints, on whichever stream."""
    monkeypatch.setenv("CLUTCH_HOME", str(home))
    monkeypatch.setenv("CLUTCH_SECRETS", "file")

    def clutch(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["clutch-tui", "--lang", "en", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        printed = capsys.readouterr()
        return printed.out + printed.err

    return clutch


def test_the_words_are_there_and_harm_nobody(run: Callable[..., str]) -> None:
    (found,) = json.loads(run("find", "OC 197", "--json"))
    assert HARM[:20] in found["name"], "JSON loses nothing"


@pytest.mark.parametrize(
    "arguments",
    [
        ("find", "OC 197"),
        ("find", "OC 197", "--json"),
        ("find", HARM.replace("\x00", "")),
        ("queue",),
        ("queue", "--json"),
        ("sell", "--part", "x\x1b]0;owned\x07\x9b", "--pay", "cash"),
        ("sell", "--part", "OC 197", "--pay", "cash"),
        ("quote", "list"),
        ("quote", "list", "--json"),
        ("quote", "make", "--part", "OC 197", "--name", HARM.replace("\x00", "")),
        ("quote", "show", HARM.replace("\x00", "")),
        ("--base-url", "http://x\x1b[2J\x9b.example", "status"),
        ("no-such-\x1b[2Jcommand\x9b",),
        ("doctor",),
    ],
    ids=lambda arguments: "-".join(arguments)[:20].encode("ascii", "replace").decode().replace("\x1b", ""),
)
def test_no_command_prints_what_commands_a_terminal(run: Callable[..., str], arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert said.strip()
    assert _dangers(said) == set()


def test_a_quotation_is_shown_harmlessly(run: Callable[..., str]) -> None:
    for row in json.loads(run("quote", "list", "--json")):
        said = run("quote", "show", row["number"])
        assert len(said.splitlines()) > 10
        assert _dangers(said) == set()


def test_each_change_is_shown_harmlessly(run: Callable[..., str], tmp_path: Path) -> None:
    run("queue", "export", str(tmp_path / "queue.json"))
    for change in json.loads((tmp_path / "queue.json").read_text())["changes"]:
        said = run("queue", "show", change["change_id"])
        assert len(said.splitlines()) > 5
        assert _dangers(said) == set()


def test_no_file_holds_what_commands_a_terminal_or_a_printer(
    home: Path, run: Callable[..., str], tmp_path: Path
) -> None:
    run("queue", "export", str(tmp_path / "queue.json"))
    run("logs", "--export", str(tmp_path / "log.txt"))
    run("support-bundle", str(tmp_path / "support.zip"))
    written = [*tmp_path.glob("*.json"), *tmp_path.glob("*.txt"), *home.glob("*.txt")]
    assert len(written) == 5
    texts = {path.name: path.read_bytes().decode("utf-8", "surrogatepass") for path in written}
    with zipfile.ZipFile(tmp_path / "support.zip") as archive:
        texts |= {f"support/{name}": archive.read(name).decode("utf-8", "surrogatepass") for name in archive.namelist()}
    assert len(texts) > 8
    assert {name: _dangers(text) for name, text in texts.items() if _dangers(text)} == {}
    changes = json.loads(texts["queue.json"])["changes"]
    assert HARM[:20] in _words(changes), "JSON loses nothing"


@pytest.mark.parametrize(
    "command", [("support-bundle",), ("queue", "export"), ("key", "export", "--out"), ("logs", "--export")]
)
def test_a_folder_that_is_not_there_is_not_made(
    run: Callable[..., str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = run(*command, str(tmp_path / "x" / ".." / "y" / "b.zip"))
    assert "There is no folder" in said
    assert list(tmp_path.iterdir()) == []
