"""One bad value stops nothing: a hundred of them in every field of every record and of every result.

The till is real, its server says what the test wants. Beside every bad row there is a good one, and beside every bad
result a good one: what is good must be used, whatever stands beside it.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.config.settings import Backend
from clutch_tui.core import inventory, state
from clutch_tui.core.clock import from_text
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.sync.context import SyncContext
from clutch_tui.net.sync.engine import SyncEngine
from tests.fresh_store import open_new

from .test_hostile import BASE, DEVICE, Memory
from .till import HandClock, sell

Json = dict[str, Any]

TEXTS = [
    "", " ", "x" * 20_001, "\x00", "a\x00b", "\ud800", "\udfff", "\u202e", "²", "٣", "x" * 200, "NaN", "Infinity", "-1",
    "1e400", "1" * 5000, "0x10", "true", "null", "DVLU-²", "DVLU-٣", "DVLU-" + "9" * 5000, "DVLU-999999999999999999999",
    "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
    "2026-02-30T00:00:00Z", "2026-11-22", "2026-11-22T09:00:00", "2026-11-22T25:00:00Z", "not a moment", "%s", "';--",
    "{}", "[]", "🔧" * 50,
]  # fmt: skip
NUMBERS = [
    "0", "1", "-1", "-0.0", "0.5", "-0.5", "1.5", "15.5", "1e3", "1e400", "-1e400", "1e-400", "1e-999999",
    "1e999999999", "0.1", "0.005", "2147483648", "4294967296", "9007199254740991", "9007199254740992",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "1" * 50,
    "9" * 399, "9" * 400, "1" * 4299, "1" * 4301, "-" + "9" * 5000, "0." + "1" * 399, "0." + "1" * 5000,
    "1." + "0" * 50, "3.0",
    "10000000000000", "-10000000000000", "1000000000001", "1000001",
]  # fmt: skip
SHAPES = [
    "true", "false", "[]", "{}", "[[]]", '[{"a": 1}]', '{"a": 1}', "[null]", "[1]", '["x"]', '{"value": 1}',
    '{"value": 1.5, "version": 1.5}', '{"price": {"value": 1.5}}', '{"x": {"value": 0.1, "version": 2}}',
    '{"*": {"value": {"id": "p", "deleted": true, "version": 3.5}, "version": 3.5}}', '{"*": 7}', '{"*": null}',
    '{"*": {"value": 1, "version": 1}}', '{"car_info": {"value": null, "version": 1}}', "[" * 40 + "]" * 40,
    '{"id": 1}', '{"id": {}}', '[1.5, "x", null, {}]', '{"": ""}', '{"-": {"value": [0.1], "version": 1}}',
]  # fmt: skip
NASTY = [json.dumps(text) for text in TEXTS] + NUMBERS + SHAPES
"""Each as it stands in the text of an answer."""

ITEM: Json = {
    "type": "item", "id": "-", "name": "فلتر", "name_en": "", "part_number": "OF-1", "barcode": "", "oem_number": "",
    "category": "", "brand": "", "car_brand": "", "car_model": "", "year": "2015", "price": 100, "cost": 60,
    "stock_quantity": 5, "min_stock": 1, "location": "", "supplier": "", "description": "", "image_url": "",
    "version": 1, "seq": 1, "updated_at": "2026-11-22T09:00:00.000Z", "deleted": False,
}  # fmt: skip
LINE: Json = {
    "item_id": "p", "item_name": "فلتر", "part_number": "OF-1", "quantity": 1, "price": 100, "discount": 0,
    "total": 100, "sale_line": None,
}  # fmt: skip
SALE: Json = {
    "type": "sale", "id": "-", "receipt_number": "B-1", "date": "2026-11-22T09:00:00.000Z", "device_id": "b",
    "cashier": "", "customer_id": None, "customer_name": "", "items": [LINE], "subtotal": 100, "discount": 0, "tax": 0,
    "rounding": 0, "total": 100, "payments": [{"method": "cash", "amount": 100}], "payment_method": "cash",
    "status": "completed", "return_of": None, "order_id": None, "business_day": "2026-11-22", "notes": "", "flags": [],
    "version": 1, "seq": 1,
}  # fmt: skip
CUSTOMER: Json = {
    "id": "-", "name": "نور", "phone": "1", "email": "", "address": "", "customer_type": "", "balance": 0,
    "car_info": {"brand": "Kia", "model": "Rio", "year": "2015", "plate_number": "1"}, "total_purchases": 0,
    "last_visit": "2026-11-22T09:00:00.000Z", "version": 1, "seq": 1, "updated_at": None, "deleted": False,
}  # fmt: skip
SUPPLIER: Json = {
    "id": "-", "name": "بوش", "contact_person": "", "phone": "", "email": "", "address": "", "payment_terms": "",
    "rating": 4, "version": 1, "seq": 1, "updated_at": None, "deleted": False,
}  # fmt: skip
ORDER: Json = {
    "id": "-", "order_number": "1", "customer_id": None, "customer_name": "", "phone": "", "total": 1,
    "status": "pending", "items": [{"item_id": "p", "item_name": "x", "quantity": 1, "price": 1}],
    "delivery_address": "", "notes": "", "created_at": "2026-11-22T09:00:00.000Z",
    "expires_at": None, "version": 1, "seq": 1, "deleted": False,
}  # fmt: skip
HOLE = "<here>"
"""Stands where a bad value goes into the text."""


def spoiled(record: Json, inner: str = "") -> list[str]:
    """The record as JSON texts: each bad value in each of its fields, or in each field of its first `inner` record."""
    texts: list[str] = []
    fields = record[inner][0] if inner else record
    for name in fields:
        whole = record | ({inner: [fields | {name: HOLE}]} if inner else {name: HOLE})
        text = json.dumps(whole, ensure_ascii=True)
        texts += [
            text.replace('"-"', f'"bad-{len(texts) + n}"', 1).replace(f'"{HOLE}"', value)
            for n, value in enumerate(NASTY)
        ]
    return texts


class Shop:
    """A till, and a server that says these rows and these results."""

    def __init__(self, path: Path) -> None:
        self.clock, chance = HandClock(from_text("2026-11-22T10:00:00.000Z")), random.Random(1)
        self.pages: dict[str, str] = {}
        self.results: dict[str, str] = {}
        self.sent: list[str] = []
        self.store = open_new(path, clock=self.clock, inline=True)
        self.store.run_now(state.begin, rate=0, prices_include_tax=True, cash_rounding=25, timezone="Africa/Cairo")
        self.monitor = Monitor(self.clock)
        self.api = Api(
            Backend(base_url=BASE),
            session=Session(Memory(), clock=self.clock),
            monitor=self.monitor,
            device_id=DEVICE,
            clock=self.clock,
            chance=chance,
            transport=httpx.MockTransport(self._serve),
        )
        self.sync = SyncEngine(
            SyncContext(
                self.store,
                self.api,
                self.monitor,
                shop_id="s",
                device_id=DEVICE,
                clock=self.clock,
                chance=chance,
                on_change=lambda nouns: None,
                policies={"*": "ask"},
            )
        )

    def _serve(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1").strip("/")
        if path.endswith("/sync"):
            body = json.loads(request.content)
            self.sent += [change["change_id"] for change in body["changes"]]
            ids = [change["change_id"] for change in body["changes"]]
            results = ",".join(f'"{one}":{self.results.get(one, GOOD)}' for one in ids)
            rows = self.pages.get(path.partition("/")[0], "")
            data = f'"results":{{{results}}},"confirmed":{{}},"changes":[{rows}],"reset":null'
        elif request.method == "GET" and path in ("customers", "suppliers", "orders"):
            data = f'"{path}":[{self.pages.get(path, "")}]'
        else:
            return httpx.Response(200, json={"success": True, "data": {"id": "s", "version": "1.0.0"}})
        data = f'{data},"epoch":"e-1","cursor":50,"more":false,"since":null'
        return httpx.Response(200, content=f'{{"success":true,"data":{{{data}}}}}'.encode())

    async def round(self) -> None:
        self.api.try_now()
        await self.sync.round()

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.store.read_now(lambda: db.execute(statement, values).fetchall())


GOOD = '{"status": "applied", "seq": 7}'


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    one = Shop(tmp_path / "shop.db")
    yield one
    await one.api.close()
    one.store.close()


@pytest.mark.parametrize(
    ("channel", "record", "table"),
    [
        ("inventory", ITEM, "part"),
        ("sales", SALE, "sale"),
        ("customers", CUSTOMER, "customer"),
        ("suppliers", SUPPLIER, "supplier"),
        ("orders", ORDER, "orders"),
    ],
    ids=["items", "sales", "customers", "suppliers", "orders"],
)
async def test_a_bad_row_is_set_aside_and_the_good_ones_beside_it_are_used(
    shop: Shop, channel: str, record: Json, table: str
) -> None:
    bad = spoiled(record)
    for inner in ("items", "payments"):
        if record.get(inner):
            bad += spoiled(record, inner)
    good = [json.dumps(record | {"id": f"good-{n}", "seq": n + 2}) for n in range(3)]
    shop.pages[channel] = ",".join([good[0], *bad[::2], good[1], *bad[1::2], good[2]])
    await shop.round()
    there = {row[0] for row in shop.sql(f"SELECT id FROM {table} WHERE id LIKE 'good-%'")}
    assert there == {"good-0", "good-1", "good-2"}
    assert shop.sql("SELECT count(*) FROM set_aside WHERE channel = ?", channel)[0][0] > 100
    assert shop.store.read_now(lambda: state.number(f"{channel}.cursor")) == 50
    await shop.round()


async def test_a_receipt_number_from_outside_moves_the_own_counter_only_where_a_till_can_have_printed_it(
    shop: Shop,
) -> None:
    shop.store.run_now(state.lineage)
    prefix = shop.store.read_now(state.get, "receipt_prefix")
    numbers = ["²", "9" * 5000, "٣٤", "", "-7", "000041", "1e3", "+50", "9" * 18]
    rows = [SALE | {"id": f"s{n}", "receipt_number": f"{prefix}-{number}"} for n, number in enumerate(numbers)]
    shop.pages["sales"] = ",".join(map(json.dumps, rows))
    await shop.round()
    assert shop.store.read_now(lambda: state.number("receipt_counter")) == 41


SAYS = ("status", "seq", "version", "flags", "applied", "theirs", "code", "message", "after", "errors", "mark", "first")


def spoiled_results() -> list[tuple[str, str, str]]:
    """Status, the field with the bad value, and the result as JSON: one in a dozen, which is enough for one round."""
    found = []
    for status in ("applied", "conflict", "rejected", "retry", "duplicate"):
        for name in SAYS:
            text = json.dumps({"status": status, "seq": 7, "first": {"status": "applied", "seq": 7}} | {name: HOLE})
            found += [(status, name, text.replace(f'"{HOLE}"', value)) for value in NASTY]
    return [one for n, one in enumerate(found) if n % 13 == 0]


async def test_a_bad_result_holds_up_no_other_and_nothing_is_sent_for_ever(shop: Shop) -> None:
    part = shop.store.run_now(inventory.create, PartDraft(name="بوجيه", price=1000), whole(5))
    good: list[str] = []
    put_off: set[str] = set()

    def sell_one() -> str:
        sell(part.id, 1, 1000)
        return str(db.execute("SELECT change_id FROM outbox ORDER BY n DESC LIMIT 1").fetchone()[0])

    def sell_many() -> None:
        for status, name, answer in spoiled_results():
            good.append(sell_one())
            change_id = sell_one()
            shop.results[change_id] = answer
            if status == "retry" or name == "status":  # not yet, or a word that nobody knows: asked again each minute
                put_off.add(change_id)

    shop.store.run_now(sell_many)
    for _ in range(4):
        await shop.round()
        shop.clock.forward(60)
    answered = dict(shop.sql("SELECT change_id, status FROM outbox WHERE kind = 'sale' AND answered_at IS NOT NULL"))
    assert set(good) <= answered.keys()
    assert max(map(shop.sent.count, good)) == 1
    assert max(shop.sent.count(one) for one in shop.results if one not in put_off) == 1
    assert set(answered.values()) <= {"applied", "rejected"}
    lanes = dict(shop.sql("SELECT change_id, lane FROM outbox WHERE kind = 'sale' AND answered_at IS NULL"))
    assert {lanes[one] for one in lanes if one not in put_off} == {"slow"}
    assert len(answered) + len(lanes) == len(good) + len(shop.results)


@pytest.mark.parametrize(
    "answer",
    [
        '{"status": "conflict", "seq": 3}',
        '{"status": "conflict", "seq": 3, "applied": [], "theirs": {"name": "theirs"}}',
        '{"status": "conflict", "seq": 3, "applied": [], "theirs": ["name"]}',
        '{"status": "applied", "seq": 3, "applied": []}',
    ],
)
async def test_what_the_clerk_typed_stays_until_an_answer_accounts_for_it(shop: Shop, answer: str) -> None:
    shop.pages["inventory"] = json.dumps(ITEM | {"id": "p"})
    await shop.round()
    seen = shop.store.read_now(inventory.get, "p")
    shop.store.run_now(inventory.edit, "p", replace(seen.draft, name="typed"), seen=seen)
    ((change_id,),) = shop.sql("SELECT change_id FROM outbox")
    shop.results[change_id] = answer
    for _ in range(6):
        await shop.sync.step()
        shop.clock.forward(1000)
    assert shop.sql("SELECT answered_at, status, last_error FROM outbox") == [(None, "", "queue.failed.bad_answer")]
    assert shop.store.read_now(inventory.get, "p").draft.name == "typed"
    shop.results[change_id] = '{"status": "conflict", "seq": 3, "theirs": {"name": {"value": "theirs", "version": 2}}}'
    for _ in range(3):
        shop.clock.forward(1000)
        await shop.sync.step()
    ((mine, theirs),) = shop.sql("SELECT mine, theirs FROM conflict WHERE resolved_at IS NULL")
    assert (json.loads(mine), json.loads(theirs)) == ("typed", "theirs")
