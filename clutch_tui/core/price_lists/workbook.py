"""Excel books: their sheets, the texts that these share, and how numbers are shown in them.

What says how cells look may be missing or wrong: a book is then read without it. All other damage is `Damaged`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from .archive import CHUNK, FAULTS, Damaged, Ends, Starts, Texts, TooLarge, opened, parse, parts_of, pieces, tidied
from .formats import Format, format_of

MAX_TEXTS = 200_000_000
"""Bytes of memory of all texts that the sheets of a book share."""
_TEXT_ITSELF = 80
"""What a text takes beside its letters, which take two bytes each."""
MAX_CELL = 40_000
"""Letters of one cell: Excel itself takes 32,767."""

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_MOST_MERGED = 200_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a book: its title, the part that holds it, and whether a person can see it."""

    title: str
    part: str
    hidden: bool


@dataclass(slots=True)
class Book:
    """An open book. `formats` are those of the cells by their style, None where the styles cannot be read."""

    sheets: tuple[Sheet, ...]
    texts: list[str] = field(repr=False)
    formats: list[Format] | None
    since_1904: bool
    _path: Path
    _parts: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Book:
        """Everything of the book at `path` but its rows. Raises `Damaged`."""
        with opened(path) as archive:
            parts = parts_of(archive)
            start = _target(_related(archive, parts, ""), "officeDocument") or "xl/workbook.xml"
            related = _related(archive, parts, start)
            book = _BookReader()
            parse(archive, parts[tidied(start)], book.start)
            sheets = tuple(
                Sheet(title, related[id][1], hidden)
                for title, id, hidden in book.sheets
                if id in related and related[id][0] == "worksheet"
            )
            shared = _target(related, "sharedStrings")
            texts = _texts(archive, parts[tidied(shared)]) if shared and tidied(shared) in parts else []
            formats = _formats(archive, parts, _target(related, "styles"))
        return cls(sheets, texts, formats, book.since_1904, path, parts)

    def stream(self, sheet: Sheet, start: Starts, end: Ends, text: Texts) -> Iterator[None]:
        """Parse the sheet, piece by piece; between two pieces the reader of its rows takes what has come."""
        with opened(self._path) as archive:
            yield from pieces(archive, self._parts[tidied(sheet.part)], start, end, text)

    def merged(self, sheet: Sheet) -> tuple[tuple[int, int, int, int], ...]:
        """The merged cells of the sheet: first column and row, last column and row, all counted from 1. They stand
        behind the rows in the file, and are needed before."""
        areas: list[tuple[int, int, int, int]] = []
        rest = b""
        with opened(self._path) as archive, archive.open(self._parts[tidied(sheet.part)]) as file:
            while chunk := file.read(CHUNK):
                piece = rest + chunk
                matches = list(_MERGED.finditer(piece))
                areas += [
                    (column_of(left.decode()), int(top), column_of(right.decode()), int(bottom))
                    for left, top, right, bottom in (match.groups() for match in matches)
                ]
                if len(areas) > _MOST_MERGED:
                    raise TooLarge
                rest = piece[max(matches[-1].end() if matches else 0, len(piece) - 200) :]
        return tuple(areas)


def column_of(letters: str) -> int:
    """The place of a column by its letters, from 1; 0 for what are none."""
    place = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            return 0
        place = place * 26 + ord(letter) - 64
    return place


def letters_of(column: int) -> str:
    """The letters over a column, counted from 1, as spreadsheets show them.

    >>> letters_of(28)
    'AB'
    """
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# --- what a book says about itself ---------------------------------------------------------------------

Related = dict[str, tuple[str, str]]
"""By its id the kind of a part and where it lies."""


def _related(archive: ZipFile, parts: Mapping[str, str], part: str) -> Related:
    """Return what a part (or, for an empty name, the book) says belongs to it; nothing where that is missing."""
    folder, name = posixpath.split(part)
    described = tidied(posixpath.join(folder, "_rels", f"{name}.rels"))
    related: Related = {}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship" and "Target" in attributes:
            kind = attributes.get("Type", "").rpartition("/")[2]
            target = attributes["Target"].replace("\\", "/")
            related[attributes.get("Id", "")] = kind, posixpath.normpath(posixpath.join(f"/{folder}", target))

    if described in parts:
        parse(archive, parts[described], start)
    return related


def _target(related: Related, kind: str) -> str:
    return next((target for of_kind, target in related.values() if of_kind == kind), "")


class _BookReader:
    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.since_1904 = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "workbookPr":
            self.since_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")
        elif tag == "sheet":
            id = next((value for name, value in attributes.items() if name.rpartition("}")[2] == "id"), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), id, hidden))


def _texts(archive: ZipFile, name: str) -> list[str]:
    """The texts that cells share, without what says how they are pronounced."""
    texts: list[str] = []
    piece: list[str] = []
    state = {"in": False, "aside": False, "bytes": 0}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "rPh":
            state["aside"] = True
        elif tag == "si":
            piece.clear()
        state["in"] = tag == "t" and not state["aside"]

    def end(tag: str) -> None:
        state["in"] = False
        if tag == "rPh":
            state["aside"] = False
        elif tag == "si":
            texts.append(unescaped("".join(piece)))
            state["bytes"] += 2 * len(texts[-1]) + _TEXT_ITSELF
            if state["bytes"] > MAX_TEXTS:
                raise TooLarge

    def text(data: str) -> None:
        if state["in"]:
            piece.append(data)
            if len(data) > MAX_CELL:
                raise TooLarge

    parse(archive, name, start, end, text)
    return texts


def unescaped(text: str) -> str:
    """Excel writes what XML cannot hold as `_x000D_`; halves of a letter are no letters."""
    return _ESCAPED.sub(_letter, text) if "_x" in text else text


def _letter(match: re.Match[str]) -> str:
    letter = chr(int(match[1], 16))
    return "\ufffd" if "\ud800" <= letter <= "\udfff" else letter


def _formats(archive: ZipFile, parts: Mapping[str, str], name: str) -> list[Format] | None:
    """The formats of cells by their style; None where there are styles that cannot be read. Colours and frames,
    where most books are odd, are not looked at."""
    if not name:
        return []
    codes: dict[int, str] = {}
    styles: list[int] = []
    inside = [False]

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag == "cellXfs":
            inside[0] = True
        elif tag == "xf" and inside[0]:
            styles.append(int(attributes.get("numFmtId", 0)))

    def end(tag: str) -> None:
        if tag == "cellXfs":
            inside[0] = False

    try:
        parse(archive, parts[tidied(name)], start, end)
    except TooLarge:
        raise
    except (Damaged, *FAULTS):
        return None
    return [format_of(style, codes) for style in styles]
