"""`clutch-tui import` tells a person, and a script, what became of every row."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.commands import importing
from clutch_tui.core import inventory
from clutch_tui.core.price_lists.price_list import Choices
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartQuery
from clutch_tui.text import strings
from tests.program import Program
from tests.terminal import Terminal

GOOD = "رقم القطعة,الاسم,السعر\nOF-200,فلتر زيت,45.50\n"
DIRTY = GOOD + "WP-100,طلمبة مياه,غالي\nOF-201,فلتر هواء,0\n"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    strings.use("en")
    yield Installation.find({"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file"})
    strings.use("ar")


def run(installation: Installation, text: str, **options: Any) -> int:
    file = installation.home.data_dir.parent / "list.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return importing.run(installation, file, **options)


def parts(installation: Installation) -> int:
    with installation.open_store(inline=True) as store:
        return store.read_now(inventory.count, PartQuery())


def test_all_taken_is_done(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(installation, GOOD) == 0
    said = capsys.readouterr()
    assert "New parts: 1" in said.out
    assert "Rows refused: 0" in said.out
    assert said.err == "", "no bar where nobody watches"
    assert parts(installation) == 1


def test_refused_rows_are_named_and_fail_partly(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(installation, DIRTY) == 1
    said = capsys.readouterr().out.splitlines()
    assert 'line 3: price "غالي" is not a number' in said
    assert "line 4: price is zero. A part that exists keeps what it had" in said
    assert parts(installation) == 2


def test_a_fraction_is_taken_of_what_is_measured_and_refused_of_a_piece(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    file = (
        "رقم القطعة,الاسم,name en,السعر,الوحدة,الكمية\n"
        "OIL-1,زيت,Engine oil,190,لتر,12.5\nOF-200,فلتر زيت,Oil filter,45.50,قطعة,2.5\n"
    )
    assert run(installation, file) == 1
    said = capsys.readouterr().out
    assert "line 3: " in said
    assert "Oil filter\u2069 is sold in whole pieces only" in said
    with installation.open_store(inline=True) as store:
        (oil,) = store.read_now(inventory.page, PartQuery(), None, 0, 9)
    assert (oil.part_number, oil.unit, oil.decimals, oil.stock) == ("OIL-1", "LTR", 3, whole(25) // 2)


def test_a_trial_stores_nothing(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(installation, GOOD, dry_run=True) == 0
    assert strings.t("import.dry_run") in capsys.readouterr().out
    assert parts(installation) == 0


def test_json_has_keys_figures_and_sentences(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(installation, DIRTY, as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert {name: said[name] for name in ("rows", "created", "changed", "unchanged", "refused", "skipped")} == {
        **{"rows": 4, "created": 2, "changed": 0, "unchanged": 0, "refused": 1, "skipped": {"heading": 1}}
    }
    assert said["bad"] == [
        {
            "line": 3,
            "key": "import.bad.not_a_number",
            "values": {"field": "price", "text": "غالي"},
            "message": 'line 3: price "غالي" is not a number',
        }
    ]
    assert [(remark["line"], remark["key"]) for remark in said["warnings"]] == [(4, "import.warning.zero")]


@pytest.mark.parametrize("text", ["", "hello\n", "a,b\n1,2\n"])
def test_a_file_that_is_no_price_list_is_wrong_usage(
    installation: Installation, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert run(installation, text) == 2
    said = capsys.readouterr()
    assert "Nothing was stored" in said.err
    assert not text or "رقم القطعة / part number" in said.err


@pytest.mark.parametrize("language", strings.LANGUAGES)
def test_every_remark_can_be_said(installation: Installation, language: str, tmp_path: Path) -> None:
    from clutch_tui.core.price_lists import imports, price_list

    strings.use(language)
    (tmp_path / "list.csv").write_text(
        DIRTY + "OF-200,فلتر زيت,1\n,بوجيه,24.0\n6.2E+9,x,1\nA-1000 / A-2000,سير,1\n,,5\n", "utf-8"
    )
    with installation.open_store(inline=True) as store:
        report = imports.run(store, price_list.read(tmp_path / "list.csv"))
    for remark in (*report.bad, *report.warnings):
        said = importing.sentence(remark)
        assert str(remark.line) in said
        assert "{" not in said
        assert "import." not in said


# --- questions -----------------------------------------------------------------------------------------

DOUBTFUL = "part number,name,price\nA-1,Pump,1.250\nA-2,Filter,900\n"


def test_what_no_column_can_say_is_asked_and_nothing_is_stored(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(installation, DOUBTFUL, as_json=True) == 2
    said = capsys.readouterr()
    assert 'price: "\u20661.250\u2069" in line 2 can mean \u20661.25\u2069 or \u20661250\u2069' in said.err
    assert "--decimal" in said.err
    answer = json.loads(said.out)
    assert (answer["stored"], [ask["key"] for ask in answer["asks"]]) == (False, ["import.ask.decimal"])
    assert parts(installation) == 0


def test_a_trial_shows_what_is_asked_first(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(installation, DOUBTFUL, dry_run=True) == 1
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert "Say it with --decimal" in first
    assert second.startswith("line 2: price")


def test_going_on_leaves_out_what_was_in_doubt(installation: Installation) -> None:
    assert run(installation, DOUBTFUL, yes=True) == 1
    assert parts(installation) == 1
    assert run(installation, DOUBTFUL, choices=Choices("comma")) == 0
    assert parts(installation) == 2


def test_of_remarks_by_the_thousand_a_few_are_shown_and_all_are_counted(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"A-{n},Part {n},\n" for n in range(1500))
    assert run(installation, f"part number,name,price\n{rows}B-1,Part,0\n") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"line 2: {strings.t('import.warning.no_price')} (rows like this: 1500)"
    assert sum("there is no price" in line for line in said) == importing.MOST_OF_A_KIND
    assert "line 1502: price is zero. A part that exists keeps what it had" in said
    assert "and 1480 more remarks of these kinds; --json has them" in said
    assert "1,502 rows in the file" in said
    assert "Remarks: 1501" in said


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLUTCH_")}
    return {**kept, "CLUTCH_HOME": str(home), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en"}


def test_options_answer_for_a_script(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(DOUBTFUL.replace("price", "amount"), "utf-8")
    environ = environment(tmp_path / "home")
    done = program.call("import", str(file), "--column", "price=C", "--decimal", "comma", "--json", environ=environ)
    assert (done.returncode, json.loads(done.stdout)["created"]) == (0, 2), done.stderr
    wrong = program.call("import", str(file), "--column", "colour=C", environ=environ)
    assert wrong.returncode == 2
    assert "part_number" in wrong.stderr
    missing = program.call("import", str(file), "--column", "price=Z", environ=environ)
    assert (missing.returncode, "no column" in missing.stderr) == (2, True)


@pytest.mark.parametrize(("typed", "taken"), [("comma", 2), ("skip", 1)])
def test_at_a_terminal_a_person_is_asked(tmp_path: Path, typed: str, taken: int) -> None:
    file = tmp_path / "list.csv"
    file.write_text(DOUBTFUL, "utf-8")
    command = [sys.executable, "-m", "clutch_tui", "import", str(file)]
    with Terminal(command, env=environment(tmp_path / "home")) as terminal:
        terminal.wait_for("Which mark")
        terminal.type(f"{typed}\r")
        terminal.wait_for(f"New parts: {taken}")


def test_at_a_terminal_no_stores_nothing(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    rows = "".join(f"A-{n},6.22E+12,Part {n}\n" for n in range(5))
    file.write_text(f"part number,barcode,name\n{rows}", "utf-8")
    command = [sys.executable, "-m", "clutch_tui", "import", str(file)]
    with Terminal(command, env=environment(tmp_path / "home")) as terminal:
        terminal.wait_for("Store the list in spite of that?")
        terminal.type("n\r")
        terminal.wait_for("Nothing was stored.")
