"""A day by its seed, and what became of it."""

from __future__ import annotations

from decimal import localcontext
from pathlib import Path

from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings
from tests.money_reference.rules import DIGITS

from .day import Day, Plan


async def live(seed: int, folder: Path, plan: Plan) -> tuple[Day, list[str]]:
    """Live a day in this folder; the day, and what tills and server say otherwise than the books."""
    day = Day(seed, plan)
    with localcontext(DIGITS):
        async with running(Settings(db=str(folder / "backend.db"), faults=True)) as sandbox:
            try:
                await day.run(folder, sandbox)
                return day, day.differences()
            finally:
                await day.close()
