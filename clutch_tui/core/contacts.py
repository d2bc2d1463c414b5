"""Lists of people by name, for customers and suppliers: what is the same for both tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .database import db
from .errors import ShopError
from .search_words import phone_key, terms
from .types import Key


def count(table: str, text: str) -> int:
    """How many that are not deleted fit `text`."""
    where, params = _fits(text)
    return int(db.execute(f"SELECT count(*) FROM {table} WHERE {where}", params).fetchone()[0])


def page(
    table: str, columns: str, text: str, after: Key | None, skip: int, limit: int
) -> Iterator[tuple[Key, tuple[Any, ...]]]:
    """The `columns` of those that fit `text`, in the order of their names, each with its place in the list."""
    where, params = _fits(text)
    if after is not None:
        where, params = f"{where} AND (name_key, id) > (?, ?)", (*params, *after)
    cursor = db.execute(
        f"SELECT name_key, id, {columns} FROM {table} WHERE {where} ORDER BY name_key, id LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return (((row[0], row[1]), row[2:]) for row in cursor.fetchall())


def check_name(name: str) -> None:
    """Raise `error.contact.no_name` for someone without a name."""
    if not name:
        raise ShopError("error.contact.no_name")


def _fits(text: str) -> tuple[str, tuple[Any, ...]]:
    """Every word anywhere in the record's words; a text of digits alone is a telephone number however written."""
    phone = phone_key(text)
    words = [phone] if phone.isdigit() else terms(text)
    return "deleted = 0" + " AND instr(words, ?)" * len(words), tuple(words)
