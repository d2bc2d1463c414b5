"""The first schema: parts, sales, customers, suppliers, orders, outbox, journal.

The statements are the frozen truth of this version; models.py may move on, this file never changes.
"""

import sqlite3
from typing import Any

from playhouse.migrate import SchemaMigrator

SCHEMA = """
CREATE TABLE part (
    pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL DEFAULT '', name_en TEXT NOT NULL DEFAULT '', part_number TEXT NOT NULL DEFAULT '',
    barcode TEXT NOT NULL DEFAULT '', oem_number TEXT NOT NULL DEFAULT '', category TEXT NOT NULL DEFAULT '',
    brand TEXT NOT NULL DEFAULT '', car_brand TEXT NOT NULL DEFAULT '', car_model TEXT NOT NULL DEFAULT '',
    year TEXT NOT NULL DEFAULT '', price INTEGER NOT NULL DEFAULT 0, cost INTEGER NOT NULL DEFAULT 0,
    stock_quantity INTEGER NOT NULL DEFAULT 0, min_stock INTEGER NOT NULL DEFAULT 0,
    location TEXT NOT NULL DEFAULT '', supplier TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
    image_url TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL DEFAULT 0,
    updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0, name_key TEXT NOT NULL DEFAULT '',
    number_key TEXT NOT NULL DEFAULT '', barcode_key TEXT NOT NULL DEFAULT '', oem_key TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL DEFAULT '');
CREATE INDEX part_by_name ON part (name_key, id) WHERE deleted = 0;
CREATE INDEX part_by_number ON part (number_key) WHERE deleted = 0 AND number_key <> '';
CREATE INDEX part_by_barcode ON part (barcode_key) WHERE deleted = 0 AND barcode_key <> '';
CREATE INDEX part_by_oem ON part (oem_key) WHERE deleted = 0 AND oem_key <> '';
CREATE INDEX part_by_category ON part (category) WHERE deleted = 0;
CREATE INDEX part_by_car ON part (car_brand) WHERE deleted = 0;
CREATE INDEX part_low ON part (name_key, id) WHERE deleted = 0 AND stock_quantity <= min_stock;
CREATE VIRTUAL TABLE part_words USING fts5 (words, content='', contentless_delete=1, detail=none, prefix='1 2 3 4',
    tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE part_grams USING fts5 (words, content='', contentless_delete=1, detail=none,
    tokenize='trigram case_sensitive 1');
-- A trigger that writes to an FTS5 table makes it flush for every row: a pull took five times as long. These
-- only note which parts are to be indexed; the store has it done before it commits (search.index_changed).
-- Not INSERT OR IGNORE: under an upsert SQLite puts the upsert's own policy in its place, and a part that is
-- reworded twice in one transaction would end it.
CREATE TABLE part_unindexed (pk INTEGER PRIMARY KEY);
CREATE TRIGGER part_added AFTER INSERT ON part BEGIN
    INSERT INTO part_unindexed SELECT new.pk WHERE NOT EXISTS (SELECT 1 FROM part_unindexed WHERE pk = new.pk);
END;
CREATE TRIGGER part_reworded AFTER UPDATE ON part WHEN old.words <> new.words OR old.deleted <> new.deleted BEGIN
    INSERT INTO part_unindexed SELECT new.pk WHERE NOT EXISTS (SELECT 1 FROM part_unindexed WHERE pk = new.pk);
END;
CREATE TRIGGER part_removed AFTER DELETE ON part BEGIN
    INSERT INTO part_unindexed SELECT old.pk WHERE NOT EXISTS (SELECT 1 FROM part_unindexed WHERE pk = old.pk);
END;

CREATE TABLE stock_move (
    id INTEGER PRIMARY KEY, part_id TEXT NOT NULL, change_id TEXT NOT NULL, sale_id TEXT, kind TEXT NOT NULL,
    delta INTEGER NOT NULL, reason TEXT NOT NULL DEFAULT '', at TEXT NOT NULL, open INTEGER NOT NULL DEFAULT 1);
CREATE INDEX stock_move_open ON stock_move (part_id, delta) WHERE open = 1;
CREATE INDEX stock_move_by_part ON stock_move (part_id, id);
CREATE INDEX stock_move_by_change ON stock_move (change_id);

CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL DEFAULT '', phone TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '', customer_type TEXT NOT NULL DEFAULT '',
    car_brand TEXT NOT NULL DEFAULT '', car_model TEXT NOT NULL DEFAULT '', car_year TEXT NOT NULL DEFAULT '',
    car_plate TEXT NOT NULL DEFAULT '', balance INTEGER NOT NULL DEFAULT 0,
    total_purchases INTEGER NOT NULL DEFAULT 0, last_visit TEXT, version INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL DEFAULT 0, updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0,
    name_key TEXT NOT NULL DEFAULT '', phone_key TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '');
CREATE INDEX customer_by_name ON customer (name_key, id) WHERE deleted = 0;
CREATE INDEX customer_by_phone ON customer (phone_key) WHERE deleted = 0;
CREATE TABLE account_move (
    id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, change_id TEXT NOT NULL, kind TEXT NOT NULL,
    amount INTEGER NOT NULL, method TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,
    open INTEGER NOT NULL DEFAULT 1);
CREATE INDEX account_move_open ON account_move (customer_id, amount) WHERE open = 1;
CREATE INDEX account_move_by_customer ON account_move (customer_id, id);
CREATE INDEX account_move_by_change ON account_move (change_id);

CREATE TABLE supplier (
    id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL DEFAULT '', contact_person TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',
    payment_terms TEXT NOT NULL DEFAULT '', rating INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL DEFAULT 0, updated_at TEXT,
    deleted INTEGER NOT NULL DEFAULT 0, name_key TEXT NOT NULL DEFAULT '', phone_key TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL DEFAULT '');
CREATE INDEX supplier_by_name ON supplier (name_key, id) WHERE deleted = 0;

CREATE TABLE sale (
    id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL DEFAULT 'sale', receipt_number TEXT NOT NULL DEFAULT '',
    date TEXT NOT NULL, device_id TEXT NOT NULL DEFAULT '', cashier TEXT NOT NULL DEFAULT '', customer_id TEXT,
    customer_name TEXT NOT NULL DEFAULT '', subtotal INTEGER NOT NULL DEFAULT 0,
    discount INTEGER NOT NULL DEFAULT 0, tax INTEGER NOT NULL DEFAULT 0, tax_rate INTEGER NOT NULL DEFAULT 0,
    prices_include_tax INTEGER NOT NULL DEFAULT 1, rounding INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0, tendered INTEGER NOT NULL DEFAULT 0,
    payment_method TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT 'completed', return_of TEXT,
    order_id TEXT, business_day TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '',
    flags TEXT NOT NULL DEFAULT '', own INTEGER NOT NULL DEFAULT 1, version INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL DEFAULT 0, search_key TEXT NOT NULL DEFAULT '');
CREATE INDEX sale_by_date ON sale (date, id);
CREATE INDEX sale_by_day ON sale (business_day, date, id);
CREATE INDEX sale_by_customer ON sale (customer_id, date) WHERE customer_id IS NOT NULL;
CREATE INDEX sale_by_number ON sale (receipt_number);
CREATE INDEX sale_returns ON sale (return_of) WHERE return_of IS NOT NULL;
CREATE TABLE sale_line (
    sale_id TEXT NOT NULL, n INTEGER NOT NULL, part_id TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
    part_number TEXT NOT NULL DEFAULT '', quantity INTEGER NOT NULL, price INTEGER NOT NULL,
    discount INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL, sale_line INTEGER,
    PRIMARY KEY (sale_id, n)) WITHOUT ROWID;
CREATE INDEX sale_line_by_part ON sale_line (part_id, sale_id);
CREATE TABLE payment (
    sale_id TEXT NOT NULL, n INTEGER NOT NULL, method TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (sale_id, n)) WITHOUT ROWID;
CREATE TABLE cart (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE cash_move (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, amount INTEGER NOT NULL, sale_id TEXT, change_id TEXT,
    reason TEXT NOT NULL DEFAULT '', business_day TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX cash_move_by_day ON cash_move (business_day, id);

CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY, order_number TEXT NOT NULL DEFAULT '', customer_id TEXT,
    customer_name TEXT NOT NULL DEFAULT '', phone TEXT NOT NULL DEFAULT '', total INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'pending', delivery_address TEXT NOT NULL DEFAULT '',
    notes TEXT NOT NULL DEFAULT '', created_at TEXT, expires_at TEXT, version INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, search_key TEXT NOT NULL DEFAULT '');
CREATE INDEX orders_by_date ON orders (created_at, id);
CREATE TABLE order_line (
    order_id TEXT NOT NULL, n INTEGER NOT NULL, part_id TEXT, name TEXT NOT NULL DEFAULT '',
    quantity INTEGER NOT NULL, price INTEGER, PRIMARY KEY (order_id, n)) WITHOUT ROWID;

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT, change_id TEXT NOT NULL UNIQUE, lineage TEXT NOT NULL,
    channel TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, record_id TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '', at TEXT NOT NULL, epoch TEXT, base TEXT NOT NULL DEFAULT '{}',
    was TEXT NOT NULL DEFAULT '{}', payload TEXT NOT NULL DEFAULT '{}', lane TEXT NOT NULL DEFAULT 'fast',
    attempts INTEGER NOT NULL DEFAULT 0, alone INTEGER NOT NULL DEFAULT 0, first_sent_at TEXT, last_sent_at TEXT,
    not_before TEXT, last_error TEXT NOT NULL DEFAULT '', answered_at TEXT, status TEXT NOT NULL DEFAULT '',
    result_epoch TEXT, result_seq INTEGER, result TEXT, covered INTEGER NOT NULL DEFAULT 0);
CREATE INDEX outbox_unanswered ON outbox (lane, channel, n) WHERE answered_at IS NULL;
CREATE INDEX outbox_uncovered ON outbox (result_epoch, result_seq) WHERE answered_at IS NOT NULL AND covered = 0;
CREATE INDEX outbox_attention ON outbox (n) WHERE lane = 'attention';
CREATE INDEX outbox_by_record ON outbox (type, record_id, n);
CREATE TABLE base_record (type TEXT NOT NULL, id TEXT NOT NULL, body TEXT, PRIMARY KEY (type, id)) WITHOUT ROWID;
CREATE TABLE conflict (
    id TEXT NOT NULL PRIMARY KEY, change_id TEXT NOT NULL, type TEXT NOT NULL, record_id TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '', field TEXT NOT NULL, mine TEXT, theirs TEXT, version INTEGER NOT NULL,
    at TEXT NOT NULL, resolved_at TEXT, resolution TEXT NOT NULL DEFAULT '');
CREATE INDEX conflict_open ON conflict (at, id) WHERE resolved_at IS NULL;
CREATE TABLE pull_page (
    channel TEXT NOT NULL, n INTEGER NOT NULL, epoch TEXT NOT NULL, snapshot INTEGER NOT NULL, since INTEGER,
    cursor INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, n));
CREATE TABLE sync_state (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, fetched_at TEXT);

CREATE TABLE connection_state (
    part TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, since TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}',
    updated_at TEXT NOT NULL, pid INTEGER NOT NULL);
CREATE TABLE endpoint_figure (
    name TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, status INTEGER, latency_ms REAL, at TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0);
CREATE TABLE connection_log (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, level TEXT NOT NULL, category TEXT NOT NULL, event TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}', text TEXT NOT NULL DEFAULT '');
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL DEFAULT '', action TEXT NOT NULL,
    type TEXT NOT NULL, record_id TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}', hash TEXT NOT NULL);
CREATE TABLE notification (
    id TEXT NOT NULL PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}',
    read INTEGER NOT NULL DEFAULT 0);
CREATE INDEX notification_by_date ON notification (at, id);
"""


def up(migrator: SchemaMigrator, db: Any) -> None:
    # one by one: executescript() would commit the migration's transaction first
    statement = ""
    for line in SCHEMA.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute_sql(statement)
            statement = ""
