"""One round by itself, as a script asks for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.performance import savings, usage
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.settings import Settings


async def test_what_a_script_fetched_is_in_the_figures(tmp_path: Path) -> None:
    async with server.running(Settings(db=str(tmp_path / "backend.db"), parts=40)) as sandbox:
        environ = {
            "CLUTCH_HOME": str(tmp_path / "home"),
            "CLUTCH_SECRETS": "file",
            "CLUTCH_API_KEY": demo_data.API_KEY,
        }
        overrides = {"backend.base_url": sandbox.base_url, "backend.shop_id": demo_data.SHOP_ID}
        installation = Installation.find(environ, overrides)
        store = installation.open_store()
        network = installation.network(installation.settings, store, lambda _nouns: None)
        await network.sync_once(30)
        day = next(period for period in store.read_now(usage.periods) if period.name == "day")
        today = store.read_now(savings.today)
        await asyncio.to_thread(store.close)
    assert today.records == day.fetched > 40
    assert day.busy > 0
    assert network.monitor.part("sync").state == "up"
