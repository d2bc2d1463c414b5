"""Which part the words of an order's line mean; special orders, what became of them, and the deposits on them."""

from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "CREATE TABLE line_tie (words TEXT NOT NULL PRIMARY KEY, part_id TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE special_order (id TEXT NOT NULL PRIMARY KEY, number TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,"
    " business_day TEXT NOT NULL DEFAULT '', customer_id TEXT, customer_name TEXT NOT NULL DEFAULT '',"
    " customer_phone TEXT NOT NULL DEFAULT '', item_id TEXT, item_name TEXT NOT NULL DEFAULT '',"
    " part_number TEXT NOT NULL DEFAULT '', quantity INTEGER NOT NULL DEFAULT 0, price INTEGER NOT NULL DEFAULT 0,"
    " expected TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', cashier TEXT NOT NULL DEFAULT '',"
    " own INTEGER NOT NULL DEFAULT 1, seq INTEGER NOT NULL DEFAULT 0, search_key TEXT NOT NULL DEFAULT '')",
    "CREATE INDEX special_order_by_date ON special_order (at, id)",
    "CREATE INDEX special_order_by_part ON special_order (item_id)",
    "CREATE TABLE special_order_step (id TEXT NOT NULL PRIMARY KEY, special_order_id TEXT NOT NULL,"
    " step TEXT NOT NULL, sale_id TEXT NOT NULL DEFAULT '', receipt_number TEXT NOT NULL DEFAULT '',"
    " reason TEXT NOT NULL DEFAULT '', at TEXT NOT NULL, own INTEGER NOT NULL DEFAULT 1,"
    " seq INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX special_order_step_by_order ON special_order_step (special_order_id)",
    "CREATE INDEX special_order_step_by_sale ON special_order_step (sale_id)",
    "CREATE TABLE deposit (id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, special_order_id TEXT NOT NULL,"
    " payment_id TEXT NOT NULL, customer_id TEXT NOT NULL DEFAULT '', amount INTEGER NOT NULL DEFAULT 0,"
    " reason TEXT NOT NULL DEFAULT '', at TEXT NOT NULL, own INTEGER NOT NULL DEFAULT 1,"
    " seq INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX deposit_by_order ON deposit (special_order_id)",
    "CREATE INDEX deposit_by_customer ON deposit (customer_id)",
    "CREATE INDEX deposit_by_payment ON deposit (payment_id)",
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
