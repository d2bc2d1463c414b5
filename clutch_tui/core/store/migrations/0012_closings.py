"""A closed drawer is a document: its figures are stored with it, and never reckoned again.

The movements of money hold every method now, so that one sequence bounds a period, and not the clock. What was closed
before keeps the figures that its report would have shown at this moment.
"""

import json
from typing import Any

from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE cash_move RENAME TO money_move",
    "ALTER TABLE money_move ADD COLUMN method TEXT NOT NULL DEFAULT 'cash'",
    "CREATE TABLE closing (id INTEGER NOT NULL PRIMARY KEY, number INTEGER NOT NULL, since TEXT, until TEXT NOT NULL,"
    " counted INTEGER NOT NULL, sums TEXT NOT NULL, takings TEXT NOT NULL, on_account TEXT NOT NULL)",
)

CLOSINGS = "SELECT id, at, amount FROM money_move WHERE kind = 'close' ORDER BY id"
SUMS = "SELECT kind, count(*), sum(amount) FROM money_move WHERE id > ? AND id < ? GROUP BY kind"
TAKINGS = (
    "SELECT payment.method, count(*), sum(CASE sale.kind WHEN 'return' THEN -abs(payment.amount) ELSE payment.amount"
    " END) FROM sale JOIN payment ON payment.sale_id = sale.id WHERE sale.own = 1 AND sale.date > ?"
    " AND sale.date <= ? AND sale.status <> 'voided' GROUP BY 1 ORDER BY 3 DESC, 1"
)

SINCE_THE_LAST = """
INSERT INTO money_move (kind, amount, sale_id, change_id, business_day, at, method)
SELECT kind, amount, sale_id, change_id, business_day, at, method FROM (
    SELECT sale.kind, iif(sale.kind = 'return', -abs(amount), amount) AS amount, sale.id AS sale_id,
        (SELECT change_id FROM outbox WHERE type = 'sale' AND record_id = sale.id AND kind IN ('sale', 'return'))
            AS change_id, business_day, date AS at, method
    FROM sale JOIN payment ON payment.sale_id = sale.id WHERE own = 1 AND date > ?1 AND method <> 'cash'
    UNION ALL
    SELECT 'void', -amount, sale_id, change_id, '', at, method
    FROM outbox JOIN payment ON payment.sale_id = json_extract(payload, '$.sale_id')
    WHERE outbox.kind = 'void' AND at > ?1 AND method <> 'cash'
    UNION ALL
    SELECT 'payment', -amount, NULL, change_id, '', at, method FROM account_move
    WHERE kind = 'payment' AND at > ?1 AND method <> 'cash')
ORDER BY at
"""
"""What came and went otherwise than in cash since the drawer was last closed."""


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
    after, last = 0, ""
    for number, (id, at, difference) in enumerate(db.execute_sql(CLOSINGS).fetchall(), 1):
        sums = db.execute_sql(SUMS, (after, id)).fetchall()
        takings = db.execute_sql(TAKINGS, (last, at)).fetchall()
        since = db.execute_sql("SELECT min(at) FROM money_move WHERE id > ? AND id < ?", (after, id)).fetchone()[0]
        counted = sum(amount for _, _, amount in sums) + difference
        db.execute_sql(
            "INSERT INTO closing (id, number, since, until, counted, sums, takings, on_account)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '[0, 0]')",
            (id, number, since, at, counted, _by_name(sums), _by_name(takings)),
        )
        after, last = id, at
    db.execute_sql(SINCE_THE_LAST, (last,))


def _by_name(rows: list[tuple[str, int, int]]) -> str:
    return json.dumps({name: [times, amount] for name, times, amount in rows})
