"""Digits: how numbers are drawn, and how a person's digits are read.

`Digits` is the setting `text.digits`. Arabic digits belong to Arabic sentences only: an English screen
always shows western ones, whatever the setting says; `strings.use` sees to that.
"""

from __future__ import annotations

from typing import Literal

Digits = Literal["western", "arabic"]

DECIMAL_SEPARATOR = "\u066b"
GROUP_SEPARATOR = "\u066c"

_ARABIC = "٠١٢٣٤٥٦٧٨٩"
_PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
_TO_ARABIC = str.maketrans("0123456789", _ARABIC)
_TO_ARABIC_NUMBER = str.maketrans("0123456789.,%", _ARABIC + DECIMAL_SEPARATOR + GROUP_SEPARATOR + "٪")
_TO_WESTERN = str.maketrans(
    _ARABIC + _PERSIAN + DECIMAL_SEPARATOR + "٪\u2212",
    "0123456789" * 2 + ".%-",
)


def show_digits(text: str, digits: Digits) -> str:
    """Return `text` with its western digits drawn as `digits` says; punctuation stays.

    For codes, dates and times. A number with separators wants `show_number`.
    """
    return text.translate(_TO_ARABIC) if digits == "arabic" else text


def show_number(text: str, digits: Digits) -> str:
    """Return the western number `text` ("1,500.50") with the digits, separators and percent of `digits`."""
    return text.translate(_TO_ARABIC_NUMBER) if digits == "arabic" else text


def read_digits(text: str) -> str:
    """Return `text` with Arabic and Persian digits, U+066B, the Arabic percent and the true minus as ASCII.

    The grouping mark U+066C stays: only who parses a number may drop it.
    """
    return text if text.isascii() else text.translate(_TO_WESTERN)
