"""What click says by itself is said in the language of the program, whatever is wrong with the command line."""

from __future__ import annotations

import ast
import gettext
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from clutch_tui import cli
from clutch_tui.text import strings

CATALOGUE = strings.LOCALES / "ar" / "LC_MESSAGES" / "click.po"


@pytest.fixture(autouse=True)
def _leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line sets what belongs to the whole process."""
    monkeypatch.setenv("CLUTCH_HOME", str(tmp_path))
    monkeypatch.setenv("CLUTCH_LANG", "")
    monkeypatch.setenv("LANGUAGE", "")
    mask, language = os.umask(0o077), strings.language()
    yield
    os.umask(mask)
    strings.use(language)
    gettext.textdomain("messages")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    captured = capsys.readouterr()
    return ended.value.code, captured.out + captured.err


@pytest.mark.parametrize(
    ("arguments", "arabic"),
    [
        (("--nope",), "مفيش خيار اسمه '--nope'"),
        (("nope",), "مفيش أمر اسمه 'nope'"),
        (("find", "x", "--limit", "y"), "'y' مش رقم مظبوط"),
    ],
)
def test_a_wrong_command_line_is_answered_in_arabic(
    arguments: tuple[str, ...], arabic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, *arguments)
    assert code == 2
    assert arabic in text
    assert "الاستخدام: clutch-tui" in text


def test_the_home_that_an_option_names_says_the_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "english").mkdir()
    (tmp_path / "english" / "config.toml").write_text('[text]\nlanguage = "en"\n', "utf-8")
    for option in (("--home", str(tmp_path / "english")), (f"--home={tmp_path / 'english'}",)):
        assert "No such command 'nope'" in said(capsys, *option, "nope")[1]
    assert "مفيش أمر" in said(capsys, "nope")[1]


def test_what_is_translated_is_what_click_says() -> None:
    """Another version may put it otherwise, and would say it in English again."""
    with CATALOGUE.open("rb") as file:
        ours = {
            part
            for one in read_po(file, locale="ar")
            if one.id
            for part in ([one.id] if isinstance(one.id, str) else one.id)
        }
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(click.__file__).parent.glob("*.py")]
    says = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert ours <= says, ours - says
