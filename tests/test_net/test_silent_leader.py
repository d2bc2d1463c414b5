"""The process that leads the connection is stopped: the others say which it is, and take over when it is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.bootstrap import exit_codes
from clutch_tui.commands import status
from clutch_tui.core import journal
from clutch_tui.core.database.db import execute
from clutch_tui.core.store import health
from clutch_tui.core.store.store import Store
from clutch_tui.errors import Problem
from clutch_tui.net.network import is_led
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.settings import Settings
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from tests.test_net.test_differences import install
from tests.test_net.test_network import connected, overall, until


async def _watching(home: Path) -> asyncio.subprocess.Process:
    environ = {**os.environ, "CLUTCH_HOME": str(home), "CLUTCH_SECRETS": "file", "CLUTCH_API_KEY": demo_data.API_KEY}
    nowhere = asyncio.subprocess.DEVNULL
    arguments = ("-m", "clutch_tui", "sync", "--watch")
    return await asyncio.create_subprocess_exec(
        # in a session of its own: a stopped process is hung up when its group loses the terminal
        *(sys.executable, *arguments),
        **{"env": environ, "stdout": nowhere, "stderr": nowhere, "start_new_session": True},
    )


def _last(store: Store) -> Any:
    return store.read_now(journal.connection_state).get("overall")


async def test_a_lead_that_is_stopped_is_named_and_its_place_taken_when_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with server.running(Settings(db=str(tmp_path / "backend.db"), parts=5)) as sandbox:
        here = install(tmp_path / "home", sandbox.base_url)
        with here.open_store(inline=True) as store:
            lead = await _watching(tmp_path / "home")
            try:
                await until(lambda: (last := _last(store)) is not None and last.state == "connected")
                lead.send_signal(signal.SIGSTOP)
                store.run_now(execute, "UPDATE connection_state SET updated_at = '2026-01-01T00:00:00.000Z'")
                async with connected(tmp_path / "home", sandbox.base_url) as (follower, _):
                    named = Problem("connection.lead_silent", {"pid": lead.pid})
                    await until(lambda: follower.monitor.snapshot().reason == named)
                    assert (overall(follower), follower.leads) == ("offline", False)
                    capsys.readouterr()
                    strings.use("en")
                    assert await asyncio.to_thread(status.run, here, as_json=False) == exit_codes.FAILED
                    assert t("connection.lead_silent", pid=lead.pid) in capsys.readouterr().out
                    key = here.protection.find_key(here.database())
                    assert is_led(here.database())
                    last = health.last_word(here.database(), key)
                    assert last is not None
                    assert last.is_silent(store.clock.now())
                    lead.kill()
                    await lead.wait()
                    await until(lambda: follower.leads and overall(follower) == "connected")
            finally:
                strings.use("ar")
                if lead.returncode is None:
                    lead.kill()
                    await lead.wait()
