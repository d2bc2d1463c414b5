"""What a sale says beside its goods and its money: a note on a line, the car, the reference of a payment.

The rows of other tills lie behind the cursor of the sales where the server names them already; a server learns them
later than this program, and then the sales are fetched anew (`abilities.learn`).
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE sale ADD COLUMN car TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sale_line ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE payment ADD COLUMN reference TEXT NOT NULL DEFAULT ''",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
