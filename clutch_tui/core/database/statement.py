"""A statement that peewee's query builder makes once and that runs as text from then on.

Building a query costs some hundred microseconds, running its text a few: what a person does once may be built each
time, what happens with every scan and every row may not. A statement has both: it is written in the models' words,
and costs what its text costs.

    _BY_ID = Statement(SupplierTable.select().where(SupplierTable.id == given("id")))
    row = _BY_ID.first(id=supplier_id)      # a row that is read by name: row["name"]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import peewee

from . import models


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value goes that is known only when the statement runs."""

    name: str


def given(name: str) -> Any:
    """A value that is given by this name when the statement runs."""
    return peewee.SQL("?", [_Place(name)])


def put_by_key(table: Any) -> Statement:
    """Make the statement that puts a whole row into a table: a new one, or in the place of the one with its key. Every
    column is given by its name."""
    keys = [field.name for field in table._meta.get_primary_keys()]  # names: fields compare by making a query
    columns = {field: given(name) for name, field in table._meta.fields.items()}
    others = [field for field in columns if field.name not in keys]
    return Statement(table.insert(columns).on_conflict(conflict_target=keys, preserve=others))


def insert(table: Any, *, or_leave: bool = False) -> Statement:
    """Make the statement that adds a row, every column given by its name but a key that SQLite counts itself. With
    `or_leave` a row whose key is there already is left as it is."""
    columns = {
        field: given(name) for name, field in table._meta.fields.items() if not isinstance(field, peewee.AutoField)
    }
    query = table.insert(columns)
    return Statement(query.on_conflict(action="IGNORE") if or_leave else query)


class Statement:
    """A query with places for values. Raises `KeyError` for a value that was not given, and peewee's errors for what
    the database refuses."""

    def __init__(self, query: Any) -> None:
        self._query = query
        self._text = ""
        self._values: tuple[Any, ...] = ()

    def _compiled(self) -> tuple[str, tuple[Any, ...]]:
        if not self._text:
            text, values = self._query.sql()
            self._values, self._text = tuple(values), text  # the text last: whoever sees it needs the values
        return self._text, self._values

    def _filled(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        text, places = self._compiled()
        return text, tuple(values[one.name] if isinstance(one, _Place) else one for one in places)

    def run(self, **values: Any) -> int:
        """Run a statement that changes something; how many rows it changed."""
        return int(models.execute(*self._filled(values)).rowcount)

    def rows(self, **values: Any) -> list[Any]:
        """Every row, each read by name."""
        return models.rows(*self._filled(values))

    def each(self, **values: Any) -> Iterator[Any]:
        """Each row in its turn, read by name, without having all of them at once."""
        return models.each(*self._filled(values))

    def first(self, **values: Any) -> Any:
        """The first row, read by name; None where there is none."""
        return models.first(*self._filled(values))

    def value(self, **values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = models.execute(*self._filled(values)).fetchone()
        return None if row is None else row[0]

    def run_many(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement that changes something once for each of the rows, which are given by name."""
        models.executemany(self._compiled()[0], (self._filled(row)[1] for row in rows))
