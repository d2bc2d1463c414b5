"""Taking a price list into the shop: new parts, changed fields and counted stock, safe to repeat and to kill.

The list goes in by batches, each one transaction, with a pause between them: the till in this process and in
others gets its turn within a tenth of a second. What a batch has stored stays stored; the same file again finds
those parts as it left them and goes on with the rest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from .. import inventory, journal, state, unfinished_imports, units
from ..database import db
from ..errors import ShopError, not_sold_so
from ..outbox import outbox, overlay
from ..quantity import NOTHING, Quantity, fits, written
from ..records.declaration import fields_of
from ..store.store import Store
from ..types import Part, PartDraft
from .cells import Oddity, numbers_in, too_long
from .price_list import PriceList
from .recognition import DRAFT_FIELDS, Candidates, record_of
from .remarks import Remark, Remarks
from .rows import SKIPPED, Outcome, PartEntry

Progress = Callable[[int, int], None]
"""Told after every batch how many rows are done, of how many."""

FIRST_BATCH, LARGEST_BATCH = 100, 500
BATCH_SECONDS = 0.05
"""How long one transaction should take; batches grow and shrink towards it."""
PAUSE = 0.026
"""Another process that waits for the write lock asks again every 25 ms at first: this lets it in."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The report of an import, done or tried. Every one of the `rows` of the file is counted once: `created`,
    `changed`, `unchanged`, `refused`, `repeated` or, by the reason, `skipped`.

    A changed part got other fields (`updated`), another stock (`counted`), or both. `asked` are the questions that
    were answered by going on; `remarks` are about the file and its columns; of `warnings` and `bad` the first of
    each kind are kept, `counts` has the number of all by key and field.
    """

    rows: int
    created: int = 0
    changed: int = 0
    updated: int = 0
    counted: int = 0
    unchanged: int = 0
    refused: int = 0
    repeated: int = 0
    skipped: dict[Outcome, int] = field(default_factory=dict, hash=False)
    asked: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    bad: tuple[Remark, ...] = ()
    counts: dict[tuple[str, str], int] = field(default_factory=dict, hash=False)

    def left_out(self, remarks: Sequence[Remark]) -> int:
        """Return how many more of the kinds of these `remarks` there were than have been kept."""
        return sum(self.counts[kind] for kind in {remark.kind for remark in remarks}) - len(remarks)


def run(
    store: Store, table: PriceList, *, dry_run: bool = False, progress: Progress | None = None, actor: str = ""
) -> ImportReport:
    """Import a price list; a `dry_run` reports the same and stores nothing. Whether to go on in spite of what the
    table asks is the caller's to find out.

    Blocks until it is done: call it in a thread of its own, never inside `store.run`. Raises the `ShopError` of a
    file that changes under it, and those of the store; what was stored before such an error stays.
    """
    rows = _Rows(table)
    work = _Import(table.path.name, _fingerprint(table.path), actor)
    entries = rows.entries()
    size = FIRST_BATCH
    while batch := list(islice(entries, size)):
        began = time.monotonic()
        outcome = store.read_now(work.look, batch) if dry_run else store.run_now(work.store, batch)
        took = time.monotonic() - began
        work.learn(outcome)
        rows.remarks.add(outcome.remarks)
        if progress is not None:
            progress(rows.done, table.count)
        if outcome.writes and not dry_run:
            time.sleep(PAUSE)
        size = max(20, min(LARGEST_BATCH, int(size * min(2.0, BATCH_SECONDS / max(took, 0.001)))))
    if not dry_run:
        store.run_now(work.end)
    if progress is not None:
        progress(table.count, table.count)
    return _report(table, rows, work)


class _Rows:
    """The rows of a table on their way into the shop: parts go through, all others are counted."""

    def __init__(self, table: PriceList) -> None:
        self._table = table
        self.done = 0
        self.outcomes: dict[Outcome, int] = {}
        self.remarks = Remarks()

    def entries(self) -> Iterator[PartEntry]:
        for reading in self._table.rows():
            if reading.outcome != "end":
                self.done += 1
                self.outcomes[reading.outcome] = self.outcomes.get(reading.outcome, 0) + 1
            self.remarks.add(reading.remarks)
            if reading.entry is not None:
                yield reading.entry


def _report(table: PriceList, rows: _Rows, work: _Import) -> ImportReport:
    columns = list(table.remarks)
    warnings: list[Remark] = []
    bad: list[Remark] = []
    for remark in rows.remarks.ordered():
        if remark.key.startswith("import.column."):
            columns.append(remark)
        else:
            (bad if remark.bad else warnings).append(remark)
    return ImportReport(
        rows.done,
        **work.figures,
        refused=rows.outcomes.get("refused", 0) + work.refused,
        repeated=rows.outcomes.get("repeated", 0),
        skipped={outcome: rows.outcomes[outcome] for outcome in SKIPPED if outcome in rows.outcomes},
        asked=table.asks,
        remarks=tuple(columns),
        warnings=tuple(warnings),
        bad=tuple(bad),
        counts=rows.remarks.counts,
    )


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


# --- what is to be done for a row ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportStep:
    """The work that one row asks for. Without a `part` it is a new one; `changed` are the fields to write, `counted`
    the stock to note, None for none; `odd` is what was left out of it."""

    entry: PartEntry
    part: Part | None
    changed: dict[str, Any] = field(hash=False)
    counted: Quantity | None = None
    odd: tuple[Oddity, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """The work that a batch asks for, and what is odd about it beyond its cells."""

    steps: tuple[ImportStep, ...]
    remarks: tuple[Remark, ...]

    @property
    def writes(self) -> bool:
        return any(step.part is None or step.changed or step.counted is not None for step in self.steps)


class _Import:
    """One run over one file. Its methods run inside the store's transactions; `learn` after the commit, so that
    a batch that was rolled back is not remembered."""

    def __init__(self, file: str, fingerprint: str, actor: str) -> None:
        self._file = file
        self._fingerprint = fingerprint
        self._setting = f"import.{fingerprint}"
        self._actor = actor
        self._touched: dict[int, int] = {}
        self._brands: dict[int, str] = {}
        self.figures = dict.fromkeys(("created", "changed", "updated", "counted", "unchanged"), 0)
        self.refused = 0

    def look(self, batch: Sequence[PartEntry]) -> Planned:
        """Return what the rows of a batch ask for, as the shop stands now."""
        counted_to = int(state.setting(self._setting, 0))
        candidates = Candidates(batch)
        steps: list[ImportStep] = []
        remarks: list[Remark] = []
        here: dict[str, PartEntry] = {}
        for entry in batch:
            try:
                step = _step(entry, self._meant(entry, candidates, here))
            except ShopError as error:
                remarks.append(Remark(entry.line, error.key, dict(error.values)))
                continue
            if step.part is None:
                brands = () if entry.sibling else candidates.other_brands(entry)
                if brands:
                    said = entry.said
                    values = {"text": said["part_number"], "brand": said["brand"], "others": ", ".join(brands)}
                    remarks.append(Remark(entry.line, "import.warning.other_brand", values))
            elif step.counted is not None and entry.line <= counted_to:
                values = {"counted": written(step.counted), "stock": written(step.part.stock)}
                remarks.append(Remark(entry.line, "import.warning.moved_since", values))
                step = replace(step, counted=None)
            if not entry.twin and (step.part is None or "barcode" in step.changed):
                for number in candidates.sharing(entry)[:1]:
                    values = {"text": entry.said["barcode"], "number": number}
                    remarks.append(Remark(entry.line, "import.warning.barcode_of_other", values))
            remarks += [Remark(entry.line, key, values) for key, values in step.odd]
            steps.append(step)
        return Planned(tuple(steps), tuple(remarks))

    def _meant(self, entry: PartEntry, candidates: Candidates, here: dict[str, PartEntry]) -> Part | None:
        """The part that a row is about, unless a row before it was; None for a new one."""
        part = candidates.find(entry)
        if part is None:
            return None
        line, brand = self._touched.get(hash(part.id)), self._brands.get(hash(part.id), "")
        if part.id in here:
            line, brand = here[part.id].line, here[part.id].brand_key
        if line is None:
            here[part.id] = entry
            return part
        if entry.brand_key and brand and entry.brand_key != brand:
            return None  # the part said no brand, and an earlier row has given it another one
        raise ShopError("import.bad.same_part", other_line=line, text=inventory.label(part.draft))

    def store(self, batch: Sequence[PartEntry]) -> Planned:
        """Look, and do it: all of the batch or none of it."""
        outcome = self.look(batch)
        _create([step for step in outcome.steps if step.part is None])
        _update([(step.part, step.changed) for step in outcome.steps if step.part is not None and step.changed])
        _count([(step.part, step.counted) for step in outcome.steps if step.part and step.counted is not None])
        # a quantity in a list was true when the list was made: what is sold afterwards must not come back
        # when the same file is imported again, be it that the first time was cut short
        if batch[-1].line > int(state.setting(self._setting, 0)):
            state.put_setting(self._setting, batch[-1].line)
        unfinished_imports.note(self._fingerprint, self._file, batch[-1].line)
        if outcome.writes:
            lines = {"file": self._file, "from_line": batch[0].line, "to_line": batch[-1].line}
            journal.audit("import", "item", "", lines | _figures(outcome.steps), self._actor)
        return outcome

    def end(self) -> None:
        """The last batch is in."""
        unfinished_imports.end(self._fingerprint, self._file)

    def learn(self, outcome: Planned) -> None:
        for step in outcome.steps:
            if step.part is not None:
                part = hash(step.part.id)  # a number for both: the texts of 300,000 parts would take 30 MB
                self._touched[part] = step.entry.line
                if step.entry.brand_key:
                    self._brands[part] = step.entry.brand_key
        self.refused += sum(remark.bad for remark in outcome.remarks)
        for name, n in _figures(outcome.steps).items():
            self.figures[name] += n


def _figures(steps: Sequence[ImportStep]) -> dict[str, int]:
    return {
        "created": sum(step.part is None for step in steps),
        "changed": sum(step.part is not None and (bool(step.changed) or step.counted is not None) for step in steps),
        "updated": sum(step.part is not None and bool(step.changed) for step in steps),
        "counted": sum(step.counted is not None for step in steps),
        "unchanged": sum(step.part is not None and not step.changed and step.counted is None for step in steps),
    }


def _step(entry: PartEntry, part: Part | None) -> ImportStep:
    """Raises the `ShopError` of what cannot stand, e.g. a new part without a name."""
    if part is None:
        draft = _measured(PartDraft(), entry)
        merged, odd = _merged(entry, draft)
        draft = inventory.checked(replace(draft, **merged))
        _check_stock(draft, entry)
        return ImportStep(entry, None, record_of(draft), None, odd)
    now = _measured(part.draft, entry)
    merged, odd = _merged(entry, now)
    now = replace(now, **merged)
    changed = {name: value for name, value in record_of(now).items() if getattr(part.draft, name) != value}
    if changed:
        inventory.checked(now)
    _check_stock(now, entry)
    counted = None if entry.quantity in (None, part.stock) else entry.quantity
    return ImportStep(entry, part, changed, counted, odd)


def _measured(draft: PartDraft, entry: PartEntry) -> PartDraft:
    """The draft with what a row says. Where that is another unit and nothing about decimals, it is sold as finely as
    that unit is."""
    said = replace(draft, **entry.said)
    if said.unit == draft.unit or "decimals" in entry.said:
        return said
    return replace(said, decimals=units.of_code(said.unit).decimals)


def _check_stock(draft: PartDraft, entry: PartEntry) -> None:
    if entry.quantity is not None and not fits(entry.quantity, draft.decimals):
        raise not_sold_so(draft.name, draft.name_en, draft.decimals)


_BETWEEN = " / "


def _merged(entry: PartEntry, draft: PartDraft) -> tuple[dict[str, Any], tuple[Oddity, ...]]:
    """The fields that take in the further numbers of an overfull cell, as they will be; numbers that they hold
    already are not added again, and a field that has no room for all of them takes none, which is told."""
    merged: dict[str, Any] = {}
    odd: list[Oddity] = []
    for name, numbers in entry.others.items():
        held = getattr(draft, name)
        known = {*held.split(_BETWEEN), *numbers_in(held)}
        missing = [number for number in numbers if number not in known]
        if missing:
            whole = _BETWEEN.join([*([held] if held else []), *missing])
            if len(whole) > fields_of(PartDraft)[name].maximum:
                odd.append(too_long(name, whole))
            else:
                merged[name] = whole
    return merged, tuple(odd)


# --- doing it ------------------------------------------------------------------------------------------


def _create(steps: Sequence[ImportStep]) -> None:
    """New parts with their requests: `inventory.create` for hundreds at once."""
    stocks = [step.entry.quantity or NOTHING for step in steps]
    records = [
        {"id": db.new_id(), **step.changed, "stock_quantity": inventory.opening(stock)}
        for step, stock in zip(steps, stocks, strict=True)
    ]
    names = ("id", *DRAFT_FIELDS, "stock_quantity", *inventory.keys_of({}))
    overlay.begin_requests("item", [record["id"] for record in records])
    db.executemany(
        f"INSERT INTO part ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [(*record.values(), *inventory.keys_of(record).values()) for record in records],
    )
    outbox.add_all("create", "item", [_created(**record) for record in records])
    opened = zip(records, stocks, strict=True)
    _count([(inventory.get(one["id"]), stock) for one, stock in opened if one["stock_quantity"] != stock])


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
    db.executemany(f"UPDATE part SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?", rows)
    outbox.add_all("update", "item", requests)


def _count(counts: Sequence[tuple[Part, Quantity]]) -> None:
    """Counted stock as facts: `inventory.count_stock` for hundreds at once."""
    at = db.now_text()
    facts, moves = [], []
    for part, counted in counts:
        change_id, delta = db.new_id(), counted - part.stock
        body = {"item_id": part.id, "counted": counted, "expected": part.stock, "delta": delta}
        facts.append(outbox.Draft(part.id, body, label=inventory.label(part.draft), change_id=change_id))
        moves.append((part.id, change_id, delta, at))
    outbox.add_all("count", "item", facts)
    db.executemany("INSERT INTO stock_move (part_id, change_id, kind, delta, at) VALUES (?, ?, 'count', ?, ?)", moves)
