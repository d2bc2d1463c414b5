"""Quantities become thousandths of a unit, and parts say their unit and in how many decimals they are sold.

Whatever holds a quantity is a thousand times what it was, wherever it lies: rows, changes that wait and that were sent,
their answers, copies of the server's records, open carts, quotes, notices, and how far a change has got that goes up by
itself. A change that was sent goes out as before: what is whole is written on the wire as it was.
"""

import json
from collections.abc import Callable
from typing import Any

from playhouse.migrate import SchemaMigrator

COLUMNS = tuple(
    f"ALTER TABLE {table} ADD COLUMN {column}"
    for table in ("part", "part_next")
    for column in ("unit TEXT NOT NULL DEFAULT ''", "decimals INTEGER NOT NULL DEFAULT 0")
)
ROWS = (
    "UPDATE part SET stock_quantity = stock_quantity * 1000, min_stock = min_stock * 1000",
    "UPDATE part_next SET stock_quantity = stock_quantity * 1000, min_stock = min_stock * 1000",
    "UPDATE stock_move SET delta = delta * 1000",
    "UPDATE sale_line SET quantity = quantity * 1000",
    "UPDATE order_line SET quantity = quantity * 1000",
)
NAMES = frozenset({"quantity", "stock_quantity", "min_stock"})
OF_FIGURES = frozenset({"current_stock", "min_stock", "recommended_stock"})
"""Names that are quantities in what the server tells of the stock; what it tells of the market may have any names."""
OF_COUNTS = frozenset({"delta", "counted", "expected"})
"""Names that are quantities in the facts of a shelf, and money in those of the drawer."""

REQUESTS_AND_SALES = "kind IN ('sale', 'return', 'receive', 'create', 'update', 'quote')"
TEXTS = (
    ("outbox", "payload", "scaled", REQUESTS_AND_SALES),
    ("outbox", "payload", "scaled_count", "kind IN ('adjust', 'count')"),
    ("outbox", "was", "scaled", "kind = 'update'"),
    ("outbox", "result", "scaled_answer", "type IN ('item', 'order')"),
    ("base_record", "body", "scaled", "type IN ('item', 'order')"),
    ("cart", "body", "scaled", "1"),
    ("orders", "quote", "scaled", "1"),
    ("pull_page", "body", "scaled", "1"),
    ("notification", "detail", "scaled_figures", "1"),
    ("setting", "value", "scaled_figures", "substr(name, 1, 10) = 'reference.'"),
    ("single", "body", "scaled_progress", "1"),
    ("conflict", "mine", "scaled_number", "field = 'min_stock'"),
    ("conflict", "theirs", "scaled_number", "field = 'min_stock'"),
    ("conflict", "mine", "scaled", "field = '*'"),
    ("conflict", "theirs", "scaled", "field = '*'"),
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    for statement in (*COLUMNS, *ROWS):
        db.execute_sql(statement)
    for function in (scaled, scaled_answer, scaled_count, scaled_figures, scaled_progress, scaled_number):
        db.connection().create_function(function.__name__, 1, function)
    for table, column, function_name, where in TEXTS:
        change = f"SET {column} = {function_name}({column})"
        db.execute_sql(f"UPDATE {table} {change} WHERE {column} IS NOT NULL AND {where}")


def scaled(text: str) -> str:
    return _in_text(text, lambda value: _deep(value, NAMES))


def scaled_answer(text: str) -> str:
    """A server's answer: beside each field what stands against it, and of which version."""

    def with_theirs(answer: Any) -> Any:
        theirs = answer.get("theirs") or {}
        scaled_theirs = {name: [_named(name, value, NAMES), version] for name, (value, version) in theirs.items()}
        return _deep(answer, NAMES) | ({"theirs": scaled_theirs} if theirs else {})

    return _in_text(text, with_theirs)


def scaled_count(text: str) -> str:
    return _in_text(text, lambda value: _deep(value, OF_COUNTS))


def scaled_figures(text: str) -> str:
    return _in_text(text, lambda value: _deep(value, OF_FIGURES))


def scaled_number(text: str) -> str:
    return _in_text(text, _times)


def scaled_progress(text: str) -> str:
    """How far a change has got: the figures that were read and written of each part."""

    def of_parts(body: Any) -> Any:
        before = {part: _times(figure) for part, figure in body.get("before", {}).items()}
        writes = {
            part: {name: _times(value) if name in ("read", "figure") else value for name, value in write.items()}
            for part, write in body.get("writes", {}).items()
        }
        return {**body, **({"before": before} if before else {}), **({"writes": writes} if writes else {})}

    return _in_text(text, of_parts)


def _in_text(text: str, change: Callable[[Any], Any]) -> str:
    """A text with other figures, written as it was: an answer that comes once more is compared with it."""
    before = json.loads(text)
    after = change(before)
    if after == before:
        return text
    return json.dumps(after, ensure_ascii=False, separators=None if '": ' in text else (",", ":"))


def _deep(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_deep(inner, names) for inner in value]
    return {name: _named(name, inner, names) for name, inner in value.items()} if isinstance(value, dict) else value


def _named(name: str, value: Any, names: frozenset[str]) -> Any:
    if name == "quote" and isinstance(value, str):  # a text within the text, as it stands in its column
        return scaled(value)
    return _times(value) if name in names else _deep(value, names)


def _times(value: Any) -> Any:
    return value * 1000 if type(value) is int else value
