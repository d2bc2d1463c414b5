"""The speed of the program, in hours and days."""

from typing import Any

from playhouse.migrate import SchemaMigrator

SCHEMA = """
CREATE TABLE measure (
    name TEXT NOT NULL, span TEXT NOT NULL, start TEXT NOT NULL, steps TEXT NOT NULL, total REAL NOT NULL,
    worst REAL NOT NULL, PRIMARY KEY (name, span, start)) WITHOUT ROWID
"""


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql(SCHEMA)
