"""What the tests of the shop's rules share: a clock that is moved by hand, and parts to sell."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clutch_tui.core import inventory
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part, PartDraft


class HandClock:
    """A clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def wait(self, **much: float) -> None:
        self.moment += timedelta(**much)


def stock_shelf(store: Store) -> dict[str, Part]:
    """A few parts as the server knows them, by their number: pulled rows, not made here."""
    pump = PartDraft(name="طلمبة مياه", name_en="Water pump", category="تبريد", car_brand="تويوتا", price=150_00)
    rows = [
        ("WP-100", pump),
        ("OF-200", PartDraft(name="فلتر زيت", name_en="Oil filter", category="فلاتر", car_brand="كيا", price=45_50)),
        ("SP-300", PartDraft(name="بوجيه", barcode="6223001234567", category="كهرباء", price=120_00)),
        ("06L-115-562 B", PartDraft(name="الفلتر الأصلي", oem_number="06L115562B", brand="VAG", price=300_00)),
    ]

    def write() -> dict[str, Part]:
        parts = {}
        for n, (number, draft) in enumerate(rows, 1):
            record = asdict(replace(draft, part_number=number, cost=draft.price // 2, min_stock=whole(5)))
            row = {"id": f"part-{n}", **record, "stock_quantity": whole(n * 5), "version": 1, "seq": n}
            row |= inventory.keys_of(row)
            names = ", ".join(row)
            db.execute(f"INSERT INTO part ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
            parts[number] = inventory.get(f"part-{n}")
        return parts

    return store.run_now(write)


def queue(store: Store) -> list[dict[str, Any]]:
    """The outbox as plain rows, oldest first, with their JSON read."""

    def read() -> list[dict[str, Any]]:
        cursor = db.execute("SELECT kind, type, record_id, payload, base, was, label, change_id FROM outbox ORDER BY n")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [row | {name: json.loads(row[name]) for name in ("payload", "base", "was")} for row in rows]

    return store.read_now(read)
