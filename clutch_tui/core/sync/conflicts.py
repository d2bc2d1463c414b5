"""Fields on which this shop and the server disagree, and who decides.

The policy of a field decides at once: `server_wins` takes theirs, `local_wins` sends ours again as a new change
with a fresh base, `ask` keeps both until a person chooses. A person's choice is a new change, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import peewee

from .. import contacts, customers, inventory, journal, price_rules, state, suppliers
from ..clock import from_text
from ..database import db
from ..database.statement import Statement, given, insert
from ..errors import ShopError
from ..limits import BEST_RATING
from ..outbox import attention, outbox, overlay
from ..outbox.messages import Result
from ..outbox.views import Conflict, is_gone
from ..quantity import NOTHING, told
from ..records import EDITABLE
from ..records.customer import CAR
from ..records.part import PartTable
from ..records.price_rule import FIGURES
from ..records.sync import ConflictTable, OutboxTable
from ..types import CustomerDraft, Key, PartDraft, PriceRuleDraft, SupplierDraft
from . import replica_rows

SLICE = 50
Choice = Literal["mine", "theirs", "other", "new"]
"""Keep ours, take the server's, write a third value; make a record anew that was deleted at the server."""

_fn = peewee.fn
_PART = PartTable.alias("part")
_WAITS = ConflictTable.resolved_at.is_null()
_OF_CHANGE = ConflictTable.change_id == given("change_id")
_kind = _fn.coalesce(OutboxTable.kind, "update")


def _waiting(columns: Sequence[Any], *conditions: Any) -> Any:
    """The query for conflicts that wait for a person, each beside its change, oldest first."""
    return (
        ConflictTable.select(*columns)
        .join(OutboxTable, peewee.JOIN.LEFT_OUTER, on=OutboxTable.change_id == ConflictTable.change_id)
        .where(_WAITS, *conditions)
        .order_by(ConflictTable.at, ConflictTable.id)
    )


_WHOLE = (
    ConflictTable,
    _kind.alias("kind"),
    OutboxTable.was,
    OutboxTable.at.alias("made_at"),
    _fn.coalesce(
        _PART.select(_PART.name_en).where(ConflictTable.type == "item", _PART.id == ConflictTable.record_id),
        "",
    ).alias("label_en"),
)
_AFTER = peewee.Tuple(ConflictTable.at, ConflictTable.id) > peewee.Tuple(given("at"), given("id"))
_PAGE = Statement(_waiting(_WHOLE, _AFTER).limit(given("limit")).offset(given("skip")))
_PENDING = Statement(_waiting(_WHOLE))
_ONE = Statement(_waiting(_WHOLE, ConflictTable.id == given("id")))
_ALL_OF_CHANGE = Statement(_waiting(_WHOLE, _OF_CHANGE))
_OF_TYPE = Statement(_waiting(_WHOLE, ConflictTable.type == given("type"), ConflictTable.field != "*"))
_ALIKE = Statement(
    _waiting(
        (ConflictTable.id, ConflictTable.theirs),
        ConflictTable.type == given("type"),
        ConflictTable.field == given("field"),
        _kind == given("kind"),
    )
)
_COUNT = Statement(ConflictTable.select(_fn.count()).where(_WAITS))
_IDS = Statement(ConflictTable.select(ConflictTable.id).where(_WAITS))
_LEFT = Statement(ConflictTable.select(ConflictTable.id).where(_OF_CHANGE, _WAITS).limit(1))
_ADD = insert(ConflictTable)
_WITHDRAW = Statement(ConflictTable.delete().where(_OF_CHANGE, _WAITS))
_FOLLOW = Statement(
    ConflictTable.update(theirs=given("theirs"), version=given("version")).where(ConflictTable.id == given("id"))
)
_RESOLVE = Statement(
    ConflictTable.update(resolved_at=given("at"), resolution=given("resolution")).where(ConflictTable.id == given("id"))
)
_PAYLOAD = Statement(OutboxTable.select(OutboxTable.payload).where(OutboxTable.change_id == given("change_id")))
_OWN_DELETE = Statement(
    OutboxTable.select(OutboxTable.n).where(
        (OutboxTable.type == given("type")) & (OutboxTable.record_id == given("record_id")),
        OutboxTable.kind == "delete",
        OutboxTable.status.in_(("applied", "applied_flagged")),
    )
)
_NEEDS_ATTENTION = Statement(OutboxTable.update(lane="attention").where(OutboxTable.change_id == given("change_id")))


def settle(
    change_id: str, type: str, record_id: str, label: str, result: Result, epoch: str, policies: Mapping[str, str]
) -> set[str]:
    """Apply the policy to each field that came back in `theirs`; `{"conflicts"}` where a person must choose. The
    versions in `result` are those of `epoch`.

    `policies` maps a field to its policy; `"*"` is the policy of every other field (`ask` by default). An edit
    of a record that was deleted meanwhile, a delete of one that was edited, and the answer to an order that has
    changed come back with the one field `*` and are always asked; but for an edit that waited here until the server
    learned, and whose record was deleted here since.
    """
    # a restored server may answer otherwise than it did: nobody need decide any more on what it said then
    withdrawn = _WITHDRAW.run(change_id=change_id)
    if result.status != "conflict":
        return {"conflicts"} if withdrawn else set()
    payload: dict[str, Any] = json.loads(_PAYLOAD.first(change_id=change_id)["payload"])
    asked = False
    for name, (theirs, version) in result.theirs.items():
        if name == "*" and is_gone(theirs) and _OWN_DELETE.first(type=type, record_id=record_id) is not None:
            continue
        policy = "ask" if name == "*" else policies.get(name, policies.get("*", "ask"))
        mine = payload if name == "*" else payload.get(name)
        if mine == theirs and name != "*":  # a field that goes along with others: a car's model with its make
            continue
        if policy == "local_wins":
            _write_again(type, record_id, label, name, mine, theirs, version, epoch)
        elif policy == "ask":
            asked = True
            _keep(change_id, type, record_id, label, name, mine, theirs, version)
    if asked:
        _NEEDS_ATTENTION.run(change_id=change_id)
    return {"conflicts"} if asked else set()


def _keep(
    change_id: str, type: str, record_id: str, label: str, name: str, mine: Any, theirs: Any, version: int
) -> None:
    _ADD.run(
        id=db.new_id(),
        change_id=change_id,
        type=type,
        record_id=record_id,
        label=label,
        field=name,
        mine=json.dumps(mine, ensure_ascii=False),
        theirs=json.dumps(theirs, ensure_ascii=False),
        version=version,
        at=db.now_text(),
    )


def _write_again(
    type: str, record_id: str, label: str, name: str, value: Any, theirs: Any, version: int, epoch: str | None
) -> None:
    overlay.begin_request(type, record_id)
    fields, was = {name: value}, {name: theirs}
    if type == "customer" and name in CAR:
        # one field on the server: half a car would wipe out the other half
        here = overlay.current(type, record_id) or {}
        rest = {part: here[part] for part in CAR if part != name and part in here}
        fields, was = rest | fields, rest | was
    outbox.add(
        "update", type, record_id, fields, base=dict.fromkeys(fields, version), was=was, label=label, epoch=epoch
    )


def _ask_again(conflict: Conflict, epoch: str | None) -> None:
    """The same request on the whole record, with the version that its writer has now seen."""
    overlay.begin_request(conflict.type, conflict.record_id)
    base = {"*": conflict.version}
    outbox.add(
        conflict.kind,
        conflict.type,
        conflict.record_id,
        conflict.mine,
        base=base,
        label=conflict.label,
        epoch=epoch,
    )


# --- the list ------------------------------------------------------------------------------------------


def count() -> int:
    """Return how many conflicts wait for a person."""
    return int(_COUNT.value())


def page(after: Key | None, skip: int, limit: int) -> tuple[Conflict, ...]:
    """The conflicts that wait for a person, oldest first; those of one change stand together."""
    at, conflict_id = after or ("", "")
    return tuple(map(_conflict, _PAGE.rows(at=at, id=conflict_id, limit=limit, skip=skip)))


def pending() -> tuple[Conflict, ...]:
    """All conflicts that wait for a person, oldest first."""
    return tuple(map(_conflict, _PENDING.rows()))


def get(conflict_id: str) -> Conflict:
    """One conflict. Raises `error.conflict.gone` where it is settled."""
    row = _ONE.first(id=conflict_id)
    if row is None:
        raise ShopError("error.conflict.gone")
    return _conflict(row)


def of_change(change_id: str) -> tuple[Conflict, ...]:
    """Return what still waits of one change."""
    return tuple(map(_conflict, _ALL_OF_CHANGE.rows(change_id=change_id)))


def alike(conflict: Conflict) -> tuple[str, ...]:
    """The ids of the conflicts that are like this one, itself among them: the same field of the same type of
    record, and the same wish."""
    rows = _ALIKE.rows(type=conflict.type, field=conflict.field, kind=conflict.kind)
    if conflict.field != "*":
        return tuple(row["id"] for row in rows)
    return tuple(row["id"] for row in rows if is_gone(json.loads(row["theirs"])) == conflict.gone)


def _conflict(row: Any) -> Conflict:
    return Conflict(
        id=row["id"],
        change_id=row["change_id"],
        type=row["type"],
        record_id=row["record_id"],
        label=row["label"],
        field=row["field"],
        mine=json.loads(row["mine"]),
        theirs=json.loads(row["theirs"]),
        version=row["version"],
        at=from_text(row["at"]),
        kind=row["kind"],
        was=json.loads(row["was"] or "{}").get(row["field"]),
        made_at=from_text(row["made_at"]) if row["made_at"] else None,
        changed_at=_changed_at(row["type"], row["record_id"], row["version"]),
        key=(row["at"], row["id"]),
        label_en=row["label_en"],
    )


def _changed_at(type: str, record_id: str, version: int) -> datetime | None:
    """Return when the server wrote this version of a record, where that is the one of which we have the rows. When it
    was deleted nobody says."""
    copy = overlay.base(type, record_id) or overlay.current(type, record_id) or {}
    known = copy.get("updated_at") and copy["version"] == version and not copy["deleted"]
    return from_text(copy["updated_at"]) if known else None


# --- deciding ------------------------------------------------------------------------------------------


def resolve(conflict_id: str, choice: Choice, value: Any = None, *, actor: str = "") -> None:
    """Do what a person chose: keep `mine`, take `theirs`, write `other` (`value`, in core terms), or make a `new`
    record of one that was deleted. To keep the delete of a record that was edited meanwhile is to ask for it anew,
    now that its writer has seen the edit.

    Raises `ShopError` `error.conflict.gone` where somebody else has decided meanwhile, `error.conflict.deleted` for
    anything but `theirs` and `new` on a record that was deleted, and what the record's rules say of `value`.
    """
    conflict = get(conflict_id)
    if choice == "new" and not can_be_made_anew(conflict):
        raise ShopError("error.conflict.not_new", name=conflict.label)
    if conflict.field == "*" and choice in ("mine", "other") and (conflict.gone or choice == "other"):
        raise ShopError("error.conflict.deleted", name=conflict.label)
    chosen = _checked(conflict, value) if choice == "other" else conflict.mine
    if chosen == conflict.theirs:
        choice = "theirs"
    values = {"mine": conflict.mine, "theirs": conflict.theirs, "value": chosen}
    detail = {"field": conflict.field, "choice": choice}
    detail |= {name: told(value, conflict.field) for name, value in values.items()}
    journal.audit("resolve", conflict.type, conflict.record_id, detail, actor)
    if choice == "new":
        _make_anew(conflict, actor)
    elif choice != "theirs":
        epoch = outbox.result_epoch(conflict.change_id)
        if conflict.field == "*":
            _ask_again(conflict, epoch)
        else:
            _write_again(
                conflict.type,
                conflict.record_id,
                conflict.label,
                conflict.field,
                chosen,
                conflict.theirs,
                conflict.version,
                epoch,
            )
        replica_rows.rebase(conflict.type, conflict.record_id)
    _end(conflict, choice)


def resolve_all(conflict_ids: Sequence[str], choice: Choice, *, actor: str = "") -> int:
    """The same choice for several conflicts; how many there still were. What somebody else has settled meanwhile
    is left out. Thousands are handed over in `slices`: a sale must not wait for all of them."""
    waiting = {row["id"] for row in _IDS.rows()}
    left = [conflict_id for conflict_id in conflict_ids if conflict_id in waiting]
    for conflict_id in left:
        resolve(conflict_id, choice, actor=actor)
    return len(left)


def slices(conflict_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Many conflicts in parts, each for one transaction of its own."""
    return (conflict_ids[start : start + SLICE] for start in range(0, len(conflict_ids), SLICE))


def can_be_made_anew(conflict: Conflict) -> bool:
    """Tell whether a record that was deleted at the server can come back as a new one."""
    return conflict.gone and conflict.type in EDITABLE and conflict.kind != "delete"


def _end(conflict: Conflict, resolution: str) -> None:
    _RESOLVE.run(id=conflict.id, at=db.now_text(), resolution=resolution)
    if _LEFT.first(change_id=conflict.change_id) is None:
        attention.acknowledge(conflict.change_id)


def _checked(conflict: Conflict, value: Any) -> Any:
    """A third value as the record's own rules would have it stored."""
    here = overlay.current(conflict.type, conflict.record_id) or {}
    if conflict.type == "item":
        known = {name: here[name] for name in PartDraft.__dataclass_fields__ if name in here}
        return getattr(inventory.checked(PartDraft(**known | {conflict.field: value})), conflict.field)
    if conflict.type == price_rules.TYPE:
        # a price takes the place of a percentage: which of the two counts, the rule itself says
        price_rules.check_figures({**dict.fromkeys(FIGURES, 0), conflict.field: value})
        return value
    if conflict.field == "name":
        contacts.check_name(" ".join(str(value).split()))
    if conflict.field == "rating" and not 0 <= value <= BEST_RATING:
        raise ShopError("error.supplier.rating", best=BEST_RATING)
    return " ".join(value.split()) if isinstance(value, str) else value


def _make_anew(conflict: Conflict, actor: str) -> None:
    """The record as it was seen here with what was wanted of it, under a new identity. A part begins with what lies
    on the shelf by the last figure: nobody has carried it away because somebody deleted the record."""
    here = (overlay.current(conflict.type, conflict.record_id) or {}) | conflict.mine
    if conflict.type == "item":
        stock = max(NOTHING, inventory.get(conflict.record_id).stock)
        inventory.make(PartDraft(**_fields(PartDraft, here)), stock, actor=actor)
    elif conflict.type == "customer":
        customers.create(CustomerDraft(**_fields(CustomerDraft, here)), actor=actor)
    elif conflict.type == price_rules.TYPE:
        percent = 0 if here["price"] else here["percent"]
        price_rules.create(PriceRuleDraft(**_fields(PriceRuleDraft, here) | {"percent": percent}), actor=actor)
    else:
        suppliers.create(SupplierDraft(**_fields(SupplierDraft, here)), actor=actor)


def _fields(draft: type[Any], record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in draft.__dataclass_fields__ if name in record}


# --- following the rows --------------------------------------------------------------------------------


def follow(type: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows came in: a conflict whose other side now says what we say is over, and one whose other side has changed
    again shows that. Only in the epoch in which the conflict was told: the versions of another mean nothing to it."""
    waiting = tuple(map(_conflict, _OF_TYPE.rows(type=type)))
    if not waiting:
        return
    epoch = state.get(f"{replica_rows.NOUNS[type]}.epoch")
    pulled = {row["id"]: row for row in rows if not row["deleted"]}
    for conflict in waiting:
        row = pulled.get(conflict.record_id, {})
        if (
            conflict.field not in row
            or row["version"] <= conflict.version
            or outbox.result_epoch(conflict.change_id) != epoch
        ):
            continue
        if row[conflict.field] == conflict.mine:
            _end(conflict, "agreed")
        elif row[conflict.field] != conflict.theirs:
            _FOLLOW.run(
                id=conflict.id, theirs=json.dumps(row[conflict.field], ensure_ascii=False), version=row["version"]
            )
