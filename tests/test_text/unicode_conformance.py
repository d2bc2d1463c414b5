"""The algorithm held against Unicode's own cases: `python -m tests.test_text.unicode_conformance` takes every one.

The suite takes all cases with characters and a part of the 770,000 with classes, which are every short sequence
of them: all of those want ten seconds, and differ by one class from the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from clutch_tui.text import levels
from tests.test_text import unicode_files
from tests.test_text.unicode_files import Case


def check(cases: Iterable[Case]) -> int:
    """Resolve every case as the program does; their number. Raises at the first that Unicode resolves otherwise."""
    count = 0
    order = cache(levels.order)  # few different ones in so many
    for case in cases:
        count += 1
        resolve = levels.levels if isinstance(case.given, str) else levels.class_levels
        resolved, paragraph = resolve(case.given, case.base)  # type: ignore[arg-type]
        seen = [None if want is None else got for got, want in zip(resolved, case.levels, strict=True)]
        if seen != case.levels:
            raise AssertionError(f"{case.line}: levels {seen}")
        drawn = [i for i in order(tuple(resolved)) if case.levels[i] is not None]
        if drawn != case.order:
            raise AssertionError(f"{case.line}: order {drawn}")
        if case.paragraph not in (None, paragraph):
            raise AssertionError(f"{case.line}: paragraph {paragraph}")
    return count


if __name__ == "__main__":
    of = "all of Unicode's" if unicode_files.is_complete() else "the kept samples of Unicode's"
    characters, classes = check(unicode_files.character_cases()), check(unicode_files.class_cases())
    print(f"{characters:,} cases with characters and {classes:,} with classes ({of}): all as Unicode has them")
