"""The index of the queue covers its figures: counted from the rows, fifty thousand sales and all they hold were read.

SQLite takes the condition of a partial index for one more column of the query, so the index has it as a column, too.
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "DROP INDEX outbox_unanswered",
    "CREATE INDEX outbox_unanswered ON outbox (lane, channel, n, answered_at) WHERE answered_at IS NULL",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
