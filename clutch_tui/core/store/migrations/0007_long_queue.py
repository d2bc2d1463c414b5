"""A queue of tens of thousands: what was sent and what was not, each by an index of its own.

Every call asks for the oldest few of both; without these it read the whole queue each time.
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "CREATE INDEX outbox_sent ON outbox (n) WHERE answered_at IS NULL AND first_sent_at IS NOT NULL",
    "CREATE INDEX outbox_unsent ON outbox (n) WHERE answered_at IS NULL AND first_sent_at IS NULL",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
