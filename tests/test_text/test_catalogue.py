"""Looking into a compiled catalogue says what the standard library's reader says, sentence by sentence."""

from __future__ import annotations

import gettext
import struct
from pathlib import Path

import pytest

from clutch_tui.text import strings
from clutch_tui.text.catalogue import Catalogue

NUMBERS = (0, 1, 2, 3, 10, 11, 99, 100, 101, 102, 103, 1_000_000)


def file_of(language: str) -> Path:
    return strings.LOCALES / language / "LC_MESSAGES" / "clutch.mo"


@pytest.mark.parametrize("language", strings.LANGUAGES)
def test_every_sentence_and_every_form_is_found(language: str) -> None:
    ours = Catalogue(file_of(language))
    with file_of(language).open("rb") as file:
        theirs = gettext.GNUTranslations(file)
    known = theirs._catalog  # type: ignore[attr-defined]
    singular = {key for key in known if isinstance(key, str) and key}
    plural = {key[0] for key in known if isinstance(key, tuple)}
    assert len(singular) > 1000
    assert len(plural) > 10
    assert dict(ours.sentences()) == {key: known[key] for key in singular}
    assert all(ours.sentence(key) == theirs.gettext(key) for key in singular)
    for key in plural:
        assert ours.sentence(key) == theirs.ngettext(key, key, 1)  # as `gettext` says from Python 3.11.4 on
        assert [ours.form(key, n) for n in NUMBERS] == [theirs.ngettext(key, key, n) for n in NUMBERS]


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_a_language_lacks_is_said_in_the_other(tmp_path: Path, order: str) -> None:
    """The file may come from a machine of the other byte order."""
    path = tmp_path / "small.mo"
    path.write_bytes(compiled({"": "Plural-Forms: nplurals=2; plural=(n != 1);\n", "a.key": "Its own"}, order))
    other = Catalogue(file_of("en"))
    catalogue = Catalogue(path, other)
    assert (catalogue.sentence("a.key"), catalogue.sentence("common.save")) == ("Its own", "Save")
    assert catalogue.form("age.minutes", 2) == other.form("age.minutes", 2)
    assert (catalogue.sentence("no.such.key"), catalogue.form("no.such.key", 2)) == ("no.such.key",) * 2


def compiled(sentences: dict[str, str], order: str) -> bytes:
    """A catalogue as `msgfmt` writes it: header, table of keys, table of texts, then all of them."""
    pairs = sorted((key.encode(), text.encode()) for key, text in sentences.items())
    tables, content = b"", b""
    start = 28 + 16 * len(pairs)
    for column in zip(*pairs, strict=True):
        for text in column:
            tables += struct.pack(f"{order}2I", len(text), start + len(content))
            content += text + b"\0"
    header = struct.pack(f"{order}7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return header + tables + content
