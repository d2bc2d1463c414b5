"""Bytes and values: JSON, money and moments as this server reads and writes them.

Money is whole piastres inside and a number with two decimals outside, and never a float in between: a float
turns 1.005 into 1.00499. Whoever adds a payload goes through `dump` and `load`, not through `json`.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import simplejson

JSON = dict[str, Any]

_ENCODER = simplejson.JSONEncoder(ensure_ascii=False, separators=(",", ":"), use_decimal=True, allow_nan=False)
_LIMIT = Decimal(10) ** 13
_MOST_UNITS = Decimal(10) ** 12
_DIGITS = 100


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be accepted, in the words of the envelope's `errors`."""

    field: str
    message: str


class Invalid(Exception):
    """The input breaks a rule of the record; carries every broken field at once."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def invalid(name: str, message: str) -> Invalid:
    return Invalid(FieldError(name, message))


def dump(value: Any) -> str:
    """JSON text; a `Decimal` becomes a number with the decimals it has (`150.00`)."""
    return str(_ENCODER.encode(value))


def load(text: str | bytes) -> Any:
    """The value of a JSON text; numbers with a point become `Decimal`. Raises `ValueError`."""
    value = json.loads(text, parse_float=_decimal, parse_constant=_no_constant)
    escape = b"\\ud" if isinstance(text, bytes) else "\\ud"
    if escape in text.lower():  # type: ignore[operator]
        dump(value).encode()  # half of a surrogate pair is no text: UnicodeEncodeError is a ValueError
    return value


def _decimal(text: str) -> Decimal:
    """A number with a point or an exponent. One that would be longer written out than anything that is counted here is
    refused as it comes in: the three bytes more of an exponent are hundreds of megabytes where it is written."""
    value = Decimal(text)
    if len(text) > _DIGITS or not -_DIGITS <= value.adjusted() <= _DIGITS:
        raise ValueError("a number of more than a hundred digits")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def money(piastres: int) -> Decimal:
    """Pounds with two decimals, for the wire."""
    return Decimal(piastres).scaleb(-2)


def number(value: Any, name: str) -> Decimal:
    """A number or a numeric string as an exact decimal."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise invalid(name, "must be a number")
    try:
        parsed = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise invalid(name, "must be a number") from None
    if not parsed.is_finite() or abs(parsed) >= _LIMIT:
        raise invalid(name, "is out of range")
    return parsed


def piastres(value: Any, name: str) -> int:
    """Pounds as they come in, rounded half up to whole piastres."""
    return int(number(value, name).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))


def quantity(value: Any, name: str) -> int:
    """A number of units with at most three decimals, as a text of digits, too; in thousandths."""
    if isinstance(value, str) and not value.isascii():
        raise invalid(name, "must be a number")
    parsed = number(value, name)
    if abs(parsed) > _MOST_UNITS:
        raise invalid(name, "is out of range")
    thousandths = parsed.scaleb(3)
    if thousandths != thousandths.to_integral_value():
        raise invalid(name, "must have at most three decimals")
    return int(thousandths)


def units(thousandths: int) -> int | Decimal:
    """A quantity as the number of units that it is, for the wire."""
    whole, rest = divmod(thousandths, 1000)
    return whole if not rest else Decimal(thousandths).scaleb(-3).normalize()


def priced(price: int, thousandths: int) -> int:
    """The price of a quantity, rounded half up to whole piastres; of what goes the other way below zero."""
    sign = -1 if thousandths < 0 else 1
    return sign * ((2 * price * abs(thousandths) + 1000) // 2000)


def to_text(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, of fixed width: text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def moment(value: Any, name: str) -> str:
    """Any RFC 3339 text in the one form that the database keeps; of a year in which every zone has that day."""
    try:
        parsed = datetime.fromisoformat(value)
        parsed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise invalid(name, "must be a time in RFC 3339") from None
    if not 1900 <= parsed.year <= 9998:
        raise invalid(name, "is out of range")
    return to_text(parsed)


def day(value: Any, name: str) -> str:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise invalid(name, "must be a day, YYYY-MM-DD") from None


def text(value: Any, name: str, limit: int = 2000) -> str:
    """A text, or a number that is written as one; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise invalid(name, "must be a text")
    if isinstance(value, int) and abs(value) >= _LIMIT:
        raise invalid(name, "is out of range")
    if len(str(value)) > limit:
        raise invalid(name, f"is longer than {limit} characters")
    return str(value)


def counter(value: Any, name: str, most: int = 2**53 - 1) -> int:
    """A whole number that every database and every program can hold."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise invalid(name, "must be a whole number")
    return value


def new_id(now: datetime, rng: random.Random) -> str:
    """A UUIDv7 out of the given moment and chance, so that a seeded run makes the same ids again."""
    bits = int(now.timestamp() * 1000) << 80 | rng.getrandbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=bits))


def digest(*parts: Any) -> str:
    """The hash under which a change is known; 10, 10.0 and 10.00 are one number."""
    text = json.dumps([_canonical(part) for part in parts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    if isinstance(value, Decimal):
        return _canonical(int(value)) if value == value.to_integral_value() else f"#{value.normalize():f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"#{value}"
    return value
