"""Returns of which nobody has the receipt say so: they are returns, though they name no sale."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = ("ALTER TABLE sale ADD COLUMN without_receipt INTEGER NOT NULL DEFAULT 0",)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
