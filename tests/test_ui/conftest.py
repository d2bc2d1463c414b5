"""Languages for the screens' tests; each test leaves the language as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clutch_tui.text import strings


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
