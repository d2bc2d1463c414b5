"""Reads what was typed on the wrong keyboard layout: the same keys on the other one.

Shops keep their keyboard Arabic and forget to change over for a part's number: `OC 197` comes out as `خؤ 197`. The keys
are those of Arabic (101), which Windows and X11 have in common.
"""

from __future__ import annotations

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvnm,./`"
_ARABIC_KEYS = "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظذ"
_SHIFTED = {"أ": "h", "إ": "y", "آ": "n", "ـ": "j", "؛": "p", "،": "k"}
"""What some of the keys give with Shift; a part's number is typed in capitals."""

_LAM_ALEF, _LIGATURE = "لا", "\ufefb"
"""The key `b` gives two letters, and on X11 the one sign for both; `g` and `h` give the same two letters."""

_TO_LATIN = str.maketrans(dict(zip(_ARABIC_KEYS, _LATIN_KEYS, strict=True)) | _SHIFTED | {_LIGATURE: "b"})
_TO_ARABIC = str.maketrans(dict(zip(_LATIN_KEYS, _ARABIC_KEYS, strict=True)) | {"b": _LAM_ALEF})
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")
_IN_NO_NUMBER = frozenset("[];',`")


def on_the_other(text: str) -> tuple[str, ...]:
    """Return what the keys of `text` give on the other layout, the likeliest first; nothing for a text without letters
    or with those of both.

    >>> on_the_other("خؤ 197")
    ('oc 197',)
    >>> on_the_other("tgjv")
    ('فلتر',)
    """
    lowered = text.lower()
    has_latin = not _LATIN.isdisjoint(lowered)
    has_arabic = any(ord(letter) in _TO_LATIN and letter.isalpha() and not letter.isascii() for letter in lowered)
    if has_latin == has_arabic:
        return ()
    if has_latin:
        return (lowered.translate(_TO_ARABIC),)
    ways = dict.fromkeys((lowered.replace(_LAM_ALEF, _LIGATURE), lowered))
    return tuple(way.translate(_TO_LATIN) for way in ways)


def may_be_sought(text: str) -> bool:
    """Tell whether what came out on the other layout can be a name, or the beginning of a number. `كورولا` comes out as
    `;,v,b`: a search takes the letters between the signs for words, finds parts that nobody asked for, and Enter
    sells the first.

    >>> may_be_sought("oc 1"), may_be_sought(";,v,b 2012")
    (True, False)
    """
    return _IN_NO_NUMBER.isdisjoint(text) and all(word[0].isalnum() for word in text.split())
