"""A shop that has been answered without the server's numbers says so by itself; earlier it was told by the lists that
were stored."""

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    db.execute_sql(
        "INSERT OR IGNORE INTO sync_state (name, value) SELECT 'lists.answers', '1'"
        " WHERE EXISTS (SELECT 1 FROM outbox WHERE result_epoch = 'lists')"
    )
