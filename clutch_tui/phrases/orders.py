"""What screens, commands and papers say of an order: how it stands, when a line can be had, how long there is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from clutch_tui.core.order_types import LinePart, Order, OrderLine, OrderRow, Quote
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text import shop_time
from clutch_tui.text.strings import t

WHY_OVER = ("taken", "expired")
"""Why an order came to nothing that nobody here has refused."""
SOON, AT_ONCE = 3600, 900
"""Seconds to its end from which on an order is to be looked at soon, and at once."""


def status_word(order: OrderRow | Order) -> str:
    """Return how an order stands, and where it is over, by what."""
    over = order.status == "cancelled" and order.reason in WHY_OVER
    return t(f"order.status.{order.reason if over else order.status}")


def time_left(ends_at: datetime | None, now: datetime) -> str:
    """Return for how long an order can still be answered, hours and minutes or days, in a few cells; empty for one
    that does not end by itself. A `!` stands before what is to be looked at at once."""
    if ends_at is None:
        return ""
    seconds = int((ends_at - now).total_seconds())
    if seconds <= 0:
        return t("order.time_up")
    if seconds >= 2 * 86_400:
        return shown.duration(seconds // 86_400 * 86_400)
    return f"! {shown.hours(seconds)}" if seconds < AT_ONCE else shown.hours(seconds)


def expires(order: OrderRow | Order, now: datetime) -> str:
    """Say until when an order can be answered, and for how long that is; of one that is over or agreed, nothing."""
    if order.expires_at is None or order.status not in ("pending", "quoted"):
        return ""
    at = shown.date_time(order.expires_at)
    return t("order.expires_in", at=at, left=time_left(order.expires_at, now))


def urgency(ends_at: datetime | None, now: datetime) -> str:
    """Return the tone of what `time_left` says."""
    if ends_at is None:
        return ""
    seconds = (ends_at - now).total_seconds()
    return "muted" if seconds <= 0 else "bad" if seconds < AT_ONCE else "warning" if seconds < SOON else ""


def when(available: str, now: datetime) -> str:
    """Return when a line that is quoted can be had; empty for at once."""
    if available == "now":
        return ""
    if available == "no":
        return t("order.available.no")
    today = shop_time.local(now).date()
    if available == (today + timedelta(days=1)).isoformat():
        return t("order.available.tomorrow")
    return t("order.available.on", day=shown.day(available))


def shelf(found: LinePart | None) -> str:
    """Return what this shop has of a line: number, stock, place, price and cost."""
    if found is None:
        return t("order.no_part")
    part = found.part
    about = [shown.part_number(part.part_number) or "-", t("part.on_shelf", stock=measured(part.stock, part.unit))]
    if part.location:
        about.append(t("part.at_place", place=shown.part_number(part.location)))
    about.append(shown.money(part.price))
    if found.cost:
        about.append(t("order.cost", cost=shown.money(found.cost)))
    if found.is_tied:
        about.append(t("order.tied"))
    return "   ".join(about)


def quoted_line(line: OrderLine, now: datetime) -> str:
    """A line of a quote, as people read it."""
    words = [f"{shown.name(line.name)}: {shown.quantity(line.quantity)}"]
    if line.is_offered:
        words[0] += f" × {shown.amount(line.price or 0)}"
    words += filter(None, (shown.name(line.brand) if line.brand else "", when(line.available, now)))
    return "   ".join(words)


def whole(order: Order, parts: Sequence[LinePart | None]) -> list[str]:
    """An order, whole, as lines to read. `parts` are those of this shop that its lines mean, None for none."""
    number, now = shown.part_number(order.order_number), datetime.now(UTC)
    lines = [
        f"{t('order.number')}: {number}   {status_word(order)}",
        f"{t('sales.customer')}: {order.customer_name or '-'}   {shown.phone(order.phone)}",
    ]
    if order.delivery_address:
        lines.append(f"{t('common.address')}: {order.delivery_address}")
    if order.created_at is not None:
        lines.append(f"{t('order.came')}: {shown.date_time(order.created_at)}")
    if order.expires_at is not None:
        lines.append(expires(order, now))
    lines.append("")
    for line, part in zip(order.lines, parts, strict=True):
        price = "" if line.price is None else f" × {shown.amount(line.price)}"
        lines.append(f"- {shown.name(line.name)}: {shown.quantity(line.quantity)}{price}")
        lines.append(f"  {shelf(part)}")
    lines.append("")
    if order.quote is not None:
        lines += _quote_lines(order.quote, now)
    elif order.total:
        lines.append(f"{t('common.total')}: {shown.money(order.total)}")
    if order.notes:
        lines.append(f"{t('common.notes')}: {order.notes}")
    if order.answer:
        lines.append(t("order.answered", answer=t(f"order.{order.answer}")))
    return lines


def _quote_lines(quote: Quote, now: datetime) -> list[str]:
    lines = [t("order.quoted"), *(f"- {quoted_line(line, now)}" for line in quote.lines)]
    lines.append(f"{t('common.total')}: {shown.money(quote.total)}")
    if quote.valid_until is not None:
        lines.append(t("order.valid_until", at=shown.date_time(quote.valid_until)))
    if quote.notes:
        lines.append(f"{t('common.notes')}: {quote.notes}")
    return lines
