"""A shop's file of the time when quantities were whole pieces: each is a thousand times as much, and nothing else."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest
from playhouse.migrations import Runner
from playhouse.sqlcipher_ext import SqlCipherDatabase

from clutch_tui.core import cash, inventory, journal, orders, reference, sales
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.quantity import whole
from clutch_tui.core.store import store
from clutch_tui.core.store.store import MIGRATIONS, Store, migrate
from clutch_tui.core.sync import conflicts, queue, replica
from clutch_tui.core.sync.fallback import single_writes
from clutch_tui.net import wire
from clutch_tui.net.sync import messages

HERE = Path(__file__)

Leaves = dict[tuple[str, str, str], Any]
"""What stands in a file: by table, row and place, where a place is a column and the names within its JSON."""

_IDS = re.compile(r"\.p-\d+")


def leaves(path: Path) -> Leaves:
    """Everything in a file, texts of JSON taken apart."""
    found: Leaves = {}
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
        for (table,) in tables.fetchall():
            if table.startswith(("sqlite_", "schema_migration", "part_words", "part_grams")):
                continue
            keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]] or ["rowid"]
            for row in connection.execute(f"SELECT {', '.join(keys)}, * FROM {table}").fetchall():
                columns = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
                of = f" {row[len(keys) + columns.index('kind')]}" if table == "outbox" else ""
                for column, value in zip(columns, row[len(keys) :], strict=True):
                    if table == "conflict" and column in ("mine", "theirs"):
                        value = json.loads(value)
                    for place, leaf in _taken_apart(column, value):
                        found[f"{table}{of}", str(row[: len(keys)]), place] = leaf
    return found


def _taken_apart(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = json.loads(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _taken_apart(f"{place}.{name}", inner)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _taken_apart(f"{place}[{n}]", inner)
    else:
        yield place, value


def of_schema_19(path: Path) -> Path:
    """A file as the program of schema 19 left it: of every kind of change one that is answered, sent or waits, two
    conflicts about parts and one about an order, an open cart, quotes, pages of a pull that is not whole, and how far
    changes have got that go up by themselves."""
    path.write_bytes(gzip.decompress(HERE.with_name("shop_of_schema_19.db.gz").read_bytes()))
    path.chmod(0o600)
    return path


QUANTITIES = {
    "part": {"stock_quantity", "min_stock"},
    "part_next": {"stock_quantity", "min_stock"},
    "stock_move": {"delta"},
    "sale_line": {"quantity"},
    "order_line": {"quantity"},
    "outbox sale": {"payload.items[].quantity"},
    "outbox return": {"payload.items[].quantity"},
    "outbox adjust": {"payload.delta"},
    "outbox count": {"payload.counted", "payload.expected", "payload.delta"},
    "outbox receive": {"payload.lines[].quantity"},
    "outbox create": {"payload.stock_quantity", "payload.min_stock"},
    "outbox update": {
        *("payload.min_stock", "was.min_stock", "result.theirs.min_stock[0]"),
        *("result.theirs.*[].stock_quantity", "result.theirs.*[].min_stock"),
    },
    "outbox quote": {
        *("payload.lines[].quantity", "result.theirs.*[].items[].quantity"),
        "result.theirs.*[].quote.lines[].quantity",
    },
    "base_record": {"body.stock_quantity", "body.min_stock", "body.quote.lines[].quantity"},
    "cart": {"body.lines[].quantity"},
    "orders": {"quote.lines[].quantity"},
    "conflict": {
        *("mine", "theirs", "mine.min_stock", "theirs.min_stock", "theirs.stock_quantity"),
        *("mine.lines[].quantity", "theirs.items[].quantity", "theirs.quote.lines[].quantity"),
    },
    "pull_page": {"body[].items[].quantity", "body[].quote.lines[].quantity"},
    "single": {"body.before", "body.writes.read", "body.writes.figure"},
    "notification": {"detail.current_stock", "detail.min_stock"},
    "setting": {"value.data[].current_stock", "value.data[].min_stock", "value.data[].recommended_stock"},
}
"""Where quantities stand, by table and, in the outbox, the kind of the change."""


def test_every_quantity_is_a_thousand_times_as_much_and_nothing_else_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_schema_19(tmp_path / "shop.db")
    before = leaves(path)
    until_then = tmp_path / "migrations"
    until_then.mkdir()
    for file in MIGRATIONS.glob("*.py"):
        if file.stem <= "0020_quantities":
            shutil.copy(file, until_then)
    monkeypatch.setattr(store, "MIGRATIONS", until_then)
    assert migrate(path) == ["0020_quantities"]
    after = leaves(path)
    added = after.keys() - before.keys()
    later = {("sale_line", "level")}
    assert {(table, place) for table, _, place in added} - later == {
        (table, place) for table in ("part", "part_next") for place in ("unit", "decimals")
    }
    assert {after[key] for key in added} == {"", 0}
    changed = {key for key, value in before.items() if after[key] != value}
    assert {key: after[key] for key in changed} == {key: before[key] * 1000 for key in changed}
    assert places(changed) == QUANTITIES
    names = re.compile(r"(quantity|stock_quantity|\w+_stock|counted|expected|delta)$")
    same = {key for key in before.keys() - changed if type(before[key]) is int and names.search(key[2])}
    assert places(same) == {
        "outbox cash": {"payload.counted"},  # money
        "outbox update": {"base.min_stock"},  # versions
        "closing": {"counted"},
        "audit": AUDITED,  # in units, and nothing of it is ever written anew
        "setting": {"value.quantity", "value.data.data[].quantity"},  # nobody has read them as quantities
    }


AUDITED = {
    *("detail.counted", "detail.expected", "detail.delta", "detail.stock_quantity", "detail.min_stock"),
    *("detail.was.min_stock", "detail.now.min_stock", "detail.lines[].quantity"),
}


def places(keys: Iterable[tuple[str, str, str]]) -> dict[str, set[str]]:
    """Where these stand, without the numbers of rows and the ids of parts."""
    found: dict[str, set[str]] = {}
    for table, _, place in keys:
        found.setdefault(table, set()).add(re.sub(r"\[\d+\]\.", "[].", _IDS.sub("", place)))
    return found


BY_ITSELF = "DELETE FROM single"
"""Then what had begun to go up by itself is for the sync calls, too."""


def test_a_change_that_was_sent_goes_out_with_the_bytes_of_before(tmp_path: Path) -> None:
    """The file beside holds what the program of schema 19 wrote of each on the wire."""
    sent = json.loads(HERE.with_name("sent_by_schema_19.json").read_text("utf-8"))
    with Store.open(of_schema_19(tmp_path / "shop.db"), inline=True) as store:
        again = "UPDATE outbox SET answered_at = NULL, lane = 'fast', status = '' WHERE first_sent_at IS NOT NULL"
        for statement in (again, BY_ITSELF):
            store.run_now(db.execute, statement)
        written: dict[str, str] = {}
        for channel in ("inventory", "sales", "rest"):
            while changes := [one for one in store.run_now(outbox.claim, channel) if one.change_id in sent]:
                for change in changes:
                    written[change.change_id] = wire.dumps(messages.write_change(change)).decode()
                    store.run_now(
                        db.execute, "UPDATE outbox SET answered_at = '' WHERE change_id = ?", (change.change_id,)
                    )
        assert written == sent
        kinds = {json.loads(text)["kind"] for text in sent.values()}
        assert kinds == {"sale", "return", "adjust", "count", "receive", "create", "update", "cash", "quote", "accept"}


def test_a_change_that_waits_says_units_when_it_goes(tmp_path: Path) -> None:
    with Store.open(of_schema_19(tmp_path / "shop.db"), inline=True) as store:
        sent = json.loads(HERE.with_name("sent_by_schema_19.json").read_text("utf-8"))
        store.run_now(db.execute, BY_ITSELF)
        claimed = [one for channel in ("inventory", "sales") for one in store.run_now(outbox.claim, channel)]
        new = {one.kind: messages.write_change(one) for one in claimed if one.change_id not in sent}
    assert (new["adjust"]["body"]["delta"], new["sale"]["body"]["items"][0]["quantity"]) == (4, 5)
    assert {name: new["count"]["body"][name] for name in ("counted", "expected", "delta")} == {
        **{"counted": 31, "expected": 5, "delta": 26},
    }
    assert (new["update"]["fields"], new["update"]["was"]) == ({"min_stock": 6}, {"min_stock": 3})
    fields = new["create"]["fields"]
    assert (fields["stock_quantity"], fields["min_stock"]) == (3, 2)
    assert not {"unit", "decimals"} & fields.keys(), "the server has not said that it knows them"


def test_the_shop_goes_on_with_what_it_had(tmp_path: Path) -> None:
    with Store.open(of_schema_19(tmp_path / "shop.db"), inline=True) as store:
        ask = store.read_now
        shelf = {number: ask(inventory.find_code, number) for number in ("P-1", "P-2", "P-3", "NEW-3")}
        assert {number: (row.stock, row.min_stock) for number, row in shelf.items() if row} == {
            "P-1": (whole(31), whole(6)),
            "P-2": (whole(10), whole(4)),
            "P-3": (whole(28), whole(11)),
            "NEW-3": (whole(3), whole(2)),
        }
        (cart,) = ask(sales.open_carts)
        assert [(line.quantity, line.total) for line in cart.lines] == [(whole(3), 273_37), (whole(2), 204_50)]
        told = {one.field: one for one in ask(conflicts.page, None, 0, 9) if one.type == "item"}
        assert (told["min_stock"].mine, told["min_stock"].theirs) == (whole(9), whole(12))
        assert (told["*"].mine["min_stock"], told["*"].theirs["stock_quantity"]) == (whole(8), whole(44))
        assert ask(queue.detail, told["min_stock"].change_id).theirs == {"min_stock": whole(12)}
        ours, theirs = ask(orders.get, "o-2"), ask(orders.get, "o-1")
        assert ours.quote is not None
        assert theirs.quote is not None
        assert [line.quantity for line in (*ours.quote.lines, *theirs.quote.lines)] == [whole(2), whole(4), whole(2)]
        assert [line.quantity for line in ours.lines] == [whole(2), whole(4)]
        progress = ask(lambda: next(body for _, body in single_writes.begun_documents().values()))
        assert progress.before == {"p-1": whole(10), "p-2": whole(20)}
        assert progress.writes["p-1"] == single_writes.Write(whole(10), whole(3), done=True)
        alerts = ask(reference.find, "alerts.stock")
        assert alerts is not None
        assert (alerts.data[0]["current_stock"], alerts.data[0]["min_stock"]) == (whole(3), whole(5))
        assert ask(cash.closings, None, 0, 9)[0].counted == 195_00
        assert ask(journal.verify_audit) is None


def test_an_answer_that_comes_once_more_is_known_again(tmp_path: Path) -> None:
    """It is compared as a text; what a person decides, or has decided, would be asked about once more."""
    with Store.open(of_schema_19(tmp_path / "shop.db"), inline=True) as store:
        before = store.read_now(conflicts.page, None, 0, 9)
        told = next(one for one in before if one.field == "min_stock")
        answer = Result("conflict", 7, version=7, applied=("location",), theirs={"min_stock": (whole(12), 6)})
        store.run_now(replica.new_epoch, "e-2")  # and a restored server is asked
        store.run_now(replica.deliver, {told.change_id: answer}, "e-2")
        assert store.read_now(conflicts.page, None, 0, 9) == before


def test_a_pull_that_was_under_way_ends_with_its_first_pages(tmp_path: Path) -> None:
    with Store.open(of_schema_19(tmp_path / "shop.db"), inline=True) as store:
        here = store.read_now(replica.pull_state, "sales")
        last = PullPage("e-1", (), 21, False, 1, here.cursor, here.snapshot)
        store.run_now(replica.receive, "sales", "e-1", {}, last)
        assert [line.quantity for line in store.read_now(sales.get, "theirs-2").lines] == [whole(5)]
        here = store.read_now(replica.pull_state, "inventory")
        last = PullPage("e-1", (), 21, False, 1, here.cursor, here.snapshot)
        store.run_now(replica.receive, "inventory", "e-1", {}, last)
        came = store.read_now(inventory.get, "p-11")
        assert (came.stock, came.draft.min_stock, came.draft.unit) == (whole(111), whole(13), "")


def test_a_refused_edit_lays_the_copy_of_before_open_in_thousandths(tmp_path: Path) -> None:
    """The copies of the server's records that edits keep aside hold quotes as texts within texts."""
    with Store.open(of_schema_19(tmp_path / "shop.db"), inline=True) as store:
        refused = {
            row[0]: Result("rejected", 30, code="VALIDATION")
            for row in store.read_now(
                lambda: db.execute("SELECT change_id FROM outbox WHERE record_id IN ('o-3', 'p-3')").fetchall()
            )
        }
        store.run_now(replica.deliver, refused, "e-1")
        order = store.read_now(orders.get, "o-3")
        assert order.quote is not None
        assert [(line.quantity, line.price) for line in order.quote.lines] == [(whole(2), 99_50)]
        part = store.read_now(inventory.get, "p-3")
        assert (part.draft.min_stock, part.base_stock) == (whole(5), whole(30))


def test_it_is_done_whole_or_not_at_all(tmp_path: Path) -> None:
    """Once more over what was done already would make a million of one."""
    path = of_schema_19(tmp_path / "shop.db")
    before = leaves(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER halt BEFORE UPDATE ON conflict BEGIN SELECT raise(ABORT, 'no further'); END")
    connection.close()
    with pytest.raises(peewee.DatabaseError, match="no further"):
        migrate(path)
    assert leaves(path) == before
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER halt")
    connection.close()
    assert migrate(path)[0] == "0020_quantities"
    assert migrate(path) == []
    with Store.open(path, inline=True) as store:
        assert store.read_now(inventory.get, "p-2").base_stock == whole(20)


@pytest.mark.parametrize(
    ("statement", "query", "expected"),
    [
        (
            "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, at, payload) VALUES"
            " ('c', 'l', 'sales', 'cash', 'cash', 'c', '', '{\"counted\": 5, \"amount\": 7, \"delta\": 3}')",
            "SELECT payload FROM outbox",
            '{"counted": 5, "amount": 7, "delta": 3}',
        ),
        (
            "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, at, payload, base) VALUES"
            " ('c', 'l', 'inventory', 'update', 'item', 'c', '', '{\"price\": 5}', '{\"min_stock\": 5}')",
            "SELECT payload || base FROM outbox",
            '{"price": 5}{"min_stock": 5}',
        ),
        (
            "INSERT INTO conflict (id, change_id, type, record_id, field, mine, theirs, version, at)"
            " VALUES ('c', 'c', 'item', 'p', 'min_stock', 'null', '0', 5, '')",
            "SELECT mine || theirs || version FROM conflict",
            "null05",
        ),
        (
            "INSERT INTO conflict (id, change_id, type, record_id, field, mine, theirs, version, at)"
            " VALUES ('c', 'c', 'item', 'p', 'price', '5', NULL, 5, '')",
            "SELECT mine FROM conflict",
            "5",
        ),
        (
            "INSERT INTO notification (id, at, kind, detail) VALUES ('n', '', 'stock_alert',"
            ' \'{"current_stock": null, "min_stock": true, "text": "5", "x": {"quantity": 2.5}}\')',
            "SELECT detail FROM notification",
            '{"current_stock": null, "min_stock": true, "text": "5", "x": {"quantity": 2.5}}',
        ),
        ("INSERT INTO single VALUES ('c', '{}')", "SELECT body FROM single", "{}"),
        ("INSERT INTO setting (name, value) VALUES ('x', '{')", "SELECT value FROM setting WHERE name = 'x'", "{"),
        (
            "INSERT INTO stock_move (part_id, change_id, kind, delta, at) VALUES ('p', 'c', 'count', -999999, '')",
            "SELECT delta FROM stock_move",
            -999_999_000,
        ),
    ],
)
def test_what_is_no_quantity_stays_as_it_is(tmp_path: Path, statement: str, query: str, expected: Any) -> None:
    with Store.open(older(tmp_path / "old.db", statement), inline=True) as store:
        assert store.read_now(lambda: db.execute(query).fetchone()) == (expected,)


@pytest.mark.parametrize("form", [dict, json.dumps], ids=["as it was pulled", "as the row has it"])
def test_a_quote_within_the_copy_of_an_order_is_in_thousandths(tmp_path: Path, form: Callable[[Any], Any]) -> None:
    quote = {"lines": [{"item_name": "فلتر", "quantity": 2, "price": 100}], "total": 200}
    items = [{"item_id": "p", "item_name": "فلتر", "quantity": 3, "price": None}]
    body = json.dumps({"id": "o", "status": "quoted", "quote": form(quote), "items": items})
    path = older(tmp_path / "old.db", "INSERT INTO base_record (type, id, body) VALUES ('order', 'o', ?)", body)
    with Store.open(path, inline=True) as store:
        copy = json.loads(store.read_now(lambda: db.execute("SELECT body FROM base_record").fetchone()[0]))
    kept = copy["quote"] if isinstance(copy["quote"], dict) else json.loads(copy["quote"])
    assert (kept["lines"][0]["quantity"], kept["total"], copy["items"][0]["quantity"]) == (2_000, 200, 3_000)


def older(path: Path, statement: str, *values: Any) -> Path:
    """A file of schema 19 with nothing in it but what this statement has put there."""
    old = SqlCipherDatabase(str(path))
    Runner(old, str(MIGRATIONS)).up("0019_held_carts")
    old.execute_sql("PRAGMA user_version = 19")
    old.execute_sql(statement, values)
    old.close()
    return path
