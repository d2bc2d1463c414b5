"""What the sandbox has taken, a terminal can read again: a bad value is refused when it is sent, and nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from clutch_tui.net import wire
from clutch_tui.sandbox import changes, demo_data, pages, payload
from clutch_tui.sandbox.app import create_app
from clutch_tui.sandbox.backend import Backend
from clutch_tui.sandbox.ledger import Origin
from clutch_tui.sandbox.pages import Pull
from clutch_tui.sandbox.settings import Settings
from tests.test_net.test_nasty_values import HOLE, ITEM, LINE, NASTY, SALE

from .conftest import JSON

SHOP = demo_data.SHOP_ID


@pytest.fixture
def backend() -> Iterator[Backend]:
    one: Backend = create_app(Settings(inline=True)).state.backend
    yield one
    one.close()


def texts(kind: str, type: str, place: str, record: JSON, *, inner: str = "") -> list[str]:
    """Changes as JSON texts: each bad value in each field of the record, or of the first of its `inner` ones."""
    found = []
    for name in record[inner][0] if inner else record:
        whole = record | ({inner: [record[inner][0] | {name: HOLE}]} if inner else {name: HOLE})
        for n, value in enumerate(NASTY):
            change_id = f"{inner}/{name}/{n}"
            message = {"change_id": change_id, "kind": kind, "type": type, "id": change_id, "n": 1, place: whole}
            found.append(json.dumps(message).replace(f'"{HOLE}"', value))
    return found


def take(backend: Backend, sent: list[str]) -> dict[str, str]:
    """Hand over what can be understood at all; the status of each."""
    statuses = {}
    for text in sent:
        try:
            change = changes.read_change(payload.load(text))
        except ValueError:
            continue
        statuses[change.change_id] = changes.apply(backend.database, SHOP, change, Origin()).status
    return statuses


def rows(backend: Backend, collection: str) -> list[JSON]:
    with backend.database.reading() as reading:
        found: list[JSON] = wire.loads(payload.dump(pages.read(reading, SHOP, collection, Pull(0)).changes).encode())
    return found


def test_every_sale_that_was_taken_can_be_read(backend: Backend) -> None:
    body = {name: value for name, value in SALE.items() if name not in ("type", "id", "version", "seq", "status")}
    body |= {"items": [LINE]}
    sent = [text for inner in ("", "items", "payments") for text in texts("sale", "sale", "body", body, inner=inner)]
    statuses = take(backend, sent)
    assert {"rejected", "applied_flagged"} <= set(statuses.values()) <= {"rejected", "applied", "applied_flagged"}
    good, bad = wire.read_changes([row for row in rows(backend, "sales") if row["type"] == "sale"])
    assert sorted({one.reason for one in bad}) == []
    assert len(good) > 500


def test_every_part_that_was_taken_can_be_read(backend: Backend) -> None:
    computed = ("type", "id", "version", "seq", "updated_at", "deleted")
    fields = {name: value for name, value in ITEM.items() if name not in computed}
    statuses = take(backend, texts("create", "item", "fields", fields))
    assert set(statuses.values()) <= {"rejected", "applied", "applied_flagged"}
    good, bad = wire.read_changes(rows(backend, "items"))
    assert sorted({one.reason for one in bad}) == []
    assert len(good) > 200
