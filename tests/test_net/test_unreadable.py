"""A row that cannot be read holds back what it may contain: own movements and edits go on counting, and no snapshot
forgets a record for it. A real backend, of whose answers some rows are spoiled on their way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from clutch_tui.core import accounts, cash, customers, inventory
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import quarantine, replica
from clutch_tui.core.types import CustomerDraft
from clutch_tui.net.sync import batch_sizes
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.test_odd_servers import Odd
from tests.test_net.till import Till, open_till, said

Row = dict[str, Any]
Spoils = Callable[[Row], Row]


def as_text(row: Row) -> Row:
    """A row with an id that nobody can read otherwise."""
    return {**row, "version": "new", "seq": "last"}


def without_id(row: Row) -> Row:
    """A row that may be any."""
    return {**as_text(row), "id": None}


class Line(Odd):
    """The real server, of whose rows those in `ids` are spoiled."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.spoils: Spoils = without_id
        self.change = self._spoiled

    def _spoiled(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not response.content:
            return response
        body = json.loads(response.content)
        data = body.get("data") or {}
        for name in ("changes", "customers"):
            if isinstance(rows := data.get(name), list):
                data[name] = [self.spoils(row) if row["id"] in self.ids else row for row in rows]
        return httpx.Response(response.status_code, json=body)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=12)) as server:
        yield server


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture(params=[5000, 4], ids=["one page", "pages"])
async def till(request: pytest.FixtureRequest, tmp_path: Path, sandbox: Running, line: Line) -> AsyncIterator[Till]:
    opened = await open_till(tmp_path, sandbox, transport=line, page_size=request.param)
    await opened.round()
    yield opened
    await opened.close()


@pytest.fixture
async def other(tmp_path: Path, sandbox: Running) -> AsyncIterator[Till]:
    opened = await open_till(tmp_path, sandbox, "b")
    await opened.round()
    yield opened
    await opened.close()


def two_parts(till: Till) -> tuple[str, str]:
    rows = till.sql("SELECT id FROM part WHERE deleted = 0 AND stock_quantity > ? ORDER BY id LIMIT 2", whole(5))
    return rows[0][0], rows[1][0]


@pytest.mark.parametrize("spoils", [as_text, without_id])
async def test_a_sale_goes_on_counting_until_its_part_comes(
    till: Till, other: Till, line: Line, spoils: Spoils
) -> None:
    first, second = two_parts(till)
    before = till.shelf(first), till.shelf(second)
    line.spoils, line.ids = spoils, {first}
    till.sell(first, 2)
    till.sell(second, 1)
    await till.round()
    assert (till.shelf(first), till.shelf(second)) == (before[0] - 2, before[1] - 1)
    assert till.sql("SELECT DISTINCT part_id FROM stock_move WHERE open = 1") == [(first,)]
    await till.round()
    assert till.shelf(first) == before[0] - 2
    line.ids = set()
    other.sell(first, 1)
    await other.round()
    await till.round()
    assert till.shelf(first) == before[0] - 3
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    assert till.sql("SELECT count(*) FROM set_aside WHERE record_id = ?", first) == [(0,)]


async def test_what_a_clerk_has_typed_stays_until_its_part_comes(till: Till, other: Till, line: Line) -> None:
    part_id, _ = two_parts(till)
    line.ids = {part_id}
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, replace(seen.draft, location="Z-9"), seen=seen)
    await till.round()
    assert till.ask(inventory.get, part_id).draft.location == "Z-9"
    line.ids = set()
    now = other.ask(inventory.get, part_id)
    await other.round()
    now = other.ask(inventory.get, part_id)
    other.do(inventory.edit, part_id, replace(now.draft, location="A-1"), seen=now)
    await other.round()
    await till.round()
    assert till.ask(inventory.get, part_id).draft.location == "A-1"
    assert till.sql("SELECT count(*) FROM base_record") == [(0,)]


async def test_a_payment_goes_on_counting_until_its_customer_comes(till: Till, other: Till, line: Line) -> None:
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    line.ids = {made.id}
    till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await till.round()
    assert till.ask(customers.get, made.id).balance == -50_00
    line.ids = set()
    await other.round()
    other.do(accounts.pay, made.id, 20_00, "cash", "", "علي", beyond_debt=True)
    await other.round()
    await till.round()
    assert till.ask(customers.get, made.id).balance == -70_00


@pytest.mark.parametrize("spoils", [as_text, without_id])
async def test_a_snapshot_forgets_no_record_for_it(till: Till, other: Till, line: Line, spoils: Spoils) -> None:
    part_id, _ = two_parts(till)
    made = other.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    sale_id = other.sell(part_id, 1)
    paid = other.do(accounts.pay, made.id, 50_00, "cash", "", "علي", beyond_debt=True)
    await other.round()
    await till.round()
    line.spoils, line.ids = spoils, {part_id, made.id, sale_id, paid.id}
    for channel in ("inventory", "sales", "customers"):
        till.do(replica.restart, channel)
    await till.round()
    assert till.sql("SELECT deleted FROM part WHERE id = ?", part_id) == [(0,)]
    assert till.sql("SELECT deleted FROM customer WHERE id = ?", made.id) == [(0,)]
    assert till.sql("SELECT count(*) FROM sale WHERE id = ?", sale_id) == [(1,)]
    assert till.sql("SELECT count(*) FROM document WHERE id = ?", paid.id) == [(1,)]
    assert till.ask(quarantine.count) >= 3


async def test_a_whole_list_that_can_be_read_ends_what_was_set_aside(till: Till, other: Till, line: Line) -> None:
    part_id, gone = two_parts(till)
    line.ids = {part_id, gone}
    till.do(replica.restart, "inventory")
    await till.round()
    assert till.ask(quarantine.count) > 0
    line.ids = set()
    other.do(inventory.delete, gone, seen=other.ask(inventory.get, gone))
    await other.round()
    till.do(replica.restart, "inventory")
    await till.round()
    assert till.ask(quarantine.count) == 0
    assert till.sql("SELECT deleted FROM part WHERE id = ?", gone) == [(1,)]


async def test_a_page_of_rows_that_no_screen_shows_is_a_full_one(
    tmp_path: Path, sandbox: Running, other: Till, line: Line
) -> None:
    """Only what is shown was counted: among a day of the drawer's entries pages stayed as small as they began."""
    limits: list[int] = []

    def note(request: httpx.Request) -> None:
        if request.url.path.endswith("/sales/sync"):
            limits.append(json.loads(said(request))["limit"])

    for _ in range(30):
        other.do(cash.do, "pay_in", 100_00, drawer_id="d", actor="علي", reason="فكة")
    await (till := await open_till(tmp_path, sandbox, "c")).round()
    await till.close()
    await other.round()
    till = await open_till(tmp_path, sandbox, "c", transport=line)
    line.refuses = note
    with patch.object(batch_sizes, "FIRST_PAGE", 4):
        await till.round()
    assert max(limits) > 4
    await till.close()
