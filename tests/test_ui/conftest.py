"""Languages for the screens' tests; each test leaves the language as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.text import strings
from tests.test_ui.shop_app import Shop, shop_in


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
