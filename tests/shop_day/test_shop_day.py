"""A short day agrees with the books, and a piastre or a millilitre that does not is told."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings

from .day import Day, Plan

SHORT = Plan(
    sales=24, returns=5, exchanges=2, voids=2, quotations=5, orders=2, special_orders=9,
    debts_paid=3, cash_moves=3, closings=1,
)  # fmt: skip


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    """A short day, lived to its end; its backend still runs."""
    lived = Day(1, SHORT)
    async with running(Settings(db=str(tmp_path / "backend.db"), faults=True)) as sandbox:
        await lived.run(tmp_path, sandbox)
        yield lived
        await lived.close()


async def test_a_day_with_an_afternoon_without_a_line_agrees_with_the_books(day: Day) -> None:
    assert day.differences() == []
    assert day.done == {
        "sales": 24, "returns": 5, "exchanges": 2, "voids": 2, "quotations": 5, "taken up": 2,
        "lost quotations": 1, "orders": 2, "special orders": 9, "fetched": 5, "cancelled": 3,
        "payments on account": 3, "movements of cash": 3, "closings": 1,
    }  # fmt: skip
    _is_told(day, "UPDATE item SET stock_quantity = stock_quantity + 1 WHERE name = 'خرطوم بنزين'", "خرطوم بنزين")
    _is_told(day, "UPDATE customer SET balance = balance - 1 WHERE name = 'الحاج سيد'", "الحاج سيد")
    _is_told(day, "UPDATE sale SET tax = tax + 1 WHERE id = (SELECT max(id) FROM sale WHERE return_of IS NULL)", "tax")


def _is_told(day: Day, mistake: str, what: str) -> None:
    with sqlite3.connect(day.sandbox.settings.db) as server:
        assert server.execute(mistake).rowcount == 1
    (told,) = [sentence for sentence in day.differences() if what in sentence]
    assert told.startswith("server")
