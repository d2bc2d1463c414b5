"""The queue as a person sees it: what waits, why, and what can be done about it.

The engine's side of the same table is `outbox`. What a person may do is decided here: everything may be tried
again, a refused request may be corrected or given up, and a fact can never be given up, because it has happened
at the counter. Whatever is done, the old change stays in the journal with its outcome.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import peewee

from .. import customers, inventory, journal, price_rules, suppliers
from ..clock import from_text
from ..database import db
from ..database.statement import Statement, given
from ..errors import ShopError
from ..outbox import attention, outbox, overlay, precedence, requests
from ..outbox.views import ChangeRow
from ..price_rules import PriceRuleRecord
from ..quantity import Quantity, to_decimal, told
from ..records import EDITABLE, RECORDS
from ..records.sync import OutboxTable
from ..types import Customer, CustomerDraft, Key, Part, PartDraft, PriceRuleDraft, Supplier, SupplierDraft
from . import replica_rows
from .concerns import Concern, about
from .fallback import single_writes

REFUSED = ("rejected", "key_reuse")

Record = Part | Customer | Supplier | PriceRuleRecord

_LABEL_EN = "(SELECT name_en FROM part WHERE outbox.type = 'item' AND part.id = outbox.record_id) AS label_en"
_OUTBOX = OutboxTable.alias("outbox")
_NEXT = OutboxTable.alias("next")
_BY_ID = Statement(
    _OUTBOX.select(
        _OUTBOX,
        peewee.SQL(_LABEL_EN),
        _NEXT.select(_NEXT.n).where(_NEXT.change_id == _OUTBOX.followed_by).alias("next_n"),
    ).where(_OUTBOX.change_id == given("id"))
)
_BY_NUMBER = Statement(OutboxTable.select(OutboxTable.change_id).where(OutboxTable.n == given("n")))
_WAITS_FOR = Statement(
    _OUTBOX.select(peewee.fn.max(_OUTBOX.n)).where(
        (_OUTBOX.type == given("type")) & (_OUTBOX.record_id == given("record_id")),
        _OUTBOX.n < given("n"),
        _OUTBOX.answered_at.is_null(),
        _OUTBOX.kind.not_in(sorted(precedence.FACTS)),
        peewee.SQL(f"NOT {precedence.WAITS_TO_BE_READ.format('outbox')}"),
    )
)
_NEWEST = Statement(
    OutboxTable.select(OutboxTable.change_id)
    .where((OutboxTable.type == given("type")) & (OutboxTable.record_id == given("record_id")))
    .order_by(OutboxTable.n.desc())
    .limit(1)
)
_WAKE = Statement(
    OutboxTable.update(not_before=None).where(
        OutboxTable.answered_at.is_null(),
        OutboxTable.lane.in_(("fast", "slow")),
        OutboxTable.not_before.is_null(False),
    )
)
# --- what may be done ----------------------------------------------------------------------------------


def may_retry(row: ChangeRow) -> bool:
    """Unanswered, or refused: another server, or another moment, may take it. An order that is over stays so."""
    return row.lane != "done" and row.status in ("", *REFUSED) and not is_over(row)


def is_over(row: ChangeRow) -> bool:
    """Tell whether an answer came to an order that another shop has, or whose time is up."""
    return row.type == "order" and row.code in ("TAKEN", "EXPIRED")


def may_edit(row: ChangeRow) -> bool:
    """A refused request on a record with a form. An answer to an order has none: it is given anew."""
    return _is_refused_request(row) and row.kind in ("create", "update") and row.type in EDITABLE


def may_give_up(row: ChangeRow) -> bool:
    """A request that the server has refused. Never a fact, and never what may still be on its way."""
    return _is_refused_request(row)


def may_be_seen(row: ChangeRow) -> bool:
    """Applied with a flag: there is nothing to do but to know of it. Or unconfirmed, and a person has looked."""
    return row.lane == "attention" and (row.status == "applied_flagged" or is_unconfirmed(row) or is_over(row))


def is_unconfirmed(row: ChangeRow) -> bool:
    """Tell whether only a person can find out if the server has it."""
    return row.lane == "attention" and row.status == "" and row.last_error in single_writes.ASKS


def is_only_stock(row: ChangeRow) -> bool:
    """Tell whether the server has an unconfirmed document, and only its stock is in doubt."""
    return is_unconfirmed(row) and row.last_error == single_writes.UNCLEAR_STOCK


def _is_refused_request(row: ChangeRow) -> bool:
    return row.lane == "attention" and row.status in REFUSED and row.kind not in precedence.FACTS


# --- the list ------------------------------------------------------------------------------------------


def count(lane: str = "") -> int:
    """Return how many changes `page` lists in all."""
    if lane == "done":  # every table is counted by its smallest index, and the journal holds tens of thousands
        sql = f"SELECT (SELECT count(*) FROM outbox) - (SELECT count(*) FROM outbox WHERE {outbox.LISTED}) AS done"
        return int(db.first(sql)["done"])
    return outbox.count_listed(lane)


def page(lane: str, after: Key | None, skip: int, limit: int) -> tuple[ChangeRow, ...]:
    """The unanswered and what waits for a person, of one lane or of all, oldest first; with the lane `done` the
    journal, newest first."""
    if lane == "done":
        where, order, start = "answered_at IS NOT NULL AND lane = ?1 AND n < ?2", "n DESC", 2**63 - 1
    else:
        where, order, start = f"{outbox.LISTED} AND (?1 = '' OR lane = ?1) AND n > ?2", "n", 0
    rows = db.rows(  # as text: the index of what waits for a person serves no lane that is filled in
        "SELECT change_id, n, kind, type, record_id, label, lane, at, attempts, last_error, result, status, not_before,"
        f" outcome, {_LABEL_EN} FROM outbox WHERE {where} ORDER BY {order} LIMIT ?3 OFFSET ?4",
        (lane, after[0] if after else start, limit, skip),
    )
    return tuple(map(_row, rows))


def get(change_id: str) -> ChangeRow:
    """One change, wherever it is. Raises `error.queue.gone` for one that is not ours."""
    return _row(_stored(change_id))


def _stored(change_id: str) -> Any:
    row = _BY_ID.first(id=change_id)
    if row is None:
        raise ShopError("error.queue.gone")
    return row


def find(word: str) -> ChangeRow:
    """The change of this id, or of this number in the queue. Raises `error.queue.gone`."""
    if word.isdecimal():
        row = _BY_NUMBER.first(n=int(word) % 2**63)
        word = row["change_id"] if row else ""
    return get(word)


def _row(row: Any) -> ChangeRow:
    answer = _answer(row)
    return ChangeRow(
        id=row["change_id"],
        key=(row["n"],),
        n=row["n"],
        kind=row["kind"],
        type=row["type"],
        record_id=row["record_id"],
        label=row["label"],
        lane=row["lane"],
        at=from_text(row["at"]),
        attempts=row["attempts"],
        last_error=row["last_error"],
        flags=tuple(answer.get("flags", ())),
        status=row["status"],
        code=answer.get("code", ""),
        message=answer.get("message", ""),
        due=_moment(row["not_before"]),
        outcome=row["outcome"],
        label_en=row["label_en"] or "",
    )


def _answer(row: Any) -> dict[str, Any]:
    return json.loads(row["result"]) if row["result"] else {}


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


# --- one change, whole ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangeDetail:
    """Everything that is known of a change. `theirs` are the fields that the server kept, `errors` its words about
    the fields that it refused; `waits_for` and `followed_by` are numbers of other changes."""

    row: ChangeRow
    payload: dict[str, Any] = field(hash=False)
    was: dict[str, Any] = field(hash=False)
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    answered_at: datetime | None
    theirs: dict[str, Any] = field(hash=False)
    errors: dict[str, str] = field(hash=False)
    waits_for: int | None
    followed_by: int | None
    concerns: dict[str, tuple[Concern, ...]] = field(hash=False)
    """For each flag, what it is about."""


def detail(change_id: str) -> ChangeDetail:
    """A change, whole. Raises `error.queue.gone`."""
    stored = _stored(change_id)
    row, answer = _row(stored), _answer(stored)
    return ChangeDetail(
        row=row,
        payload=json.loads(stored["payload"]),
        was=json.loads(stored["was"]),
        first_sent_at=_moment(stored["first_sent_at"]),
        last_sent_at=_moment(stored["last_sent_at"]),
        answered_at=_moment(stored["answered_at"]),
        theirs={name: entry[0] for name, entry in answer.get("theirs", {}).items()},
        errors=answer.get("errors", {}),
        waits_for=_waits_for(row) if stored["answered_at"] is None else None,
        followed_by=stored["next_n"],
        concerns=concerns(change_id),
    )


def _waits_for(row: ChangeRow) -> int | None:
    """The number of the earlier request on the same record whose answer this one waits for."""
    if row.kind in precedence.FACTS:
        return None
    number: int | None = _WAITS_FOR.value(type=row.type, record_id=row.record_id, n=row.n)
    return number


def concerns(change_id: str) -> dict[str, tuple[Concern, ...]]:
    """Return what each flag of a change is about, as far as this terminal knows it."""
    stored = _stored(change_id)
    row = _row(stored)
    if not row.flags:
        return {}
    payload: dict[str, Any] = json.loads(stored["payload"])
    return about(row.flags, row.type, row.record_id, {"item_name": row.label, **payload})


# --- trying again --------------------------------------------------------------------------------------


def retry(change_id: str) -> str:
    """Send a change again now; one that was refused goes out as a new change with the same content, and is seen
    again here. Gives back the id of what goes out. Raises `error.queue.gone`, and `error.queue.settled` where there
    is nothing to send."""
    row = get(change_id)
    if not may_retry(row):
        raise ShopError("error.queue.settled")
    attention.retry(change_id)
    if row.type in overlay.RECORD_COLUMNS:
        replica_rows.rebase(row.type, row.record_id)
    return str(_stored(change_id)["followed_by"] or change_id)


def retry_all() -> int:
    """Let everything that waits for a time be tried now; how many that are. What was refused waits for a person."""
    return _WAKE.run()


def see(change_id: str) -> None:
    """A person knows of the flags of a change, or has found an unconfirmed one at the server. Raises
    `error.queue.not_seen` where more is to be done than that."""
    row = get(change_id)
    if not may_be_seen(row):
        raise ShopError("error.queue.not_seen")
    if is_unconfirmed(row):
        single_writes.take_as_sent(change_id)
    else:
        attention.acknowledge(change_id)


# --- correcting ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused request as a form takes it up: the record as it stands, the fields with the refused values in
    them, and what the server said of each."""

    row: ChangeRow
    seen: Record
    fields: dict[str, Any] = field(hash=False)
    errors: dict[str, str] = field(hash=False)


def refused(change_id: str) -> Refused:
    """Take up a refused request to correct it, with what was typed since of a record that was to be made. Raises
    `error.queue.settled` where there is nothing to correct."""
    row = get(change_id)
    if not may_edit(row):
        raise ShopError("error.queue.settled")
    change = detail(change_id)
    seen = _record(row.type, row.record_id)
    drafted = asdict(seen.draft)
    fields = {**change.payload, **drafted} if row.kind == "create" else {**drafted, **change.payload}
    if isinstance(seen, Part) and row.kind == "create":
        fields["stock_quantity"] = fields.get("stock_quantity", 0) + inventory.first_fraction(seen.id)
    return Refused(row, seen, fields, change.errors)


def replace(refused: Refused, fields: Mapping[str, Any], *, actor: str = "") -> str:
    """Send the corrected `fields` as a new change, whose id this gives back; the refused one gets the outcome
    `replaced`. Raises what the record's rules say of the fields, `error.queue.no_change` where they are what the
    server has already, and `error.queue.settled` where somebody else has dealt with it."""
    row = refused.row
    if not may_edit(get(row.id)):
        raise ShopError("error.queue.settled")
    before = _newest(row.type, row.record_id)
    if row.kind == "create":
        _make_again(row, {**asdict(refused.seen.draft), **fields}, actor)  # a form has not all that a record has
    else:
        _edit(row.type, refused.seen, fields, actor)
    after = _newest(row.type, row.record_id)
    if after == before:
        raise ShopError("error.queue.no_change", name=row.label)
    attention.close(row.id, "replaced", by=after)
    if isinstance(refused.seen, Part) and row.kind == "create":
        inventory.count_rest(row.record_id, _first_stock(row.record_id, fields), actor=actor)
    return after


def _newest(type: str, record_id: str) -> str:
    """The latest change on a record."""
    return str(_NEWEST.first(type=type, record_id=record_id)["change_id"])


def _record(type: str, record_id: str) -> Record:
    if type == "item":
        return inventory.get(record_id)
    if type == price_rules.TYPE:
        return price_rules.get(record_id)
    return customers.get(record_id) if type == "customer" else suppliers.get(record_id)


def draft_of(type: str, fields: Mapping[str, Any]) -> PartDraft | CustomerDraft | SupplierDraft | PriceRuleDraft:
    """The draft that these fields make, tidy. Raises the `ShopError` of the first that cannot stand."""
    if type == "item":
        return inventory.checked(PartDraft(**_known(PartDraft, fields)))
    if type == "customer":
        return customers.checked(CustomerDraft(**_known(CustomerDraft, fields)))
    if type == price_rules.TYPE:
        return price_rules.checked(PriceRuleDraft(**_known(PriceRuleDraft, fields)))
    return suppliers.checked(SupplierDraft(**_known(SupplierDraft, fields)))


def _known(draft: type[Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in draft.__dataclass_fields__ if name in fields}


def _edit(type: str, seen: Record, fields: Mapping[str, Any], actor: str) -> None:
    draft = {**asdict(seen.draft), **fields}
    if isinstance(seen, Part):
        inventory.edit(seen.id, PartDraft(**_known(PartDraft, draft)), seen=seen, actor=actor)
    elif isinstance(seen, Customer):
        customers.edit(seen.id, CustomerDraft(**_known(CustomerDraft, draft)), seen=seen, actor=actor)
    elif isinstance(seen, PriceRuleRecord):
        price_rules.edit(seen.id, PriceRuleDraft(**_known(PriceRuleDraft, draft)), seen=seen, actor=actor)
    else:
        suppliers.edit(seen.id, SupplierDraft(**_known(SupplierDraft, draft)), seen=seen, actor=actor)


def _make_again(row: ChangeRow, fields: Mapping[str, Any], actor: str) -> None:
    """Ask once more for a record that the server did not take, under its own id: sales name it already."""
    draft = draft_of(row.type, fields)
    record = asdict(draft)
    if isinstance(draft, PartDraft):
        inventory.check_stock(draft, Quantity(fields.get("stock_quantity") or 0))
        record["stock_quantity"] = inventory.opening(_first_stock(row.record_id, fields))
    keys = RECORDS[row.type].keys_of(record)
    name = (
        price_rules.label(draft) if isinstance(draft, PriceRuleDraft) else record["name"] or record.get("name_en", "")
    )
    requests.create_again(row.type, row.record_id, record, keys, label=name)
    journal.audit("create", row.type, row.record_id, told(record), actor)


def _first_stock(part_id: str, fields: Mapping[str, Any]) -> Quantity:
    """Return what the form of a part that is to be made says of its shelf, without what was counted there already."""
    return Quantity((fields.get("stock_quantity") or 0) - inventory.first_fraction(part_id))


# --- giving up -----------------------------------------------------------------------------------------


def give_up(change_id: str, *, actor: str = "") -> ChangeRow:
    """Leave a refused request as the server decided; gives back the change as it stands then. A record that only
    this terminal has leaves the lists with it.

    Raises `error.queue.fact` for what has happened at the counter, `error.queue.settled` for what the server has
    not refused, and `error.customer.owes` for a new customer who owes something.
    """
    row = get(change_id)
    if row.kind in precedence.FACTS:
        raise ShopError("error.queue.fact")
    if not may_give_up(row):
        raise ShopError("error.queue.settled")
    if row.kind == "create" and row.type == "customer" and (owing := customers.get(row.record_id)).balance:
        raise ShopError("error.customer.owes", name=owing.draft.name)
    payload = detail(change_id).payload
    attention.close(change_id, "given_up")
    replica_rows.rebase(row.type, row.record_id)
    journal.audit("give_up", row.type, row.record_id, {"change": change_id, "kind": row.kind, **told(payload)}, actor)
    return get(change_id)


# --- taking it along -----------------------------------------------------------------------------------


def dump(after: int = 0, limit: int = -1) -> tuple[dict[str, Any], ...]:
    """Return what waits beyond the number `after`, as it is stored, with its JSON read and its quantities in units: for
    a file that another machine can use."""
    rows = db.rows(
        "SELECT n, change_id, lineage, channel, kind, type, record_id, label, at, epoch, base, was, payload, lane,"
        " attempts, first_sent_at, last_sent_at, not_before, last_error, answered_at, status, result FROM outbox"
        f" WHERE {outbox.LISTED} AND n > ? ORDER BY n LIMIT ?",
        (after, limit),
    )
    return tuple(dict(row) | _read(row) for row in rows)


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    read = {name: json.loads(row[name]) for name in ("base", "was", "payload", "result") if row[name]}
    if row["kind"] == "cash":  # what was counted there is money
        return read
    in_units: dict[str, Any] = {name: told(read[name], form=to_decimal) for name in ("was", "payload") if name in read}
    if theirs := (read.get("result") or {}).get("theirs"):
        stands = {name: [told(value, name, to_decimal), version] for name, (value, version) in theirs.items()}
        in_units["result"] = read["result"] | {"theirs": stands}
    return read | in_units
