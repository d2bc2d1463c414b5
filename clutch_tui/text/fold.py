"""The search key of a text: two spellings that a clerk means as one word become the same string.

The rules are those of Lucene's ArabicNormalizer (alef forms, alef maqsura, ta marbuta, vowel marks, tatweel)
with its digit filter, and what Arabic keyboards and terminals add on top: presentation forms, Persian kaf,
ya and digits, joiners and direction marks. Beyond Lucene go what two clerks write differently: a hamza on its
seat or none (مؤخرة, موخرة; هواء, هوا), and the letters for sounds that Arabic lacks (ڤولڤو, فولفو).

Keys are stored and indexed beside the text; folding inside a query is forty times slower (121 ms against
3.5 ms over 10,000 rows). So a change of these rules makes the stored keys anew: `VERSION` goes up with it, and
a migration calls `core.store.search_keys`.
"""

from __future__ import annotations

import re
import unicodedata

VERSION = 2
"""Of these rules; whoever stores keys remembers it beside them."""

_SAME = {
    "ا": "آأإٱ",
    "ي": "ىیئےۓ",
    "و": "ؤ",
    "ه": "ةھہەۀۂ",
    "ك": "کگ",
    "ف": "ڤڥ",
    "ب": "پ",
    "ج": "چژ",
    "ق": "ڨ",
}
"""The letter that stands in a key for each of these."""

_TABLE: dict[int, str | None] = {ord(form): letter for letter, forms in _SAME.items() for form in forms}
_TABLE.update({ord("ء"): None, 0x066B: ".", 0x066C: None})
_TABLE.update({first + n: str(n) for first in (0x0660, 0x06F0) for n in range(10)})
# tatweel, vowel marks, Quranic signs, joiners and direction marks say nothing about the word
_SILENT = (0x0640, 0x0670, *range(0x064B, 0x0660), *range(0x06D6, 0x06DD), *range(0x200B, 0x2010), 0x061C)
_TABLE.update(dict.fromkeys((*_SILENT, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF), None))

_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
_NOT_ALPHANUMERIC = re.compile(r"[^\w]|_")


def fold(text: str) -> str:
    """Return the key under which `text` is found; runs of blanks become one space.

    >>> fold("إطارات أصليّة ١٢٣")
    'اطارات اصليه 123'
    """
    if text.isascii():
        return " ".join(text.casefold().split())
    if _PRESENTATION.search(text):
        text = unicodedata.normalize("NFKC", text)
    return " ".join(unicodedata.normalize("NFC", text).translate(_TABLE).casefold().split())


def fold_number(text: str) -> str:
    """Return the key of a part, OEM or telephone number: folded, without punctuation and blanks.

    >>> fold_number("06L-115-562 B")
    '06l115562b'
    """
    return _NOT_ALPHANUMERIC.sub("", fold(text))
