"""The tables as peewee models: what each holds, for whoever reads a shop's file, and the type of every column.

The schema is made by `migrations/` and a test compares it with these. The program itself speaks SQL (a model reads
seven times slower), so nothing imports this at run time.
"""

from __future__ import annotations

from . import journal, records, sync
from .records import PartNextTable
from .table import Table

__all__ = ["TABLES", "Table", "journal", "records", "sync"]

TABLES: tuple[type[Table], ...] = (*Table.__subclasses__(), PartNextTable)
