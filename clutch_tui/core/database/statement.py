"""A statement that peewee's query builder makes once and that runs as text from then on.

Building a query costs some hundred microseconds, running its text a few: what a person does once may be built each
time, what happens with every scan and every row may not. A statement has both: it is written in the models' words,
and costs what its text costs.

    _BY_ID = Statement(SupplierTable.select().where(SupplierTable.id == given("id")))
    row = _BY_ID.first(id=supplier_id)      # a row that is read by name: row["name"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import peewee

from . import db

_NEEDED = object()


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a value that is known only when the statement runs; `usual` where none is given."""

    name: str
    usual: Any = _NEEDED


def given(name: str, usual: Any = _NEEDED) -> Any:
    """A value that is given by this name when the statement runs; without `usual` it must be."""
    return peewee.SQL("?", [_Place(name, usual)])


class Statement:
    """A query with places for values. Raises `KeyError` for a value that was forgotten, and peewee's errors for what
    the database refuses."""

    def __init__(self, query: Any) -> None:
        self._query = query
        self._text = ""
        self._usual: dict[str, Any] = {}
        self._places = 0
        self._pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] = _none

    def _compile(self) -> None:
        text, values = self._query.sql()
        places = [value if isinstance(value, _Place) else _Place(f"_{n}", value) for n, value in enumerate(values)]
        self._usual = {place.name: place.usual for place in places if place.usual is not _NEEDED}
        self._places = len({place.name for place in places})
        self._pick = _picker([place.name for place in places])
        self._text = text  # last: another thread that sees it needs the rest

    def _filled(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        if not self._text:
            self._compile()
        return self._text, self._picked(values)

    def _picked(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return self._pick(values if len(values) >= self._places else {**self._usual, **values})

    def run(self, **values: Any) -> int:
        """Run a statement that changes something; how many rows it changed."""
        return int(db.execute(*self._filled(values)).rowcount)

    def run_many(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement that changes something once for each of the rows, which are given by name."""
        if not self._text:
            self._compile()
        db.executemany(self._text, map(self._picked, rows))

    def rows(self, **values: Any) -> list[Any]:
        """Every row, each read by name."""
        return db.rows(*self._filled(values))

    def each(self, **values: Any) -> Iterator[Any]:
        """Each row in its turn, read by name, without having all of them at once."""
        return db.each(*self._filled(values))

    def first(self, **values: Any) -> Any:
        """The first row, read by name; None where there is none."""
        return db.first(*self._filled(values))

    def value(self, **values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = db.execute(*self._filled(values)).fetchone()
        return None if row is None else row[0]


def _none(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return ()


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Make what takes the values of these names out of a mapping, in their order."""
    if not names:
        return _none
    if len(names) == 1:
        (name,) = names
        return lambda values: (values[name],)
    return itemgetter(*names)


def insert(table: Any, *, or_leave: bool = False) -> Statement:
    """Make the statement that adds a row, its columns given by name: one that has a default, or may be null, may be
    left out, and a key that SQLite counts itself is. With `or_leave` a row whose key is there already stays as it
    is."""
    fields = [field for field in table._meta.sorted_fields if not isinstance(field, peewee.AutoField)]
    query = table.insert({field: given(field.name, _usual(field)) for field in fields})
    return Statement(query.on_conflict(action="IGNORE") if or_leave else query)


def _usual(field: Any) -> Any:
    return field.default if field.default is not None or field.null else _NEEDED


def put_by_key(table: Any) -> Statement:
    """Make the statement that puts a whole row into a table: a new one, or in the place of the one with its key. Every
    column is given by its name."""
    keys = [field.name for field in table._meta.get_primary_keys()]  # names: fields compare by making a query
    columns = {field: given(name) for name, field in table._meta.fields.items()}
    others = [field for field in columns if field.name not in keys]
    return Statement(table.insert(columns).on_conflict(conflict_target=keys, preserve=others))
