"""The parts of a pull of several pages: prepared in portions while the till goes on selling, shown all at once.

A hundred thousand parts take seconds to write with their search keys and indexes; in one transaction a sale would
have to wait as long. So what a pull brings waits in `part_next`, a table like `part` without its indexes, but for
parts that are there just so already: of those `part_seen` holds the `pk`. When the pull is complete, one of two ways
makes it the shop's, in the transaction that also stores the cursor and ends the deltas:

* a shop that has few parts and gets many (the first pull) takes `part_next` itself as its table. The indexes are
  moved to it one by one before (`build`), which costs a tenth of what it costs to fill them row by row;
* any other shop gets the rows that are new or differ written into its table.

So a reader sees the shop as it was before the pull or as it is after it. A process that dies in between has lost
nothing: what it prepared goes on, or is thrown away by the next pull that begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..database import db
from ..outbox import abilities, overlay
from . import aliases, conflicts, replica_rows

Row = Mapping[str, Any]

AT_ONCE = 1_000
"""So many parts are prepared in one transaction: less than a tenth of a second in which a sale may have to wait."""

FEW = 5_000
"""A shop of at most so many parts that gets more takes over the table. They are carried over in the swap, and have no
indexes while those are being built."""

_APART = 1_000_000
"""New parts have a `pk` so far above those of the shop that parts which are made meanwhile get none of theirs."""

_FIELDS = overlay.RECORD_COLUMNS["item"][1]
_KEYS = replica_rows.KEY_COLUMNS["item"]
_COLUMNS = ", ".join(("id", *_FIELDS, *_KEYS))
_ADD = (
    f"INSERT INTO part_next (pk, {_COLUMNS}) VALUES (:pk, :id, {', '.join(f':{name}' for name in (*_FIELDS, *_KEYS))})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in (*_FIELDS, *_KEYS))}"
)

_STOCK = ("stock_quantity", "min_stock")
_FOUND_BY = ("deleted", "category", "car_brand", *_KEYS)
_PLAIN = tuple(name for name in _FIELDS if name not in (*_STOCK, *_FOUND_BY))


# --- page by page ----------------------------------------------------------------------------------------


def begin() -> None:
    """A pull starts with its first page: what an earlier one had prepared does not belong to it."""
    mend()
    db.execute("DELETE FROM part_next")
    db.execute("DELETE FROM part_seen")


def prepare(rows: Sequence[Row]) -> None:
    """Prepare some rows of a pull. The same rows may come again, as after a crash; of a part that comes twice the
    later row counts."""
    abilities.hear_fraction(rows)
    latest = {row["id"]: row for row in aliases.incoming("item", rows)}
    here = _here(list(latest))
    kept = overlay.kept("item")
    for row in latest.values():
        if row["deleted"]:
            _bury(row, known=row["id"] in here)
    living = [row for row in latest.values() if not row["deleted"]]
    same = [row["id"] for row in living if row["id"] not in kept and here.get(row["id"]) == _values(row)]
    db.execute(
        "INSERT OR IGNORE INTO part_seen SELECT pk FROM part WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(same),),
    )
    known = set(same)
    _add([row for row in living if row["id"] not in known])


def _here(ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Return what the shop has of these parts now."""
    rows = db.execute(
        f"SELECT id, {', '.join(_FIELDS)} FROM part WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
    ).fetchall()
    return {row[0]: tuple(row[1:]) for row in rows}


def _values(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _FIELDS)


def _add(rows: Sequence[Row]) -> None:
    above = "coalesce((SELECT max(pk) FROM part_next), (SELECT coalesce(max(pk), 0) FROM part) + ?)"
    last = db.execute(f"SELECT {above}", (_APART,)).fetchone()[0]
    db.executemany(_ADD, ({**replica_rows.with_keys("item", row), "pk": pk} for pk, row in enumerate(rows, last + 1)))


def _bury(row: Row, *, known: bool) -> None:
    """Of a deleted part only that it is: one that the shop has keeps its fields, for old sales name it."""
    if known:
        dead = {**(overlay.current("item", row["id"]) or {}), "deleted": True}
        _add([{**dead, "version": row["version"], "seq": row["seq"]}])
    else:
        db.execute("DELETE FROM part_next WHERE id = ?", (row["id"],))


def drop(part_ids: Collection[str]) -> None:
    """Forget what was prepared of these parts."""
    these = (json.dumps(sorted(part_ids)),)
    db.execute("DELETE FROM part_next WHERE id IN (SELECT value FROM json_each(?))", these)
    db.execute(
        "DELETE FROM part_seen WHERE pk IN (SELECT pk FROM part WHERE id IN (SELECT value FROM json_each(?)))", these
    )


def ids() -> list[str]:
    """The parts that the pull has brought so far."""
    rows = db.execute("SELECT id FROM part_next UNION SELECT id FROM part JOIN part_seen USING (pk)")
    return [row[0] for row in rows.fetchall()]


# --- the indexes -----------------------------------------------------------------------------------------


def build() -> bool:
    """Move one index to the table that is to take the other's place; True where more are to be moved."""
    if not _takes_over():
        return False
    indexes = _indexes("part")
    if indexes:
        _move(*indexes[0], "part_next")
    return len(indexes) > 1


def is_torn() -> bool:
    """True where a process died between `build` and `show`: the shop's few parts are without their indexes."""
    return bool(_indexes("part_next"))


def mend() -> None:
    """Give the shop its indexes back."""
    for name, made in _indexes("part_next"):
        _move(name, made, "part")


def _takes_over() -> bool:
    """Tell whether the prepared table takes the place of the shop's."""
    many = db.execute("SELECT 1 FROM part_next LIMIT 1 OFFSET ?", (FEW,)).fetchone()
    more = db.execute("SELECT 1 FROM part LIMIT 1 OFFSET ?", (FEW,)).fetchone()
    return many is not None and more is None


def _indexes(table: str) -> list[tuple[str, str]]:
    """Name and statement of every index of a table, but for those that belong to its very definition."""
    return db.execute(  # type: ignore[no-any-return]
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,)
    ).fetchall()


def _move(name: str, made: str, table: str) -> None:
    db.execute(f"DROP INDEX {name}")
    db.execute(re.sub(r' ON "?\w+"? ?\(', f" ON {table} (", made, count=1))


# --- the swap --------------------------------------------------------------------------------------------


def show(*, snapshot: bool, spared: Collection[str] = ()) -> None:
    """Make what was prepared the shop's; of a snapshot also forget what it does not hold, but for the `spared`. Call it
    in the transaction that stores the cursor, after the cursor."""
    if snapshot:
        replica_rows.keep_before_snapshot("item")
    kept = overlay.kept("item")
    followed = _under_conflict()
    for record_id in kept:
        _keep(record_id, snapshot=snapshot and record_id not in spared)
    db.execute("DELETE FROM part_next WHERE id IN (SELECT id FROM base_record WHERE type = 'item')")
    if snapshot:
        db.execute(
            "UPDATE part SET deleted = 1 WHERE deleted = 0 AND pk NOT IN (SELECT pk FROM part_seen)"
            " AND id NOT IN (SELECT id FROM part_next) AND id NOT IN (SELECT id FROM base_record WHERE type = 'item')"
            " AND id NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(spared)),),
        )
    if _takes_over():
        _take_over()
    else:
        _write_in()
    begin()
    for record_id in kept:
        replica_rows.rebase("item", record_id)
    conflicts.follow("item", followed)


def hold_figures(part_ids: Collection[str]) -> bool:
    """Let what came of these parts say of their stock what is known here; True where anything came of them."""
    return bool(
        db.execute(
            "UPDATE part_next SET stock_quantity = here.stock_quantity, seq = here.seq FROM part AS here"
            " WHERE here.id = part_next.id AND here.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(part_ids)),),
        ).rowcount
    )


def _keep(record_id: str, *, snapshot: bool) -> None:
    """Make what came of a part with requests under way its base, over which they are laid again."""
    came = db.execute(f"SELECT {', '.join(_FIELDS)} FROM part_next WHERE id = ?", (record_id,)).fetchone()
    if came is not None:
        row = {"id": record_id, **dict(zip(_FIELDS, came, strict=True))}
        overlay.keep("item", record_id, replica_rows.server_copy("item", row))
        return
    seen = db.execute("SELECT 1 FROM part JOIN part_seen USING (pk) WHERE id = ?", (record_id,)).fetchone()
    if snapshot and seen is None:
        overlay.keep("item", record_id, None)


def _under_conflict() -> list[dict[str, Any]]:
    """The rows that came for parts on which a person has yet to decide."""
    rows = db.execute(
        f"SELECT id, {', '.join(_FIELDS)} FROM part_next"
        " WHERE id IN (SELECT record_id FROM conflict WHERE type = 'item' AND resolved_at IS NULL)"
    ).fetchall()
    return [dict(zip(("id", *_FIELDS), row, strict=True)) for row in rows]


def _take_over() -> None:
    """Put the prepared table in the place of the shop's, with the shop's other parts. The search indexes follow."""
    while build():
        pass
    db.execute("INSERT INTO part_unindexed SELECT pk FROM part WHERE pk NOT IN (SELECT pk FROM part_unindexed)")
    db.execute(
        f"INSERT INTO part_next (pk, {_COLUMNS}) SELECT pk, {_COLUMNS} FROM part"
        " WHERE id NOT IN (SELECT id FROM part_next)"
    )
    made = db.execute("SELECT sql FROM sqlite_master WHERE name = 'part_next'").fetchone()[0]
    triggers = db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'part'").fetchall()
    db.execute("DROP TABLE part")
    db.execute("ALTER TABLE part_next RENAME TO part")
    for statement in (made, *(trigger for (trigger,) in triggers)):
        db.execute(statement)
    db.execute("INSERT INTO part_unindexed SELECT pk FROM part WHERE pk NOT IN (SELECT pk FROM part_unindexed)")


def _write_in() -> None:
    """Write what is new or differs into the shop's table. Columns that indexes hold are written only where they
    differ: SQLite moves the entry of every index of which a column is assigned."""
    mend()
    db.execute(_update(*_PLAIN))
    for names in (_STOCK, _FOUND_BY):
        here, there = (", ".join(f"{table}.{name}" for name in names) for table in ("part", "came"))
        db.execute(f"{_update(*names)} AND ({here}) IS NOT ({there})")
    db.execute(
        f"INSERT INTO part ({_COLUMNS}) SELECT {_COLUMNS} FROM part_next"
        " WHERE id NOT IN (SELECT id FROM part) ORDER BY pk"
    )


def _update(*names: str) -> str:
    assignments = ", ".join(f"{name} = came.{name}" for name in names)
    return f"UPDATE part SET {assignments} FROM part_next AS came WHERE part.id = came.id"
