"""Narrowing the past sales: the form in which one says which, and the words for what is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from clutch_tui.core.types import PAY_METHODS, SaleQuery
from clutch_tui.phrases.fields import FormField
from clutch_tui.printing.page import method_word
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp

PERIODS = ("today", "yesterday", "week", "month")
"""The days that a key goes through, beside all of them."""
_MOST = 10**12

_METHODS = (("", "filter.any"), *((method, f"pay.{method}") for method in PAY_METHODS))
ENTRIES = (
    FormField("day", "filter.day"),
    FormField("until", "filter.until"),
    FormField("method", "sale.method", "choice", choices=_METHODS),
    FormField("cashier", "filter.cashier"),
    FormField("part", "filter.part", is_code=True),
    FormField("least", "filter.least", "money", maximum=_MOST),
    FormField("most", "filter.most", "money", maximum=_MOST),
)


def of_period(query: SaleQuery, period: str | None, today: str) -> SaleQuery:
    """The query with the days of a period, or with all days for None."""
    last = date.fromisoformat(today)
    first = {
        None: None,
        "today": last,
        "yesterday": last - timedelta(days=1),
        "week": last - timedelta(days=6),
        "month": last.replace(day=1),
    }[period]
    if first is None:
        return replace(query, day="", until="")
    until = first if period == "yesterday" else last
    return replace(query, day=first.isoformat(), until=until.isoformat())


def words(query: SaleQuery, part: str) -> str:
    """Which sales are shown, in few words; empty where all are."""
    said = []
    if query.day:
        days = (query.day, query.until) if query.until not in ("", query.day) else (query.day,)
        said.append(" - ".join(map(shown.day, days)))
    if query.method:
        said.append(method_word(query.method))
    if query.cashier:
        said.append(shown.name(query.cashier))
    if query.part_id:
        said.append(shown.name(part))
    if query.least is not None:
        said.append(f"{t('filter.least')} {shown.amount(query.least)}")
    if query.most is not None:
        said.append(f"{t('filter.most')} {shown.amount(query.most)}")
    return "   ".join(said)


async def ask_for(app: ClutchApp, query: SaleQuery, part: str) -> tuple[SaleQuery, str] | None:
    """The query as a person wants it, and the name of its part; None where that was left. Only from a worker."""

    async def take(values: dict[str, Any]) -> tuple[SaleQuery, str]:
        first, last = [await _day(app, values[name]) for name in ("day", "until")]
        if last and not first:
            raise NumberError("filter.until_alone")
        cashier = (
            await app.store.read(shop.past_sales.cashier_named, typed) if (typed := values["cashier"].strip()) else ""
        )
        part_id, name = await _part(app, values["part"], query.part_id, part)
        wanted = replace(
            query,
            day=first,
            until=last,
            method=values["method"] or None,
            cashier=cashier,
            part_id=part_id,
            least=values["least"] or None,
            most=values["most"] or None,
        )
        return wanted, name

    given = {
        "day": shown.day(query.day) if query.day else "",
        "until": shown.day(query.until) if query.until else "",
        "method": query.method or "",
        "cashier": query.cashier,
        "part": part,
        "least": query.least or 0,
        "most": query.most or 0,
    }
    return await app.push_screen_wait(FilterDialog("filter.title", ENTRIES, given, take))


class FilterDialog(FormDialog[tuple[SaleQuery, str]]):
    """Which of the past sales are to be shown."""

    def on_mount(self) -> None:
        self._hint = "filter.hint"
        self.hint.say(self._hint)


async def _day(app: ClutchApp, typed: str) -> str:
    if not typed.strip():
        return ""
    if not (day := await app.store.read(shop.sale_search.day_of, typed.strip())):
        raise NumberError("filter.no_day", text=typed)
    return str(day)


async def _part(app: ClutchApp, typed: str, known: str, name: str) -> tuple[str, str]:
    """The part that is typed, by its id and its name; the one that was chosen before where nothing else is typed."""
    if not typed.strip():
        return "", ""
    if known and typed.strip() == name:
        return known, name
    meaning = await app.store.read(shop.lookup.resolve, typed.strip())
    if meaning.unambiguous is None:
        raise NumberError("error.part.unknown_number", number=typed)
    row = meaning.unambiguous.part
    return row.id, row.part_number or shown.of_language(row.name, row.name_en)
