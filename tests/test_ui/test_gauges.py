"""Gauges: what a person feels is noted where it happens, kept, and costs next to nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.performance import measures
from clutch_tui.core.performance.meter import Meter
from clutch_tui.core.store.store import Store
from clutch_tui.text.strings import t
from tests.counting import lines
from tests.terminal import Terminal
from tests.test_ui.shop_app import Shop, open_app, press, until


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


async def test_keys_transactions_and_the_start_are_noted_and_kept(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await press(pilot, *"NGK")
        await until(pilot, lambda: "search.find" in app.meter.session())
        found = app.meter.session()
        assert found["key.paint"].count in (1, 2, 3)  # one paint may answer several keys
        assert found["search.find"].count >= 1
        assert found["start.frame"].count == found["memory.frame"].count == 1
    kept = {one.measure.name: one for one in shop.read(measures.report, {})}
    assert kept["key.paint"].today.count == found["key.paint"].count
    assert kept["memory.now"].today.count == kept["store.size"].today.count == 1


def test_noting_is_next_to_no_work() -> None:
    """The quickest thing noted, a read of the store, is a hundred times as much."""
    meter = Meter()
    meter.note_transaction("store.read", Store.open, 0.1)
    assert lines(lambda: meter.note_transaction("store.read", Store.open, 0.1)) < 12


def test_bytes_are_those_that_the_terminal_gets(tmp_path: Path, english: None) -> None:
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": "en", "CLUTCH_SECRETS": "file"}
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
        terminal.wait_for(t("sign_in.alone"))
        terminal.press("f4")
        terminal.wait_for(t("sales.cart_empty"))
        terminal.type("NGK")
        terminal.wait_for("NGK")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        received = len(terminal.output.encode())
    with Installation.find(env).open_store(inline=True) as store:
        reports = store.read_now(measures.report, {})
    frames = next(one for one in reports if one.measure.name == "wire.frame").today
    assert frames.count >= 3
    assert received - 2_000 < frames.total <= received  # what begins and ends the program is no frame


ASKING = """
from textual.app import App
from clutch_tui.ui import gauges
from tests.counting import lines

gauges.PATIENCE = 120.0  # on the busiest machine

class Asking(gauges.Gauges, App):
    idle_since, typed = 0.0, ""

    def on_mount(self):
        self.run_worker(self.ask())

    def on_key(self, event):
        self.typed += event.key

    async def ask(self):
        took = [await self.ask_terminal() for _ in range(3)]
        self.exit((all(one is not None and 0 < one < 120_000 for one in took), self.typed))

print("answered", *Asking().run(), "end")
"""


def test_a_terminal_that_knows_no_modes_answers_too() -> None:
    """As tmux does not know them. The answer is no key either."""
    with Terminal([sys.executable, "-c", ASKING], answers={"\x1b[6n": "\x1b[24;80R"}) as terminal:
        terminal.wait_for("answered")
        terminal.wait_for("answered True  end")
