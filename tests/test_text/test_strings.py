"""Speaking: languages, plural forms, digits, and what happens to a key that nobody wrote."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from clutch_tui.text import strings
from clutch_tui.text.strings import t, tn


@pytest.fixture(autouse=True)
def _arabic_again() -> Iterator[None]:
    yield
    strings.use("ar")


def test_the_language_changes_while_the_program_runs() -> None:
    strings.use("ar")
    assert (t("common.save"), strings.is_rtl(), strings.language()) == ("حفظ", True, "ar")
    strings.use("en")
    assert (t("common.save"), strings.is_rtl(), strings.language()) == ("Save", False, "en")
    with pytest.raises(ValueError, match="'fr'"):
        strings.use("fr")  # type: ignore[arg-type]
    assert strings.language() == "en"


def test_a_key_that_nobody_wrote_is_said_as_it_is() -> None:
    assert t("no.such.key") == "no.such.key"
    assert tn("no.such.key", 3) == "no.such.key"
    assert not strings.has("no.such.key")
    assert strings.has("common.save")


def test_a_missing_argument_is_seen_and_breaks_nothing() -> None:
    strings.use("en")
    assert t("error.number.decimals", other=1) == "At most {places} decimals are possible here"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "منذ لحظات"), (1, "منذ دقيقة"), (2, "منذ دقيقتين"), (3, "منذ ٣ دقائق"), (10, "منذ ١٠ دقائق"),
        (11, "منذ ١١ دقيقة"), (99, "منذ ٩٩ دقيقة"), (100, "منذ ١٠٠ دقيقة"), (103, "منذ ١٠٣ دقائق"),
        (1200, "منذ ١٬٢٠٠ دقيقة"),
    ],
)  # fmt: skip
def test_arabic_has_six_plural_forms(n: int, said: str) -> None:
    strings.use("ar", "arabic")
    assert tn("age.minutes", n) == said


def test_plural_rules_are_those_of_cldr() -> None:
    """Babel's own header for Arabic swaps the last two forms; the catalogue's is written out."""
    from babel.core import Locale

    forms = ["zero", "one", "two", "few", "many", "other"]
    rule = Locale("ar").plural_form
    plural = strings._catalogue("ar").plural  # type: ignore[attr-defined]
    assert [plural(n) for n in range(1000)] == [forms.index(rule(n)) for n in range(1000)]


def test_numbers_in_a_sentence_follow_the_setting() -> None:
    strings.use("ar", "arabic")
    assert t("error.number.decimals", places=2).endswith("٢")
    strings.use("ar", "western")
    assert t("error.number.decimals", places=2).endswith("2")
    strings.use("en", "arabic")
    assert "2 " in t("error.number.decimals", places=2)


def test_importing_costs_next_to_nothing() -> None:
    """The catalogue is read with the first sentence, and nothing heavy comes along."""
    program = (
        "import sys, re, pathlib, gettext, typing; before = set(sys.modules)\n"
        "import clutch_tui.text.strings as strings\n"
        "new = {name for name in set(sys.modules) - before if not name.startswith('clutch_tui')} - {'__future__'}\n"
        "sys.exit(', '.join(new) or strings._catalogue.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
