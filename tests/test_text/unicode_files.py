"""Unicode's own test files for the bidirectional algorithm.

The suite reads the full files where Debian's package `unicode-data` is installed, and samples kept beside
this module elsewhere. `python -m tests.test_text.unicode_files` cuts the samples anew from the full files.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FULL = Path("/usr/share/unicode")
SAMPLES = Path(__file__).with_name("data")
CHARACTER_TEST, CLASS_TEST = "BidiCharacterTest.txt", "BidiTest.txt"
STEPS = {CHARACTER_TEST: 29, CLASS_TEST: 97}  # primes, so that no regular block is always missed


class Case(NamedTuple):
    """One line resolved by Unicode: `levels` and `order` leave out what the algorithm removes (None)."""

    line: str
    given: str | list[str]
    base: int | None
    paragraph: int | None
    levels: list[int | None]
    order: list[int]


def character_cases() -> Iterator[Case]:
    """Yield the cases of BidiCharacterTest: texts, with brackets."""
    for line in _lines(CHARACTER_TEST):
        codes, direction, paragraph, levels, order = line.split(";")
        text = "".join(chr(int(code, 16)) for code in codes.split())
        base = {"0": 0, "1": 1, "2": None}[direction]
        yield Case(line, text, base, int(paragraph), _levels(levels), [int(i) for i in order.split()])


def class_cases(step: int = 1) -> Iterator[Case]:
    """Yield the cases of BidiTest: every `step`-th of the short sequences of classes, each in up to three paragraph
    directions."""
    levels: list[int | None] = []
    order: list[int] = []
    sequences = 0
    for line in _lines(CLASS_TEST):
        if line.startswith("@Levels:"):
            levels = _levels(line.partition(":")[2])
        elif line.startswith("@Reorder:"):
            order = [int(i) for i in line.partition(":")[2].split()]
        elif not line.startswith("@") and (sequences := sequences + 1) % step == 0:
            classes, bits = line.split(";")
            for bit, base in ((1, None), (2, 0), (4, 1)):
                if int(bits) & bit:
                    yield Case(line, classes.split(), base, None, levels, order)


def is_complete() -> bool:
    """Return whether the full files are read."""
    return (FULL / CHARACTER_TEST).exists() and (FULL / CLASS_TEST).exists()


def _levels(field: str) -> list[int | None]:
    return [None if level == "x" else int(level) for level in field.split()]


def _lines(name: str) -> Iterator[str]:
    if is_complete():
        text = (FULL / name).read_text(encoding="utf-8")
    else:
        text = gzip.decompress((SAMPLES / f"{name}.gz").read_bytes()).decode()
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def write_samples() -> None:
    """Cut the samples: the copyright at the head, and every so-many-th case with its expectations."""
    for name, step in STEPS.items():
        lines = (FULL / name).read_text(encoding="utf-8").splitlines()
        head = lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
        cases = [line for line in lines if line.strip() and not line.startswith("#")]
        kept = [line for i, line in enumerate(cases) if line.startswith("@") or i % step == 0]
        data = "\n".join([*head, *kept, ""]).encode()
        (SAMPLES / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    write_samples()
