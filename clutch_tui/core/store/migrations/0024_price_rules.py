"""Price levels: the rules by which a level's prices are reckoned, and the level at which a line was sold."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "CREATE TABLE price_rule (id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL DEFAULT 0,"
    " seq INTEGER NOT NULL DEFAULT 0, updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0,"
    " target_key TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '', level TEXT NOT NULL DEFAULT '',"
    " scope TEXT NOT NULL DEFAULT '', item_id TEXT NOT NULL DEFAULT '', target TEXT NOT NULL DEFAULT '',"
    " percent INTEGER NOT NULL DEFAULT 0, price INTEGER NOT NULL DEFAULT 0,"
    " from_quantity INTEGER NOT NULL DEFAULT 0, rounding INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX price_rule_by_part ON price_rule (item_id) WHERE deleted = 0",
    "CREATE INDEX price_rule_by_target ON price_rule (scope, target_key) WHERE deleted = 0 AND scope <> 'part'",
    "CREATE INDEX price_rule_in_order ON price_rule (level, scope, target_key, item_id, from_quantity, id)"
    " WHERE deleted = 0",
    "ALTER TABLE sale_line ADD COLUMN level TEXT NOT NULL DEFAULT ''",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
