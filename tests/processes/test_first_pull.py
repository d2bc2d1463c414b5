"""A first pull that is interrupted goes on where it stood, in the process that lives on and in the next one."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from clutch_tui import exits
from clutch_tui.core import inventory, replica
from clutch_tui.core.types import PartQuery
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings
from tests.processes.programs import Terminal
from tests.processes.proxy import Proxy

PARTS, PAGE, STRUCK = 2_000, 100, 15


class CountingProxy(Proxy):
    """Counts the pages of parts that are asked for; at the fifteenth something happens."""

    def __init__(self, upstream: int) -> None:
        super().__init__(random.Random(1), upstream)
        self.calm = True
        self.pages = 0
        self.struck_at = asyncio.Event()

    def heard(self, request: bytes) -> None:
        if b" /api/v1/inventory/sync " in request.partition(b"\r\n")[0]:
            self.pages += 1
            if self.pages == STRUCK:
                self.struck_at.set()


@pytest.mark.parametrize("blow", ["the line is cut", "the process is killed"])
async def test_pages_that_were_read_are_not_read_again(tmp_path: Path, blow: str) -> None:
    async with running(Settings(db=str(tmp_path / "server.db"), parts=PARTS)) as sandbox:
        proxy = CountingProxy(sandbox.port)
        await proxy.start()
        terminal = Terminal("a", tmp_path, proxy.port)
        first = await terminal.start("sync")
        ending = asyncio.ensure_future(first.end(kill_after=60))
        async with asyncio.timeout(60):
            await proxy.struck_at.wait()
        if blow == "the process is killed":
            first.kill()
        else:
            for task in list(proxy.tasks):
                task.cancel()
        assert (await ending).code != exits.DONE
        with terminal.installation.open_store(inline=True) as store:
            assert store.read_now(inventory.count, PartQuery()) == 0, "half a pull is seen"
            assert store.read_now(replica.cursor, "inventory") == 0
        assert (await (await terminal.start("sync")).end(kill_after=120)).code == exits.DONE
        with terminal.installation.open_store(inline=True) as store:
            assert store.read_now(inventory.count, PartQuery()) == PARTS
        # the page that was under way again, and one round more that finds nothing new
        assert PARTS // PAGE < proxy.pages <= PARTS // PAGE + 4
        await proxy.stop()
