"""Remarks on a list: keys of sentences and their values, kept to a number that a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_GOOD = ("import.warning.", "import.column.", "import.ask.")


@dataclass(frozen=True, slots=True)
class Remark:
    """An oddity of a row: `key` names a sentence, `values` (JSON-able) fill its places. `field` among them
    is the name of a field. Line 0 is the file as a whole."""

    line: int
    key: str
    values: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def bad(self) -> bool:
        """True where the row was refused, False where it was taken, or held no part."""
        return not self.key.startswith(_GOOD)

    @property
    def kind(self) -> tuple[str, str]:
        """Return what many rows may have in common."""
        return self.key, str(self.values.get("field", ""))


class Remarks:
    """The remarks of an import, all counted; of one kind only the first ones are kept, because a list of a
    hundred thousand rows may have one on each."""

    MOST_OF_A_KIND = 5_000

    def __init__(self, said: Iterable[Remark] = ()) -> None:
        self.counts: dict[tuple[str, str], int] = {}
        self._kept: list[Remark] = []
        self.add(said)

    def add(self, said: Iterable[Remark]) -> None:
        for remark in said:
            count = self.counts[remark.kind] = self.counts.get(remark.kind, 0) + 1
            if count <= self.MOST_OF_A_KIND:
                self._kept.append(remark)

    def ordered(self) -> list[Remark]:
        """The remarks that were kept, in the order of their lines."""
        return sorted(self._kept, key=lambda remark: remark.line)
