"""Languages for the screens' tests; each test leaves the language as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.text import strings
from clutch_tui.ui import key_order
from tests.test_ui.shop_app import PATIENCE, Shop, shop_in


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is given up, and none taken for lost, while a busy machine reads and draws."""
    monkeypatch.setattr(key_order, "PATIENCE", PATIENCE)
    monkeypatch.setattr(key_order, "LOST_AFTER", 10**6)


@pytest.fixture
def arabic() -> Iterator[None]:
    before = strings.language()
    strings.use("ar")
    yield
    strings.use(before)


@pytest.fixture
def english() -> Iterator[None]:
    before = strings.language()
    strings.use("en")
    yield
    strings.use(before)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with three parts in a store file of its own."""
    with shop_in(tmp_path) as made:
        yield made
