from . import auth, changes, demo_data
from .database import Database
from .ledger import Change, Origin


def build(database: Database) -> None:
    with database.writing() as tx:
        for shop, key, name in ((demo_data.SHOP_ID, demo_data.API_KEY, "قطع غيار النور"), (demo_data.SECOND_SHOP_ID, demo_data.SECOND_API_KEY, "قطع غيار الفتح")):
            tx.execute("INSERT INTO shop (id, name, name_en, address, phone, email, car_brands, lat, lng, currency, language, timezone, tax_rate, prices_include_tax, receipt_footer, credit_limit, api_key, counter, floor, event_seq) VALUES (?, ?, '', '', '', '', '[]', '', '', 'EGP', 'ar', 'Africa/Cairo', '0.14', 1, '', 500000, ?, 0, 0, 0)", (shop, name, key))
        for n, (email, shop, role, name) in enumerate((("owner@clutch.test", demo_data.SHOP_ID, "owner", "منى"), ("cashier@clutch.test", demo_data.SHOP_ID, "cashier", "سارة"), ("second@clutch.test", demo_data.SECOND_SHOP_ID, "owner", "علي"))):
            tx.execute("INSERT INTO person (id, shop_id, email, phone, name, role, salt, password) VALUES (?,?,?,?,?,?,?,?)", (f"u-{n}", shop, email, f"0100000010{n}", name, role, "s", auth.hash_password(demo_data.PASSWORD, "s")))
    for n in range(database.settings.parts or 0):
        changes.apply(database, demo_data.SHOP_ID, Change(f"seed-{n}", "create", "item", f"01930000-0000-7000-8000-{n:012d}", fields={"name": f"فلتر زيت {n}", "price": 100, "stock_quantity": 10, "part_number": f"OF-{n}"}), Origin())
