"""Signing in by keyboard at the real backend over loopback: refused, let in, rows arrive, a sale leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft, PartQuery
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running, running
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
from tests.test_net.till import sell
from tests.test_ui.shop_app import Shop, open_app, press, settle, until, words_on

PARTS = 60


@asynccontextmanager
async def signing_in(
    tmp_path: Path, fields: Callable[[Running], dict[str, str]]
) -> AsyncIterator[tuple[ClutchApp, Pilot[int], Installation]]:
    """The app of a terminal that sold a part while it worked alone; F2 with these fields has just been pressed."""
    before = strings.language()
    environ = {"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en"}
    installation = Installation.find(environ)
    with installation.open_store(inline=True) as store:
        part = store.run_now(
            inventory.create, PartDraft(name="Spark plug", price=9_550, part_number="ALONE-1"), whole(5)
        )
        store.run_now(sell, part.id, 1, 9_550)
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=3)) as sandbox:
        app = ClutchApp(installation.services())
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: isinstance(app.screen, SignInScreen) and app.screen.query("#field-password"))
            for name, value in fields(sandbox).items():
                app.screen.query_one(f"#field-{name}", TextField).value = value
            await press(pilot, "f2")
            yield app, pilot, installation
    strings.use(before)


def owner(sandbox: Running) -> dict[str, str]:
    return {
        "backend-base_url": sandbox.base_url,
        "email": "owner@clutch.test",
        "password": demo_data.PASSWORD,
    }


async def test_work_done_alone_is_sent_to_the_shop_that_the_login_names(tmp_path: Path) -> None:
    async with signing_in(tmp_path, owner) as (app, pilot, installation):
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert app.settings.backend.shop_id == demo_data.SHOP_ID
        assert installation.settings.backend.shop_id == demo_data.SHOP_ID
        store = app.store
        await until(pilot, lambda: store.read_now(outbox.summary).unsent == 0)
        assert store.read_now(outbox.summary).attention == 0
        await until(pilot, lambda: store.read_now(inventory.count, PartQuery()) == 4)
        assert store.path == installation.database()
        assert not installation.home.database("", "").exists()


async def test_work_done_alone_is_sent_with_the_key_of_the_shop(tmp_path: Path) -> None:
    fields = {"api_key": demo_data.API_KEY}
    async with signing_in(tmp_path, lambda sandbox: {**fields, "backend-base_url": sandbox.base_url}) as made:
        app, pilot, _ = made
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert app.settings.backend.shop_id == demo_data.SHOP_ID
        store = app.store
        await until(pilot, lambda: store.read_now(outbox.summary).unsent == 0)


@pytest.mark.parametrize(
    ("wrong", "row"),
    [
        ({"backend-shop_id": "a-shop-that-is-not-there"}, "backend.shop_id"),
        ({"email": "", "password": "", "api_key": "ck_wrong"}, "api_key"),
        ({"backend-base_url": "http://127.0.0.1:9"}, "backend.base_url"),
        ({"backend-base_url": "http://example.com"}, "backend.base_url"),
        ({"password": "wrong"}, "password"),
    ],
)
async def test_what_is_refused_moves_and_saves_nothing(tmp_path: Path, wrong: dict[str, str], row: str) -> None:
    async with signing_in(tmp_path, lambda sandbox: owner(sandbox) | wrong) as (app, pilot, installation):
        screen = app.screen
        assert isinstance(screen, SignInScreen)
        said = next(one for one in screen.rows if one.entry.name == row)
        await until(pilot, lambda: said.problem.text)
        assert app.focused is said.field
        assert app.network is None
        assert not installation.settings.backend.is_set_up
        assert [one.name for one in installation.home.data_dir.glob("*.db")] == ["shop.db"]
        secrets = installation.home.secrets_file
        assert not secrets.exists()
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))


@pytest.mark.parametrize("typed", ["shop.example", "http://example.com", "https://me:pw@example.com"])
async def test_an_address_that_cannot_be_is_told_of_as_the_field_that_it_is(tmp_path: Path, typed: str) -> None:
    async with signing_in(tmp_path, lambda sandbox: owner(sandbox) | {"backend-base_url": typed}) as (app, pilot, _):
        screen = app.screen
        assert isinstance(screen, SignInScreen)
        said = screen.rows[0].problem
        await until(pilot, lambda: said.text)
        assert "--base-url" not in said.text
        assert "base_url" not in said.text
        assert "pw" not in said.text


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
            await until(pilot, lambda: t("error.api.bad_credentials") in words_on(app))
            assert t("sign_in.trying") not in words_on(app)
            assert isinstance(app.screen, SignInScreen)
            assert screen.query_one("#field-email", TextField).value == "owner@clutch.test"
            assert app.network is None
            assert not app.settings.backend.is_set_up

            screen.query_one("#field-password", TextField).value = demo_data.PASSWORD
            await press(pilot, "f2")
            await until(pilot, lambda: isinstance(app.screen, SalesScreen))
            assert screen.query_one("#field-password", TextField).value == ""
            await until(pilot, lambda: app.status.overall == "connected")
            jobs = {worker.name for worker in app.workers if worker.group == "network" and worker.is_running}
            assert jobs == {"leadership", "log", "api", "socket", "sync"}

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
            assert app.network is not None
            assert app.network.monitor.figures("inventory.sync").works
            await press(pilot, "f8")
            await until(pilot, lambda: app.status.overall == "cut")
            assert t("connection.overall.cut") in words_on(app)
    strings.use(before)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_it_says_that_the_server_is_asked(shop: Shop, language: strings.Language) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # in a frame that keeps the writer: on Python 3.14 one that nobody keeps hangs up

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as silent:
        url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        installation = Installation.find({"CLUTCH_HOME": str(shop.home.data_dir), "CLUTCH_SECRETS": "file"})
        async with open_app(shop, language, mode="sign_in") as (app, pilot):
            app.services = replace(app.services, prove=installation.services().prove)
            for name, value in {"backend-base_url": url, "api_key": "ck_test"}.items():
                app.screen.query_one(f"#field-{name}", TextField).value = value
            await press(pilot, "f2")
            await until(pilot, lambda: t("sign_in.trying") in words_on(app))
            screen = app.screen
            assert isinstance(screen, SignInScreen)
            assert 0 < screen.outcome.region.bottom <= screen.key_bar.region.y
            app.workers.cancel_group(screen, "sign_in")
