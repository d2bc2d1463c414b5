"""The customer, or the supplier, that a script means, where nobody is there to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from clutch_tui.core.errors import ShopError
from clutch_tui.core.search_words import phone_key
from clutch_tui.text import format as shown
from clutch_tui.text.fold import fold

AT_MOST = 500
"""How many among whom one is looked for by his whole name."""
NAMED = 5
"""How many a refusal names that a text may mean."""


class Contact(Protocol):
    """Somebody with a name and a telephone number."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...


T = TypeVar("T", bound=Contact)


def named(noun: str, text: str, fitting: Sequence[T]) -> T | None:
    """The one of those who fit a text that it means: by the whole name, by the number, or because there is no other;
    None where nobody fits. Raises `error.NOUN.several`."""
    by_name = [row for row in fitting if fold(row.name) == fold(text)]
    by_phone = [row for row in fitting if phone_key(row.phone) == phone_key(text) != ""]
    for among in (by_name, by_phone, fitting):
        if len(among) == 1:
            return among[0]
    if not fitting:
        return None
    names = shown.listed(f"{shown.name(row.name)} {shown.phone(row.phone)}".strip() for row in fitting[:NAMED])
    raise ShopError(f"error.{noun}.several", text=text, names=names)
