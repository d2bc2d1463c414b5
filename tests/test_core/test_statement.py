"""A statement is built once in the models' words and runs as text."""

from __future__ import annotations

import peewee
import pytest

from clutch_tui.core import state
from clutch_tui.core.database import db
from clutch_tui.core.database.statement import Statement, given, put_by_key
from clutch_tui.core.records.sync import AliasTable, SettingTable
from clutch_tui.core.store.store import Store

FOUND = Statement(AliasTable.select().where((AliasTable.type == given("type")) & (AliasTable.id == given("id"))))
PUT = put_by_key(AliasTable)


def test_values_are_given_by_name_and_rows_are_read_by_name(store: Store) -> None:
    def work() -> None:
        PUT.run(type="item", id="a", remote_id="1")
        PUT.run(type="item", id="b'; DROP TABLE alias; --", remote_id="2")
        assert FOUND.first(type="item", id="a")["remote_id"] == "1"
        assert [row["remote_id"] for row in FOUND.rows(id="b'; DROP TABLE alias; --", type="item")] == ["2"]
        assert FOUND.first(type="sale", id="a") is None

    store.run_now(work)


def test_a_row_is_put_in_the_place_of_the_one_with_its_key(store: Store) -> None:
    def work() -> None:
        assert PUT.run(type="item", id="a", remote_id="1") == 1
        PUT.run(type="item", id="a", remote_id="2")
        PUT.run(type="sale", id="a", remote_id="3")
        assert [tuple(row) for row in Statement(AliasTable.select().order_by(AliasTable.type)).rows()] == [
            ("item", "a", "2"),
            ("sale", "a", "3"),
        ]

    store.run_now(work)


def test_many_rows_in_one_go(store: Store) -> None:
    def work() -> int:
        PUT.run_many({"type": "item", "id": str(n), "remote_id": str(-n)} for n in range(500))
        return int(Statement(AliasTable.select(peewee.fn.count())).value())

    assert store.run_now(work) == 500


def test_a_value_that_was_forgotten_is_an_error(store: Store) -> None:
    with pytest.raises(KeyError, match="id"):
        store.read_now(lambda: FOUND.first(type="item"))


def test_the_query_is_built_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    class Counted(peewee.ModelSelect):
        def sql(self) -> tuple[str, tuple[object, ...]]:
            built.append(1)
            text, values = super().sql()
            return text, tuple(values)

    statement = Statement(Counted(SettingTable, [SettingTable.value]).where(SettingTable.name == given("name")))
    store.run_now(state.put_setting, "seen", 1)
    for _ in range(3):
        assert store.read_now(lambda: statement.value(name="seen")) == "1"
    assert built == [1]


def test_one_statement_serves_several_stores(store: Store) -> None:
    """Its text belongs to no connection."""
    state_of = Statement(SettingTable.select().where(SettingTable.name == given("name")))
    store.run_now(state.put_setting, "place", "here")
    with Store.open(store.path.with_name("other.db"), inline=True) as other:
        other.run_now(state.put_setting, "place", "there")
        assert other.read_now(lambda: state_of.first(name="place")["value"]) == '"there"'
        assert store.read_now(lambda: state_of.first(name="place")["value"]) == '"here"'
        assert other.read_now(db.execute, "SELECT count(*) FROM setting").fetchone() >= (1,)
