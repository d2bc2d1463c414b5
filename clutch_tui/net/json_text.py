"""JSON as it comes and goes: every number exact, and nothing in it that spoils more than its own value."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import simplejson

from clutch_tui.errors import ClutchError
from clutch_tui.net.json_depth import shallow


class BadPayload(ClutchError, ValueError):
    """An answer that cannot be used. `reason` is for the log and the tester, in English; `key` and `values` make the
    sentence of whoever asked for one answer."""

    def __init__(self, reason: str) -> None:
        super().__init__("error.answer.unusable", reason=reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


VALUES_LIMIT = 1_500_000
"""Values in one text. The largest page of sales has half a million; as many empty lists as fit into the bytes of an
answer would take thirty times those bytes."""


def loads(raw: bytes, *, exactly: bool = False) -> Any:
    """The value of a JSON text; numbers with a point become `Decimal`. What nobody can mean spoils its own value: a
    number becomes `OutOfRange`, and what is nested too deeply is empty; or, where a text is to be taken `exactly` as it
    is, all of it. Raises `BadPayload`, whatever comes."""
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > VALUES_LIMIT:
        raise BadPayload("too many values")
    try:
        text = raw.decode("utf-8-sig")
        if exactly and shallow(text) != text:  # by our own measure: each Python's parser bears another depth
            raise RecursionError
        try:
            value = _whole(text, raw)
        except RecursionError:
            if exactly:
                raise
            value = _whole(shallow(text), raw)
        if exactly:
            dumps(value)
    except RecursionError:
        raise BadPayload("nested too deeply") from None
    except (ArithmeticError, TypeError):
        raise BadPayload("a number out of range") from None
    except ValueError as error:
        raise BadPayload(f"not JSON: {str(error)[:120]}") from None
    if isinstance(value, OutOfRange):
        raise BadPayload("a number out of range")
    return value


class OutOfRange:
    """Stands for a number that nobody could write down, or that is none. No field takes it: neither a figure nor a
    text. Its `str` is the beginning of what was written."""

    __slots__ = ("_written",)

    def __init__(self, written: str) -> None:
        self._written = written if len(written) <= 40 else f"{written[:40]}…"

    def __str__(self) -> str:
        return self._written


def _whole(text: str, raw: bytes) -> Any:
    value = _parsed(text)
    return _without_surrogates(value) if _SURROGATE.search(raw) else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_number, parse_constant=OutOfRange)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a whole number of thousands of digits: it spoils its own field, and nothing beside it
        return json.loads(text, parse_float=_number, parse_int=_whole_number, parse_constant=OutOfRange)


_DIGITS = 400


def _whole_number(text: str) -> int | OutOfRange:
    return int(text) if len(text) < _DIGITS else OutOfRange(text)


def _number(text: str) -> Decimal | OutOfRange:
    """A number with a point or an exponent. One that nobody could write down stays out of range: as a whole number
    `1e999999999` would have a billion digits, and whoever makes it into one never comes back."""
    if len(text) < _DIGITS and "e" not in text and "E" not in text:
        return Decimal(text)  # all but a few, and a page has thousands
    value = Decimal(text)
    if len(text) < _DIGITS and -_DIGITS < value.adjusted() < _DIGITS:
        return value
    return OutOfRange(text) if value and value.adjusted() > 0 else Decimal(0)


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _without_surrogates(value: Any) -> Any:
    """Half a character pair, which no database and no terminal can store, becomes a replacement mark."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


_ENCODER = simplejson.JSONEncoder(ensure_ascii=False, separators=(",", ":"), use_decimal=True, allow_nan=False)


def dumps(value: object) -> bytes:
    """JSON in UTF-8; a `Decimal` is written as a number with exactly the decimals it has. Raises `TypeError` and
    `ValueError` for what has no form in JSON."""
    return str(_ENCODER.encode(value)).encode()
