"""Arabic letters in the form that their neighbours ask for, one character for one character.

A terminal that leaves the order of cells to us leaves their joining to us as well. Each letter is replaced
by its presentation form (Unicode's blocks FB50 and FE70), never two letters by one: what has been an index into
the text stays one. Lam-alef is joined later, by `bidi.layout`, which can give away a cell.

The table of forms is read off Python's own Unicode data. It equals arabic-reshaper's, which a test holds it
against; that package would cost 15 ms at every start and 90 us for each string.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, decomposition

ZERO_WIDTH_JOINER = "\u200d"
TATWEEL = "\u0640"


class Forms(NamedTuple):
    """The forms of one letter; `initial` and `medial` are empty for letters that never join what follows."""

    isolated: str
    final: str
    initial: str
    medial: str

    @property
    def joins_before(self) -> bool:
        return bool(self.final)

    @property
    def joins_after(self) -> bool:
        return bool(self.initial)


def _read_forms() -> dict[str, Forms]:
    by_letter: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFC00), *range(0xFE80, 0xFEFD)):
        tag, *letters = decomposition(chr(code)).split() or ("",)
        if tag.strip("<>") in Forms._fields and len(letters) == 1:
            by_letter.setdefault(chr(int(letters[0], 16)), {}).setdefault(tag.strip("<>"), chr(code))
    names = Forms._fields
    forms = {letter: Forms(*(drawn.get(name, "") for name in names)) for letter, drawn in by_letter.items()}
    # these two are drawn alike everywhere, and join on both sides
    return forms | {joiner: Forms(*joiner * 4) for joiner in (TATWEEL, ZERO_WIDTH_JOINER)}


FORMS = _read_forms()

# what lam and a following alef become together: (after nothing, after a joining letter)
LAM_ALEF = {
    FORMS["آ"].final: ("\ufef5", "\ufef6"),
    FORMS["أ"].final: ("\ufef7", "\ufef8"),
    FORMS["إ"].final: ("\ufef9", "\ufefa"),
    FORMS["ا"].final: ("\ufefb", "\ufefc"),
}
LAM = (FORMS["ل"].initial, FORMS["ل"].medial)


@lru_cache(maxsize=8192)
def shape(word: str) -> str:
    """Return `word` with each letter in its form; the result is as long as `word`.

    Joining never crosses a blank, so give it one word at a time: words come back from the cache, lines do not.
    """
    shaped = list(word)
    before = -1  # index of the last letter that could reach out to the next one
    for i, letter in enumerate(word):
        forms = FORMS.get(letter)
        if forms is None:
            if category(letter) != "Mn":  # vowel marks sit on a letter and do not part it from the next
                before = -1
            continue
        joined = before >= 0 and forms.joins_before
        if joined:
            reached = FORMS[word[before]]
            shaped[before] = reached.medial if shaped[before] == reached.final else reached.initial
        shaped[i] = forms.final if joined else forms.isolated
        before = i if forms.joins_after else -1
    return "".join(shaped)
