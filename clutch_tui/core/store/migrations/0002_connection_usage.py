"""The record of the connection over time: response times and failures of each endpoint, uptime, what sync moved."""

from typing import Any

from playhouse.migrate import SchemaMigrator

SCHEMA = (
    "ALTER TABLE endpoint_figure ADD COLUMN problem TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE endpoint_figure ADD COLUMN recent TEXT NOT NULL DEFAULT '[]'",
    "CREATE TABLE endpoint_usage ("
    " name TEXT NOT NULL, span INTEGER NOT NULL, start TEXT NOT NULL, calls INTEGER NOT NULL DEFAULT 0,"
    " failures INTEGER NOT NULL DEFAULT 0, times TEXT NOT NULL DEFAULT '{}', worst REAL,"
    " PRIMARY KEY (name, span, start))",
    "CREATE TABLE line_usage ("
    " span INTEGER NOT NULL, start TEXT NOT NULL, watched REAL NOT NULL DEFAULT 0, api REAL NOT NULL DEFAULT 0,"
    " socket REAL NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0, fetched INTEGER NOT NULL DEFAULT 0,"
    " busy REAL NOT NULL DEFAULT 0, PRIMARY KEY (span, start))",
    "CREATE INDEX connection_log_kind ON connection_log (level, category)",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in SCHEMA:
        db.execute_sql(statement)
