"""Money, numbers, dates, ages and codes as a person of the shop reads them, and numbers as one types them.

Everything returned is in logical order and follows `strings.use`: language and digits. What Arabic text would
turn around (a minus, a telephone number, a part number, a western date) comes wrapped by `isolate`, so it can
be put into any sentence as it is. Tables format thousands of cells: the same value costs a cache look-up.

Patterns are CLDR's. The few that every screen needs stand here as constants, held against Babel's data by a
test, because importing Babel costs 25 ms before the first frame; the rest asks Babel when first needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from clutch_tui.errors import ClutchError
from clutch_tui.text import shop_time, strings
from clutch_tui.text.digits import GROUP_SEPARATOR, Digits, read_digits, show_digits, show_number
from clutch_tui.text.strings import Language, tn

LRI, FSI, PDI, RLM, NO_BREAK_SPACE = "\u2066", "\u2068", "\u2069", "\u200f", "\u00a0"

MAX_DIGITS = 15  # a scanned barcode in a price field must not become a price that SQLite cannot hold

_INVISIBLE = re.compile("[\u200b-\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_NUMBER = re.compile(r"(-?)(\d+|\d{1,3}(?:,\d{3})+)?(?:\.(\d*))?", re.ASCII)
_EGYPTIAN_MOBILE = re.compile(r"(\+20|0020|0)(1[0125]\d)(\d{3})(\d{4})")


class NumberError(ClutchError, ValueError):
    """Raised where what was typed is not the number that was asked for. As a text it is its sentence."""

    def __str__(self) -> str:
        return strings.t(self.key, **self.values)


@dataclass(frozen=True, slots=True)
class Currency:
    """The writing of one currency: its sign in the language, and how many digits its minor unit has."""

    sign: str
    places: int


_POUND: dict[Language, Currency] = {"ar": Currency("ج.م.", 2), "en": Currency("EGP", 2)}


def isolate(text: str) -> str:
    """Return `text` kept together and from left to right, whatever stands around it.

    For codes, telephone numbers, addresses of servers, anything with a sign: inside an Arabic sentence `-5`
    would else be shown as `5-`, and `7-A/BP` as `A/BP-7`. Blanks become no-break spaces, since an isolate
    that is wrapped no longer isolates.
    """
    if not text or text[0] == LRI:
        return text
    return LRI + text.replace(" ", NO_BREAK_SPACE) + PDI


def name(text: str) -> str:
    """Return a name as it is put into a sentence, kept together in its own direction.

    For what people and servers call things, in either language: `فلتر زيت HD مالي` would else fall to pieces
    in an English sentence, or turn all of it around where it stands first.
    """
    return FSI + text + PDI if text and text[0] not in (LRI, FSI) else text


def isolated_values(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of an error as its sentence takes them: addresses, paths and what machines say stay together
    and in their own direction. `/sales/sync` would else be shown as `sales/sync/`."""
    if not strings.is_rtl():
        return dict(values)
    return {key: name(value) if isinstance(value, str) and value.isascii() else value for key, value in values.items()}


def of_language(arabic: str, english: str) -> str:
    """Return the one of a thing's two names that belongs to the screen, the other where that is empty."""
    return (arabic or english) if strings.is_rtl() else (english or arabic)


def money(minor: int, currency: str = "EGP") -> str:
    """Return an amount of minor units with its currency: `١٥٠٫٠٠ ج.م.` or `150.00 EGP`."""
    return _money(minor, currency, strings.language(), strings.digits())


def amount(minor: int, currency: str = "EGP") -> str:
    """Return an amount of minor units without its currency, for columns whose heading says it."""
    return _amount(minor, currency, strings.language(), strings.digits())


def number(value: int | Decimal | float, places: int | None = None, *, signed: bool = False) -> str:
    """Return `value` with grouping; `places` decimals, or as many as it has, three at most.

    `signed` puts a plus before what is above zero, for differences.
    """
    return _number(value, places, signed and value > 0, strings.language(), strings.digits())


def quantity(thousandths: int, *, signed: bool = False) -> str:
    """Return a quantity of goods with grouping and as many decimals as it has. `signed` as in `number`."""
    units, rest = divmod(thousandths, 1000)
    return number(units if not rest else Decimal(thousandths).scaleb(-3), signed=signed)


def listed(words: Iterable[str]) -> str:
    """Return words or names as a list in one line, with the comma of the language."""
    return ("، " if strings.is_rtl() else ", ").join(words)


def percent(fraction: Decimal | float, places: int = 0) -> str:
    """Return a fraction as a percentage: 0.1 is `10%` or `١٠٪`."""
    digits = strings.digits()
    text = show_number(f"{fraction * 100:z,.{places}f}%", digits)
    return isolate(text) if strings.is_rtl() and (digits == "western" or fraction < 0) else text


def rate(hundredths: int) -> str:
    """Return a tax rate or a discount in hundredths of a percent, with the decimals that it has: 1250 is `12.5%`."""
    places = 0 if hundredths % 100 == 0 else 1 if hundredths % 10 == 0 else 2
    return percent(Decimal(hundredths) / 10_000, places)


def date(moment: datetime) -> str:
    """Return the day of an aware time in the shop's zone, in figures: `22/11/2026`."""
    return _date(shop_time.local(moment).date().toordinal(), strings.language(), strings.digits())


def day(text: str) -> str:
    """Return a day that is written `2026-11-22`, with or without a time behind it, as `date` writes one; anything else
    as a name, as it is."""
    try:
        ordinal = datetime.fromisoformat(text[:10]).toordinal()
    except ValueError:
        return name(text)
    return _date(ordinal, strings.language(), strings.digits())


def time(moment: datetime) -> str:
    """Return the time of day of an aware time in the shop's zone: `٢:٠٥ م` or `14:05`."""
    local = shop_time.local(moment)
    return _time(local.hour, local.minute, strings.language(), strings.digits())


def time_of_day(moment: datetime, *, day: bool = False) -> str:
    """Return the time to the second as a log has it, in both languages alike: `14:05:09`, with `22/11` before it
    where the `day` matters."""
    local = shop_time.local(moment)
    text = local.strftime("%d/%m %H:%M:%S" if day else "%H:%M:%S")
    drawn = show_digits(text, strings.digits())
    return isolate(drawn) if strings.is_rtl() else drawn


def date_time(moment: datetime) -> str:
    """Return day and time of an aware time in the shop's zone."""
    comma = "، " if strings.is_rtl() else ", "
    return date(moment) + comma + time(moment)


def file_stamp(moment: datetime) -> str:
    """Return day and time as a file's name has them, in every language alike: `2026-11-22_1405`."""
    return shop_time.local(moment).strftime("%Y-%m-%d_%H%M")


def moment(then: datetime, now: datetime) -> str:
    """Return when `then` was as shortly as is clear: its time on the day of `now`, else day and time."""
    return time(then) if shop_time.local(then).date() == shop_time.local(now).date() else date_time(then)


def age(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was: `منذ ٣ دقائق`, `3 minutes ago`; below five seconds, and ahead, "just now"."""
    seconds = int((now - then) / timedelta(seconds=1))
    if seconds < 5:
        return strings.t("age.now")
    if seconds < 60:
        return tn("age.seconds", seconds)
    if seconds < 3600:
        return tn("age.minutes", seconds // 60)
    if seconds < 86400:
        return tn("age.hours", seconds // 3600)
    return tn("age.days", seconds // 86400)


def short_age(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was where room is scarce: `٣ د`, `3 min`."""
    seconds = int((now - then) / timedelta(seconds=1))
    if seconds < 5:
        return strings.t("age.now")
    if seconds < 60:
        return strings.t("age.short.seconds", n=seconds)
    if seconds < 3600:
        return strings.t("age.short.minutes", n=seconds // 60)
    if seconds < 86400:
        return strings.t("age.short.hours", n=seconds // 3600)
    return strings.t("age.short.days", n=seconds // 86400)


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit: `3 minutes`, `يومين`."""
    whole = round(abs(seconds))
    for unit, size in (("years", 31_557_600), ("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if whole >= size:
            return tn(f"duration.{unit}", round(whole / size))
    return tn("duration.seconds", whole)


def hours(seconds: float) -> str:
    """Return a length of time in hours and minutes: `5:07`."""
    minutes = max(0, int(seconds)) // 60
    return isolate(show_digits(f"{minutes // 60}:{minutes % 60:02}", strings.digits()))


def clock(seconds: float) -> str:
    """Return how a clock stands that is so many seconds ahead: `2 days ahead`, `5 minutes behind`."""
    return strings.t("clock.ahead" if seconds > 0 else "clock.behind", duration=duration(seconds))


def phone(text: str) -> str:
    """Return a telephone number to be read aloud: Egyptian mobiles in groups, others as they were typed.

    Always western digits: it is dialled, not counted.
    """
    plain = read_digits(text).strip()
    mobile = _EGYPTIAN_MOBILE.fullmatch(re.sub(r"[\s().-]", "", _INVISIBLE.sub("", plain)))
    if mobile is None:
        return isolate(plain)
    prefix, *groups = mobile.groups()
    head = "0" + groups[0] if prefix == "0" else "+20 " + groups[0]
    return isolate(" ".join((head, *groups[1:])))


def part_number(text: str) -> str:
    """Return a part, OEM, barcode or invoice number so that no sentence can turn it around."""
    return isolate(text.strip())


def parse_money(text: str, currency: str = "EGP") -> int:
    """Return the minor units of a typed amount: `150`, `1,250.5`, `١٬٢٥٠٫٥٠`, with or without the currency.

    Raises:
        NumberError: it is empty, malformed, or finer than the minor unit. Nothing is rounded or guessed:
            `150,50` is an error, because a comma that separates decimals and one that groups look alike.
    """
    for known in _POUND.values() if currency == "EGP" else (_currency(currency, strings.language()),):
        text = text.replace(known.sign, "")
    places = _currency(currency, strings.language()).places
    value = parse_decimal(text, places)
    return int(value.scaleb(places))


def parse_quantity(text: str, places: int = 3) -> int:
    """Return a typed quantity of goods in thousandths: `2`, `1.5`, `٢٫٥`.

    Raises:
        NumberError: it is empty, malformed, or has more than `places` decimals.
    """
    value = parse_decimal(text)
    if value != round(value, places):
        raise NumberError("error.number.decimals" if places else "error.number.pieces", places=places)
    return int(value.scaleb(3))


def parse_number(text: str) -> int:
    """Return a typed whole number in any digits.

    Raises:
        NumberError: it is empty, malformed, or not whole (`24.0` is whole).
    """
    value = parse_decimal(text)
    if value != value.to_integral_value():
        raise NumberError("error.number.whole")
    return int(value)


def parse_decimal(text: str, places: int | None = None) -> Decimal:
    """Return a typed number in western, Arabic or Persian digits exactly.

    Raises:
        NumberError: it is empty, malformed, too long, or has more than `places` decimals.
    """
    plain = _INVISIBLE.sub("", read_digits(text)).replace(GROUP_SEPARATOR, ",").strip()
    if not plain:
        raise NumberError("error.number.empty")
    match = _NUMBER.fullmatch(plain)
    if match is None or not (match[2] or match[3]):
        raise NumberError("error.number.malformed", text=text.strip())
    whole, decimals = (match[2] or "0").replace(",", ""), match[3] or ""
    if len(whole) + len(decimals) > MAX_DIGITS:
        raise NumberError("error.number.too_large", maximum=number(10**MAX_DIGITS - 1))
    if places is not None and len(decimals) > places:
        raise NumberError("error.number.decimals", places=places)
    return Decimal(f"{match[1]}{whole}.{decimals}0")


@lru_cache(maxsize=16384)
def _money(minor: int, code: str, language: Language, digits: Digits) -> str:
    return _amount(minor, code, language, digits) + NO_BREAK_SPACE + _currency(code, language).sign


@lru_cache(maxsize=16384)
def _amount(minor: int, code: str, language: Language, digits: Digits) -> str:
    places = _currency(code, language).places
    whole, rest = divmod(abs(minor), 10**places)
    text = f"{whole:,}.{rest:0{places}}" if places else f"{whole:,}"
    return _signed(show_number(text, digits), "-" if minor < 0 else "", language)


@lru_cache(maxsize=4096)
def _number(value: int | Decimal | float, places: int | None, plus: bool, language: Language, digits: Digits) -> str:
    if isinstance(value, int):
        text = f"{abs(value):,}" + (f".{0:0{places}}" if places else "")
    elif places is None:
        text = f"{abs(value):,.3f}".rstrip("0").rstrip(".")
    else:
        text = f"{abs(value):,.{places}f}"
    negative = value < 0 and text.strip("0.,") != ""
    return _signed(show_number(text, digits), "-" if negative else "+" if plus else "", language)


def _signed(text: str, sign: str, language: Language) -> str:
    return (isolate(sign + text) if language == "ar" else sign + text) if sign else text


@lru_cache(maxsize=4096)
def _date(ordinal: int, language: Language, digits: Digits) -> str:
    day = datetime.fromordinal(ordinal)
    if language == "ar" and digits == "arabic":
        # CLDR's marks make the day stand rightmost: read from the right, day, month, year
        return show_digits(f"{day:%d}{RLM}/{day:%m}{RLM}/{day.year}", digits)
    return isolate(f"{day:%d/%m}/{day.year}") if language == "ar" else f"{day:%d/%m}/{day.year}"


@lru_cache(maxsize=1440 * 4)
def _time(hour: int, minute: int, language: Language, digits: Digits) -> str:
    if language == "en":
        return f"{hour:02}:{minute:02}"
    half = "ص" if hour < 12 else "م"
    return show_digits(f"{(hour - 1) % 12 + 1}:{minute:02}", digits) + NO_BREAK_SPACE + half


@lru_cache(maxsize=64)
def _currency(code: str, language: Language) -> Currency:
    if code == "EGP":
        return _POUND[language]
    from clutch_tui.text import currencies

    sign = currencies.ARABIC.get(code, code) if language == "ar" else code
    return Currency(sign, currencies.PLACES.get(code, 2))
