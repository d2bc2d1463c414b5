"""The needs of a server without sync: its own ids beside ours, and how far a change has got that goes up singly.

`tick` puts answers and lists into one order (core/outbox/transports.py); what was answered before there was one is
in every list.
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE outbox ADD COLUMN tick INTEGER",
    "UPDATE outbox SET tick = 0 WHERE answered_at IS NOT NULL",
    "CREATE TABLE alias (type TEXT NOT NULL, id TEXT NOT NULL, remote_id TEXT NOT NULL, PRIMARY KEY (type, id))"
    " WITHOUT ROWID",
    "CREATE UNIQUE INDEX alias_by_remote ON alias (type, remote_id)",
    "CREATE TABLE single (change_id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
