"""docs/glossary.md: each word once, in order, briefly, and in the words of the module that it links to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_docs.markdown import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^- \*\*(?P<word>.+?)\*\*: (?P<meaning>.*?)\n(?=- |\Z)", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"\]\(\.\./(clutch_tui/[\w/]+\.py)\)")
ENTRIES = {found["word"]: found["meaning"] for found in ENTRY.finditer(TEXT)}
WORDS = [found["word"] for found in ENTRY.finditer(TEXT)]


def test_each_word_once_in_order() -> None:
    assert len(WORDS) == TEXT.count("\n- **") > 40
    assert sorted(set(WORDS), key=str.casefold) == WORDS


@pytest.mark.parametrize("word", WORDS)
def test_an_entry(word: str) -> None:
    """Two lines at most, and each module that it leads to speaks of it by that name."""
    lines = ENTRIES[word].splitlines()
    modules = MODULE.findall(lines[-1])
    assert modules, "it leads to no module"
    assert len(lines) <= 2
    assert max(map(len, lines)) <= 120 or len(modules) > 1
    for module in modules:
        assert _says(ROOT / module, word), f"{module} does not speak of it"


def _says(path: Path, word: str) -> bool:
    """Whether the words stand in the file, in a sentence or in a name, or are the name of the file."""
    text = re.sub(r"[_\W]+", " ", f"{path.stem} {path.read_text(encoding='utf-8')}").casefold()
    return word.casefold() in text or all(part in text for part in word.casefold().split())
