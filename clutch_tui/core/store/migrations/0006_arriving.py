"""Parts of a pull of several pages are prepared beside the shop's own and take their place at once
(core/sync/part_staging.py).

`part_next` has the columns of `part`, whatever they are by now; a migration that changes one changes both.
"""

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    made = db.execute_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'part'").fetchone()[0]
    db.execute_sql(made.replace("CREATE TABLE part ", "CREATE TABLE part_next ", 1))
    db.execute_sql("CREATE TABLE part_seen (pk INTEGER NOT NULL PRIMARY KEY)")
