"""Records of the server that could not be read: they count as missing here until they can."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENT = """CREATE TABLE set_aside (channel TEXT NOT NULL, record_id TEXT NOT NULL, reason TEXT NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (channel, record_id)) WITHOUT ROWID"""


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql(STATEMENT)
