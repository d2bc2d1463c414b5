"""Quotations to people at the counter, and what became of them.

Those of other tills lie behind the cursor of the sales where the server names them already; a server learns them later
than this program, and then the sales are fetched anew (`abilities.learn`).
"""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "CREATE TABLE quotation (id TEXT NOT NULL PRIMARY KEY, number TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,"
    " business_day TEXT NOT NULL DEFAULT '', valid_until TEXT NOT NULL, customer_id TEXT,"
    " customer_name TEXT NOT NULL DEFAULT '',"
    " customer_phone TEXT NOT NULL DEFAULT '', cashier TEXT NOT NULL DEFAULT '', items TEXT NOT NULL,"
    " subtotal INTEGER NOT NULL DEFAULT 0, discount INTEGER NOT NULL DEFAULT 0, tax INTEGER NOT NULL DEFAULT 0,"
    " tax_rate INTEGER NOT NULL DEFAULT 0, prices_include_tax INTEGER NOT NULL DEFAULT 1,"
    " total INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '', percent INTEGER NOT NULL DEFAULT 0,"
    " own INTEGER NOT NULL DEFAULT 1, seq INTEGER NOT NULL DEFAULT 0, search_key TEXT NOT NULL DEFAULT '')",
    "CREATE INDEX quotation_by_date ON quotation (at, id)",
    "CREATE TABLE quotation_end (id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, quotation_id TEXT NOT NULL,"
    " sale_id TEXT NOT NULL DEFAULT '', receipt_number TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',"
    " at TEXT NOT NULL, own INTEGER NOT NULL DEFAULT 1, seq INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX quotation_end_of ON quotation_end (quotation_id)",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
