"""Lists of people by name, for customers and suppliers: what is the same for both tables."""

from __future__ import annotations

from typing import Any

from .database import db
from .errors import ShopError
from .search_words import phone_key, terms
from .types import Key


def count(table: str, text: str) -> int:
    """Return how many that are not deleted fit `text`."""
    where, params = fits(text)
    return int(db.first(f"SELECT count(*) AS n FROM {table} WHERE {where}", params)["n"])


def page(table: str, columns: str, text: str, after: Key | None, skip: int, limit: int) -> list[Any]:
    """The `columns` of those that fit `text`, in the order of their names, each with its `place` in the list."""
    where, params = fits(text)
    if after is not None:
        where, params = f"{where} AND (name_key, id) > (?, ?)", (*params, *after)
    return db.rows(
        f"SELECT name_key, id, {columns} FROM {table} WHERE {where} ORDER BY name_key, id LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )


def place(row: Any) -> Key:
    """Return where a row of `page` stands in its list."""
    return (row["name_key"], row["id"])


def check_name(name: str) -> None:
    """Raise `error.contact.no_name` for someone without a name."""
    if not name:
        raise ShopError("error.contact.no_name")


def fits(text: str) -> tuple[str, tuple[Any, ...]]:
    """Return the condition on a record that `text` fits, and its values: every word of it anywhere in the record's
    words; a text of digits alone is a telephone number however written."""
    phone = phone_key(text)
    words = [phone] if phone.isdigit() else terms(text)
    # as text: a partial index serves `deleted = 0` and no value that is filled in
    return "deleted = 0" + " AND instr(words, ?)" * len(words), tuple(words)
