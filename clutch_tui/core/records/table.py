"""What all tables have in common."""

from __future__ import annotations

from typing import Any

import peewee
from peewee import IntegerField, TextField

from ..database.models import database


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
