"""The voids of this terminal by their sale: a pulled row may be older than the void, and is held against it."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENT = "CREATE INDEX outbox_voids ON outbox (json_extract(payload, '$.sale_id')) WHERE kind = 'void'"


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql(STATEMENT)
