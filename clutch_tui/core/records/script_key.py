"""The keys that scripts have given to what they did, so that one that runs again does nothing twice."""

from __future__ import annotations

from peewee import TextField

from ..database.statement import insert
from .table import Table


class ScriptKeyTable(Table):
    """`said` is a digest of what was asked, `made` the id of what came of it."""

    key = TextField(primary_key=True)
    said = TextField()
    made = TextField()
    at = TextField()

    class Meta:
        table_name = "script_key"


ADD_SCRIPT_KEY = insert(ScriptKeyTable)
