"""Which part of the shop the words of an order's line mean."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = ("CREATE TABLE line_tie (words TEXT NOT NULL PRIMARY KEY, part_id TEXT NOT NULL, at TEXT NOT NULL)",)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
