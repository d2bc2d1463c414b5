"""What a sale says beside its goods and its money (a note on a line, the car, the reference of a payment), what a
drawer's money was spent on and how it was counted, the drawers of other tills, and the keys of scripts.

What version 2 adds to the sales of other tills lies behind the cursor where the server names it already; a server
learns later than this program, and then the sales are fetched anew (`abilities.learn`). The drawers' deeds of the other
tills were passed over so far: the sales are fetched from the beginning once, after a pull that is under way.
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE sale ADD COLUMN car TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sale_line ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE payment ADD COLUMN reference TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE money_move ADD COLUMN category TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE closing ADD COLUMN coins TEXT NOT NULL DEFAULT '{}'",
    "CREATE TABLE till_move (id TEXT NOT NULL PRIMARY KEY, drawer_id TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL,"
    " amount INTEGER NOT NULL DEFAULT 0, counted INTEGER, reason TEXT NOT NULL DEFAULT '',"
    " category TEXT NOT NULL DEFAULT '', business_day TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,"
    " seq INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX till_move_by_day ON till_move (business_day)",
    "CREATE INDEX money_move_by_day ON money_move (business_day)",
    "CREATE TABLE script_key (key TEXT NOT NULL PRIMARY KEY, said TEXT NOT NULL, made TEXT NOT NULL, at TEXT NOT NULL)",
    "INSERT OR IGNORE INTO sync_state (name, value) SELECT 'sales.renew', '1'"
    " WHERE EXISTS (SELECT 1 FROM sync_state WHERE name = 'sales.epoch' AND value <> 'lists')",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
