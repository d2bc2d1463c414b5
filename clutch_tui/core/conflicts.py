"""Fields on which this shop and the server disagree, and who decides.

The policy of a field decides at once: `server_wins` takes theirs, `local_wins` sends ours again as a new change
with a fresh base, `ask` keeps both until a person chooses. A person's choice is a new change, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from . import models, outbox, overlay, records
from .clock import from_text
from .types import Conflict, Result, ShopError

Choice = Literal["mine", "theirs", "other"]


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
    withdrawn = models.execute(forget, (change_id,)).rowcount
    if result.status != "conflict":
        return {"conflicts"} if withdrawn else set()
    payload: dict[str, Any] = json.loads(
        models.execute("SELECT payload FROM outbox WHERE change_id = ?", (change_id,)).fetchone()[0]
    )
    asked = False
    for name, (theirs, version) in result.theirs.items():
        policy = "ask" if name == "*" else policies.get(name, policies.get("*", "ask"))
        mine = payload if name == "*" else payload.get(name)
        if policy == "local_wins":
            _write_again(type, record_id, label, name, mine, theirs, version, epoch)
        elif policy == "ask":
            asked = True
            _keep(change_id, type, record_id, label, name, mine, theirs, version)
    if asked:
        models.execute("UPDATE outbox SET lane = 'attention' WHERE change_id = ?", (change_id,))
    return {"conflicts"} if asked else set()


def _keep(
    change_id: str, type: str, record_id: str, label: str, name: str, mine: Any, theirs: Any, version: int
) -> None:
    models.execute(
        "INSERT INTO conflict (id, change_id, type, record_id, label, field, mine, theirs, version, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            models.new_id(), change_id, type, record_id, label, name, json.dumps(mine, ensure_ascii=False),
            json.dumps(theirs, ensure_ascii=False), version, models.now_text(),
        ),
    )  # fmt: skip


def _write_again(
    type: str, record_id: str, label: str, name: str, value: Any, theirs: Any, version: int, epoch: str | None
) -> None:
    overlay.begin_request(type, record_id)
    base, was = {name: version}, {name: theirs}
    outbox.add("update", type, record_id, {name: value}, base=base, was=was, label=label, epoch=epoch)


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


def pending() -> tuple[Conflict, ...]:
    """The conflicts that wait for a person, oldest first."""
    rows = models.execute(
        "SELECT c.id, c.change_id, c.type, c.record_id, c.label, c.field, c.mine, c.theirs, c.version, c.at,"
        " coalesce(o.kind, 'update') FROM conflict AS c LEFT JOIN outbox AS o ON o.change_id = c.change_id"
        " WHERE c.resolved_at IS NULL ORDER BY c.at, c.id"
    ).fetchall()
    return tuple(
        Conflict(
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
        )
        for conflict_id, change_id, type, record_id, label, name, mine, theirs, version, at, kind in rows
    )


def resolve(conflict_id: str, choice: Choice, value: Any = None) -> None:
    """Do what a person chose: keep `mine`, take `theirs`, or write `other` (`value`, in core terms). To keep the
    delete of a record that was edited meanwhile is to ask for it anew, now that its writer has seen the edit.

    Raises `ShopError` `error.conflict.gone` where somebody else has decided meanwhile, and
    `error.conflict.deleted` for `mine` on a record that was deleted: it must be made anew.
    """
    found = next((one for one in pending() if one.id == conflict_id), None)
    if found is None:
        raise ShopError("error.conflict.gone")
    if found.field == "*" and choice != "theirs" and (found.gone or choice == "other"):
        raise ShopError("error.conflict.deleted", name=found.label)
    models.execute(
        "UPDATE conflict SET resolved_at = ?, resolution = ? WHERE id = ?", (models.now_text(), choice, conflict_id)
    )
    if choice != "theirs":
        chosen = found.mine if choice == "mine" else value
        epoch = outbox.result_epoch(found.change_id)
        if found.field == "*":
            _ask_again(found, epoch)
        else:
            _write_again(
                found.type, found.record_id, found.label, found.field, chosen, found.theirs, found.version, epoch
            )
        records.rebase(found.type, found.record_id)
    left = models.execute(
        "SELECT 1 FROM conflict WHERE change_id = ? AND resolved_at IS NULL", (found.change_id,)
    ).fetchone()
    if left is None:
        outbox.acknowledge(found.change_id)
