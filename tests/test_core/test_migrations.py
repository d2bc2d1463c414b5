"""The schema: what the migrations make is what the models say, from every older schema on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import peewee
import pytest
from playhouse.migrations import Runner
from playhouse.sqlcipher_ext import SqlCipherDatabase

from clutch_tui.core import cash, customers, inventory, journal, past_sales, sales, search
from clutch_tui.core import records as tables
from clutch_tui.core.database.db import execute
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.outbox.messages import PullPage
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import MIGRATIONS, Store, migrate
from clutch_tui.core.sync import replica
from clutch_tui.core.types import PartQuery, Payment, SaleQuery, TaxRules

NAMES = sorted(file.stem for file in MIGRATIONS.glob("[0-9]*.py"))
AFFINITIES = {
    peewee.TextField: "TEXT",
    peewee.IntegerField: "INTEGER",
    peewee.BooleanField: "INTEGER",
    peewee.FloatField: "REAL",
    peewee.AutoField: "INTEGER",
}


def affinity(field: peewee.Field) -> str:
    return next(AFFINITIES[kind] for kind in type(field).__mro__ if kind in AFFINITIES)


def schema(path: Path) -> list[tuple[Any, ...]]:
    with Store.open(path, inline=True) as store:
        rows = store.read_now(lambda: execute("SELECT type, name, sql FROM sqlite_master").fetchall())
    return sorted(rows, key=str)


@pytest.mark.parametrize("older", range(len(NAMES)))
def test_every_older_schema_becomes_the_present_one(tmp_path: Path, older: int) -> None:
    path, fresh = tmp_path / "old.db", tmp_path / "new.db"
    if older:
        db = SqlCipherDatabase(str(path))
        Runner(db, str(MIGRATIONS)).up(NAMES[older - 1])
        db.execute_sql(f"PRAGMA user_version = {int(NAMES[older - 1].partition('_')[0])}")
        db.close()
    assert migrate(path) == NAMES[older:]
    assert migrate(path) == []
    assert schema(path) == schema(fresh)


@pytest.mark.parametrize("epoch", ["lists", "e-1"])
def test_a_shop_that_was_answered_without_numbers_is_known_again(tmp_path: Path, epoch: str) -> None:
    path = tmp_path / "old.db"
    db = SqlCipherDatabase(str(path))
    Runner(db, str(MIGRATIONS)).up("0010_unread_indexes")
    db.execute_sql("PRAGMA user_version = 10")
    db.execute_sql(
        "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, at, answered_at, result_epoch)"
        " VALUES ('c', 'l', 'sales', 'sale', 'sale', 's', '', '', ?)",
        (epoch,),
    )
    db.close()
    with Store.open(path, inline=True) as store:
        assert store.read_now(transports.has_answers) == (epoch == "lists")


def test_what_was_folded_by_older_rules_is_found_by_the_present_ones(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    db = SqlCipherDatabase(str(path))
    Runner(db, str(MIGRATIONS)).up("0011_answers_without_numbers")
    db.execute_sql("PRAGMA user_version = 11")
    for table in ("part", "part_next"):
        db.execute_sql(
            f"INSERT INTO {table} (id, name, barcode, name_key, barcode_key, words) VALUES ('p', 'شكمان مؤخرة 10W-40',"
            " '0041112223338', 'شكمان مؤخره 10w-40', '0041112223338', 'شكمان مؤخره 10w-40 0041112223338')"
        )
    db.execute_sql("INSERT INTO customer (id, name, name_key, words) VALUES ('c', 'رؤوف', 'رؤوف', 'رؤوف')")
    at = "2026-11-29T10:00:00.000Z"
    db.execute_sql("INSERT INTO sale (id, kind, receipt_number, date, status) VALUES ('s', 'sale', '1', ?, '')", (at,))
    db.execute_sql("INSERT INTO sale_line (sale_id, n, part_id, name, part_number, quantity, price, total)"
                   " VALUES ('s', 1, 'p', 'مؤخرة', 'W 712', 1, 1, 1)")  # fmt: skip
    page = [{"id": "q", "type": "customer", "name": "لؤي", "name_key": "لؤي", "phone_key": "", "words": "لؤي"}]
    db.execute_sql(
        "INSERT INTO pull_page (channel, n, epoch, snapshot, since, cursor, body)"
        " VALUES ('customers', 1, 'e', 0, 0, 1, ?)",
        (json.dumps(page),),
    )
    db.close()
    with Store.open(path, inline=True) as store:
        store.run_now(search.index_slice)
        for typed in ("موخرة", "مؤخره", "10w40", "10W-40", "041112223338"):
            assert [row.id for row in store.read_now(search.find, typed)] == ["p"], typed
        assert [row.id for row in store.read_now(customers.page, "روف", None, 0, 9)] == []
        assert [row.id for row in store.read_now(customers.page, "رووف", None, 0, 9)] == ["c"]
        assert [row.id for row in store.read_now(past_sales.page, SaleQuery(text="موخره w712"), None, 0, 9)] == ["s"]
        staged = store.read_now(lambda: execute("SELECT body FROM pull_page").fetchone()[0])
        assert json.loads(staged) == [{"id": "q", "type": "customer", "name": "لؤي"}]
        came = store.read_now(lambda: execute("SELECT barcode_key FROM part_next").fetchone())
        assert came == ("41112223338",)


def test_orders_whose_pages_waited_when_a_field_was_new_are_pulled_anew(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    db = SqlCipherDatabase(str(path))
    Runner(db, str(MIGRATIONS)).up("0017_documents")
    db.execute_sql("PRAGMA user_version = 17")
    db.execute_sql("INSERT INTO sync_state (name, value) VALUES ('epoch', 'e-1')")
    without_a_quote = [{"type": "order", "id": "o", "order_number": "1", "items": [], "deleted": False}]
    db.execute_sql(
        "INSERT INTO pull_page (channel, n, epoch, snapshot, since, cursor, body)"
        " VALUES ('orders', 1, 'e-1', 1, 1, 5, ?)",
        (json.dumps(without_a_quote),),
    )
    db.close()
    with Store.open(path, inline=True) as store:
        here = store.read_now(replica.pull_state, "orders")
        assert (here.cursor, here.snapshot) == (0, True)
        whole = PullPage("e-1", (), 6, False, 1, here.cursor, here.snapshot)
        assert store.run_now(replica.receive, "orders", "e-1", {}, whole) == {"orders"}


def test_a_shop_of_an_older_program_opens_and_goes_on(tmp_path: Path) -> None:
    """A file as the program of schema 10 left it: sales of which one was voided, a debt, a cart, and nothing sent."""
    path = tmp_path / "shop.db"
    path.write_bytes(gzip.decompress(Path(__file__).with_name("shop_of_schema_10.db.gz").read_bytes()))
    path.chmod(0o600)
    with Store.open(path, inline=True) as store:
        shelf = {part.part_number: part for part in store.read_now(inventory.page, PartQuery(), None, 0, 9)}
        assert {number: part.stock for number, part in shelf.items()} == {
            "BP-300": whole(9),
            "WP-100": whole(8),
            "OF-200": whole(11),
        }
        assert [part.part_number for part in store.read_now(inventory.page, PartQuery("فلتر"), None, 0, 9)] == [
            "OF-200"
        ]
        (buyer,) = store.read_now(customers.page, "", None, 0, 9)
        assert (buyer.name, buyer.balance) == ("منى عبد الله", 20_000)
        rows = store.read_now(past_sales.page, SaleQuery(), None, 0, 9)
        assert [(row.status, row.total) for row in rows] == [("voided", 20_000), ("completed", 80_000)]
        sold = store.read_now(sales.get, rows[1].id)
        assert (sold.receipt_number, sold.change, sum(line.total for line in sold.lines)) == (
            "PZNM-000001",
            20_000,
            80_000,
        )
        (cart,) = store.read_now(sales.open_carts)
        assert [(line.part_number, line.quantity) for line in cart.lines] == [("OF-200", whole(3))]
        assert store.read_now(outbox.summary).unsent == 9
        assert store.read_now(journal.verify_audit) is None
        again = store.run_now(
            sales.checkout,
            cart,
            (Payment("cash", 60_000),),
            tendered=60_000,
            cashier="s",
            device_id="d",
            rules=TaxRules(),
        )
        assert again.receipt_number == "PZNM-000003"
        assert store.read_now(inventory.get, shelf["OF-200"].id).stock == whole(8)


def test_a_migration_that_was_cut_off_before_its_number_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    migrate(path)
    db = SqlCipherDatabase(str(path))
    db.execute_sql("PRAGMA user_version = 0")
    db.close()
    assert migrate(path) == []
    with Store.open(path, inline=True) as store:
        version = store.read_now(execute, "PRAGMA user_version").fetchone()
    assert version == (int(NAMES[-1].partition("_")[0]),)


def test_a_newer_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    migrate(path)
    db = SqlCipherDatabase(str(path))
    db.execute_sql("PRAGMA user_version = 9999")
    db.close()
    before = path.read_bytes()
    with pytest.raises(ShopError) as error:
        Store.open(path)
    assert error.value.key == "error.store.newer"
    assert path.read_bytes() == before


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table._meta.table_name)
def test_a_model_says_what_its_table_is(store: Store, table: type[tables.Table]) -> None:
    meta = table._meta  # type: ignore[attr-defined]
    keys = [field.name for field in meta.get_primary_keys()]
    expected = {
        field.column_name: (affinity(field), not field.null, field.name in keys) for field in meta.sorted_fields
    }
    found = {
        name: (kind, bool(not_null) or (bool(key) and kind == "INTEGER"), bool(key))
        for _, name, kind, not_null, _, key in store.read_now(
            lambda: execute(f"PRAGMA table_info({meta.table_name})").fetchall()
        )
    }
    assert found == expected
    defaults = {field.column_name: field.default for field in meta.sorted_fields if field.default is not None}
    declared = {
        name: default.strip("'") if isinstance(default, str) and default.startswith("'") else int(default)
        for _, name, _, _, default, _ in store.read_now(
            lambda: execute(f"PRAGMA table_info({meta.table_name})").fetchall()
        )
        if default is not None
    }
    assert declared == defaults


def test_every_table_has_a_model(store: Store) -> None:
    listed = store.read_now(
        lambda: execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").fetchall()
    )
    known = {table._meta.table_name for table in tables.TABLES}  # type: ignore[attr-defined]
    # what the full-text search, the runner and SQLite keep for themselves
    own = {"part_unindexed", "schema_migration", "sqlite_schema", "sqlite_sequence"}
    assert {name for (name,) in listed} - own == known


def test_closings_of_before_keep_their_figures(tmp_path: Path) -> None:
    """One period was closed, and one is open in which a sale by card was made and one of the closed period voided."""
    path = tmp_path / "old.db"
    db = SqlCipherDatabase(str(path))
    Runner(db, str(MIGRATIONS)).up("0011_answers_without_numbers")
    db.execute_sql("PRAGMA user_version = 11")
    for number, (day, method) in enumerate((("21", "cash"), ("21", "visa"), ("22", "visa")), 1):
        sale = f"s-{number}"
        db.execute_sql(
            "INSERT INTO sale (id, date, business_day) VALUES (?, ?, '')", (sale, f"2026-11-{day}T1{number}")
        )
        db.execute_sql("INSERT INTO payment (sale_id, n, method, amount) VALUES (?, 1, ?, 100)", (sale, method))
    moves = (("sale", 100, "2026-11-21T11"), ("close", -5, "2026-11-21T20"))
    for kind, amount, at in moves:
        db.execute_sql(
            "INSERT INTO cash_move (kind, amount, business_day, at) VALUES (?, ?, '', ?)", (kind, amount, at)
        )
    db.execute_sql(
        "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, at, payload)"
        " VALUES ('v', 'l', 'sales', 'void', 'sale', 'v', '2026-11-22T15', '{\"sale_id\": \"s-2\"}')"
    )
    db.close()
    with Store.open(path, inline=True) as store:
        (closed,) = store.read_now(cash.closings, None, 0, 5)
        present = store.read_now(cash.report)
    assert (closed.number, closed.counted, closed.expected, closed.difference) == (1, 95, 100, -5)
    assert closed.sums == {"sale": (1, 100)}
    assert closed.takings == {"cash": (1, 100), "visa": (1, 100)}
    assert (present.number, present.sums, present.takings) == (2, {}, {"visa": (2, 0)})
