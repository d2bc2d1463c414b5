"""Taking a price list into the shop: new parts, changed fields and counted stock, safe to repeat and to kill.

The list goes in by batches, each one transaction, with a pause between them: the till in this process and in
others gets its turn within a tenth of a second. What a batch has stored stays stored; the same file again finds
those parts as it left them and goes on with the rest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import inventory, journal, state
from ..database import models
from ..database.store import Store
from ..sync import outbox, overlay
from ..types import Part, PartDraft, ShopError
from . import price_list
from .cells import numbers_in
from .price_list import Entry, Remark
from .recognition import DRAFT_FIELDS, Candidates, record_of

Progress = Callable[[int, int], None]
"""Told after every batch how many rows are done, of how many."""

FIRST_BATCH, LARGEST_BATCH = 100, 500
BATCH_SECONDS = 0.05
"""How long one transaction should take; batches grow and shrink towards it."""
PAUSE = 0.026
"""Another process that waits for the write lock asks again every 25 ms at first: this lets it in."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do. `counted` parts got another stock; they may be among the `updated`.
    `refused` rows are those with `bad` remarks."""

    rows: int
    created: int = 0
    updated: int = 0
    counted: int = 0
    unchanged: int = 0
    warnings: tuple[Remark, ...] = ()
    bad: tuple[Remark, ...] = ()

    @property
    def refused(self) -> int:
        return len({remark.line for remark in self.bad})


def run(
    store: Store, path: Path, *, dry_run: bool = False, progress: Progress | None = None, actor: str = ""
) -> Report:
    """Import the price list at `path`; a `dry_run` reports the same and stores nothing.

    Blocks until it is done: call it in a thread of its own, never inside `store.run`. Raises the `ShopError` of
    `price_list.read`, and those of the store; what was stored before such an error stays.
    """
    table = price_list.read(path)
    entries: list[Entry] = []
    remarks = list(table.remarks)
    rows = 0
    for entry, said in table.rows():
        remarks += said
        rows += entry is not None or any(remark.bad for remark in said)
        if entry is not None:
            entries.append(entry)
    work = _Import(path.name, _fingerprint(path), actor)
    done, size = 0, FIRST_BATCH
    while done < len(entries):
        batch = entries[done : done + size]
        began = time.monotonic()
        outcome = store.read_now(work.look, batch) if dry_run else store.run_now(work.store, batch)
        took = time.monotonic() - began
        work.learn(outcome)
        done += len(batch)
        if progress is not None:
            progress(done, len(entries))
        if outcome.writes and not dry_run and done < len(entries):
            time.sleep(PAUSE)
        size = max(20, min(LARGEST_BATCH, int(size * min(2.0, BATCH_SECONDS / max(took, 0.001)))))
    return work.report(rows, remarks)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


# --- what is to be done for a row ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """What one row asks for. Without a `part` it is a new one; `changed` are the fields to write, `counted` the
    stock to note, None for none."""

    entry: Entry
    part: Part | None
    changed: dict[str, Any] = field(hash=False)
    counted: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch asks for, and what is odd about it beyond its cells."""

    steps: tuple[Step, ...]
    remarks: tuple[Remark, ...]

    @property
    def writes(self) -> bool:
        return any(step.part is None or step.changed or step.counted is not None for step in self.steps)


class _Import:
    """One run over one file. Its methods run inside the store's transactions; `learn` after the commit, so that
    a batch that was rolled back is not remembered."""

    def __init__(self, file: str, fingerprint: str, actor: str) -> None:
        self._file = file
        self._setting = f"import.{fingerprint}"
        self._actor = actor
        self._touched: dict[str, int] = {}
        self._figures = dict.fromkeys(("created", "updated", "counted", "unchanged"), 0)
        self._remarks: list[Remark] = []

    def look(self, batch: Sequence[Entry]) -> Outcome:
        """What the rows of a batch ask for, as the shop stands now."""
        counted_to = int(state.setting(self._setting, 0))
        candidates = Candidates(batch)
        steps, remarks = [], []
        here: dict[str, int] = {}
        for entry in batch:
            try:
                step = _step(entry, candidates.find(entry))
                if step.part is not None:
                    earlier = self._touched.get(step.part.id) or here.get(step.part.id)
                    if earlier is not None:
                        raise ShopError(
                            "import.bad.same_part", other_line=earlier, text=inventory.label(step.part.draft)
                        )
                    here[step.part.id] = entry.line
            except ShopError as error:
                remarks.append(Remark(entry.line, error.key, error.values))
                continue
            if step.counted is not None and entry.line <= counted_to and step.part is not None:
                values = {"counted": step.counted, "stock": step.part.stock}
                remarks.append(Remark(entry.line, "import.warning.moved_since", values))
                step = replace(step, counted=None)
            steps.append(step)
        return Outcome(tuple(steps), tuple(remarks))

    def store(self, batch: Sequence[Entry]) -> Outcome:
        """Look, and do it: all of the batch or none of it."""
        outcome = self.look(batch)
        _create([step for step in outcome.steps if step.part is None])
        _update([(step.part, step.changed) for step in outcome.steps if step.part is not None and step.changed])
        _count([(step.part, step.counted) for step in outcome.steps if step.part and step.counted is not None])
        # a quantity in a list was true when the list was made: what is sold afterwards must not come back
        # when the same file is imported again, be it that the first time was cut short
        if batch[-1].line > int(state.setting(self._setting, 0)):
            state.put_setting(self._setting, batch[-1].line)
        if outcome.writes:
            lines = {"file": self._file, "from_line": batch[0].line, "to_line": batch[-1].line}
            journal.audit("import", "item", "", lines | _figures(outcome.steps), self._actor)
        return outcome

    def learn(self, outcome: Outcome) -> None:
        self._touched.update((step.part.id, step.entry.line) for step in outcome.steps if step.part is not None)
        self._remarks += outcome.remarks
        for name, n in _figures(outcome.steps).items():
            self._figures[name] += n

    def report(self, rows: int, remarks: Sequence[Remark]) -> Report:
        ordered = sorted([*remarks, *self._remarks], key=lambda remark: remark.line)
        bad = tuple(remark for remark in ordered if remark.bad)
        return Report(rows, **self._figures, warnings=tuple(r for r in ordered if not r.bad), bad=bad)


def _figures(steps: Sequence[Step]) -> dict[str, int]:
    return {
        "created": sum(step.part is None for step in steps),
        "updated": sum(step.part is not None and bool(step.changed) for step in steps),
        "counted": sum(step.counted is not None for step in steps),
        "unchanged": sum(step.part is not None and not step.changed and step.counted is None for step in steps),
    }


def _step(entry: Entry, part: Part | None) -> Step:
    """Raises the `ShopError` of what cannot stand, e.g. a new part without a name."""
    if part is None:
        draft = PartDraft(**entry.said)
        return Step(entry, None, record_of(inventory.checked(replace(draft, **_merged(entry, draft)))))
    said = {**entry.said, **_merged(entry, replace(part.draft, **entry.said))}
    changed = {name: value for name, value in said.items() if getattr(part.draft, name) != value}
    if changed:
        inventory.checked(replace(part.draft, **changed))
    counted = None if entry.quantity in (None, part.stock) else entry.quantity
    return Step(entry, part, changed, counted)


_BETWEEN = " / "


def _merged(entry: Entry, draft: PartDraft) -> dict[str, Any]:
    """The fields that take in the further numbers of an overfull cell, as they will be; numbers that they hold
    already are not added again."""
    merged: dict[str, Any] = {}
    for name, numbers in entry.others.items():
        held = getattr(draft, name)
        known = {*held.split(_BETWEEN), *numbers_in(held)}
        missing = [number for number in numbers if number not in known]
        if missing:
            merged[name] = _BETWEEN.join([*([held] if held else []), *missing])
    return merged


# --- doing it ------------------------------------------------------------------------------------------


def _create(steps: Sequence[Step]) -> None:
    """New parts with their requests: `inventory.create` for hundreds at once."""
    records = [{"id": models.new_id(), **step.changed, "stock_quantity": step.entry.quantity or 0} for step in steps]
    names = ("id", *DRAFT_FIELDS, "stock_quantity", *inventory.keys_of({}))
    overlay.begin_requests("item", [record["id"] for record in records])
    models.executemany(
        f"INSERT INTO part ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [(*record.values(), *inventory.keys_of(record).values()) for record in records],
    )
    outbox.add_all("create", "item", [_created(**record) for record in records])


def _created(id: str, **record: Any) -> outbox.Draft:
    return outbox.Draft(id, record, label=record["name"] or record["name_en"])


def _update(changes: Sequence[tuple[Part, dict[str, Any]]]) -> None:
    """Changed fields with their requests: `inventory.edit` for hundreds at once."""
    overlay.begin_requests("item", [part.id for part, _ in changes])
    names = (*DRAFT_FIELDS, *inventory.keys_of({}))
    rows, requests = [], []
    for part, changed in changes:
        was = record_of(part.draft)
        now = was | changed
        rows.append((*now.values(), *inventory.keys_of(now).values(), part.id))
        base, seen = dict.fromkeys(changed, part.version), {name: was[name] for name in changed}
        requests.append(outbox.Draft(part.id, changed, base, seen, now["name"] or now["name_en"]))
    models.executemany(f"UPDATE part SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?", rows)
    outbox.add_all("update", "item", requests)


def _count(counts: Sequence[tuple[Part, int]]) -> None:
    """Counted stock as facts: `inventory.count_stock` for hundreds at once."""
    at = models.now_text()
    facts, moves = [], []
    for part, counted in counts:
        change_id, delta = models.new_id(), counted - part.stock
        body = {"item_id": part.id, "counted": counted, "expected": part.stock, "delta": delta}
        facts.append(outbox.Draft(part.id, body, label=inventory.label(part.draft), change_id=change_id))
        moves.append((part.id, change_id, delta, at))
    outbox.add_all("count", "item", facts)
    models.executemany(
        "INSERT INTO stock_move (part_id, change_id, kind, delta, at) VALUES (?, ?, 'count', ?, ?)", moves
    )
