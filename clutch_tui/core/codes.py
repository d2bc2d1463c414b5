"""The code on a thing, however it reached the program: as printed, as keyed in, as one scanner or another sends it.

A barcode of trade is one number (GTIN) in several lengths: a scanner sends UPC-A with 12 digits or, as EAN-13, with a
zero before them; a spreadsheet takes the zeros off; a carton's label has 14 digits behind `(01)`. Scanners also put
three signs before the code that say of what kind it is (`]E0`). What is stored and what is scanned go through
`barcode_key`, so a code is found by one look into an index. No check digit is asked for: shops print codes of their
own that have none.
"""

from __future__ import annotations

import re

from clutch_tui.text.fold import fold

from .search_words import bare

SHORTEST_GTIN, LONGEST_GTIN = 8, 14

_SYMBOLOGY = re.compile(r"\][a-z]\w")
_MARKED_GTIN = re.compile(r"(?:\([0-9]{2,4}\)[^(]*)*?\(01\)\s*([0-9]{14})")
_ELEMENTS = re.compile(r"01([0-9]{14})(?:$|1[01357]|2[01]|3[07])")
"""A GTIN that GS1's application identifier precedes, alone or before another element: batch, date, serial, count."""


def barcode_key(text: str) -> str:
    """Return the key of a barcode: the same for every form in which one number of trade is stored or scanned.

    >>> barcode_key("0041112223338") == barcode_key("]E0041112223338") == barcode_key("041112223338")
    True
    """
    if text.isascii() and text.isdecimal():  # a hundred thousand rows of a pull are of this kind
        return _number_of_trade(text)
    folded = without_symbology(fold(text))
    elements = _MARKED_GTIN.match(folded)
    return _number_of_trade(elements[1] if elements else bare(folded))


def without_symbology(folded: str) -> str:
    """A folded code without the signs that a scanner puts before it. The separator of GS1 (FNC1) counts as a blank,
    and is gone already."""
    return folded[3:].lstrip() if _SYMBOLOGY.match(folded) else folded


def as_printed(text: str) -> str:
    """Return a scanned barcode as it is printed below the bars, without what the scanner and GS1 put before it."""
    folded = without_symbology(fold(text))
    elements = _MARKED_GTIN.match(folded) or (len(folded) > LONGEST_GTIN and _ELEMENTS.match(folded))
    return elements[1] if elements else folded


def code_key(text: str) -> str:
    """Return the key under which a scanned or typed text is a part's number or OEM number."""
    return bare(without_symbology(fold(text)))


def looks_scanned(text: str) -> bool:
    """Tell whether a text is a number of trade by its looks: nobody searches by so many digits."""
    key = barcode_key(text)
    return key.isascii() and key.isdecimal() and len(key) >= SHORTEST_GTIN - 1


def _number_of_trade(code: str) -> str:
    if len(code) > LONGEST_GTIN and (elements := _ELEMENTS.match(code)) and has_check_digit(elements[1]):
        code = elements[1]
    if SHORTEST_GTIN <= len(code) <= LONGEST_GTIN and code.isascii() and code.isdecimal():
        return code.lstrip("0") or "0"
    return code


def has_check_digit(digits: str) -> bool:
    """Tell whether the last digit is the check digit of those before it."""
    weighted = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0
