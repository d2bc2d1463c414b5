"""The program's own processes: started as a person or a service would, ended as a power cut does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import clutch_tui
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.sandbox import demo_data

from .proxy import HOST

SOURCE = Path(clutch_tui.__file__).parents[1]
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


@dataclass(slots=True)
class Ended:
    """How a process ended, and what it had printed by then."""

    killed: bool
    code: int
    printed: bytes


class Program:
    """One running process of `clutch-tui`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, arguments: list[str], environ: dict[str, str], errors: IO[bytes]) -> Program:
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ} | environ
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "clutch_tui", *arguments,
            env={**environ, "PYTHONPATH": str(SOURCE)}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        return cls(process)

    async def end(self, *, kill_after: float | None = None) -> Ended:
        """Wait until it ends by itself, or kill it after so many seconds if it has not ended before."""
        finished = asyncio.ensure_future(self._process.communicate())
        try:
            done, _ = await asyncio.wait((finished,), timeout=kill_after)
            if not done:
                self.kill()
            printed, _ = await finished
        finally:
            self.kill()
        code = self._process.returncode
        assert code is not None
        return Ended(code == -signal.SIGKILL, code, printed)

    def kill(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended in this very moment
                self._process.kill()


@dataclass(frozen=True, slots=True)
class Server:
    """The sandbox: its file, its port, and the file that its complaints go to."""

    folder: Path
    port: int

    @property
    def database(self) -> Path:
        return self.folder / "server.db"

    async def start(self) -> Program:
        arguments = ["sandbox", "--host", HOST, "--port", str(self.port), "--db", str(self.database), "--parts", "0"]
        environ = {"CLUTCH_HOME": str(self.folder / "server-home"), "CLUTCH_LANG": "en"}
        with (self.folder / "server.errors").open("ab") as errors:
            return await Program.start(arguments, environ, errors)


@dataclass(frozen=True, slots=True)
class Terminal:
    """One till: a home of its own, and the way to the server."""

    name: str
    folder: Path
    port: int

    @property
    def environ(self) -> dict[str, str]:
        return {
            "CLUTCH_HOME": str(self.folder / f"terminal-{self.name}"),
            "CLUTCH_LANG": "en",
            "CLUTCH_BASE_URL": f"http://{HOST}:{self.port}/api/v1",
            "CLUTCH_WS_URL": f"ws://{HOST}:{self.port}/ws",
            "CLUTCH_SHOP_ID": demo_data.SHOP_ID,
            "CLUTCH_API_KEY": demo_data.API_KEY,
            "CLUTCH_SYNC__POLL_INTERVAL": "5",
            "CLUTCH_SYNC__PAGE_SIZE": "100",
        }

    @property
    def installation(self) -> Installation:
        return Installation.find(self.environ)

    async def start(self, *arguments: str) -> Program:
        with (self.folder / f"terminal-{self.name}.errors").open("ab") as errors:
            return await Program.start(list(arguments), self.environ, errors)

    async def watch(self) -> Program:
        return await self.start("sync", "--watch")


def free_port() -> int:
    """A port that nothing listens on now; a server that is killed takes it again and again."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])
