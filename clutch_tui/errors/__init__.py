"""The base of all errors that have a sentence, and the form in which one is kept or sent. Imports nothing of ours, and
every room may import it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the key of its sentence and the values that fill the sentence's places."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


class ClutchError(Exception):
    """An error that the catalogue has a sentence for: `key` names the sentence, `values` fill its places.

    As a text it is its key alone, or what a subclass has for the log: the values are a customer's name, a part's price,
    and a traceback goes into a file.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values: Mapping[str, object] = values

    @property
    def problem(self) -> Problem:
        """The error without its traceback."""
        return Problem(self.key, self.values)


def key_of(error: BaseException | None) -> str:
    """Return the key of an error's sentence; empty where it has none, which is a mistake of the program's own."""
    return error.key if isinstance(error, ClutchError) else ""
