"""The quote for an order, and the reason why an order came to nothing: both lie behind the cursor of the orders, which
are pulled once more from the beginning. Pages that wait for the next one lack both and are dropped: no page after them
could be stored."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE orders ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE orders ADD COLUMN quote TEXT",
    "DELETE FROM pull_page WHERE channel = 'orders'",
    "INSERT INTO sync_state (name, value) SELECT 'orders.renew', '1'"
    " WHERE EXISTS (SELECT 1 FROM sync_state WHERE name = 'orders.epoch' AND value <> 'lists')",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
