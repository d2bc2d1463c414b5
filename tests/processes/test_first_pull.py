"""A first pull that is interrupted goes on where it stood, in the process that lives on and in the next one."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from clutch_tui.bootstrap import exit_codes
from clutch_tui.core import inventory
from clutch_tui.core.sync import replica
from clutch_tui.core.types import PartQuery
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings
from tests.processes.programs import Terminal
from tests.processes.proxy import Proxy

PARTS, PAGE = 2_000, 100
CUT, KILLED = 8, 15
"""The pages at which the line and the process break."""


class CountingProxy(Proxy):
    """Counts the pages of parts that are asked for, and says when one of them was."""

    def __init__(self, upstream: int) -> None:
        super().__init__(random.Random(1), upstream)
        self.calm = True
        self.pages = 0
        self.reached = {page: asyncio.Event() for page in (CUT, KILLED)}

    def heard(self, request: bytes) -> None:
        if b" /api/v1/inventory/sync " in request.partition(b"\r\n")[0]:
            self.pages += 1
            if self.pages in self.reached:
                self.reached[self.pages].set()

    def cut(self) -> None:
        """Reset every connection there is."""
        for task in list(self.tasks):
            task.cancel()


async def test_pages_that_were_read_are_not_read_again(tmp_path: Path) -> None:
    async with running(Settings(db=str(tmp_path / "server.db"), parts=PARTS)) as sandbox:
        proxy = CountingProxy(sandbox.port)
        await proxy.start()
        terminal = Terminal("a", tmp_path, proxy.port)
        for page in (CUT, KILLED):
            program = await terminal.start("sync")
            ending = asyncio.ensure_future(program.end(kill_after=60))
            async with asyncio.timeout(60):
                await proxy.reached[page].wait()
            proxy.cut() if page == CUT else program.kill()
            assert (await ending).code != exit_codes.DONE
            with terminal.installation.open_store(inline=True) as store:
                assert store.read_now(inventory.count, PartQuery()) == 0, "half a pull is seen"
                assert store.read_now(replica.cursor, "inventory") == 0
        assert (await (await terminal.start("sync")).end(kill_after=120)).code == exit_codes.DONE
        with terminal.installation.open_store(inline=True) as store:
            assert store.read_now(inventory.count, PartQuery()) == PARTS
        # the two pages that were under way once more, and the calls that bring no page
        assert PARTS // PAGE < proxy.pages <= PARTS // PAGE + 4
        await proxy.stop()
