"""A zip of XML from anywhere: read in pieces, sizes limited before they are reached, every fault of one kind."""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

MAX_UNPACKED = 1 << 30
"""Bytes of one part, unpacked."""
MAX_RATIO, RATIO_COUNTS_FROM = 250, 1 << 25
"""A part that packs better than this, and is larger than that, was made to fill a memory."""
MAX_TOKEN = 1 << 22
"""Bytes of one piece of XML: the parser holds each of them whole."""

CHUNK = 1 << 16

Starts = Callable[[str, Mapping[str, str]], None]
Ends = Callable[[str], None]
Texts = Callable[[str], None]


class Damaged(Exception):
    """A book that cannot be read as it stands."""


class TooLarge(Damaged):
    """A book that would fill the memory."""


FAULTS = (
    BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    expat.ExpatError,
    RuntimeError,
    KeyError,
    ValueError,
    ArithmeticError,
)
"""What damaged zips and XML raise; a packing that nobody knows is a `RuntimeError` too."""


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """The zip at a path. Whatever is wrong with it, now or while it is read, is `Damaged`."""
    try:
        with ZipFile(path) as archive:
            yield archive
    except FAULTS as error:
        raise Damaged from error


def parts_of(archive: ZipFile) -> dict[str, str]:
    """The names of all parts, by `tidied` names."""
    return {tidied(info.filename): info.filename for info in archive.infolist()}


def tidied(name: str) -> str:
    """The name of a part as all write it: some write backslashes, some another case."""
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").lower()


def pieces(
    archive: ZipFile, name: str, start: Starts, end: Ends | None = None, text: Texts | None = None
) -> Iterator[None]:
    """Parse a part, and pause after every piece of it. The names of elements come without their namespaces: there
    are two for the same thing. Raises `TooLarge`, and what `opened` makes `Damaged`."""
    info = archive.getinfo(name)
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > MAX_UNPACKED or (info.file_size > RATIO_COUNTS_FROM and ratio > MAX_RATIO):
        raise TooLarge
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition("}")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rpartition("}")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _no_doctype
    with archive.open(name) as file:
        given = 0
        while chunk := file.read(CHUNK):
            given += len(chunk)
            parser.Parse(chunk, False)
            if given > MAX_UNPACKED or given - parser.CurrentByteIndex > MAX_TOKEN:
                raise TooLarge
            yield
        parser.Parse(b"", True)
        yield


def parse(archive: ZipFile, name: str, start: Starts, end: Ends | None = None, text: Texts | None = None) -> None:
    for _ in pieces(archive, name, start, end, text):
        pass


def _no_doctype(*_: object) -> None:
    """No book has one; what declares entities of its own wants to fill a memory or to read other files."""
    raise Damaged
