"""The words under which a record is found, and how what a person typed becomes the same words.

A record's words and a query's terms must be cut by one rule, or a record is there and cannot be found: that
rule lives here. Rows of a pull go through `joined` by the hundred thousand, so what repeats is remembered.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from clutch_tui.text.fold import fold, fold_number

fold_often = lru_cache(maxsize=8192)(fold)
"""`fold` for fields whose values repeat: categories, makes, suppliers."""

_ARTICLE = "ال"
_SHORTEST_STEM = 2
_OLD_LETTERS = unicodedata.ucd_3_2_0


def joined(parts: Iterable[str]) -> str:
    """The folded `parts` as one text of different words, each word with an article also without it, and each with
    punctuation also without that: `10W-40` is found by `10w40`.

    >>> joined(["الطلمبه اصليه", "wp-100"])
    'الطلمبه اصليه wp-100 طلمبه wp100'
    """
    text = " ".join(parts)
    words = text.split()
    if _ARTICLE in text:
        words += [word[2:] for word in words if word.startswith(_ARTICLE) and len(word) >= 2 + _SHORTEST_STEM]
    words += [joint for word in words if not word.isalnum() and (joint := bare(word))]
    return " ".join(dict.fromkeys(words))


def bare(folded: str) -> str:
    """A number that is folded already, without its punctuation: `fold_number` without folding twice."""
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def terms(text: str) -> list[str]:
    """The terms of what a person typed, folded, without articles, each surely one token of the full-text index.

    Letters that are younger than Unicode 3.2 separate terms here: an index whose tables do not know them
    would cut a term in two, and a term of two tokens is an error in it.
    """
    return [_stem(term) for term in dict.fromkeys(_cut(fold(text)).split())]


def joint_terms(text: str) -> list[str]:
    """The terms of what a person typed where punctuation inside a word means nothing: `5W-30` is the term `5w30`."""
    pieces = (_cut(word).replace(" ", "") for word in fold(text).split())
    return [_stem(term) for term in dict.fromkeys(filter(None, pieces))]


def _cut(folded: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or _is_letter(c) else " " for c in folded)


def _is_letter(character: str) -> bool:
    if character.isascii():
        return character.isalnum()
    return _OLD_LETTERS.category(character)[0] in "LN"


def _stem(term: str) -> str:
    long_enough = len(term) >= len(_ARTICLE) + _SHORTEST_STEM
    return term[len(_ARTICLE) :] if long_enough and term.startswith(_ARTICLE) else term


def names_number(text: str, number: str) -> bool:
    """Tell whether what a person typed is this very number of a receipt or an order: whole, or what counts of it.

    >>> names_number("kxt 000123", "KXT-000123"), names_number("123", "KXT-000123"), names_number("23", "KXT-000123")
    (True, True, False)
    """
    typed, whole = fold_number(text), fold_number(number)
    if typed == whole:
        return bool(typed)
    counted = whole[len(whole.rstrip("0123456789")) :]
    return typed.isascii() and typed.isdecimal() and counted != "" and int(typed) == int(counted)


def phone_key(text: str) -> str:
    """The digits of a telephone number as it is dialled at home: `+20 100 123 4567` is `01001234567`."""
    digits = fold_number(text)
    for prefix in ("0020", "20"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 9:
            return "0" + digits[len(prefix) :].removeprefix("0")
    return digits
