"""A discount that was a percentage says so on the receipt, also when it is printed again."""

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    for table in ("sale", "sale_line"):
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN percent INTEGER NOT NULL DEFAULT 0")
