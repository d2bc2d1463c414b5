"""Precedence: the changes of the outbox that may go up now, and what the others wait for, as conditions on a row of
`outbox`.

A request waits for the earlier requests on its record. A fact waits for nothing, but where the server has lost its sync
calls, or has them again, in the middle of something (docs/protocol.md#without-sync-calls).
"""

from __future__ import annotations

from ..database import db

MOVELESS = (
    *("deposit", "lost_sale", "quotation", "quotation_lost", "quotation_sold"),
    *("special_order", "special_order_step"),
)
"""Facts of version 2 that move neither stock nor money nor an account."""
OF_ACCOUNTS = ("payment", "payment_void", "deposit_forfeit")
"""Facts that move an account alone."""
FACTS = frozenset({"sale", "return", "exchange", "void", "cash", "count", "adjust", "receive", *OF_ACCOUNTS, *MOVELESS})
"""Kinds that have happened at the counter: never refused, never held up by another change."""
FACT_LIST = ", ".join(f"'{kind}'" for kind in sorted(FACTS))
LATER_TYPES = ("price_rule",)
"""Types of record of version 2: what is asked of them goes by sync alone, and to a server that names them."""

WAITS_TO_BE_READ = "({0}.kind = 'update' AND {0}.lane = 'local' AND {0}.first_sent_at IS NULL)"
"""An edit that was never sent and waits until the server learns to read it: nothing waits for it."""

FREE = f"""(kind IN ({FACT_LIST}) OR NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.type = outbox.type
    AND earlier.record_id = outbox.record_id AND earlier.n < outbox.n AND earlier.answered_at IS NULL
    AND earlier.kind NOT IN ({FACT_LIST}) AND NOT {WAITS_TO_BE_READ.format("earlier")}))"""
"""A request waits for the earlier requests on its record; a fact waits for nothing."""

_BEING_JUDGED = """FROM single CROSS JOIN outbox AS begun USING (change_id), json_each(single.body, '{}') AS one
    WHERE begun.answered_at IS NULL"""
STILL = f"""SELECT one.key {_BEING_JUDGED.format("$.writes")}
    AND begun.lane IN ('fast', 'slow') AND NOT json_extract(one.value, '$.done')
    UNION SELECT one.key {_BEING_JUDGED.format("$.before")}
    AND (begun.lane = 'fast' OR begun.lane = 'slow' AND json_extract(single.body, '$.posted'))"""
"""The parts whose figure at the server tells what became of a change that goes up by itself: whether it was written, or
who moved it (`stock_movers.unsettled`, `stock_movers.being_watched`). A document that cannot be sent holds up
nothing."""

_HALF = """SELECT 1 FROM sync_state WHERE name IN ('inventory.missed_at', 'sales.missed_at')
    OR name IN ('inventory.way', 'sales.way') AND value = 'lists'"""
"""Whether a sync call is missing: the server may be one that numbers its records by itself."""

_OF_SINGLES = f"""(kind NOT IN ('void', 'return') OR NOT EXISTS (SELECT 1 FROM outbox AS sold
    JOIN single USING (change_id) WHERE sold.type = 'sale' AND sold.kind = 'sale' AND sold.answered_at IS NULL
    AND sold.record_id = json_extract(outbox.payload, iif(outbox.kind = 'void', '$.sale_id', '$.return_of'))
    AND NOT coalesce(json_extract(single.body, '$.posted'), 0)))
    AND (change_id IN (SELECT change_id FROM single) OR NOT EXISTS (SELECT 1 FROM stock_move
    WHERE stock_move.change_id = outbox.change_id AND part_id IN ({STILL})))"""
_OF_MADE = f"""NOT EXISTS (SELECT 1 FROM outbox AS made INDEXED BY outbox_by_record
    WHERE made.type IN ('item', 'customer') AND made.kind = 'create'
    AND made.answered_at IS NULL AND made.lane = 'fast' AND made.record_id IN (
    SELECT part_id FROM stock_move WHERE stock_move.change_id = outbox.change_id
    UNION ALL SELECT customer_id FROM account_move WHERE account_move.change_id = outbox.change_id
    UNION ALL SELECT json_extract(outbox.payload, '$.customer_id')
    UNION ALL SELECT json_extract(outbox.payload, '$.sale.customer_id'))
    AND (EXISTS ({_HALF}) OR EXISTS (SELECT 1 FROM single
    WHERE single.change_id = made.change_id AND json_extract(single.body, '$.tried_at') <> '')))"""
FREE_TO_SYNC = f"{FREE} AND {_OF_SINGLES} AND {_OF_MADE}"
"""By sync, what came back of a sale waits where that has begun to go up by itself (`single_writes.waits_for` says the
same there): a server that heard of it first would move nothing when the sale comes, and nobody would know why. Nothing
moves a part whose figure is just being judged. And where a server may call a record by an id of its own, what is about
that record waits until it is made: it would keep the fact for a record that never comes under our id."""


def free_to_sync() -> str:
    """The condition `FREE_TO_SYNC`, without what is about changes that go up by themselves where there are none: asked
    of each change that is to be sent, that would cost more than all else."""
    single = db.execute("SELECT 1 FROM single LIMIT 1").fetchone()
    return FREE_TO_SYNC if single is not None else f"{FREE} AND {_OF_MADE}"
