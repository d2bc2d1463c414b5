"""Price rules: what the customers of a level pay (`pricing` says which rule counts).

For whom and for what a rule is, is said once, when it is made; its figures may be written anew. Whoever wants another
level or another part makes another rule, so that a conflict is always about a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import peewee

from . import inventory, journal
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .limits import MAX_MONEY, MAX_QUANTITY
from .money import WHOLE
from .outbox import outbox, requests
from .quantity import Quantity, told
from .records.declaration import draft_from
from .records.price_rule import FIGURES, SCOPES, PriceRuleTable
from .records.price_rule import RETAIL as RETAIL
from .records.price_rule import keys_of as keys_of
from .search_words import terms
from .types import Key, PriceRuleDraft

TYPE = "price_rule"
_UNSENT = outbox.unsent(TYPE, "price_rule")
_RULE = PriceRuleTable.alias("price_rule")
_BY_ID = Statement(_RULE.select(_RULE, peewee.SQL(_UNSENT).alias("unsent")).where(_RULE.id == given("id")))
_ALIKE = Statement(
    _RULE.select(_RULE.id).where(
        _RULE.deleted == 0,
        _RULE.level == given("level"),
        _RULE.scope == given("scope"),
        _RULE.item_id == given("item_id"),
        _RULE.target_key == given("target_key"),
        _RULE.from_quantity == given("from_quantity"),
        _RULE.id != given("id"),
    )
)


@dataclass(frozen=True, slots=True)
class PriceRuleRow:
    """A price rule as its list shows it. `target` is the category or the brand, `part_name` and `part_number` are those
    of its part, empty where it is about none, or about one that is not known here. `part_price` is what that part costs
    without a rule."""

    id: str
    key: Key
    level: str
    scope: str
    target: str
    part_name: str
    part_name_en: str
    part_number: str
    part_price: int
    percent: int
    price: int
    from_quantity: Quantity
    rounding: int
    unsent: bool
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class PriceRuleRecord:
    """A price rule, whole. `version` is a number of the server's `epoch`."""

    id: str
    draft: PriceRuleDraft
    version: int
    unsent: bool
    deleted: bool
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class PriceRuleQuery:
    """Price rules by level, then by what they are about; of one `level` alone, if given."""

    text: str = ""
    level: str = ""
    item_id: str = ""


# --- reading -------------------------------------------------------------------------------------------

_FROM = "price_rule LEFT JOIN part ON part.id = price_rule.item_id"
_ORDER = ("level", "scope", "target_key", "item_id", "from_quantity", "id")
_KEY = ", ".join(f"price_rule.{name}" for name in _ORDER)


def count(q: PriceRuleQuery) -> int:
    """Return how many price rules `page` would list in all."""
    where, params = _filter(q)
    table = _FROM if terms(q.text) else "price_rule"  # without words its index alone says it
    return int(db.first(f"SELECT count(*) AS n FROM {table} WHERE {where}", params)["n"])


def page(q: PriceRuleQuery, after: Key | None, skip: int, limit: int) -> tuple[PriceRuleRow, ...]:
    """Price rules that `text` fits: the name or a number of the part, the category, the brand."""
    where, params = _filter(q)
    if after is not None:
        where, params = f"{where} AND ({_KEY}) > (?, ?, ?, ?, ?, ?)", (*params, *after)
    rows = db.rows(
        f"SELECT {_KEY}, target, percent, price_rule.price AS price, rounding, coalesce(part.name, '') AS part_name,"
        " coalesce(part.name_en, '') AS part_name_en, coalesce(part.part_number, '') AS part_number,"
        f" coalesce(part.price, 0) AS part_price, {_UNSENT} AS unsent"
        f" FROM {_FROM} WHERE {where} ORDER BY {_KEY} LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return tuple(
        PriceRuleRow(
            id=row["id"],
            key=tuple(row[name] for name in _ORDER),
            level=row["level"],
            scope=row["scope"],
            target=row["target"],
            part_name=row["part_name"],
            part_name_en=row["part_name_en"],
            part_number=row["part_number"],
            part_price=row["part_price"],
            percent=row["percent"],
            price=row["price"],
            from_quantity=Quantity(row["from_quantity"]),
            rounding=row["rounding"],
            unsent=bool(row["unsent"]),
            item_id=row["item_id"],
        )
        for row in rows
    )


def _filter(q: PriceRuleQuery) -> tuple[str, tuple[Any, ...]]:
    where, params = ["price_rule.deleted = 0"], list[Any]()
    for word in terms(q.text):
        where.append("(instr(price_rule.words, ?) OR instr(coalesce(part.words, ''), ?))")
        params += [word, word]
    if q.level:
        where.append("price_rule.level = ?")
        params.append(q.level)
    if q.item_id:
        where.append("price_rule.item_id = ?")
        params.append(q.item_id)
    return " AND ".join(where), tuple(params)


def get(rule_id: str) -> PriceRuleRecord:
    """A price rule, whole; deleted ones too. Raises `error.price_rule.unknown`."""
    row = _BY_ID.first(id=rule_id)
    if row is None:
        raise ShopError("error.price_rule.unknown")
    return PriceRuleRecord(
        rule_id,
        draft_from(PriceRuleDraft, row),
        row["version"],
        bool(row["unsent"]),
        bool(row["deleted"]),
        requests.epoch_seen(TYPE),
    )


# --- writing -------------------------------------------------------------------------------------------


def create(draft: PriceRuleDraft, *, actor: str = "") -> PriceRuleRecord:
    """A new price rule, which counts here at once and is asked of the server. Raises what `checked` raises, and
    `error.price_rule.twice` where there is one for the same level, the same goods and the same quantity."""
    draft = checked(draft)
    rule_id, record = db.new_id(), asdict(draft)
    _check_single(rule_id, record)
    requests.create(TYPE, rule_id, record, keys_of(record), label=label(draft))
    journal.audit("create", TYPE, rule_id, told(record), actor)
    return get(rule_id)


def edit(rule_id: str, draft: PriceRuleDraft, *, seen: PriceRuleRecord, actor: str = "") -> PriceRuleRecord:
    """Write the figures in which `draft` differs from what the person saw; for whom and for what it is stays.

    Raises `error.price_rule.deleted` when the rule is gone meanwhile, and what `create` raises.
    """
    now = get(rule_id)
    if now.deleted:
        raise ShopError("error.price_rule.deleted", name=label(now.draft))
    was = asdict(seen.draft)
    stays = {name: was[name] for name in was if name not in FIGURES}
    draft = checked(PriceRuleDraft(**asdict(draft) | stays))
    changed = requests.changes(was, asdict(draft), asdict(draft))
    if changed:
        record = asdict(now.draft) | changed
        _check_single(rule_id, record)
        requests.update(TYPE, rule_id, changed, was, keys_of(record), seen=seen, label=label(draft))
        texts = {"was": {name: was[name] for name in changed}, "now": changed}
        journal.audit("edit", TYPE, rule_id, told(texts), actor)
    return get(rule_id)


def delete(rule_id: str, *, seen: PriceRuleRecord, actor: str = "") -> None:
    """Let a price rule end, here at once, and ask the server to."""
    now = get(rule_id)
    if now.deleted:
        return
    requests.delete(TYPE, rule_id, seen=seen, label=label(now.draft))
    journal.audit("delete", TYPE, rule_id, told(asdict(now.draft)), actor)


def label(draft: PriceRuleDraft) -> str:
    """Return what the queue calls a rule: its part, its category or its brand; its level where it is about all."""
    if draft.item_id:
        try:
            return inventory.label(inventory.get(draft.item_id).draft)
        except ShopError:
            return draft.level
    return draft.target or draft.level


def checked(draft: PriceRuleDraft) -> PriceRuleDraft:
    """The draft with tidy texts, and without what its scope has no use for. Raises the `ShopError` of the first field
    that cannot stand: no level, no part, no category or brand, both a price and a percentage, a figure out of range."""
    fields = requests.tidied(asdict(draft))
    fields["scope"] = fields["scope"] or "all"
    fields["item_id"] = fields["item_id"] if fields["scope"] == "part" else ""
    fields["target"] = fields["target"] if fields["scope"] in ("category", "brand") else ""
    if not fields["level"]:
        raise ShopError("error.price_rule.no_level", field="level")
    if fields["scope"] not in SCOPES:
        raise ShopError("error.price_rule.no_scope", field="scope")
    if fields["scope"] == "part":
        inventory.get(fields["item_id"])
    elif fields["scope"] != "all" and not fields["target"]:
        raise ShopError("error.price_rule.no_target", field="target")
    check_figures(fields)
    return PriceRuleDraft(**fields)


def check_figures(fields: Mapping[str, Any]) -> None:
    """Raise the `ShopError` of the first figure of a rule that cannot stand."""
    if fields["percent"] and fields["price"]:
        raise ShopError("error.price_rule.both", field="price")
    if not 0 <= fields["percent"] <= WHOLE:
        raise ShopError("error.price_rule.percent", field="percent")
    for name, most in (("price", MAX_MONEY), ("rounding", MAX_MONEY), ("from_quantity", MAX_QUANTITY)):
        if not 0 <= fields[name] <= most:
            raise ShopError("error.price_rule.figure", field=name)


def _check_single(rule_id: str, record: Mapping[str, Any]) -> None:
    names = ("level", "scope", "item_id", "from_quantity")
    asked = {name: record[name] for name in names} | {"target_key": keys_of(record)["target_key"], "id": rule_id}
    if _ALIKE.first(**asked) is not None:
        raise ShopError("error.price_rule.twice", name=label(PriceRuleDraft(**record)))


def levels() -> tuple[str, ...]:
    """Return every level that there is a rule for or a customer of, the one that everybody has first."""
    rows: Sequence[Any] = db.rows(
        "SELECT level FROM price_rule WHERE deleted = 0 UNION SELECT customer_type FROM customer WHERE deleted = 0"
    )
    others = sorted({row["level"] for row in rows} - {"", RETAIL})
    return (RETAIL, *others)
