"""Planted mistakes about special orders and deposits: what is counted, how often, and what is kept of them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import peewee

from clutch_tui.core import customers, deposits, special_orders
from clutch_tui.core.database import db
from clutch_tui.core.database.statement import Statement, given
from clutch_tui.core.records.customer import CustomerTable
from clutch_tui.sandbox import special_orders as server_special_orders

from .planting import mutant, put, spoiled


@mutant
def deposit_pays_debt(stack: ExitStack) -> None:
    """What a customer has left for an order is taken off what he owes."""
    of_customer = customers.BALANCE.partition("\n")[2].strip().removeprefix("+ ")
    balance = spoiled(customers.BALANCE, of_customer, "0")
    customer = CustomerTable.alias("customer")
    columns = (customer, peewee.SQL(balance).alias("owed"), peewee.SQL(customers._UNSENT).alias("unsent"))
    put(stack, customers, "_BY_ID", Statement(customer.select(*columns).where(customer.id == given("id"))))


@mutant
def deposit_not_used(stack: ExitStack) -> None:
    """The sale that fetches an order takes all of the money once more."""
    put(stack, deposits, "left", lambda order_id: 0)


@mutant
def forfeit_moves_nothing(stack: ExitStack) -> None:
    """A deposit that the shop keeps stays on the customer's account."""

    class _Nothing:
        @staticmethod
        def run(**values: Any) -> int:
            return 0

    put(stack, deposits, "ADD_ACCOUNT_MOVE", _Nothing)


@mutant
def special_orders_swept(stack: ExitStack) -> None:
    """A snapshot forgets own special orders that the server does not have yet."""

    def sweep(present: Any, oldest: str) -> None:
        before(present, oldest)
        db.execute(
            "DELETE FROM special_order WHERE at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
            (oldest, json.dumps(list(present))),
        )

    before = put(stack, special_orders, "sweep", sweep)


@mutant
def second_use_unflagged(stack: ExitStack) -> None:
    """The server takes every sale of a special order for the first one."""
    put(stack, server_special_orders, "_is_fetched", lambda transaction, special_order_id, but: False)
