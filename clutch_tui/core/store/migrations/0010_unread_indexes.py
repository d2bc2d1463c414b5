"""No index that nothing reads: no query looks a sale up by its number or a movement of the drawer by its day, and each
of the two cost every sale more than a page of the log."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = ("DROP INDEX sale_by_number", "DROP INDEX cash_move_by_day")


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
