"""A clock that is far off: sales are booked on another day than the server's, and that is said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clutch_tui.phrases.clock import wrong_day
from clutch_tui.text import strings

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(("skew", "theirs"), [(172_800.0, "20/11/2026"), (-63_072_000.0, "21/11/2028"), (300.0, "")])
def test_the_day_of_both_clocks_is_named_where_they_differ(
    language: strings.Language, skew: float, theirs: str
) -> None:
    strings.use(language)
    words = wrong_day(skew, NOW)
    strings.use("ar")
    assert (theirs in words, "22/11/2026" in words) == (True, bool(theirs))
