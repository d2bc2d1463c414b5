"""The examples of `docs/money.md`, read as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from .rules import Line, Off, Paid, Ticket

PAGE = Path(__file__).parents[2] / "docs" / "money.md"

_RULES = re.compile(r"tax (\S+) (in|on top), coin (\S+)")
_LINE = re.compile(r"([\d.]+) x (\S+)(?: less (\S+))?")
_WHOLE = re.compile(r"whole sale less (\S+)")
_NET = re.compile(r"= net (\S+), tax (\S+)")
_PAID = re.compile(r"paid (.+) : rounding (\S+), total (\S+)")
_BACK = re.compile(r"back ([\d. ]+) : (.+), tax (\S+), rounding (\S+)")


@dataclass(slots=True)
class Back:
    """One return: quantities by line from 0, and what it says."""

    quantities: dict[int, Decimal]
    paid: list[Paid]
    tax: Decimal
    rounding: Decimal


@dataclass(slots=True)
class Example:
    ticket: Ticket
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    paid: list[Paid] = field(default_factory=list)
    rounding: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    returns: list[Back] = field(default_factory=list)


def read() -> list[Example]:
    """Every example of the page. A line that is none of those above raises `ValueError`."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [_example(iter(block.splitlines())) for block in blocks]


def _example(lines: Iterator[str]) -> Example:
    rules = _RULES.fullmatch(next(lines))
    if rules is None:
        raise ValueError("an example begins with its tax and its coin")
    sold: list[Line] = []
    off, example = Off(), None
    for text in lines:
        if found := _LINE.fullmatch(text):
            sold.append(Line(Decimal(found[1]), Decimal(found[2]), _off(found[3])))
        elif found := _WHOLE.fullmatch(text):
            off = _off(found[1])
        elif found := _NET.fullmatch(text):
            ticket = Ticket(sold, off, Decimal(rules[1]), rules[2] == "in", Decimal(rules[3]))
            example = Example(ticket, Decimal(found[1]), Decimal(found[2]))
        elif example is not None and (found := _PAID.fullmatch(text)):
            example.paid, example.rounding, example.total = _paid(found[1]), Decimal(found[2]), Decimal(found[3])
        elif example is not None and (found := _BACK.fullmatch(text)):
            quantities = dict(enumerate(map(Decimal, found[1].split())))
            example.returns.append(Back(quantities, _paid(found[2]), Decimal(found[3]), Decimal(found[4])))
        else:
            raise ValueError(f"an example says {text!r}")
    if example is None:
        raise ValueError("an example comes to nothing")
    return example


def _off(text: str | None) -> Off:
    if text is None:
        return Off()
    return Off(percent=Decimal(text[:-1])) if text.endswith("%") else Off(Decimal(text))


def _paid(text: str) -> list[Paid]:
    return [Paid(way, Decimal(amount)) for way, amount in (one.split() for one in text.split(", "))]
