"""How often people do what: the deeds of a clerk, weighed anew for each run."""

from __future__ import annotations

import random

from .clerk import (
    Deed,
    adjust,
    answer_order,
    attempt,
    change_rules,
    count_stock,
    create_customer,
    create_part,
    create_supplier,
    decide,
    delete_customer,
    delete_part,
    delete_supplier,
    drawer,
    edit_customer,
    edit_part,
    edit_supplier,
    give_back,
    look_at_queue,
    open_form,
    pay,
    sell,
    sell_changed,
    sell_order,
    take_back,
    void,
)
from .exchanging import exchange, give_back_loose
from .quoting import lose, quote, take_up
from .terminal import Terminal

DEEDS: dict[Deed, int] = {
    sell: 30, void: 4, give_back: 4, drawer: 1, adjust: 4, count_stock: 4, create_part: 4, open_form: 4,
    edit_part: 10, delete_part: 2, create_customer: 3, edit_customer: 5, delete_customer: 1, pay: 4, take_back: 3,
    create_supplier: 1, edit_supplier: 2, delete_supplier: 1, answer_order: 5, sell_order: 3, decide: 4,
    look_at_queue: 4, sell_changed: 1, change_rules: 1,
}  # fmt: skip
"""What happens how often."""
OF_QUOTATIONS: dict[Deed, int] = {quote: 7, take_up: 14, lose: 2}
"""And this, in a shop that quotes."""
OF_EXCHANGES: dict[Deed, int] = {exchange: 8, give_back_loose: 3}
"""And in one that exchanges, and takes back what nobody has a receipt of."""


class Habits:
    """What the people of one run do how often: in each run some deeds are rife and others unknown, so that in many
    runs together everything meets everything."""

    def __init__(self, rng: random.Random, *, quotes: bool, exchanges: bool) -> None:
        often = DEEDS | (OF_QUOTATIONS if quotes else {}) | (OF_EXCHANGES if exchanges else {})
        self._deeds = list(often)
        self._weights = [weight * rng.choice((0, 1, 1, 1, 4)) for weight in often.values()]
        self._weights[0] = max(self._weights[0], DEEDS[sell])

    def act(self, terminal: Terminal, rng: random.Random) -> str:
        """One deed by chance."""
        return attempt(rng.choices(self._deeds, self._weights)[0], terminal, rng)
