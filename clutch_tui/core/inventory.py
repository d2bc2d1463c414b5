"""Parts: what the shop has, what it costs, and where it lies.

On hand is the server's figure at the inventory cursor plus the own movements that this cursor does not cover
yet. Nothing here writes that figure: stock moves by `stock_move` rows only.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import peewee

from clutch_tui.text.fold import fold

from . import arrivals, journal, search, state
from .clock import from_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError, not_sold_so
from .limits import MAX_MONEY, MAX_QUANTITY
from .outbox import outbox, requests
from .quantity import DECIMALS, NOTHING, Quantity, fits, is_whole, to_decimal, told
from .records.declaration import draft_from, fields_of
from .records.part import ADD_STOCK_MOVE, PartTable, StockMoveTable
from .records.part import keys_of as keys_of
from .search import STOCK, UNSENT
from .types import Key, Part, PartDraft, PartQuery, PartRow, StockMove

_PART = PartTable.alias("part")
_BY_ID = Statement(
    _PART.select(_PART, peewee.SQL(STOCK).alias("stock"), peewee.SQL(UNSENT).alias("unsent")).where(
        _PART.id == given("id")
    )
)
_PK = Statement(_PART.select(_PART.pk).where((_PART.id == given("id")) & (_PART.deleted == 0)))
_FIRST_MOVE = Statement(
    StockMoveTable.select(StockMoveTable.kind, StockMoveTable.delta)
    .where(StockMoveTable.part_id == given("part_id"))
    .order_by(StockMoveTable.id)
    .limit(1)
)
_DECLARED = fields_of(PartDraft).items()
_LINES = tuple(name for name, field in _DECLARED if field.kind == "text" and field.is_one_line)
"""The fields that are one line of text."""
_NOTES = tuple(name for name, field in _DECLARED if field.kind == "text" and not field.is_one_line)
_MONEY = tuple(name for name, field in _DECLARED if field.kind == "money")


# --- reading -------------------------------------------------------------------------------------------


def get(part_id: str) -> Part:
    """A part, whole; deleted ones too, because old sales name them. Raises `error.part.unknown`."""
    row = _BY_ID.first(id=part_id)
    if row is None:
        raise ShopError("error.part.unknown")
    return Part(
        id=part_id,
        draft=draft_from(PartDraft, row),
        stock=Quantity(row["stock"]),
        base_stock=row["stock_quantity"],
        version=row["version"],
        updated_at=from_text(row["updated_at"]) if row["updated_at"] else None,
        as_of=as_of(),
        unsent=bool(row["unsent"]),
        deleted=bool(row["deleted"]),
        epoch=requests.epoch_seen("item"),
    )


def row(part_id: str) -> PartRow | None:
    """A part as lists show it; None for one that is not there or was deleted."""
    pk = _PK.value(id=part_id)
    return None if pk is None else search.rows([pk])[0]


def on_shelf(part_ids: Collection[str]) -> dict[str, Quantity]:
    """What lies on the shelf of these parts now, as far as they are known."""
    rows = db.rows(
        f"SELECT id, {search.STOCK} AS stock FROM part WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(part_ids)),),
    )
    return {row["id"]: Quantity(row["stock"]) for row in rows}


def as_of() -> datetime | None:
    """Return when the server's figures were last known to be complete; None before the first pull."""
    at = state.get("inventory.as_of")
    return from_text(at) if at else None


def find_code(text: str) -> PartRow | None:
    """The one part that a scanned or typed code means. None where no part has the code, and also where several have
    it: then a person must choose (`lookup.resolve`)."""
    pks = search.with_code(text)
    return search.rows(pks)[0] if len(pks) == 1 else None


def count(q: PartQuery) -> int:
    """Return how many parts `page` would list in all."""
    match = search.match(q.text)
    narrow, params = _narrow(q)
    if match is not None:
        sql, params = _others(match, q)
        return len(_exact(match, q)) + _number(f"SELECT count(*) FROM ({sql})", params)
    if q.low_only:
        return low_count() if not narrow else _number(f"SELECT count(*) FROM ({_low(narrow)})", params * 2)
    return _number(f"SELECT count(*) FROM part WHERE deleted = 0{narrow}", params)


def page(q: PartQuery, after: Key | None, skip: int, limit: int) -> tuple[PartRow, ...]:
    """Parts in the order of their names; with a text, exact codes first and then what was entered first."""
    match = search.match(q.text)
    return _by_name(q, after, skip, limit) if match is None else _matching(match, q, after, skip, limit)


def _by_name(q: PartQuery, after: Key | None, skip: int, limit: int) -> tuple[PartRow, ...]:
    narrow, params = _narrow(q)
    if after is not None:
        narrow, params = f"{narrow} AND (name_key, id) > (?, ?)", (*params, *after)
    sql = f"SELECT pk, name_key, id FROM part WHERE deleted = 0{narrow}"
    if q.low_only:
        sql, params = _low(narrow), params * 2
    places = db.execute(f"{sql} ORDER BY name_key, id LIMIT ? OFFSET ?", (*params, limit, skip)).fetchall()
    return search.rows([place[0] for place in places], [tuple(place[1:]) for place in places])


def _matching(match: search.Match, q: PartQuery, after: Key | None, skip: int, limit: int) -> tuple[PartRow, ...]:
    rank, last = (int(after[0]), int(after[1])) if after else (0, -1)
    exact = [pk for pk in _exact(match, q) if rank == 0 and pk > last]
    keys = [(0, pk) for pk in exact[skip : skip + limit]]
    if len(keys) < limit:
        sql, params = _others(match, q)
        place = (last if rank else 0, limit - len(keys), max(0, skip - len(exact)))
        rest = db.execute(f"SELECT pk FROM ({sql}) WHERE pk > ? ORDER BY pk LIMIT ? OFFSET ?", (*params, *place))
        keys += [(1, row[0]) for row in rest.fetchall()]
    return search.rows([pk for _, pk in keys], keys)


def _exact(match: search.Match, q: PartQuery) -> list[int]:
    """The exact matches that the query's filters let through."""
    narrow, params = _narrow(q)
    low = f" AND {STOCK} <= min_stock" if q.low_only else ""
    sql = f"SELECT pk FROM part WHERE pk IN ({_marks(match.exact)}) AND deleted = 0{narrow}{low} ORDER BY pk"
    return [row[0] for row in db.execute(sql, (*match.exact, *params)).fetchall()]


def _others(match: search.Match, q: PartQuery) -> tuple[str, tuple[Any, ...]]:
    """The matches that are not exact, as a query of `pk`. The text narrows first: the cross join keeps SQLite
    from starting at the filter and asking the text for every part of it."""
    narrow, params = _narrow(q)
    if q.low_only:
        narrow += f" AND {STOCK} <= min_stock"
    sql = f"SELECT pk FROM ({match.source.sql}) AS found"
    if narrow:
        sql += " CROSS JOIN part USING (pk)"
    sql += f" WHERE pk NOT IN ({_marks(match.exact)}){narrow}"
    return sql, (*match.source.params, *match.exact, *params)


def _narrow(q: PartQuery) -> tuple[str, tuple[Any, ...]]:
    conditions = {"category": q.category, "car_brand": q.car_brand}
    chosen = {column: value for column, value in conditions.items() if value}
    return "".join(f" AND {column} = ?" for column in chosen), tuple(chosen.values())


def _low(narrow: str) -> str:
    """Parts at or below their minimum as two sets, so that the index orders the one that has no open moves;
    the parameters of `narrow` are needed twice."""
    place = "SELECT pk, name_key, id FROM part WHERE deleted = 0"
    moved = "(SELECT part_id FROM stock_move WHERE open = 1)"
    return (
        f"{place} AND stock_quantity <= min_stock AND id NOT IN {moved}{narrow}"
        f" UNION ALL {place} AND id IN {moved} AND {STOCK} <= min_stock{narrow}"
    )


def _marks(values: tuple[Any, ...]) -> str:
    return ", ".join("?" * len(values))


def _number(sql: str, params: tuple[Any, ...] = ()) -> int:
    return int(db.execute(sql, params).fetchone()[0])


def low_count() -> int:
    """Return how many parts are at or below their minimum; from indexes only, so a dashboard may ask every second."""
    at_the_server = _number("SELECT count(*) FROM part WHERE deleted = 0 AND stock_quantity <= min_stock", ())
    moved_since = _number(
        f"SELECT coalesce(sum(({STOCK} <= min_stock) - (stock_quantity <= min_stock)), 0) FROM part"
        " WHERE deleted = 0 AND id IN (SELECT part_id FROM stock_move WHERE open = 1)",
        (),
    )
    return at_the_server + moved_since


def categories() -> tuple[str, ...]:
    """The categories that parts have, in order."""
    rows = db.execute("SELECT DISTINCT category FROM part WHERE deleted = 0 AND category <> '' ORDER BY 1")
    return tuple(row[0] for row in rows.fetchall())


_HISTORY = """
    SELECT m.id, m.at, m.kind, m.delta, m.reason, m.sale_id, o.answered_at IS NULL AS unsent
    FROM stock_move m LEFT JOIN outbox o ON o.change_id = m.change_id WHERE m.part_id = ?1
    UNION ALL
    SELECT -(s.rowid * 1000 + l.n), s.date, s.kind,
        CASE s.kind WHEN 'return' THEN l.quantity ELSE -l.quantity END, '', s.id, 0
    FROM sale_line l JOIN sale s ON s.id = l.sale_id
    WHERE l.part_id = ?1 AND s.own = 0 AND s.status <> 'voided'"""


def history_count(part_id: str) -> int:
    """Return how many movements `history` would list in all."""
    return _number(f"SELECT count(*) FROM ({_HISTORY})", (part_id,))


def history(part_id: str, after: Key | None, skip: int, limit: int) -> tuple[StockMove, ...]:
    """Return what moved a part's stock, newest first: everything done here, and the sales of other terminals."""
    rows = db.execute(
        f"SELECT id, at, kind, delta, reason, sale_id, unsent FROM ({_HISTORY}) WHERE (at, id) < (?2, ?3)"
        " ORDER BY at DESC, id DESC LIMIT ?4 OFFSET ?5",
        (part_id, *(after or ("~", 0)), limit, skip),
    )
    return tuple(
        StockMove(id_, (at, id_), from_text(at), kind, delta, reason, sale_id, bool(unsent))
        for id_, at, kind, delta, reason, sale_id, unsent in rows.fetchall()
    )


# --- writing -------------------------------------------------------------------------------------------


def create(draft: PartDraft, stock: Quantity = NOTHING, *, actor: str = "") -> Part:
    """A new part, known here at once and asked of the server. A number that exists already is allowed: the
    server flags it. A fraction on the shelf is a fact of its own, for not every server takes one."""
    draft = checked(draft)
    check_stock(draft, stock)
    return make(draft, stock, actor=actor)


def make(draft: PartDraft, stock: Quantity, *, actor: str = "") -> Part:
    """`create` of what was here before, and may have been sold otherwise then."""
    part_id, record = db.new_id(), {**asdict(draft), "stock_quantity": opening(stock)}
    requests.create("item", part_id, record, keys_of(record), label=label(draft))
    journal.audit("create", "item", part_id, told(record), actor)
    return count_rest(part_id, stock, actor=actor)


def count_rest(part_id: str, stock: Quantity, *, actor: str = "") -> Part:
    """Note what lies on the shelf of a part that is being made beyond what its request says: see `opening`."""
    part = get(part_id)
    rest = stock - opening(stock)
    return _count(part, max(NOTHING, Quantity(part.stock + rest)), actor) if rest else part


def first_fraction(part_id: str) -> Quantity:
    """Return what `count_rest` has noted of a part when it was made; nothing of most."""
    first = _FIRST_MOVE.first(part_id=part_id)
    was_counted = first is not None and first["kind"] == "count" and not is_whole(first["delta"])
    return Quantity(first["delta"]) if was_counted else NOTHING


def edit(part_id: str, draft: PartDraft, *, seen: Part, actor: str = "") -> Part:
    """Change the fields in which `draft` differs from what the person saw; the others stay as they are now.

    `seen` is the part that the form was filled from: its version goes along, so that the server can tell
    whether someone else has changed the same field since. Raises `error.part.deleted` when it is gone.
    """
    now = get(part_id)
    if now.deleted:
        raise ShopError("error.part.deleted", name=label(now.draft))
    was = asdict(seen.draft)
    changed = requests.changes(was, asdict(draft), asdict(checked(draft)))
    if changed:
        record = asdict(replace(now.draft, **changed))
        name = record["name"] or record["name_en"]
        requests.update("item", part_id, changed, was, keys_of(record), seen=seen, label=name)
        texts = {"was": {name: was[name] for name in changed}, "now": changed}
        journal.audit("edit", "item", part_id, told(texts), actor)
    return get(part_id)


def delete(part_id: str, *, seen: Part, actor: str = "") -> None:
    """Take a part out of the lists and ask the server to. Sales that name it keep it."""
    now = get(part_id)
    if now.deleted:
        return
    requests.delete("item", part_id, seen=seen, label=label(now.draft))
    journal.audit("delete", "item", part_id, told(asdict(now.draft)), actor)


def adjust(part_id: str, delta: Quantity, reason: str, *, actor: str = "") -> Part:
    """Put goods on the shelf or take them off, for a reason that the audit keeps. May go below zero: the
    shelf is right and the figure was wrong."""
    if delta == 0:
        raise ShopError("error.stock.no_change")
    if not reason.strip():
        raise ShopError("error.stock.no_reason")
    part = get(part_id)
    check_stock(part.draft, delta)
    body = {"item_id": part_id, "delta": delta, "reason": reason.strip()}
    return _move(part, "adjust", delta, reason.strip(), body, actor)


def count_stock(part_id: str, counted: Quantity, *, actor: str = "") -> Part:
    """Note what was counted on the shelf: the difference to what should lie there moves the stock."""
    if counted < 0:
        raise ShopError("error.stock.counted_below_zero")
    part = get(part_id)
    check_stock(part.draft, counted)
    return _count(part, counted, actor)


def _count(part: Part, counted: Quantity, actor: str) -> Part:
    delta = Quantity(counted - part.stock)
    body = {"item_id": part.id, "counted": counted, "expected": part.stock, "delta": delta}
    return _move(part, "count", delta, "", body, actor)


def _move(part: Part, kind: str, delta: Quantity, reason: str, body: dict[str, Any], actor: str) -> Part:
    change_id = outbox.add(kind, "item", part.id, body, label=label(part.draft))
    ADD_STOCK_MOVE.run(part_id=part.id, change_id=change_id, kind=kind, delta=delta, reason=reason, at=db.now_text())
    journal.audit(kind, "item", part.id, told({**body, "before": part.stock}), actor)
    arrivals.look([part.id])
    return get(part.id)


def checked(draft: PartDraft) -> PartDraft:
    """The draft with tidy texts. Raises the `ShopError` of the first field that cannot stand."""
    tidy: dict[str, Any] = {name: " ".join(getattr(draft, name).split()) for name in _LINES}
    tidy |= {name: getattr(draft, name).strip() for name in _NOTES}
    draft = replace(draft, **tidy)
    if not (draft.name or draft.name_en):
        raise ShopError("error.part.no_name")
    for value in (getattr(draft, name) for name in _MONEY):
        if value < 0:
            raise ShopError("error.part.price_below_zero")
        if value > MAX_MONEY:
            raise ShopError("error.part.price_too_high")
    if draft.min_stock < 0:
        raise ShopError("error.part.minimum_below_zero")
    _check_quantity(draft.min_stock)
    if not 0 <= draft.decimals <= DECIMALS:
        raise ShopError("error.part.decimals", maximum=DECIMALS)
    if not fits(draft.min_stock, draft.decimals):
        raise not_sold_so(draft.name, draft.name_en, draft.decimals, "min_stock")
    return draft


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about a part that is allowed but seldom meant: `key` names a sentence, about a `code` that an `other`
    part has already or about nothing more."""

    key: str
    code: str = ""
    other: PartRow | None = None


def doubts(draft: PartDraft, seen: Part | None = None) -> tuple[Doubt, ...]:
    """Return what to ask a person about before a part is saved, of the fields that differ from what was `seen`: no
    price, and codes by which the till would find two parts."""
    was = seen.draft if seen is not None else PartDraft()
    questions = []
    if not draft.price and (seen is None or was.price):
        questions.append(Doubt("part.doubt.no_price"))
    for key, code, old in (
        ("part.doubt.barcode", draft.barcode, was.barcode),
        ("part.doubt.number", draft.part_number, was.part_number),
    ):
        others = search.rows(search.with_own_code(code)) if code.strip() and code != old else ()
        others = tuple(other for other in others if seen is None or other.id != seen.id)
        if key == "part.doubt.number":  # makers share numbers
            others = tuple(other for other in others if fold(other.brand) == fold(draft.brand))
        if others:
            questions.append(Doubt(key, code, others[0]))
    return tuple(questions)


def opening(stock: Quantity) -> Quantity:
    """Return what a part that is being made is asked for with: what lies on its shelf, or nothing where that is a
    fraction, or less. Raises where so much cannot be meant."""
    _check_quantity(stock)
    return stock if stock > 0 and is_whole(stock) else NOTHING


def check_stock(draft: PartDraft, quantity: Quantity) -> None:
    """Raise where a part cannot lie on the shelf in this quantity, or where so much cannot be meant."""
    _check_quantity(quantity)
    if not fits(quantity, draft.decimals):
        raise not_sold_so(draft.name, draft.name_en, draft.decimals, "stock_quantity")


def _check_quantity(quantity: int) -> None:
    if abs(quantity) > MAX_QUANTITY:
        raise ShopError("error.stock.too_many", maximum=to_decimal(MAX_QUANTITY))


def label(draft: PartDraft) -> str:
    """Return what a queue or a list calls a part."""
    return draft.name or draft.name_en
