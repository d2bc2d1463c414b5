"""What click says by itself is said in the language of the program, whatever is wrong with the command line."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from clutch_tui.text import strings

CATALOGUE = strings.LOCALES / "ar" / "LC_MESSAGES" / "click.po"


def said(*arguments: str, home: Path, language: str = "") -> tuple[int, str]:
    environment = {**os.environ, "CLUTCH_HOME": str(home), "CLUTCH_LANG": language}
    command = [sys.executable, "-m", "clutch_tui", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "arabic"),
    [
        (("--nope",), "مفيش خيار اسمه '--nope'"),
        (("nope",), "مفيش أمر اسمه 'nope'"),
        (("find", "x", "--limit", "y"), "'y' مش رقم مظبوط"),
    ],
)
def test_a_wrong_command_line_is_answered_in_arabic(arguments: tuple[str, ...], arabic: str, tmp_path: Path) -> None:
    code, text = said(*arguments, home=tmp_path)
    assert code == 2
    assert arabic in text
    assert "الاستخدام: clutch-tui" in text


def test_the_home_that_an_option_names_says_the_language(tmp_path: Path) -> None:
    (tmp_path / "english").mkdir()
    (tmp_path / "english" / "config.toml").write_text('[text]\nlanguage = "en"\n', "utf-8")
    for option in (("--home", str(tmp_path / "english")), (f"--home={tmp_path / 'english'}",)):
        assert "No such command 'nope'" in said(*option, "nope", home=tmp_path)[1]
    assert "مفيش أمر" in said("nope", home=tmp_path)[1]


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
