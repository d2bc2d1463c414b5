"""A shop to test with: a real database file, a clock that stands still until told, identities that repeat."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core.store.store import Store
from tests.fresh_store import open_new
from tests.test_core.shop import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    counter = itertools.count(1)

    def new_id() -> str:
        return f"01990000-0000-7000-8000-{next(counter):012x}"

    with open_new(tmp_path / "shop.db", clock=clock, new_id=new_id, inline=True) as store:
        yield store
