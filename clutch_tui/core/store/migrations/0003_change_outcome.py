"""The outcome that a person gave a change that the server refused or flagged, and the change that took its place."""

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql("ALTER TABLE outbox ADD COLUMN outcome TEXT NOT NULL DEFAULT ''")
    db.execute_sql("ALTER TABLE outbox ADD COLUMN followed_by TEXT")
