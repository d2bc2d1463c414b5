"""Documents that moved an account beside sales, of every till: payments, payments taken back, voids of sales.

The form in which a fact went up to a server that does not know its kind is kept with it. Documents of other tills lie
behind the cursor of the sales, which is why those are pulled once more from the beginning.
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE outbox ADD COLUMN form TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE document (id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, about TEXT NOT NULL DEFAULT '',"
    " customer_id TEXT NOT NULL DEFAULT '', amount INTEGER NOT NULL DEFAULT 0, method TEXT NOT NULL DEFAULT '',"
    " note TEXT NOT NULL DEFAULT '', number TEXT NOT NULL DEFAULT '', cashier TEXT NOT NULL DEFAULT '',"
    " at TEXT NOT NULL, balance INTEGER, own INTEGER NOT NULL DEFAULT 1, seq INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX document_by_customer ON document (customer_id, at) WHERE customer_id <> ''",
    "CREATE INDEX document_about ON document (about) WHERE about <> ''",
    "INSERT INTO document (id, kind, customer_id, amount, method, note, at)"
    " SELECT coalesce((SELECT record_id FROM outbox WHERE outbox.change_id = account_move.change_id), change_id),"
    " 'payment', customer_id, -amount, method, note, at FROM account_move WHERE kind = 'payment'",
    "INSERT OR IGNORE INTO document (id, kind, about, note, at) SELECT record_id, 'void',"
    " json_extract(payload, '$.sale_id'), coalesce(json_extract(payload, '$.reason'), ''), at"
    " FROM outbox WHERE kind = 'void'",
    "INSERT INTO sync_state (name, value) SELECT 'sales.renew', '1'"
    " WHERE EXISTS (SELECT 1 FROM sync_state WHERE name = 'sales.epoch' AND value <> 'lists')",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
