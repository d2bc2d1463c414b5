"""`clutch-tui import` tells a person, and a script, what became of every row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.commands import importing
from clutch_tui.core import inventory
from clutch_tui.core.types import PartQuery
from clutch_tui.installation import Installation
from clutch_tui.text import strings

GOOD = "رقم القطعة,الاسم,السعر\nOF-200,فلتر زيت,45.50\n"
DIRTY = GOOD + "WP-100,طلمبة مياه,غالي\nOF-201,فلتر هواء,0\n"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    strings.use("en")
    yield Installation.find({"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file"})
    strings.use("ar")


def run(installation: Installation, text: str, *, dry_run: bool = False, as_json: bool = False) -> int:
    file = installation.home.data_dir.parent / "list.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return importing.run(installation, file, dry_run=dry_run, as_json=as_json)


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
