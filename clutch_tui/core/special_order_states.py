"""How special orders and deposits stand, as expressions in SQL: what became of them is told by facts and reckoned here.

A voided sale has fetched nothing: the order, and the deposit on it, are as they were before.
"""

from __future__ import annotations

from . import search

_STANDING = """SELECT step.id FROM special_order_step AS step LEFT JOIN sale ON sale.id = step.sale_id
    WHERE step.special_order_id = {0} AND step.step = 'fetched' AND coalesce(sale.status, '') <> 'voided'"""
_STEP = """SELECT step.id FROM special_order_step AS step WHERE step.special_order_id = special_order.id
    AND step.step = '{0}'"""

FETCHED_BY = f"({_STANDING.format('special_order.id')} ORDER BY step.at, step.id LIMIT 1)"
"""The step by which a row of `special_order` was fetched, null where it was not."""
CANCELLED_BY = f"({_STEP.format('cancelled')} ORDER BY step.at DESC, step.id DESC LIMIT 1)"
STATUS = f"""CASE WHEN {FETCHED_BY} IS NOT NULL THEN 'fetched' WHEN {CANCELLED_BY} IS NOT NULL THEN 'cancelled'
    WHEN EXISTS ({_STEP.format("here")}) THEN 'here' ELSE 'ordered' END"""
STOCK = f"(SELECT {search.STOCK} FROM part WHERE part.id = special_order.item_id)"
"""What lies on the shelf of the part that was ordered, null where the shop does not carry it."""

USED = f"EXISTS ({_STANDING.format('deposit.special_order_id')})"
REFUNDED = (
    "EXISTS (SELECT 1 FROM document AS void WHERE void.about = deposit.payment_id AND void.kind = 'payment_void')"
)
FORFEITED = """EXISTS (SELECT 1 FROM deposit AS kept WHERE kept.payment_id = deposit.payment_id
    AND kept.kind = 'deposit_forfeit')"""
WAITS = f"(deposit.kind = 'deposit' AND NOT {USED} AND NOT {REFUNDED} AND NOT {FORFEITED})"
"""Whether a row of `deposit` is money that waits for its sale."""
LEFT = f"""coalesce((SELECT sum(deposit.amount) FROM deposit WHERE deposit.special_order_id = special_order.id
    AND {WAITS}), 0)"""
"""What waits of the deposits on a row of `special_order`."""
OF_CUSTOMER = f"""coalesce((SELECT sum(deposit.amount) FROM deposit WHERE deposit.customer_id = customer.id
    AND {WAITS}), 0)"""
"""What a row of `customer` has left as deposits that wait."""
