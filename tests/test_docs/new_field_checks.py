"""What must be true of the field that CONTRIBUTING.md adds as an example. Run in a copy that has it (`test_recipe`)."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.config import settings as config
from clutch_tui.core import inventory, search
from clutch_tui.core.price_lists import imports
from clutch_tui.core.price_lists.price_list import read
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.text.strings import t
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.part import part_lines
from tests.test_net.till import Till, open_till
from tests.test_ui.shop_app import Shop, open_app, press, shop_in, until, words_on

FIELD, SAID, ANOTHER = "warranty", "سنتين", "سنة"


def draft(**fields: Any) -> PartDraft:
    return PartDraft(name="طلمبة", part_number="WP-1", price=100_00, **fields)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_form_asks_for_it_and_the_part_comes_back_with_it(tmp_path: Path, language: Any) -> None:
    with shop_in(tmp_path) as shop:
        await _edited_by_hand(shop, language)


async def _edited_by_hand(shop: Shop, language: Any) -> None:
    async with open_app(shop, language, mode="inventory") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        assert isinstance(form, FormDialog)
        assert t("part.warranty") in words_on(form)
        field: Any = next(row for row in form.rows if row.entry.name == FIELD).field
        field.value = SAID
        await press(pilot, "f2")
        await until(pilot, lambda: app.screen is not form)
    parts = [shop.read(inventory.get, part.id) for part in shop.parts]
    (edited,) = [part for part in parts if getattr(part.draft, FIELD)]
    assert getattr(edited.draft, FIELD) == SAID
    assert any(SAID in line and t("part.warranty") in line for line in part_lines(edited))


def test_it_is_found_and_its_limit_holds(tmp_path: Path) -> None:
    with Store.open(tmp_path / "shop.db", inline=True) as store:
        made = store.run_now(inventory.create, draft(**{FIELD: f"  {SAID} "}))
        assert getattr(made.draft, FIELD) == SAID
        assert [row.id for row in store.read_now(search.find, SAID)] == [made.id]


def test_a_price_list_may_have_it(tmp_path: Path) -> None:
    for number, heading in enumerate(("الضمان", "Warranty")):
        file = tmp_path / f"list-{number}.csv"
        file.write_text(f"رقم القطعة,الاسم,سعر البيع,{heading}\nWP-{number},طلمبة,100,{SAID}\n", encoding="utf-8")
        with Store.open(tmp_path / f"shop-{number}.db", inline=True) as store:
            assert imports.run(store, read(file)).created == 1
            (row,) = store.read_now(search.find, SAID)
            assert getattr(store.read_now(inventory.get, row.id).draft, FIELD) == SAID


def test_a_policy_may_be_set_for_it(tmp_path: Path) -> None:
    home = config.Home.find({"CLUTCH_HOME": str(tmp_path)})
    home.prepare()
    overrides = {f"sync.policies.{FIELD}": "local_wins"}
    settings = config.load(home, environ={}, overrides=overrides)
    assert settings.sync.policy(FIELD) == "local_wins"


async def test_the_server_takes_it_and_tells_the_others(tmp_path: Path) -> None:
    settings = Settings(db=str(tmp_path / "backend.db"), rng=random.Random(1), faults=True, insight_pace=None)
    async with running(settings) as sandbox:
        tills = [await open_till(tmp_path, sandbox, name) for name in ("a", "b")]
        try:
            await _there_and_back(*tills)
        finally:
            for till in tills:
                await till.close()


async def _there_and_back(one: Till, other: Till) -> None:
    made = one.do(inventory.create, draft(**{FIELD: SAID}))
    await one.round()
    await other.round()
    assert _of(other, made.id) == SAID
    seen = other.ask(inventory.get, made.id)
    other.do(inventory.edit, made.id, replace(seen.draft, **{FIELD: ANOTHER}), seen=seen)
    await other.round()
    await one.round()
    assert _of(one, made.id) == ANOTHER
    assert not one.ask(inventory.get, made.id).unsent
    assert not one.changes


def _of(till: Till, part_id: str) -> Any:
    return getattr(till.ask(inventory.get, part_id).draft, FIELD)
