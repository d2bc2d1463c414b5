"""The shop that is photographed: its backend, its morning, and what a person does at its terminal."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal

import httpx
import time_machine

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import cart, inventory, sales, search, state
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft, PartRow, Payment
from clutch_tui.net.network import Network
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.settings import Settings
from clutch_tui.text.strings import Language, t
from clutch_tui.ui.keys import MODES, OVER_TILL
from tests.terminal import Terminal
from tests.test_net import other_server
from tests.test_net.other_server import OtherServer

EARLY, LATER, NOON = (datetime(2026, 11, 22, hour, minute, tzinfo=UTC) for hour, minute in ((8, 5), (9, 48), (10, 0)))
"""Noon in Cairo is ten in Greenwich."""
PORT = 8765
PARTS = 1400
STILL = 0.35
"""A program that has neither written nor worked for so many seconds has finished drawing."""

PROGRAM = f"""
import sys
import time_machine
sys.executable = "/opt/clutch/bin/python"  # which the updates screen names
time_machine.travel("{NOON.isoformat()}", tick=False).start()
from clutch_tui.cli import main
main()
"""

Stage = Literal["offline", "online", "wide", "lacking", "locked"]
"""`lacking` is connected to a server by somebody else, which has half of the endpoints."""
SIZES: Mapping[Stage, tuple[int, int]] = {
    "offline": (80, 24),
    "online": (80, 24),
    "wide": (120, 36),
    "lacking": (80, 24),
    "locked": (80, 24),
}
ANSWERS = {"\x1b[?2026$p": "\x1b[?2026;2$y"}
"""What a terminal says of synchronised updates; the trial of the terminal asks it."""
PASSPHRASE = "محل الأمانة"
OTHER_SHELF = (("بوجيه", "120.5", "8"), ("فلتر زيت", "185", "3"), ("سير كاتينة", "90", "0"))


class Backend:
    """The sandbox on a loop and a thread of its own, so that it can be plugged in and pulled out."""

    def __init__(self, folder: Path) -> None:
        # every token of these pictures is good for longer than they take, whatever the clocks say
        self._settings = Settings(
            db=str(folder / "backend.db"), rng=Random(1), faults=True, parts=PARTS, insight_pace=None
        )
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._running: server.Running | None = None
        self._other: AbstractAsyncContextManager[OtherServer] | None = None

    def start(self) -> None:
        self._running = self._do(server.start(self._settings, port=PORT))

    def start_other(self) -> None:
        """A server by somebody else in its place."""
        shelf = [other_server.item(n, *part) for n, part in enumerate(OTHER_SHELF, 1)]
        self._other = other_server.serving(OtherServer(items=shelf), PORT)
        self._do(self._other.__aenter__())

    def stop(self) -> None:
        if self._other is not None:
            self._do(self._other.__aexit__(None, None, None))
            self._other = None
        if self._running is not None:
            self._do(self._running.stop())
            self._running = None

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def control(self, do: str, **values: object) -> Any:
        """What head office, customers and the market do."""
        answer = httpx.post(f"http://127.0.0.1:{PORT}/__control", json={"do": do, **values}, timeout=30)
        answer.raise_for_status()
        return answer.json()["data"]

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


class Shop:
    """The shop of one language: its backend, its files, and the terminal that is looked at."""

    terminal: Terminal
    stage: Stage

    def __init__(self, folder: Path, language: Language) -> None:
        self.language = language
        self._environ = {
            "CLUTCH_HOME": str(folder / "home"),
            "CLUTCH_SECRETS": "file",
            "CLUTCH_LANG": language,
            "CLUTCH_BASE_URL": f"http://127.0.0.1:{PORT}/api/v1",
            "CLUTCH_SHOP_ID": demo_data.SHOP_ID,
        }
        self.backend = Backend(folder)

    def live_the_morning(self) -> None:
        """Sign in, take everything over, disagree with head office about a shelf, and sell after the cable broke."""
        with time_machine.travel(EARLY, tick=False):
            self.backend.start()
            asyncio.run(self._open_shop())
            self.backend.stop()
        with time_machine.travel(LATER, tick=False):
            asyncio.run(self._sell_offline())

    async def _open_shop(self) -> None:
        installation = Installation.find(self._environ)
        store = installation.open_store()
        try:
            await store.run(state.lineage)
            await store.run(state.put, "receipt_prefix", "KTB")  # another one for each database
            network = _network(installation, store)
            await network.session.open()
            await network.session.login("owner@clutch.test", demo_data.PASSWORD)
            await network.sync_once(60)
            part = (await store.read(search.find, "طقم سيور كاتينة", 1) or await store.read(search.find, "تيل", 1))[0]
            moved = {"location": "B-07"}
            await asyncio.to_thread(self.backend.control, "edit", id=part.id, fields=moved)
            seen = await store.read(inventory.get, part.id)
            await store.run(inventory.edit, part.id, replace(seen.draft, location="A-12"), seen=seen)
            nameless = PartDraft(name_en="Wiper blade 20 in", part_number="WB-20", price=18_000)
            await store.run(inventory.create, nameless, whole(6))  # the server wants an Arabic name
            await _network(installation, store).sync_once(60)
        finally:
            await asyncio.to_thread(store.close)

    async def _sell_offline(self) -> None:
        installation = Installation.find(self._environ)
        store = installation.open_store()
        try:
            for text, quantity in (("بوجيه", 4), ("فلتر هواء", 1)):
                part = (await store.read(search.find, text, 1))[0]
                await store.run(_sell, part, quantity, installation.device_id)
            await store.run(inventory.adjust, part.id, whole(-1), "واحدة مكسورة")
        finally:
            await asyncio.to_thread(store.close)

    @contextmanager
    def run(self, stage: Stage) -> Iterator[None]:
        """The program on a terminal of the stage's size, for as long as the block lasts."""
        columns, lines = SIZES[stage]
        self.stage = stage
        environ, awaited = self._environ, t(f"connection.overall.{'offline' if stage == 'offline' else 'connected'}")
        if stage == "locked":
            environ, awaited = self._locked_home(), t("locked.title")
        elif stage == "lacking":
            self.backend.start_other()
            environ, awaited = asyncio.run(self._other_home()), t("connection.overall.limited")
        elif stage != "offline":
            self.backend.start()
        command = [sys.executable, "-c", PROGRAM]
        with Terminal(command, columns=columns, lines=lines, env=environ, answers=ANSWERS) as terminal:
            self.terminal = terminal
            self.see(awaited, within=60)
            terminal.settle(STILL)
            yield
            terminal.press("ctrl+q")
            terminal.wait_exit()
        self.backend.stop()

    def _locked_home(self) -> dict[str, str]:
        """A second home, whose database waits for its passphrase."""
        environ = {**self._environ, "CLUTCH_HOME": f"{self._environ['CLUTCH_HOME']}-locked"}
        installation = Installation.find(environ)
        installation.protection.keychain.renew_from(PASSPHRASE)
        installation.open_store(inline=True).close()
        return environ

    async def _other_home(self) -> dict[str, str]:
        """A third home, signed in at the server by somebody else."""
        home = f"{self._environ['CLUTCH_HOME']}-other"
        environ = {**self._environ, "CLUTCH_HOME": home, "CLUTCH_SHOP_ID": "their-shop"}
        installation = Installation.find(environ)
        store = installation.open_store()
        try:
            await store.run(state.lineage)
            network = _network(installation, store)
            await network.session.open()
            await network.session.login(other_server.LOGIN, other_server.PASSWORD)
            await network.sync_once(60)
        finally:
            await asyncio.to_thread(store.close)
        return environ

    # --- what a person does ----------------------------------------------------------------------------

    def see(self, text: str, within: float = 15) -> None:
        self.terminal.wait_for(text, within)

    def press(self, *keys: str) -> None:
        """Press one key after the other, each on a screen that stands still."""
        for key in keys:
            self.terminal.press(key)
            self.terminal.settle(STILL)

    def type(self, arabic: str, english: str = "") -> None:
        """Type what a person of the language would."""
        self.terminal.type(english if english and self.language == "en" else arabic)
        self.terminal.settle(STILL)

    def open(self, key: str, expected: str, *, within: float = 15) -> None:
        """Press a key and wait for the sentence that it must bring, drawn to the end."""
        self.terminal.press(key)
        self.see(expected, within)
        self.terminal.settle(STILL)

    def go(self, mode: str) -> None:
        """To a screen, from any screen and out of any dialog."""
        for _ in range(3):
            self.press("escape")
            if self.terminal.shows(t("form.discard")):
                self.press("enter")
        if (digit := MODES.index(mode) + 1) < 10:
            self.press("f9", str(digit))
        else:
            self.press("f9", *["up"] * (len(MODES) + len(OVER_TILL) - digit), "enter")
        self.see(t(f"mode.{mode}"))


def _network(installation: Installation, store: Store) -> Network:
    return installation.network(installation.settings, store, lambda _nouns: None)


def _sell(part: PartRow, quantity: int, device_id: str) -> None:
    wanted = cart.add_line(sales.open_cart(), part, whole(quantity))
    rules = state.tax_rules()
    total = cart.totals(wanted, rules, "cash").total
    paid = (Payment("cash", total),)
    sales.checkout(wanted, paid, tendered=total, cashier="سارة فهمي", device_id=device_id, rules=rules)
