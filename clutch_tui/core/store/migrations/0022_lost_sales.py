"""Sales that came to nothing, noted at the counter."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "CREATE TABLE lost_sale (id TEXT NOT NULL PRIMARY KEY, at TEXT NOT NULL, business_day TEXT NOT NULL DEFAULT '',"
    " item_id TEXT, item_name TEXT NOT NULL DEFAULT '', part_number TEXT NOT NULL DEFAULT '',"
    " quantity INTEGER NOT NULL DEFAULT 0, price INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',"
    " cashier TEXT NOT NULL DEFAULT '', own INTEGER NOT NULL DEFAULT 1, seq INTEGER NOT NULL DEFAULT 0,"
    " search_key TEXT NOT NULL DEFAULT '')",
    "CREATE INDEX lost_sale_by_date ON lost_sale (at, id)",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
