"""What all tables have in common."""

from __future__ import annotations

from typing import Any

import peewee
from peewee import IntegerField, TextField

from ..models import database


class Table(peewee.Model):
    class Meta:
        database = database
        legacy_table_names = False


def text(**options: Any) -> TextField:
    return TextField(default="", **options)


def count(**options: Any) -> IntegerField:
    return IntegerField(default=0, **options)
