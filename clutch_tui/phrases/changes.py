"""A change of the queue in words, the same on the screen, in the file for support and on the command line.

Everything here takes rows of core and gives sentences; it draws nothing and reads nothing. What a server calls
things (a code, a flag, a field that no form has) is said in its own word where the catalogue has none for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clutch_tui.core.clock import from_text
from clutch_tui.core.outbox import halves
from clutch_tui.core.outbox.precedence import FACTS
from clutch_tui.core.outbox.views import ChangeRow, Conflict
from clutch_tui.core.sync import queue
from clutch_tui.core.sync.concerns import Concern
from clutch_tui.core.sync.queue import ChangeDetail
from clutch_tui.phrases import fields as record_fields
from clutch_tui.phrases import lost_sales, orders
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t

ALIKE = 8
"""From so many letters on, what two texts have in common is left out where room is scarce."""
_KINDS: dict[str, record_fields.Kind] = {
    **dict.fromkeys(("total", "amount", "cost", "price"), "money"),
    **dict.fromkeys(("delta", "counted", "expected", "quantity"), "quantity"),
}
"""What the numbers of facts are, which no form has."""
_SHOWN: dict[record_fields.Kind, Callable[[int], str]] = {
    "money": shown.money,
    "percent": shown.rate,
    "quantity": shown.quantity,
}
_SENT = (
    "item_name", "quantity", "price", "reason", "note", "method", "delta", "counted", "expected", "amount", "total",
    "valid_until", "notes",
)  # fmt: skip
"""What is said of a fact or of an answer to an order beside its lines, in this order."""


def kind_word(kind: str) -> str:
    """Return what a change does: a sale, an edit, a deletion."""
    return _word(f"change.{kind}", kind)


def field_word(type: str, name: str) -> str:
    """A record's field in words."""
    entry = record_fields.find(type, name)
    return t(entry.label) if entry is not None else _word(f"queue.field.{name}", name)


def value_word(type: str, name: str, value: Any) -> str:
    """A field's value as a person would read it aloud."""
    entry = record_fields.find(type, name)
    if value is None or value == "":
        return t("queue.empty_value")
    if entry is not None and value in dict(entry.choices):
        return t(dict(entry.choices)[value])
    if isinstance(value, int) and not isinstance(value, bool):
        kind = entry.kind if entry is not None else _KINDS.get(name, "number")
        return _SHOWN.get(kind, shown.number)(value)
    if name == "method":
        return _word(f"pay.{value}", str(value))
    if name in ("valid_until", "expected"):  # a quotation's day, an order's moment, the day of a special order
        return shown.day(value) if len(value) <= len("2026-11-22") else shown.date_time(from_text(value))
    if (type, name) == ("lost_sale", "reason"):
        return lost_sales.why(value)
    return shown.name(str(value))


def state_word(row: ChangeRow) -> str:
    """Return where a change stands, in one or two words for a column."""
    if row.lane == "done":
        return t(f"queue.outcome.{row.outcome}") if row.outcome else t("lane.done")
    if row.lane == "attention":
        return t(f"queue.status.{row.status}") if has(f"queue.status.{row.status}") else t("lane.attention")
    return t(f"lane.{row.lane}")


def error_words(row: ChangeRow) -> str:
    """Return why it is still here: the server's refusal, or else the last failure. Empty where nothing went wrong."""
    if row.status in queue.REFUSED:
        code = row.code or row.status.upper()
        words = _word(f"refusal.{code}", code)
        return f"{words} ({shown.name(row.message)})" if row.message else words
    text = row.last_error
    if not text or row.status:
        return ""
    # the sentence of a failed call is about the call, and wants values that the change does not keep
    return _word(text.replace("error.api.", "queue.failed."), _word(text, shown.isolate(text)))


def flag_lines(flags: Sequence[str], concerns: Mapping[str, Sequence[Concern]], type: str) -> list[str]:
    """Return what the server found worth saying about a change of a record of this type, and about which parts. One
    flag may mean another thing of another record: the number of a sale is its receipt's, of a part its maker's."""
    lines = []
    for flag in flags:
        about = shown.listed(map(_concern, concerns.get(flag, ())))
        words = _word(f"flag.{type}.{flag}", _word(f"flag.{flag}", flag))
        lines.append(f"{words}: {about}" if about else words)
    return lines


def _concern(concern: Concern) -> str:
    name = shown.of_language(concern.name, concern.name_en)
    words = " ".join(filter(None, (shown.name(name), shown.part_number(concern.number))))
    return words if concern.stock is None else t("queue.concern", name=words, stock=shown.quantity(concern.stock))


def why_line(row: ChangeRow) -> str:
    """One sentence about what happens to it next, and what a person can do."""
    if row.due is not None and row.lane in ("fast", "slow"):
        return t("queue.why.due", at=shown.time(row.due))
    return t(f"queue.why.{_why(row)}")


def _why(row: ChangeRow) -> str:
    if row.status in queue.REFUSED and row.lane == "attention":
        if queue.may_edit(row):
            return "rejected"
        return "refused_request" if queue.may_give_up(row) else "refused_fact"
    if queue.is_unconfirmed(row):
        return "unclear_stock" if queue.is_only_stock(row) else "unconfirmed"
    if row.lane == "attention" and row.status == "" and row.kind in FACTS:
        return "refused_fact"
    return row.status if row.lane == "attention" and row.status in ("conflict", "applied_flagged") else row.lane


def headline(row: ChangeRow) -> str:
    """Return what a change is about and when it was made."""
    return t("queue.line", kind=kind_word(row.kind), label=shown.name(label(row)) or "-", at=shown.date_time(row.at))


def label(row: ChangeRow | Conflict) -> str:
    """Return what the list calls it: a name or a receipt number; a deed at the drawer is called by its own word."""
    return _word(f"cash.{row.label}", row.label) if row.type == "cash" else shown.of_language(row.label, row.label_en)


# --- the whole of one change ---------------------------------------------------------------------------


def detail_lines(change: ChangeDetail) -> list[str]:
    """Everything about a change: what it says, when what happened to it, what the server answered."""
    row = change.row
    lines = [headline(row), t("queue.detail.number", n=shown.number(row.n), id=shown.isolate(row.id))]
    lines += [f"{t('queue.lane')}: {state_word(row)}. {why_line(row)}", "", t("queue.detail.sent")]
    lines += [f"  {line}" for line in sent_lines(change)]
    lines += ["", t("queue.detail.times")]
    lines += [f"  {line}" for line in _time_lines(change)]
    lines += ["", t("queue.detail.answer")]
    return [*lines, *(f"  {line}" for line in answer_lines(change))]


def _tries(change: ChangeDetail) -> tuple[tuple[str, datetime | None], ...]:
    """Return when it went out. What turned out not to have been sent after all keeps the moment of the try alone."""
    if change.first_sent_at is None:
        return ()
    last = change.last_sent_at if change.last_sent_at != change.first_sent_at else None
    return (("queue.time.first", change.first_sent_at), ("queue.time.last", last))


def _time_lines(change: ChangeDetail) -> list[str]:
    row = change.row
    times: tuple[tuple[str, datetime | None], ...] = (
        ("queue.time.made", row.at),
        *_tries(change),
        ("queue.time.next", row.due if change.answered_at is None else None),
        ("queue.time.answered", change.answered_at),
    )
    lines = [t(key, at=shown.date_time(at)) for key, at in times if at is not None]
    if change.first_sent_at is None:
        lines.append(t("queue.time.never"))
    if row.attempts:
        lines.append(t("queue.time.failed", n=row.attempts))
    if change.waits_for is not None:
        lines.append(t("queue.waits_for", n=shown.number(change.waits_for)))
    return lines


def answer_lines(change: ChangeDetail) -> list[str]:
    """Return what the server said, in words, and what a person made of it."""
    row = change.row
    lines = [t(f"queue.answer.{row.status}") if has(f"queue.answer.{row.status}") else t("queue.answer.none")]
    if error := error_words(row):
        lines.append(t("queue.error", error=error))
    for name, message in change.errors.items():
        lines.append(f"{field_word(row.type, name)}: {shown.name(message)}")
    for name, value in change.theirs.items():
        theirs = t("queue.changed_there") if name == "*" else value_word(row.type, name, value)
        lines.append(t("queue.theirs", field=field_word(row.type, name), value=theirs))
    lines += flag_lines(row.flags, change.concerns, row.type)
    if row.outcome:
        by = shown.number(change.followed_by) if change.followed_by else ""
        lines.append(t(f"queue.became.{row.outcome}", n=by))
    return lines


def sent_lines(change: ChangeDetail) -> list[str]:
    """Return what a change says, field by field or line by line."""
    row, payload = change.row, change.payload
    if row.kind in ("create", "update"):
        return [
            _field_line(row.type, name, value, change.was)
            for name, value in payload.items()
            if (value or change.was) and name != "item_id"  # the part's name stands above
        ]
    if row.kind == halves.KIND:
        return [
            line
            for name in halves.HALVES
            for line in (t(f"queue.half.{name}"), *(f"  {words}" for words in _body_lines(row, payload[name])))
        ]
    return _body_lines(row, payload)


def _body_lines(row: ChangeRow, payload: Mapping[str, Any]) -> list[str]:
    """Return what a document says."""
    lines = [_item_line(line) for line in payload.get("items") or payload.get("lines") or ()]
    if payload.get("customer_name"):
        lines.append(f"{t('sales.customer')}: {shown.name(payload['customer_name'])}")
    for payment in payload.get("payments") or ():
        reference = f"  {shown.part_number(payment['reference'])}" if payment.get("reference") else ""
        method = _word(f"pay.{payment['method']}", payment["method"])
        lines.append(f"{method}: {shown.money(payment['amount'])}{reference}")
    lines += [
        f"{field_word(row.type, name)}: {value_word(row.type, name, payload[name])}"
        for name in _SENT
        if payload.get(name) not in (None, "")
    ]
    return lines or [kind_word(row.kind)]


def _field_line(type: str, name: str, value: Any, was: Mapping[str, Any]) -> str:
    words, now = field_word(type, name), value_word(type, name, value)
    if name not in was:
        return f"{words}: {now}"
    return t("queue.was_now", field=words, was=value_word(type, name, was[name]), now=now)


def _item_line(line: Mapping[str, Any]) -> str:
    name = shown.name(str(line.get("item_name") or "")) or shown.isolate(str(line.get("item_id") or "-"))
    note = f" ({shown.name(line['note'])})" if line.get("note") else ""
    words = f"{shown.quantity(line.get('quantity') or 0)} × {name}{note}"
    price = line.get("price")
    said = [shown.money(price)] if price is not None else []
    said += [shown.name(line["brand"])] if line.get("brand") else []
    said += [orders.when(line["available"], datetime.now(UTC))] if line.get("available") else []
    return "  ".join((words, *said))


def lost_words(change: ChangeDetail) -> str:
    """Return what is lost when a refused request is given up: the fields, or nothing more than the wish itself."""
    return "; ".join(sent_lines(change)) if change.row.kind == "update" else ""


# --- conflicts -----------------------------------------------------------------------------------------


def conflict_field(conflict: Conflict) -> str:
    """Return what a conflict is about."""
    return t("conflict.whole") if conflict.field == "*" else field_word(conflict.type, conflict.field)


def mine_words(conflict: Conflict) -> str:
    """Our side of a conflict."""
    if conflict.field != "*":
        return value_word(conflict.type, conflict.field, conflict.mine)
    if conflict.kind in ("create", "update") and isinstance(conflict.mine, dict):
        fields = (
            f"{field_word(conflict.type, name)}: {value_word(conflict.type, name, value)}"
            for name, value in conflict.mine.items()
            if value not in (None, "", 0)
        )
        return "; ".join(fields)
    return kind_word(conflict.kind)


def theirs_words(conflict: Conflict) -> str:
    """The server's side of a conflict."""
    if conflict.field != "*":
        return value_word(conflict.type, conflict.field, conflict.theirs)
    if conflict.gone:
        return t("conflict.is_deleted")
    status = conflict.theirs.get("status") if conflict.type == "order" else None
    return _word(f"order.status.{status}", str(status)) if status else t("queue.changed_there")


def was_words(conflict: Conflict) -> str:
    """Return what stood there when ours was written."""
    return "" if conflict.field == "*" else value_word(conflict.type, conflict.field, conflict.was)


def apart(conflict: Conflict, value: Any) -> str:
    """One side of a conflict for a narrow column: of long texts that begin alike only where they part."""
    mine, theirs = conflict.mine, conflict.theirs
    if not isinstance(mine, str) or not isinstance(theirs, str) or not isinstance(value, str):
        return value_word(conflict.type, conflict.field, value)
    pairs = enumerate(zip(mine, theirs, strict=False))
    parting = next((n for n, (letter, other) in pairs if letter != other), min(len(mine), len(theirs)))
    alike = mine[:parting].rpartition(" ")[0]
    if len(alike) < ALIKE or not value.startswith(alike):
        return value_word(conflict.type, conflict.field, value)
    return shown.name(f"…{value[len(alike) :]}")


def _word(key: str, otherwise: str) -> str:
    return t(key) if has(key) else otherwise
