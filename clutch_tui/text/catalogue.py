"""A compiled catalogue (GNU `.mo`), looked into instead of read.

The `gettext` of the standard library takes every sentence of every language into dictionaries at the first one that
is asked for. A start asks for some forty of three thousand, so here the file's own sorted table is searched, and only
what was said is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

_MAGIC = 0x950412DE


class Catalogue:
    """The sentences of one language, and behind them those that stand in for what it lacks."""

    def __init__(self, path: Path, fallback: Catalogue | None = None) -> None:
        self._data = path.read_bytes()
        self._fallback = fallback
        self._said: dict[str, tuple[str, ...]] = {}
        self._order: Literal["little", "big"] = "little"
        if self._number(0) != _MAGIC:
            self._order = "big"
        self._count, self._keys, self._texts = (self._number(place) for place in (8, 12, 16))

    def sentence(self, key: str) -> str:
        """Return what the key says; of a plural the form for one, and the key itself where nobody has written it."""
        forms = self._forms(key)
        if len(forms) > 1:
            return forms[self.plural(1)]
        return forms[0] if forms else self._fallback.sentence(key) if self._fallback else key

    def form(self, key: str, n: int) -> str:
        """The form that fits a number, by the rule of the language that has it."""
        forms, place = self._forms(key), self.plural(n)
        if place < len(forms):
            return forms[place]
        return self._fallback.form(key, n) if self._fallback else key

    def sentences(self) -> Iterator[tuple[str, str]]:
        """Every sentence of this language that has no plural forms, with its key."""
        for place in range(self._count):
            key = self._text(self._keys, place)
            if key and b"\0" not in key:
                yield key.decode(), self._text(self._texts, place).decode()

    @cached_property
    def plural(self) -> Callable[[int], int]:
        """The rule of this language: which of its forms fits a number."""
        from gettext import c2py

        rule = re.search(r"^Plural-Forms:.*?plural=([^;\n]*)", self._forms("")[0], re.MULTILINE)
        compiled: Callable[[int], int] = c2py(rule[1] if rule else "n != 1")
        return compiled

    def _forms(self, key: str) -> tuple[str, ...]:
        """All forms of a key, one where it has no plural, none where the catalogue lacks it."""
        forms = self._said.get(key)
        if forms is None:
            forms = self._said[key] = self._find(key.encode())
        return forms

    def _find(self, wanted: bytes) -> tuple[str, ...]:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            key = self._text(self._keys, middle).partition(b"\0")[0]  # behind it stands the plural's
            if key == wanted:
                return tuple(self._text(self._texts, middle).decode().split("\0"))
            low, high = (middle + 1, high) if key < wanted else (low, middle)
        return ()

    def _text(self, table: int, place: int) -> bytes:
        entry = table + 8 * place
        start = self._number(entry + 4)
        return self._data[start : start + self._number(entry)]

    def _number(self, start: int) -> int:
        return int.from_bytes(self._data[start : start + 4], self._order)
