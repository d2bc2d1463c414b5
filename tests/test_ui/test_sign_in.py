"""Signing in by keyboard at the real backend over loopback: refused, let in, rows arrive, a sale leaves."""

from __future__ import annotations

from pathlib import Path

from clutch_tui.core import outbox
from clutch_tui.installation import Installation
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.screens.connection import ConnectionScreen
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.sign_in import SignInScreen
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import press, settle, until, words_on

PARTS = 60


async def test_from_a_wrong_password_to_the_first_synced_sale(tmp_path: Path) -> None:
    before = strings.language()
    environ = {"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en"}
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=PARTS)) as sandbox:
        app = ClutchApp(Installation.find(environ).services())
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: isinstance(app.screen, SignInScreen) and app.screen.query("#field-password"))
            screen = app.screen
            fields = {
                "backend-base_url": sandbox.base_url,
                "backend-shop_id": demo_data.SHOP_ID,
                "email": "owner@clutch.test",
                "password": "wrong",
            }
            for name, value in fields.items():
                screen.query_one(f"#field-{name}", TextField).value = value
            await press(pilot, "f2")
            await until(pilot, lambda: app.network is not None)
            await until(pilot, lambda: t("sign_in.trying") not in words_on(app))
            assert isinstance(app.screen, SignInScreen)
            assert screen.query_one("#field-email", TextField).value == "owner@clutch.test"

            screen.query_one("#field-password", TextField).value = demo_data.PASSWORD
            await press(pilot, "f2")
            await until(pilot, lambda: isinstance(app.screen, SalesScreen))
            assert screen.query_one("#field-password", TextField).value == ""
            await until(pilot, lambda: app.status.overall == "connected")

            await app.switch_mode("inventory")
            await until(pilot, lambda: isinstance(app.screen, InventoryScreen) and app.screen.table.count == PARTS)
            await settle(pilot)
            part = app.screen.table.row  # type: ignore[attr-defined]

            await app.switch_mode("sales")
            await press(pilot, *part.part_number, "enter")
            await until(pilot, lambda: app.screen.cart.lines)  # type: ignore[attr-defined]
            await press(pilot, "f2")
            await until(pilot, lambda: isinstance(app.screen, PayDialog))
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
            await press(pilot, "enter")
            store = app.store
            await until(pilot, lambda: store.read_now(outbox.summary).unsent == 0)
            await until(pilot, lambda: app.status.unsent == 0)

            await app.switch_mode("connection")
            assert isinstance(app.screen, ConnectionScreen)
            await settle(pilot)
            assert {row.id: row.figures.works for row in app.screen.endpoints.rows_shown()}["inventory.sync"]
            await press(pilot, "f8")
            await until(pilot, lambda: app.status.overall == "cut")
            assert t("connection.overall.cut") in words_on(app)
    strings.use(before)
