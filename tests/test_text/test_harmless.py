"""Words from outside on their way out: nothing that commands a terminal or a printer, and nothing else lost."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.text.format import isolate
from clutch_tui.text.harmless import escaped, harmless

WORDS = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x00\r\n\t\u202e\u2028\u2066\u2067\u2068\u2069\ud800فلتر"))
)


@given(WORDS)
def test_what_comes_out_commands_nothing_and_ends_its_isolates(words: str) -> None:
    out = harmless(words)
    assert not [
        letter for letter in out if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") and letter not in "\n\t"
    ]
    assert not set(out) & set("\u202a\u202b\u202c\u202d\u202e")
    for line in out.split("\n"):
        depth = 0
        for letter in line:
            depth += ("\u2066" <= letter <= "\u2068") - (letter == "\u2069")
            assert depth >= 0, "an end that began nowhere"
        assert depth == 0, "it turns round what follows"
    assert harmless(out) == out


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs", "Mn"))))
def test_ordinary_words_stay_as_they_are(words: str) -> None:
    assert harmless(f"{words}\t\n{isolate(words)}") == f"{words}\t\n{isolate(words)}"


@given(st.recursive(WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=5))
def test_json_means_the_same_and_commands_nothing(value: object) -> None:
    text = escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert text.isprintable() or not set(text) & set("\x1b\x7f\x9b\u202e\u2028\ud800")
