"""Amounts on their way between the books and the program."""

from __future__ import annotations

from decimal import Decimal

from tests.money_reference.rules import PIASTRE


def minor(amount: Decimal) -> int:
    """An amount of the books as the program keeps it."""
    return int(amount / PIASTRE)


def pounds(amount: int) -> Decimal:
    """An amount of the program as the books keep it."""
    return Decimal(amount) * PIASTRE
