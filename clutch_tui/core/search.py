"""Finding parts while a person types.

What is typed is routed, never ranked: codes to the B-trees on the folded numbers, words to an index of word
beginnings, and what neither finds to an index of letter triples. Ranking one letter over 100,000 parts takes
58 ms, the first fifty in any order take a fraction of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clutch_tui.text import layouts

from . import cars
from .codes import barcode_key, code_key
from .database import db
from .outbox import outbox
from .quantity import ONE, Quantity
from .search_words import joint_terms, terms
from .types import PartRow

FEW = 8
"""Below this many matches the middles of words are searched as well."""

_LAST = "\U0010ffff"
_MOST_TRIPLES = 6
"""Six triples of a long word narrow as well as all of them; the words themselves are compared after that."""


def find(text: str, limit: int = 50) -> tuple[PartRow, ...]:
    """The parts that fit what was typed so far, best first: a whole code, codes that begin so, words, middles."""
    pks: dict[int, None] = dict.fromkeys(exactly(text, limit))
    if any(c.isdigit() for c in text):
        pks.update(dict.fromkeys(_beginning_with(text, limit)))
    for words in _ways_to_cut(text) if len(pks) < limit else ():
        if by_words := _by_words(words, limit, found_already=len(pks)):
            pks.update(dict.fromkeys(by_words))
            break
    return rows(list(pks)[:limit])


def _ways_to_cut(text: str) -> list[list[str]]:
    """The terms of a text with what punctuation joins as one term (`5W-30` as `5w30`), then with the pieces apart,
    where that is something else."""
    joint, apart = joint_terms(text), terms(text)
    return [joint] if joint == apart else [joint, apart]


def _beginning_with(text: str, limit: int) -> Iterable[int]:
    for column, beginning in _beginnings(text):
        cursor = db.execute(
            f"SELECT pk FROM part WHERE deleted = 0 AND {column} <> '' AND {column} >= ? AND {column} < ?"
            f" ORDER BY {column} LIMIT ?",
            (beginning, beginning + _LAST, limit),
        )
        yield from (row[0] for row in cursor.fetchall())


def _beginnings(text: str) -> list[tuple[str, str]]:
    """Return which columns may begin with a text, and how. The zeros before a number of trade are not in its key, so
    they are not asked for either; a short code of the shop's own has them."""
    code = code_key(text)
    if not code:
        return []
    ways = [("number_key", code), ("oem_key", code), ("barcode_key", code)]
    without_zeros = code.lstrip("0")
    return [*ways, ("barcode_key", without_zeros)] if without_zeros not in ("", code) else ways


def _by_words(words: Sequence[str], limit: int, *, found_already: int) -> list[int]:
    if not words:
        return []
    as_they_stand, last_begun, all_begun = _routes_of_words(words)
    pks = _pks(as_they_stand, limit)
    if len(pks) < limit:
        pks += _pks(last_begun, limit)
    if not pks and len(words) > 1:
        pks = _pks(all_begun, limit)
    # several words that found something were understood; one word may still be the middle of another
    enough = FEW if len(words) == 1 else 1
    if len(pks) + found_already < min(enough, limit) and (middles := _by_middles(words)):
        pks += _pks(middles, limit)
    return pks


def exactly(text: str, limit: int = 50) -> list[int]:
    """The `pk` of every part whose number, barcode or OEM number is what was typed, but for punctuation and the form
    of a barcode; in this order."""
    number, barcode = code_key(text), barcode_key(text)
    if not number and not barcode:
        return []
    asked = (("number_key", number), ("barcode_key", barcode), ("oem_key", number))
    either = " UNION ALL ".join(
        f"SELECT pk FROM part WHERE deleted = 0 AND {column} <> '' AND {column} = ?" for column, _ in asked
    )
    hits = db.execute(f"{either} LIMIT ?", (*(key for _, key in asked), limit)).fetchall()
    return list(dict.fromkeys(row[0] for row in hits))


def with_code(text: str, limit: int = 50) -> list[int]:
    """The `pk` of the parts that a code means: those whose own it is. An OEM number names the part that another one
    replaces; it counts where no part has the code as its own."""
    if own := with_own_code(text, limit):
        return own
    number = code_key(text)
    hits = db.execute(
        "SELECT pk FROM part WHERE deleted = 0 AND oem_key <> '' AND oem_key = ? ORDER BY pk LIMIT ?", (number, limit)
    ).fetchall()
    return [row[0] for row in hits]


def with_own_code(text: str, limit: int = 50) -> list[int]:
    """The `pk` of the parts that have a code as number or barcode."""
    hits = db.execute(
        "SELECT pk FROM part WHERE deleted = 0 AND number_key <> '' AND number_key = ?"
        " UNION SELECT pk FROM part WHERE deleted = 0 AND barcode_key <> '' AND barcode_key = ? ORDER BY pk LIMIT ?",
        (code_key(text), barcode_key(text), limit),
    ).fetchall()
    return [row[0] for row in hits]


# --- a text as a set of parts --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """A table expression with a column `pk`, and its parameters: the parts that one route finds."""

    sql: str
    params: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The parts that `text` finds, as a set with an order: `exact` parts, then those of `source` by their `pk`."""

    text: str
    exact: tuple[int, ...]
    source: Source
    finds: bool


def match(text: str) -> Match | None:
    """The set of parts that a text finds, from the first route that finds any; None for a text of no words. One that
    finds nothing is tried as it would have been on the other keyboard layout.

    Unlike `find`, which mixes routes for the eye, this stays the same set from page to page.
    """
    first = _match(text)
    if first is None or first.finds:
        return first
    others = (_match(other) for other in layouts.on_the_other(text))
    return next((other for other in others if other is not None and other.finds), first)


def _match(text: str) -> Match | None:
    cuts = [words for words in _ways_to_cut(text) if words]
    if not cuts:
        return None
    routes: list[Source | None] = [route for words in cuts for route in _routes_of_words(words)[1:]]
    routes += [_by_codes(text), *(_by_middles(words) for words in cuts)]
    sources = [route for route in routes if route is not None]
    chosen = next((source for source in sources if _pks(source, 1)), None)
    return Match(text, tuple(sorted(exactly(text))), chosen or sources[0], finds=chosen is not None)


def read_as(text: str) -> str:
    """The text on the other keyboard layout, where only that finds anything; empty where it was meant as typed."""
    matched = match(text)
    return matched.text if matched is not None and matched.text != text else ""


def _routes_of_words(words: Sequence[str]) -> tuple[Source, Source, Source]:
    """Words as they stand, then with the last one unfinished, then with all: each finds more and costs more.

    A whole word is read from the index as far as it is needed; of a beginning of many letters all words that
    it may become are merged first, 30 ms for a common one among a million parts.
    """
    whole, begun = [f'"{word}"' for word in words], [f'"{word}"*' for word in words]
    as_they_stand, last_begun, all_begun = (
        Source("SELECT rowid AS pk FROM part_words WHERE part_words MATCH ?", (" AND ".join(query),))
        for query in (whole, [*whole[:-1], begun[-1]], begun)
    )
    return as_they_stand, last_begun, all_begun


def _by_codes(text: str) -> Source | None:
    ways = _beginnings(text)
    if not ways:
        return None
    either = " UNION ".join(
        f"SELECT pk FROM part WHERE deleted = 0 AND {column} <> '' AND {column} >= ? AND {column} < ?"
        for column, _ in ways
    )
    return Source(either, tuple(bound for _, beginning in ways for bound in (beginning, beginning + _LAST)))


def _by_middles(words: Sequence[str]) -> Source | None:
    """Parts that hold every word anywhere. The triples say which may; the comparison says which do."""
    long = [word for word in words if len(word) >= 3]
    if not long:
        return None
    triples = [word[i : i + 3] for word in long for i in range(len(word) - 2)]
    compared = " AND ".join("instr(part.words, ?)" for _ in words)
    return Source(
        "SELECT part_grams.rowid AS pk FROM part_grams CROSS JOIN part ON part.pk = part_grams.rowid"
        f" WHERE part_grams MATCH ? AND {compared}",
        (" AND ".join(f'"{triple}"' for triple in triples[:_MOST_TRIPLES]), *words),
    )


def _pks(source: Source, limit: int) -> list[int]:
    hits = db.execute(f"SELECT pk FROM ({source.sql}) ORDER BY pk LIMIT ?", (*source.params, limit)).fetchall()
    return [row[0] for row in hits]


# --- rows ----------------------------------------------------------------------------------------------

MOVED = "coalesce((SELECT sum(delta) FROM stock_move WHERE part_id = part.id AND open = 1), 0)"
"""The own movements that the server's figure does not hold yet."""

STOCK = f"stock_quantity + {MOVED}"
"""What is on the shelf."""

PIECES = f"CASE WHEN {{0}} % {ONE} = 0 AND coalesce(part.decimals, 0) = 0 THEN {{0}} / {ONE} ELSE {{0}} <> 0 END"
"""How many things a quantity of a part is, as `quantity.pieces_of` reckons it: what is measured is one. `part` is in
the statement, or NULL."""

UNSENT = f"(EXISTS (SELECT 1 FROM stock_move WHERE part_id = part.id AND open = 1) OR {outbox.unsent('item', 'part')})"


def rows(pks: Sequence[int], keys: Sequence[tuple[str | int, ...]] | None = None) -> tuple[PartRow, ...]:
    """The parts with these `pk` as a list shows them, in the order given; `keys` are their places in it."""
    marks = ", ".join("?" * len(pks))
    cursor = db.execute(
        "SELECT pk, id, name, name_en, part_number, brand, car_brand, car_model, year, location, price,"
        f" stock_quantity, {MOVED}, min_stock, {UNSENT}, oem_number, unit, decimals FROM part WHERE pk IN ({marks})",
        tuple(pks),
    )
    by_pk = {row[0]: row[1:] for row in cursor.fetchall()}
    places = keys or [(pk,) for pk in pks]
    return tuple(_row(key, *by_pk[pk]) for pk, key in zip(pks, places, strict=True))


def _row(
    key: tuple[str | int, ...],
    id_: str,
    name: str,
    name_en: str,
    part_number: str,
    brand: str,
    car_brand: str,
    car_model: str,
    year: str,
    location: str,
    price: int,
    at_the_server: int,
    moved: int,
    min_stock: int,
    unsent: int,
    oem_number: str,
    unit: str,
    decimals: int,
) -> PartRow:
    return PartRow(
        id=id_,
        key=key,
        name=name,
        name_en=name_en,
        part_number=part_number,
        brand=brand,
        car=cars.described(car_brand, car_model, year),
        location=location,
        price=price,
        stock=Quantity(at_the_server + moved),
        min_stock=Quantity(min_stock),
        unsent=bool(unsent),
        moved=Quantity(moved),
        oem_number=oem_number,
        unit=unit,
        decimals=decimals,
    )


# --- the full-text indexes -----------------------------------------------------------------------------


AT_ONCE = 2_000
"""So many parts are indexed in one transaction: about a tenth of a second in which a sale may have to wait."""


def index_changed() -> None:
    """Bring the full-text indexes up to the rows that this transaction has written.

    The store calls it before every commit, so that no path of writing can forget it. What a large pull leaves
    is not done here, at the cost of whoever writes next, but in slices of its own (`index_slice`).
    """
    waiting = f"SELECT count(*) FROM (SELECT 1 FROM part_unindexed LIMIT {AT_ONCE + 1})"
    if 0 < db.execute(waiting).fetchone()[0] <= AT_ONCE:
        index_slice()


def index_slice() -> bool:
    """Index the next parts that wait for it; True where more are waiting.

    Rows go in by rising rowid: FTS5 flushes its buffer at each step back, and then 100,000 parts take 10 s
    instead of 2.5.
    """
    last = db.execute(f"SELECT max(pk) FROM (SELECT pk FROM part_unindexed ORDER BY pk LIMIT {AT_ONCE})")
    pk = last.fetchone()[0]
    if pk is None:
        return False
    for index in ("part_words", "part_grams"):
        db.execute(f"DELETE FROM {index} WHERE rowid IN (SELECT pk FROM part_unindexed WHERE pk <= ?)", (pk,))
        db.execute(
            f"INSERT INTO {index} (rowid, words) SELECT pk, words FROM part_unindexed CROSS JOIN part USING (pk)"
            " WHERE pk <= ? AND deleted = 0 ORDER BY pk",
            (pk,),
        )
    db.execute("DELETE FROM part_unindexed WHERE pk <= ?", (pk,))
    return db.execute("SELECT 1 FROM part_unindexed LIMIT 1").fetchone() is not None
