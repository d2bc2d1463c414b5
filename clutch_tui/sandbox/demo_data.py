"""The demo shops: people, keys, and what their shelves, books and customers look like."""

from __future__ import annotations

from .database import Database

SHOP_ID = "5b0c0000-0000-7000-8000-000000000001"
SECOND_SHOP_ID = "5b0c0000-0000-7000-8000-000000000002"
PASSWORD = "clutch-demo"
API_KEY = "ck_demo_0000000000000000000000000001"
SECOND_API_KEY = "ck_demo_0000000000000000000000000002"
# e-mail, phone, name, role, shop
PEOPLE = (
    ("owner@clutch.test", "01000000101", "منى الشافعي", "owner", SHOP_ID),
    ("cashier@clutch.test", "01000000102", "سارة فهمي", "cashier", SHOP_ID),
    ("second@clutch.test", "01000000201", "علي البدري", "owner", SECOND_SHOP_ID),
)


def seed(database: Database) -> None:
    """Fill a new database; one that has shops already is left as it is."""
    with database.reading() as reading:
        if reading.one("SELECT 1 FROM shop") is not None:
            return
    from . import demo_shop

    demo_shop.build(database)
