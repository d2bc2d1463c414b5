"""Exchanges: each half names the other, and what is exchanged the way in which it had been paid."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE sale ADD COLUMN exchange_id TEXT",
    "ALTER TABLE payment ADD COLUMN way TEXT NOT NULL DEFAULT ''",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
