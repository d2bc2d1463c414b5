"""What an older program has kept as whole units, where it lies in texts within texts, is in thousandths afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from playhouse.migrations import Runner
from playhouse.sqlcipher_ext import SqlCipherDatabase

from clutch_tui.core.database.db import execute
from clutch_tui.core.outbox.messages import Result
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import MIGRATIONS, Store
from clutch_tui.core.sync.replica import _text

AT = "2026-11-29T10:00:00.000Z"


def older(path: Path, fill: Callable[[Any], None]) -> Path:
    """A file as the program before left it."""
    db = SqlCipherDatabase(str(path))
    Runner(db, str(MIGRATIONS)).up("0019_held_carts")
    db.execute_sql("PRAGMA user_version = 19")
    fill(db)
    db.close()
    return path


def kept_text(path: Path, sql: str) -> str:
    with Store.open(path, inline=True) as store:
        return str(store.read_now(lambda: execute(sql).fetchone()[0]))


def kept(path: Path, sql: str) -> Any:
    return json.loads(kept_text(path, sql))


def _ask(db: Any, payload: Any, result: str) -> None:
    """An edit of a part, and its answer."""
    db.execute_sql(
        "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, at, payload, answered_at, status,"
        " result) VALUES ('c', 'l', 'inventory', 'update', 'item', 'p', ?, ?, ?, 'conflict', ?)",
        (AT, json.dumps(payload), AT, result),
    )


def test_a_quote_within_the_copy_of_an_order_is_in_thousandths(tmp_path: Path) -> None:
    """A copy that was taken from the row holds the quote as the row does: as a text."""
    quote = {"lines": [{"item_name": "فلتر", "quantity": 2, "price": 100}], "total": 200}
    items = [{"item_id": "p", "item_name": "فلتر", "quantity": 2, "price": None}]

    def fill(db: Any) -> None:
        for id, in_copy in (("row", json.dumps(quote)), ("pulled", quote), ("none", None)):
            body = json.dumps({"id": id, "status": "quoted", "quote": in_copy, "items": items})
            db.execute_sql("INSERT INTO base_record (type, id, body) VALUES ('order', ?, ?)", (id, body))

    path = older(tmp_path / "old.db", fill)
    for id in ("row", "pulled"):
        copy = kept(path, f"SELECT body FROM base_record WHERE id = '{id}'")
        read = copy["quote"] if isinstance(copy["quote"], dict) else json.loads(copy["quote"])
        assert (read["lines"][0]["quantity"], read["total"], copy["items"][0]["quantity"]) == (2000, 200, 2000), id
    assert kept(path, "SELECT body FROM base_record WHERE id = 'none'")["quote"] is None


def test_an_answer_that_comes_once_more_is_the_same_answer(tmp_path: Path) -> None:
    """What a person or a policy has made of a conflict stands, though the program has learned of thousandths since."""
    result = Result("conflict", 4, 3, theirs={"min_stock": (whole(5), 3)})
    written = _text(result).replace("5000", "5")
    path = older(tmp_path / "old.db", partial(_ask, payload={"min_stock": 4}, result=written))
    assert kept(path, "SELECT payload FROM outbox") == {"min_stock": whole(4)}
    assert kept_text(path, "SELECT result FROM outbox") == _text(result)
