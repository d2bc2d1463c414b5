"""Beside the cursor of a page that waits for the others: the mark of its number."""

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql("ALTER TABLE pull_page ADD COLUMN mark TEXT")
