"""Fields on which this shop and the server disagree, and who decides.

The policy of a field decides at once: `server_wins` takes theirs, `local_wins` sends ours again as a new change
with a fresh base, `ask` keeps both until a person chooses. A person's choice is a new change, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from .. import contacts, customers, inventory, journal, state, suppliers
from ..clock import from_text
from ..database import db
from ..errors import ShopError
from ..limits import BEST_RATING
from ..outbox import outbox, overlay
from ..outbox.messages import Result
from ..outbox.views import Conflict, is_gone
from ..records import EDITABLE
from ..records.customer import CAR
from ..types import CustomerDraft, Key, PartDraft, SupplierDraft
from . import replica_rows

SLICE = 50
Choice = Literal["mine", "theirs", "other", "new"]
"""Keep ours, take the server's, write a third value; make a record anew that was deleted at the server."""


def settle(
    change_id: str, type: str, record_id: str, label: str, result: Result, epoch: str, policies: Mapping[str, str]
) -> set[str]:
    """Apply the policy to each field that came back in `theirs`; `{"conflicts"}` where a person must choose. The
    versions in `result` are those of `epoch`.

    `policies` maps a field to its policy; `"*"` is the policy of every other field (`ask` by default). An edit
    of a record that was deleted meanwhile, a delete of one that was edited, and the answer to an order that has
    changed come back with the one field `*` and are always asked.
    """
    # a restored server may answer otherwise than it did: nobody need decide any more on what it said then
    forget = "DELETE FROM conflict WHERE change_id = ? AND resolved_at IS NULL"
    withdrawn = db.execute(forget, (change_id,)).rowcount
    if result.status != "conflict":
        return {"conflicts"} if withdrawn else set()
    payload: dict[str, Any] = json.loads(
        db.execute("SELECT payload FROM outbox WHERE change_id = ?", (change_id,)).fetchone()[0]
    )
    asked = False
    for name, (theirs, version) in result.theirs.items():
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
        db.execute("UPDATE outbox SET lane = 'attention' WHERE change_id = ?", (change_id,))
    return {"conflicts"} if asked else set()


def _keep(
    change_id: str, type: str, record_id: str, label: str, name: str, mine: Any, theirs: Any, version: int
) -> None:
    db.execute(
        "INSERT INTO conflict (id, change_id, type, record_id, label, field, mine, theirs, version, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            db.new_id(), change_id, type, record_id, label, name, json.dumps(mine, ensure_ascii=False),
            json.dumps(theirs, ensure_ascii=False), version, db.now_text(),
        ),
    )  # fmt: skip


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
    """How many conflicts wait for a person."""
    return int(db.execute("SELECT count(*) FROM conflict WHERE resolved_at IS NULL").fetchone()[0])


def page(after: Key | None, skip: int, limit: int) -> tuple[Conflict, ...]:
    """The conflicts that wait for a person, oldest first; those of one change stand together."""
    return _select("(c.at, c.id) > (?, ?)", *(after or ("", "")), limit=limit, skip=skip)


def pending() -> tuple[Conflict, ...]:
    """All conflicts that wait for a person, oldest first."""
    return _select("1")


def get(conflict_id: str) -> Conflict:
    """One conflict. Raises `error.conflict.gone` where it is settled."""
    found = _select("c.id = ?", conflict_id)
    if not found:
        raise ShopError("error.conflict.gone")
    return found[0]


def of_change(change_id: str) -> tuple[Conflict, ...]:
    """What still waits of one change."""
    return _select("c.change_id = ?", change_id)


def alike(conflict: Conflict) -> tuple[str, ...]:
    """The ids of the conflicts that are like this one, itself among them: the same field of the same type of
    record, and the same wish."""
    rows = db.execute(
        "SELECT c.id, c.theirs FROM conflict AS c LEFT JOIN outbox AS o ON o.change_id = c.change_id"
        " WHERE c.resolved_at IS NULL AND c.type = ? AND c.field = ? AND coalesce(o.kind, 'update') = ?"
        " ORDER BY c.at, c.id",
        (conflict.type, conflict.field, conflict.kind),
    ).fetchall()
    if conflict.field != "*":
        return tuple(conflict_id for conflict_id, _ in rows)
    return tuple(conflict_id for conflict_id, theirs in rows if is_gone(json.loads(theirs)) == conflict.gone)


def _select(where: str, *params: Any, limit: int = -1, skip: int = 0) -> tuple[Conflict, ...]:
    rows = db.execute(
        "SELECT c.id, c.change_id, c.type, c.record_id, c.label, c.field, c.mine, c.theirs, c.version, c.at,"
        " coalesce(o.kind, 'update'), o.was, o.at,"
        " coalesce((SELECT name_en FROM part WHERE c.type = 'item' AND part.id = c.record_id), '')"
        " FROM conflict AS c LEFT JOIN outbox AS o"
        f" ON o.change_id = c.change_id WHERE c.resolved_at IS NULL AND {where} ORDER BY c.at, c.id LIMIT ? OFFSET ?",
        (*params, limit, skip),
    ).fetchall()
    return tuple(_conflict(*columns) for columns in rows)


def _conflict(
    conflict_id: str,
    change_id: str,
    type: str,
    record_id: str,
    label: str,
    name: str,
    mine: str,
    theirs: str,
    version: int,
    at: str,
    kind: str,
    was: str | None,
    made_at: str | None,
    label_en: str,
) -> Conflict:
    return Conflict(
        id=conflict_id,
        change_id=change_id,
        type=type,
        record_id=record_id,
        label=label,
        field=name,
        mine=json.loads(mine),
        theirs=json.loads(theirs),
        version=version,
        at=from_text(at),
        kind=kind,
        was=json.loads(was or "{}").get(name),
        made_at=from_text(made_at) if made_at else None,
        changed_at=_changed_at(type, record_id, version),
        key=(at, conflict_id),
        label_en=label_en,
    )


def _changed_at(type: str, record_id: str, version: int) -> datetime | None:
    """When the server wrote this version of a record, where that is the one of which we have the rows. When it was
    deleted nobody says."""
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
    found = get(conflict_id)
    if choice == "new" and not can_be_made_anew(found):
        raise ShopError("error.conflict.not_new", name=found.label)
    if found.field == "*" and choice in ("mine", "other") and (found.gone or choice == "other"):
        raise ShopError("error.conflict.deleted", name=found.label)
    chosen = _checked(found, value) if choice == "other" else found.mine
    if chosen == found.theirs:
        choice = "theirs"
    detail = {"field": found.field, "choice": choice, "mine": found.mine, "theirs": found.theirs, "value": chosen}
    journal.audit("resolve", found.type, found.record_id, detail, actor)
    if choice == "new":
        _make_anew(found, actor)
    elif choice != "theirs":
        epoch = outbox.result_epoch(found.change_id)
        if found.field == "*":
            _ask_again(found, epoch)
        else:
            _write_again(
                found.type, found.record_id, found.label, found.field, chosen, found.theirs, found.version, epoch
            )
        replica_rows.rebase(found.type, found.record_id)
    _end(found, choice)


def resolve_all(conflict_ids: Sequence[str], choice: Choice, *, actor: str = "") -> int:
    """The same choice for several conflicts; how many there still were. What somebody else has settled meanwhile
    is left out. Thousands are handed over in `slices`: a sale must not wait for all of them."""
    waiting = {row[0] for row in db.execute("SELECT id FROM conflict WHERE resolved_at IS NULL").fetchall()}
    left = [conflict_id for conflict_id in conflict_ids if conflict_id in waiting]
    for conflict_id in left:
        resolve(conflict_id, choice, actor=actor)
    return len(left)


def slices(conflict_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Many conflicts in parts, each for one transaction of its own."""
    return (conflict_ids[start : start + SLICE] for start in range(0, len(conflict_ids), SLICE))


def can_be_made_anew(conflict: Conflict) -> bool:
    """Whether a record that was deleted at the server can come back as a new one."""
    return conflict.gone and conflict.type in EDITABLE and conflict.kind != "delete"


def _end(conflict: Conflict, resolution: str) -> None:
    db.execute(
        "UPDATE conflict SET resolved_at = ?, resolution = ? WHERE id = ?",
        (db.now_text(), resolution, conflict.id),
    )
    left = db.execute(
        "SELECT 1 FROM conflict WHERE change_id = ? AND resolved_at IS NULL", (conflict.change_id,)
    ).fetchone()
    if left is None:
        outbox.acknowledge(conflict.change_id)


def _checked(conflict: Conflict, value: Any) -> Any:
    """A third value as the record's own rules would have it stored."""
    here = overlay.current(conflict.type, conflict.record_id) or {}
    if conflict.type == "item":
        known = {name: here[name] for name in PartDraft.__dataclass_fields__ if name in here}
        return getattr(inventory.checked(PartDraft(**known | {conflict.field: value})), conflict.field)
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
        stock = max(0, inventory.get(conflict.record_id).stock)
        inventory.create(PartDraft(**_fields(PartDraft, here)), stock, actor=actor)
    elif conflict.type == "customer":
        customers.create(CustomerDraft(**_fields(CustomerDraft, here)), actor=actor)
    else:
        suppliers.create(SupplierDraft(**_fields(SupplierDraft, here)), actor=actor)


def _fields(draft: type[Any], record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in draft.__dataclass_fields__ if name in record}


# --- following the rows --------------------------------------------------------------------------------


def follow(type: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows came in: a conflict whose other side now says what we say is over, and one whose other side has changed
    again shows that. Only in the epoch in which the conflict was told: the versions of another mean nothing to it."""
    waiting = _select("c.type = ? AND c.field <> '*'", type)
    if not waiting:
        return
    epoch = state.get(f"{replica_rows.NOUNS[type]}.epoch")
    pulled = {row["id"]: row for row in rows if not row["deleted"]}
    for one in waiting:
        row = pulled.get(one.record_id, {})
        if one.field not in row or row["version"] <= one.version or outbox.result_epoch(one.change_id) != epoch:
            continue
        if row[one.field] == one.mine:
            _end(one, "agreed")
        elif row[one.field] != one.theirs:
            theirs = json.dumps(row[one.field], ensure_ascii=False)
            db.execute("UPDATE conflict SET theirs = ?, version = ? WHERE id = ?", (theirs, row["version"], one.id))
