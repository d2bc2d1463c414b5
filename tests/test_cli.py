"""The command line as a script sees it: processes, exit codes, JSON."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clutch_tui import __version__
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory, journal
from clutch_tui.core.database import db
from clutch_tui.core.quantity import of_decimal, whole
from clutch_tui.core.types import PartDraft
from tests.homes import connect
from tests.program import Program, Said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A shop with one part, not set up with any server."""
    installation = Installation.find(_environment(tmp_path))
    with installation.open_store(inline=True) as store:
        draft = PartDraft(name="فلتر زيت أصلي", name_en="Oil filter", part_number="26300-35503", price=18550, cost=9000)
        store.run_now(inventory.create, draft, whole(10))
    return tmp_path


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLUTCH_")}
    return {**kept, "CLUTCH_HOME": str(home), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en", **more}


Clutch = Callable[..., Said]


@pytest.fixture
def clutch(program: Program) -> Clutch:
    """The program with its arguments in a home, and with variables."""

    def run(home: Path, *arguments: str, **environment: str) -> Said:
        return program.call(*arguments, environ=_environment(home, **environment))

    return run


def as_json(result: Said) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_part_is_found_by_any_of_its_names(clutch: Clutch, home: Path) -> None:
    for text in ("فلتر", "الفلتر", "oil", "2630035503", "26300-35"):
        (row,) = as_json(clutch(home, "find", text, "--json"))
        assert (row["part_number"], row["stock"], row["price"]) == ("26300-35503", 10, 18550)
    assert as_json(clutch(home, "find", "carburettor", "--json")) == []


@pytest.mark.parametrize(("language", "name"), [("en", "Oil filter"), ("ar", "فلتر زيت أصلي")])
def test_a_part_is_called_by_its_name_in_the_language(clutch: Clutch, home: Path, language: str, name: str) -> None:
    assert clutch(home, "--lang", language, "find", "26300").stdout.rstrip().endswith(f"  {name}")
    with Installation.find(_environment(home)).open_store(inline=True) as store:
        store.run_now(
            inventory.create, PartDraft(name="فلتر زيت أصلي", name_en="Oil filter", part_number="N-1"), whole(1)
        )
    refused = clutch(home, "--lang", language, "sell", "--part", "N-1")
    assert (refused.returncode, name in refused.stderr.replace("\xa0", " ")) == (1, True)


def test_a_sale_from_a_script_is_a_whole_sale(clutch: Clutch, home: Path) -> None:
    receipt = as_json(clutch(home, "sell", "--part", "26300-35503", "--qty", "2", "--pay", "cash", "--json"))
    assert receipt["totals"]["total"] == 37100
    assert receipt["unsent"] is True
    assert as_json(clutch(home, "find", "26300", "--json"))[0]["stock"] == 8
    status = as_json(clutch(home, "status", "--json"))
    # the part that was made here, and the sale
    assert status["queue"]["unsent"] == 2


def test_an_unknown_part_sells_nothing_and_says_so(clutch: Clutch, home: Path) -> None:
    result = clutch(home, "sell", "--part", "26300-35503", "--part", "NONE", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["error"] == "error.part.unknown_number"
    assert "NONE" in result.stderr
    assert as_json(clutch(home, "find", "26300", "--json"))[0]["stock"] == 10


def test_a_part_without_a_price_is_not_given_away_by_a_script(clutch: Clutch, home: Path) -> None:
    with Installation.find(_environment(home)).open_store(inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="كلبس", part_number="CLIP-1"), whole(5))
    result = clutch(home, "sell", "--part", "26300-35503", "--part", "CLIP-1", "--json")
    assert (result.returncode, json.loads(result.stdout)["error"]) == (1, "error.sale.no_price")
    assert "كلبس" in result.stderr
    assert as_json(clutch(home, "find", "CLIP-1", "--json"))[0]["stock"] == 5


def test_sell_and_find_understand_a_text_as_the_till_does(clutch: Clutch, home: Path) -> None:
    (line,) = as_json(clutch(home, "sell", "--part", "3×26300 35503", "--json"))["lines"]
    assert (line["part_number"], line["quantity"]) == ("26300-35503", 3)
    refused = clutch(home, "sell", "--part", "1,5*26300-35503", "--json")
    assert (refused.returncode, json.loads(refused.stdout)["error"]) == (1, "error.sale.figure")
    assert "1,5" in refused.stderr
    other_layout = clutch(home, "find", "tgjv", "--json")
    assert as_json(other_layout)[0]["stock"] == 7
    assert "Typed on the English layout" in other_layout.stderr
    assert "فلتر" in other_layout.stderr


@pytest.fixture
def oil(home: Path) -> Path:
    """The same shop, which sells oil by the litre."""
    with Installation.find(_environment(home)).open_store(inline=True) as store:
        draft = PartDraft(
            name="زيت موتور", name_en="Engine oil", part_number="OIL-1", price=190_00, unit="LTR", decimals=3
        )
        store.run_now(inventory.create, draft, of_decimal(Decimal("10.25")))
    return home


@pytest.mark.parametrize(
    "arguments",
    [("OIL-1", "--qty", "1.5"), ("OIL-1", "--qty", "١٫٥"), ("1.5*OIL-1",), ("OIL-1*1.5",), ("0.5*OIL-1", "--qty", "3")],
)
def test_a_script_sells_and_finds_fractions_as_numbers_of_units(
    clutch: Clutch, oil: Path, arguments: tuple[str, ...]
) -> None:
    found = clutch(oil, "find", "OIL-1", "--json")
    assert '"stock": 10.25,' in found.stdout
    receipt = as_json(clutch(oil, "sell", "--part", *arguments, "--json"))
    assert [(line["quantity"], line["price"], line["total"]) for line in receipt["lines"]] == [(1.5, 190_00, 285_00)]
    assert receipt["totals"]["pieces"] == 1
    (row,) = as_json(clutch(oil, "find", "OIL-1", "--json"))
    assert (row["stock"], row["min_stock"], row["unit"], row["decimals"]) == (8.75, 0, "LTR", 3)
    assert "  8.75 " in clutch(oil, "find", "OIL-1").stdout


@pytest.mark.parametrize(("language", "words"), [("en", "1.5 L × 190.00"), ("ar", "1.5 لتر × 190.00")])
def test_a_printed_receipt_says_the_unit(clutch: Clutch, oil: Path, language: str, words: str) -> None:
    paper = clutch(oil, "--lang", language, "sell", "--part", "OIL-1", "--qty", "1.5").stdout
    assert words in paper.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("language", "name"), [("en", "Oil filter"), ("ar", "فلتر زيت أصلي")])
@pytest.mark.parametrize("arguments", [("26300-35503", "--qty", "1.5"), ("1.5*26300-35503",)])
def test_a_script_sells_no_fraction_of_a_piece(
    clutch: Clutch, oil: Path, arguments: tuple[str, ...], language: str, name: str
) -> None:
    refused = clutch(oil, "--lang", language, "sell", "--part", *arguments, "--json")
    assert (refused.returncode, json.loads(refused.stdout)["error"]) == (1, "error.quantity.pieces")
    assert name in refused.stderr
    assert as_json(clutch(oil, "find", "26300", "--json"))[0]["stock"] == 10


@pytest.mark.parametrize("quantity", ["1,5", "1.2345", "much", "½", ""])
def test_what_is_no_quantity_of_a_script_is_wrong_usage(clutch: Clutch, oil: Path, quantity: str) -> None:
    assert clutch(oil, "sell", "--part", "OIL-1", "--qty", quantity).returncode == 2
    assert as_json(clutch(oil, "find", "OIL-1", "--json"))[0]["stock"] == 10.25


def test_a_receipt_is_printed_in_both_languages(clutch: Clutch, home: Path) -> None:
    english = clutch(home, "sell", "--part", "26300-35503")
    arabic = clutch(home, "--lang", "ar", "sell", "--part", "26300-35503")
    assert english.returncode == arabic.returncode == 0
    assert "185.50" in english.stdout
    assert "فلتر زيت أصلي" in arabic.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sell"], 2),
        (["sell", "--part", "x", "--pay", "beads"], 2),
        (["sell", "--part", "x", "--qty", "1", "--qty", "2"], 2),
        (["frobnicate"], 2),
        (["--base-url", "http://example.com", "status"], 2),
        (["--api-key", "مفتاح", "status"], 2),
        (["sync"], 2),
        ([], 2),
        (["import", "/does/not/exist.csv"], 2),
    ],
)
def test_wrong_usage_is_told_without_a_traceback(clutch: Clutch, home: Path, arguments: list[str], code: int) -> None:
    result = clutch(home, *arguments)
    assert result.returncode == code, result.stderr
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_names_file_key_and_remedy(clutch: Clutch, home: Path) -> None:
    (home / "config.toml").write_text('[text]\nlanguage = "klingon"\n')
    result = clutch(home, "status", CLUTCH_LANG="")
    assert result.returncode == 2
    assert "config.toml" in result.stderr
    assert "text.language" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_reachable_has_a_code_of_its_own(clutch: Clutch, home: Path) -> None:
    url = "http://127.0.0.1:1/api/v1"
    result = clutch(home, "--base-url", url, "--shop-id", "s", "--api-key", "k", "sync", "--json")
    assert result.returncode == 3, result.stderr
    assert json.loads(result.stdout)["error"].startswith("error.api.")


def test_help_speaks_both_languages(clutch: Clutch, home: Path) -> None:
    assert "auto-parts" in clutch(home, "--help").stdout
    assert "قطع الغيار" in clutch(home, "--help", CLUTCH_LANG="ar").stdout


def test_the_version_is_the_packages(clutch: Clutch, home: Path) -> None:
    assert as_json(clutch(home, "version", "--json"))["version"] == __version__


def test_the_version_is_also_an_option(clutch: Clutch, home: Path) -> None:
    result = clutch(home, "--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"clutch-tui {__version__}\n", "")


def test_a_shell_is_told_what_may_follow(clutch: Clutch, home: Path) -> None:
    """It asks without arguments, which otherwise open the app."""
    script = clutch(home, _CLUTCH_TUI_COMPLETE="bash_source")
    assert (script.returncode, "complete -o nosort -F _clutch_tui_completion clutch-tui" in script.stdout) == (0, True)
    asked = {"COMP_WORDS": "clutch-tui sy", "COMP_CWORD": "1"}
    assert clutch(home, _CLUTCH_TUI_COMPLETE="bash_complete", **asked).stdout.split() == ["plain,sync"]


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("clutch-tui <&-", 2, "The app needs a terminal"),
        ("clutch-tui find x >&-", 0, ""),
        ("clutch-tui find x 2>&-", 0, ""),
    ],
)
def test_closed_streams_are_nothing_to_speak_of(home: Path, command: str, code: int, said: str) -> None:
    written = command.replace("clutch-tui", f"{sys.executable} -m clutch_tui")
    result = subprocess.run(
        ["sh", "-c", written], env=_environment(home), capture_output=True, text=True, timeout=180, check=False
    )
    assert (result.returncode, result.stderr[: len(said) or None]) == (code, said)


def test_a_closed_stream_leaves_its_number_to_no_file() -> None:
    """What is printed to a stream that is not there must not go into the database that took its number."""
    program = (
        "import os; from clutch_tui.cli import fill_closed_streams as fill; fill(); print(os.open('/', 0), flush=True)"
    )
    result = subprocess.run(
        ["sh", "-c", f'{sys.executable} -c "{program}" <&- 2>&-'],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert int(result.stdout) > 2


def test_keys_of_the_log_are_not_printed_where_there_is_no_log(home: Path) -> None:
    program = """
import logging
from clutch_tui.cli import main
try:
    main(["version"])
finally:
    logging.getLogger("clutch_tui.net").warning("connection.socket.retrying")
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, env=_environment(home), capture_output=True, text=True, timeout=180, check=True)
    assert result.stderr == ""


def test_a_home_that_cannot_be_written_is_one_sentence(clutch: Clutch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file" / "home", Path("/proc/clutch")):
        result = clutch(home, "sell", "--part", "26300-35503")
        assert result.returncode in (1, 2)
        assert str(home.parent) in result.stderr
        assert "Traceback" not in result.stderr


def test_reading_does_not_wait_for_whoever_writes(clutch: Clutch, home: Path) -> None:
    with contextlib.closing(connect(home)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert as_json(clutch(home, "find", "oil", "--json"))
        assert as_json(clutch(home, "status", "--json"))


def test_status_does_not_repeat_what_an_ended_program_knew(clutch: Clutch, home: Path) -> None:
    with Installation.find(_environment(home)).open_store(inline=True) as store:
        store.run_now(journal.put_connection_state, "api", "up", store.clock.now(), {})
        assert as_json(clutch(home, "status", "--json"))["connection"]["api"]["state"] == "up"
        store.run_now(db.execute, "UPDATE connection_state SET updated_at = '2026-01-01T00:00:00.000Z'")
    assert as_json(clutch(home, "status", "--json"))["connection"]["api"]["state"] == "off"
