"""The common ground of all tables."""

from __future__ import annotations

from typing import Any

import peewee
from peewee import BooleanField, IntegerField, TextField

from ..database.db import database


class Table(peewee.Model):
    """A table of the shop's database. It is made by the migrations; a test and the start compare it with its class."""

    class Meta:
        database = database
        legacy_table_names = False


class Folded(TextField):
    """A column that is folded out of others: what a record is sorted and found by. It never travels."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default="", **options)


def text(**options: Any) -> TextField:
    return TextField(default="", **options)


def count(**options: Any) -> IntegerField:
    return IntegerField(default=0, **options)


class Tracked(Table):
    """A record whose changes the server numbers: no table, but what its tables have in common."""

    version = count()
    seq = count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)


class Party(Tracked):
    """Somebody who is looked up by name and phone: no table, but what its tables have in common."""

    id = TextField(primary_key=True)
    name_key = Folded()
    phone_key = Folded()
    words = Folded()


SHARED = (Tracked, Party)
"""Classes of the kind of `Table` that are no tables."""
