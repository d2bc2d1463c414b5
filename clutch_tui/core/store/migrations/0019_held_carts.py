"""The window that has each open cart; empty for one that is parked."""

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql("ALTER TABLE cart ADD COLUMN holder TEXT NOT NULL DEFAULT ''")
