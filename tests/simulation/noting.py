"""What people do about what they could not sell: they note it in two keys, of a part or of what somebody had asked for.

They note by a chance of their own, beside whatever else they do: so nothing else that is drawn depends on it.
"""

from __future__ import annotations

import random

from clutch_tui.core import lost_sales
from clutch_tui.core.lost_sales import LostSale, LostSaleQuery, Reason
from clutch_tui.core.quantity import Quantity

from . import clerk
from .terminal import Terminal
from .violation import Violation

EVERY = LostSaleQuery()
LONG_AGO = 10_000
"""So many days back that everything noted in a run is within them."""
OFTEN = (0.0, 0.1, 0.3)
"""How likely it is beside each step of a run that something is noted: in some runs nothing ever is."""
_WORDS = ("دبرياج لادا", "  كوبلن   ٢٠١٢ ", "Filter Fiat 128")


def note(terminal: Terminal, rng: random.Random) -> str:
    """A part of the shop's, at its price or at one that was named, or else what somebody had asked for by its words."""
    reason = rng.choice(lost_sales.REASONS)
    known = terminal.sql("SELECT id, decimals FROM part WHERE deleted = 0 ORDER BY id")
    if not known or rng.random() < 0.4:
        quantity = clerk.draw_quantity(rng, (1, 2, 4), rng.choice((0, 0, 1, 3)))
        return f"lost {note_this(terminal, reason, quantity, text=rng.choice(_WORDS)).id}"
    part_id, decimals = rng.choice(known)
    quantity = clerk.draw_quantity(rng, (1, 2, 9), decimals)
    price = rng.choice((0, rng.randint(1, 90_000)))
    return f"lost {note_this(terminal, reason, quantity, part_id=part_id, price=price).id}"


def note_this(
    terminal: Terminal,
    reason: Reason,
    quantity: Quantity,
    *,
    part_id: str | None = None,
    text: str = "",
    price: int = 0,
) -> LostSale:
    """Note this, which its till shows at once as it was noted, and adds up with the others."""
    made: LostSale = terminal.do(
        lost_sales.note, reason, quantity, part_id=part_id, text=text, price=price, cashier="سارة"
    )
    shown = terminal.ask(lost_sales.page, EVERY, None, 0, 1000)
    if made not in shown:
        raise Violation(f"{terminal.name} does not show {made}, which was noted there just now")
    if (made.item_id, made.quantity, made.reason) != (part_id, quantity, reason) or made.price < price:
        raise Violation(f"{terminal.name} has noted {made} of {part_id or text} in {quantity} at {price}: {reason}")
    check_wanted(terminal, shown)
    return made


def check_wanted(terminal: Terminal, shown: tuple[LostSale, ...]) -> None:
    """What is wanted is the sum of all that is shown, each once."""
    wanted = terminal.ask(lost_sales.wanted, LONG_AGO, 1000)
    sums = sum(one.times for one in wanted), sum(one.quantity for one in wanted)
    expected = len(shown), sum(one.quantity for one in shown)
    if sums != expected or terminal.ask(lost_sales.count, EVERY) != len(shown):
        raise Violation(f"{terminal.name}: so often and so much was missed: {expected}, and wanted is {sums}")
