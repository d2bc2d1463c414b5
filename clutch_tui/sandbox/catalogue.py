"""Parts as an Egyptian shop has them on its shelves, made from tables of kinds, cars and makers.

Deterministic: the same random source gives the same parts. Numbers follow each maker's real style (Hyundai
26300-xxxxx for an oil filter, Nissan 15208-..., VW 1K0 115 561 ...), with invented tails.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from importlib.resources import files
from itertools import islice
from typing import NamedTuple

Table = list[dict[str, str]]
_CAPITALS = "ABCDEFGHJKLMNPRSTUVWXY"
GENUINE = {
    "Hyundai": ("Hyundai Mobis", "موبيس أصلي"),
    "Kia": ("Kia Mobis", "موبيس أصلي"),
    "Chevrolet": ("GM Genuine", "جي ام أصلي"),
    "Daewoo": ("GM Genuine", "جي ام أصلي"),
    "Opel": ("GM Genuine", "جي ام أصلي"),
}
# Where the cheaper parts of a very large shop come from.
_ORIGINS = (
    ("", "", 1.0),
    ("Korea", "كوري", 0.92),
    ("Turkey", "تركي", 0.8),
    ("China", "صيني", 0.6),
    ("Taiwan", "تايواني", 0.75),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it stands in the shop's list; money in piastres, `weight` is how well it sells."""

    name: str
    name_en: str
    part_number: str
    barcode: str
    oem_number: str
    category: str
    brand: str
    car_brand: str
    car_model: str
    year: str
    price: int
    cost: int
    location: str
    weight: float
    unit: str = "C62"
    decimals: int = 0


class _Fit(NamedTuple):
    """A kind of part for one car from one maker, before it has a number and a price."""

    kind: dict[str, str]
    car: dict[str, str]
    maker: dict[str, str] | None
    origin: tuple[str, str, float]


@cache
def table(name: str) -> Table:
    """A table of `data/`, by its file's name without the ending."""
    text = files(__package__).joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    heading, *lines = text.splitlines()
    names = heading.split("\t")
    return [dict(zip(names, line.split("\t"), strict=False)) for line in lines if line]


def check_digit(digits: str) -> str:
    """The last digit of an EAN-13 whose first twelve are given."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def barcode(n: int) -> str:
    """The Egyptian EAN-13 (622) of the n-th part; different for every n below a thousand million."""
    digits = f"622{(n * 387_420_489 + 104_729) % 1_000_000_000:09d}"
    return digits + check_digit(digits)


def fill(template: str, rng: random.Random) -> str:
    """A number in a maker's style: `#` is a digit, `@` a capital letter."""
    return "".join(
        str(rng.randrange(10)) if sign == "#" else rng.choice(_CAPITALS) if sign == "@" else sign for sign in template
    )


def oem_number(kind: dict[str, str], car: dict[str, str], rng: random.Random) -> str:
    """The car maker's number of this part, in his style."""
    return fill(_OEM[car["style"]](kind, car), rng)


_OEM: dict[str, Callable[[dict[str, str], dict[str, str]], str]] = {
    "hyundai_kia": lambda kind, car: f"{kind['hyundai_kia']}-{car['code']}#0#",
    "nissan": lambda kind, car: f"{kind['nissan']}-{car['code']}0@",
    "toyota": lambda kind, car: f"{kind['toyota']}-{car['code']}##0",
    "vag": lambda kind, car: f"{car['code']} {kind['vag'][:3]} {kind['vag'][3:]} @",
    "china": lambda kind, car: f"{car['code']}-{kind['china']}",
    "saic": lambda kind, car: f"{car['code']}######",
    "gm": lambda kind, car: f"{car['code']}######",
    "fiat": lambda kind, car: f"{car['code']}########"[:8],
    "lada": lambda kind, car: f"{car['code']}-{kind['china']}",
    "renault": lambda kind, car: f"{kind['nissan']}###5R" if car["code"] == "41" else f"{car['code']}00 ### ###",
    "mitsubishi": lambda kind, car: f"{car['code']}######",
    "suzuki": lambda kind, car: f"{kind['nissan'][:5]}-7##{car['code']}0",
    "psa": lambda kind, car: f"{car['code']}## ## ## 80",
    "mercedes": lambda kind, car: f"A {car['code']} ### ## ##",
    "bmw": lambda kind, car: f"{car['code']} 11 # ### ###",
}


def parts(count: int, rng: random.Random) -> list[Part]:
    """`count` different parts, those that sell best first among equals; all universal goods are there."""
    numbers: set[str] = set()
    oem: dict[tuple[str, str], str] = {}
    chosen = [_universal(row, n, numbers, rng) for n, row in enumerate(table("universal"))][:count]
    for fit in _choose(count - len(chosen), rng):
        key = (fit.kind["key"], fit.car["model"])
        if key not in oem:
            oem[key] = oem_number(fit.kind, fit.car, rng)
        chosen.append(_part(fit, len(chosen), oem[key], numbers, rng))
    order = {row["zone"]: n for n, row in enumerate([*table("parts"), *table("universal")])}
    return sorted(chosen, key=lambda part: (order.get(part.location[:1], 0), part.location))


def _choose(count: int, rng: random.Random) -> list[_Fit]:
    """The best known fits; a very large shop goes on with the same parts of other origins."""
    chosen: list[_Fit] = []
    for origin in _ORIGINS:
        if len(chosen) >= count:
            break
        wanted = count - len(chosen)
        pool = list(_fits(origin))
        weights = [(rng.random() ** (1 / _popularity(fit)), n) for n, fit in enumerate(pool)]
        chosen += [pool[n] for _, n in sorted(nlargest(wanted, weights), key=lambda pair: pair[1])]
    if len(chosen) < count:
        raise ValueError(f"at most {len(chosen)} different parts are known")
    return list(islice(chosen, count))


def _fits(origin: tuple[str, str, float]) -> Iterator[_Fit]:
    makers: dict[str, list[dict[str, str]]] = {}
    for maker in table("brands"):
        makers.setdefault(maker["class"], []).append(maker)
    for kind in table("parts"):
        for car in table("cars"):
            if not origin[0]:
                yield _Fit(kind, car, None, origin)
            for maker in makers[kind["class"]]:
                yield _Fit(kind, car, maker, origin)


def _popularity(fit: _Fit) -> float:
    together = float(int(fit.kind["popularity"]) * int(fit.car["popularity"]))
    return math.pow(together, 1.5) * (0.6 if fit.maker is None else 1.0)


def _part(fit: _Fit, n: int, oem: str, numbers: set[str], rng: random.Random) -> Part:
    kind, car, maker, (origin, origin_ar, cheaper) = fit
    if maker is None:
        brand, brand_ar = GENUINE.get(car["brand"], (f"{car['brand']} Genuine", f"{car['brand_ar']} أصلي"))
        factor, number = 1.9, oem
    else:
        brand, brand_ar = maker["brand"], maker["brand_ar"]
        factor, number = float(maker["factor"]), fill(maker["number"], rng)
    number = _unique(number, numbers, maker["number"] if maker else "", rng)
    price = float(kind["price"]) * float(car["factor"]) * factor * cheaper * rng.uniform(0.94, 1.06)
    model_ar = car["model_ar"] if not car["model_ar"].isascii() else f"{car['brand_ar']} {car['model_ar']}"
    return Part(
        name=" ".join(filter(None, (kind["name"], model_ar, brand_ar, origin_ar))),
        name_en=" ".join(filter(None, (kind["name_en"], car["brand"], car["model"], brand, origin))),
        part_number=number,
        barcode=barcode(n),
        oem_number=oem,
        category=kind["category"],
        brand=brand,
        car_brand=car["brand"],
        car_model=car["model"],
        year=car["years"],
        price=_round(price),
        cost=_round(price * rng.uniform(0.66, 0.82)),
        location=_bin(kind["zone"], rng),
        weight=_popularity(fit) / 100,
    )


def _universal(row: dict[str, str], n: int, numbers: set[str], rng: random.Random) -> Part:
    numbers.add(row["part_number"])
    price = float(row["price"])
    return Part(
        name=row["name"],
        name_en=row["name_en"],
        part_number=row["part_number"],
        barcode=barcode(n),
        oem_number="",
        category=row["category"],
        brand=row["brand"],
        car_brand="",
        car_model="",
        year="",
        price=_round(price),
        cost=_round(price * rng.uniform(0.72, 0.86)),
        location=_bin(row["zone"], rng),
        weight=float(row["popularity"]) ** 1.5 / 6,
        unit=row.get("unit") or "C62",
        decimals=_DECIMALS.get(row.get("unit", ""), 0),
    )


_DECIMALS = {"LTR": 3, "MTR": 2, "KGM": 3}
"""In how many decimals is sold what is measured."""


def _unique(number: str, numbers: set[str], template: str, rng: random.Random) -> str:
    """The number, or another of the same style; where a style is exhausted, with a mark behind it."""
    for _ in range(20):
        if number not in numbers:
            break
        number = fill(template, rng) if template else f"{number[:-2]}{rng.randrange(100):02d}"
    stem, extra = number, 1
    while number in numbers:
        number, extra = f"{stem}-{extra}", extra + 1
    numbers.add(number)
    return number


def _round(pounds: float) -> int:
    """Piastres, rounded as a shop rounds: to five pounds, small things to one."""
    step = 5 if pounds >= 100 else 1
    return max(step, round(pounds / step) * step) * 100


def _bin(zone: str, rng: random.Random) -> str:
    return f"{zone}-{rng.randint(1, 12):02d}-{rng.randint(1, 6)}"
