"""The pictures in `screenshots/`: the real program in a real pseudo-terminal, over a real backend.

    python -m tests.screenshots                 # every picture, both languages
    python -m tests.screenshots --only sales    # those whose name begins so
    python -m tests.screenshots --lang ar --into /tmp/pictures

One shop, the same each time: demo data from a seed, a wall clock that stands at `NOON`, and a morning that was
lived through core and wire before the program starts. It is photographed three times: while the backend is down
(with what waits to be sent), connected at 80x24, and connected on a wide terminal. Needs the extra `dev` and the
font DejaVu Sans Mono; takes two minutes or three.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal, get_args

import httpx
import time_machine

from clutch_tui.core import cart, inventory, sales, search, state
from clutch_tui.core.store import Store
from clutch_tui.core.types import PartRow, Payment
from clutch_tui.installation import Installation
from clutch_tui.net.network import Network
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.settings import Settings
from clutch_tui.text import strings
from clutch_tui.text.strings import Language, t
from clutch_tui.ui.keys import MODES
from tests import picture
from tests.terminal import ROOT, Terminal

EARLY, LATER, NOON = (datetime(2026, 11, 22, hour, minute, tzinfo=UTC) for hour, minute in ((8, 5), (9, 48), (10, 0)))
"""Noon in Cairo is ten in Greenwich."""
PORT = 8765
PARTS = 1400
STILL = 0.35
"""A screen that has not written for so many seconds has finished drawing."""

PROGRAM = f"""
import time_machine
time_machine.travel("{NOON.isoformat()}", tick=False).start()
from clutch_tui.cli import main
main()
"""

Stage = Literal["offline", "online", "wide"]
SIZES: Mapping[Stage, tuple[int, int]] = {"offline": (80, 24), "online": (80, 24), "wide": (120, 36)}


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: how to come to it from any screen."""

    name: str
    stage: Stage
    play: Callable[[Shop], None]


SCENES: list[Scene] = []


def scene(name: str, *stages: Stage) -> Callable[[Callable[[Shop], None]], Callable[[Shop], None]]:
    """Add a scene; played in the order of this file, and for each stage."""

    def add(play: Callable[[Shop], None]) -> Callable[[Shop], None]:
        for stage in stages or ("online",):
            SCENES.append(Scene(f"{name}-wide" if stage == "wide" else name, stage, play))
        return play

    return add


# --- the shop ------------------------------------------------------------------------------------------


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

    def start(self) -> None:
        self._running = self._do(server.start(self._settings, port=PORT))

    def stop(self) -> None:
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
            await store.run(state.put, "receipt_prefix", "KTB")  # drawn by lot for each database
            network = _network(installation, store)
            await network.session.open()
            await network.session.login("owner@clutch.test", demo_data.PASSWORD)
            await network.sync_once(60)
            part = (await store.read(search.find, "طقم سيور كاتينة", 1) or await store.read(search.find, "تيل", 1))[0]
            moved = {"location": "B-07"}
            await asyncio.to_thread(self.backend.control, "edit", id=part.id, fields=moved)
            seen = await store.read(inventory.get, part.id)
            await store.run(inventory.edit, part.id, replace(seen.draft, location="A-12"), seen=seen)
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
            await store.run(inventory.adjust, part.id, -1, "واحدة مكسورة")
        finally:
            await asyncio.to_thread(store.close)

    @contextmanager
    def run(self, stage: Stage) -> Iterator[None]:
        """The program on a terminal of the stage's size, for as long as the block lasts."""
        columns, lines = SIZES[stage]
        if stage != "offline":
            self.backend.start()
        with Terminal([sys.executable, "-c", PROGRAM], columns=columns, lines=lines, env=self._environ) as terminal:
            self.terminal = terminal
            state = "offline" if stage == "offline" else "connected"
            self.see(t(f"connection.overall.{state}"), within=60)
            terminal.settle(STILL)
            yield
            terminal.press("ctrl+q")
            terminal.wait_exit()
        self.backend.stop()

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
            self.press(f"\x1b{digit}")
        else:
            self.press("f9", *["up"] * (len(MODES) - digit + 1), "enter")
        self.see(t(f"mode.{mode}"))


def _network(installation: Installation, store: Store) -> Network:
    return installation.network(installation.settings, store, lambda _nouns: None)


def _sell(part: PartRow, quantity: int, device_id: str) -> None:
    wanted = cart.add_line(sales.open_cart(), part, quantity)
    rules = state.tax_rules()
    total = cart.totals(wanted, rules, "cash").total
    paid = (Payment("cash", total),)
    sales.checkout(wanted, paid, tendered=total, cashier="سارة فهمي", device_id=device_id, rules=rules)


# --- the scenes ----------------------------------------------------------------------------------------


@scene("queue", "offline")
def _queue(shop: Shop) -> None:
    shop.go("queue")


@scene("conflict", "offline")
def _conflict(shop: Shop) -> None:
    shop.go("queue")
    shop.open("f2", t("dialog.hint.choose"))


@scene("connection-offline", "offline")
def _connection_offline(shop: Shop) -> None:
    shop.go("connection")


@scene("toast", "offline")
def _toast(shop: Shop) -> None:
    shop.go("inventory")
    shop.press("ctrl+o")


@scene("search")
def _search(shop: Shop) -> None:
    shop.go("sales")
    shop.type("فلتر زيت", "oil filter")


@scene("sales")
@scene("sales", "wide")
def _sales(shop: Shop) -> None:
    shop.go("sales")
    if shop.terminal.shows(t("sales.cart_empty")):
        for arabic, english in (("فلتر زيت", "oil filter"), ("بوجيه", "spark plug"), ("تيل فرامل", "brake pads")):
            shop.type(arabic, english)
            shop.press("enter")
        shop.type("*2")
        shop.press("enter")
        shop.open("f5", t("dialog.hint.choose"))
        shop.open("1", t("sales.ask_discount"))
        shop.type("25")
        shop.press("enter")
        shop.open("f3", t("customer.pick_hint"))
        shop.press("down", "enter")


@scene("choose-customer")
def _choose_customer(shop: Shop) -> None:
    shop.go("sales")
    shop.open("f3", t("customer.pick_hint"))


@scene("pay")
def _pay(shop: Shop) -> None:
    shop.go("sales")
    shop.open("f2", t("pay.title"))
    shop.type("5000")


@scene("receipt")
def _receipt(shop: Shop) -> None:
    _sales(shop)
    shop.open("f2", t("pay.title"))
    shop.press("down", "down")
    shop.open("enter", t("receipt.hint"))


@scene("past-sales")
def _past_sales(shop: Shop) -> None:
    shop.go("sales")
    shop.open("f7", t("sale.hint"))


@scene("return")
def _return(shop: Shop) -> None:
    _past_sales(shop)
    shop.open("f6", t("sale.refund_by"))
    shop.type("1")


@scene("inventory")
@scene("inventory", "wide")
def _inventory(shop: Shop) -> None:
    shop.go("inventory")


@scene("part")
def _part(shop: Shop) -> None:
    shop.go("inventory")
    shop.type("فلتر زيت", "oil filter")
    shop.open("enter", t("part.title"))


@scene("part-form")
def _part_form(shop: Shop) -> None:
    shop.go("inventory")
    shop.open("f3", t("inventory.edit"))


@scene("part-history")
def _part_history(shop: Shop) -> None:
    shop.go("inventory")
    shop.type("فلتر زيت", "oil filter")
    shop.open("f6", t("mode.part_history"))


@scene("orders")
def _orders(shop: Shop) -> None:
    shop.go("orders")


@scene("order")
def _order(shop: Shop) -> None:
    shop.go("orders")
    shop.open("enter", t("order.title"))


@scene("quote")
def _quote(shop: Shop) -> None:
    shop.go("orders")
    shop.open("f3", t("order.valid_days"))


@scene("customers")
def _customers(shop: Shop) -> None:
    shop.go("customers")


@scene("customer-form")
def _customer_form(shop: Shop) -> None:
    shop.go("customers")
    shop.open("f3", t("customer.edit"))


@scene("customer-history")
def _customer_history(shop: Shop) -> None:
    shop.go("customers")
    shop.type("ورشة النجم")
    shop.open("f6", t("mode.customer_history"))


@scene("suppliers")
def _suppliers(shop: Shop) -> None:
    shop.go("suppliers")


@scene("insights")
def _insights(shop: Shop) -> None:
    shop.go("insights")
    shop.press(*["down"] * 5)


@scene("connection", "online", "wide")
def _connection(shop: Shop) -> None:
    shop.go("connection")
    if shop.terminal.shows(t("endpoint.unknown")):
        shop.open("f2", t("connection.tested"), within=60)
        shop.terminal.wait_for(lambda terminal: not terminal.shows(t("connection.tested")))


@scene("log")
def _log(shop: Shop) -> None:
    shop.go("connection")
    shop.open("f3", t("mode.connection_log"))


@scene("notifications")
def _notifications(shop: Shop) -> None:
    shop.backend.control("insights")
    shop.backend.control("order")
    shop.backend.control(
        "message", message="Stock-taking on Friday at 18:00", message_ar="الجرد السنوي يوم الجمعة الساعة 6 مساءً"
    )
    shop.go("notifications")
    shop.see(t("news.new_order"))


@scene("settings")
def _settings(shop: Shop) -> None:
    shop.go("settings")


@scene("sign-in")
def _sign_in(shop: Shop) -> None:
    shop.go("sign_in")


@scene("menu")
def _menu(shop: Shop) -> None:
    shop.go("sales")
    shop.open("f9", t("dialog.hint.choose"))


@scene("help")
def _help(shop: Shop) -> None:
    shop.go("sales")
    shop.open("f1", t("dialog.hint.read"))


@scene("palette")
def _palette(shop: Shop) -> None:
    shop.go("sales")
    shop.open("ctrl+p", t("app.help"))


# --- taking them ---------------------------------------------------------------------------------------


def take(language: Language, only: str, into: Path) -> int:
    """Take the pictures of one language; returns how many."""
    strings.use(language)
    wanted = [one for one in SCENES if one.name.startswith(only)]
    with tempfile.TemporaryDirectory(prefix="clutch-pictures-") as folder:
        shop = Shop(Path(folder), language)
        shop.live_the_morning()
        with time_machine.travel(NOON, tick=False):
            for stage in get_args(Stage):
                scenes = [one for one in wanted if one.stage == stage]
                if scenes:
                    with shop.run(stage):
                        for one in scenes:
                            one.play(shop)
                            picture.save(shop.terminal.screen, into / f"{one.name}-{language}.png")
                            print(f"{one.name}-{language}", flush=True)
        shop.backend.close()
    return len(wanted)


def main() -> None:
    """Take what the command line asks for."""
    options = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__.partition("\n")[0])
    options.add_argument("--only", default="", metavar="NAME", help="pictures whose names begin so")
    options.add_argument("--lang", choices=get_args(Language), help="one language instead of both")
    options.add_argument("--into", type=Path, default=ROOT / "screenshots", metavar="FOLDER")
    given = options.parse_args()
    taken = sum(take(one, given.only, given.into) for one in ([given.lang] if given.lang else get_args(Language)))
    if not taken:
        sys.exit(f"no picture's name begins with {given.only!r}")


if __name__ == "__main__":
    main()
