"""The live connection in a storm: killed, silenced, refused, half-opened and closed with every code, over real sockets.

    python -m tests.socket_storm [--rounds 500] [--seed 1]

A cable that can be cut runs between a socket and the real backend. Whatever happens to it, the socket comes back,
never two are open at once, no event is missed or told twice (their numbers say so), and memory stays flat. Time
runs fifty times as fast: a heartbeat is 0.3 s. The exit code is 0 only if all of that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import random
import resource
import socket as sockets
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from clutch_tui.config.settings import Backend, Settings
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.events import SystemMessage
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.socket.line import SocketLine, WebSocketDial
from clutch_tui.net.socket.websocket import Socket
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.settings import Settings as SandboxSettings
from clutch_tui.security.vault import Vault
from tests.patient_loop import PatientLoop

SPEED = 50.0
PATIENCE = 120.0
"""Real seconds in which a socket must be back, 25 minutes of its own."""
CODES = (1000, 1001, 1008, 1011, 4001, 4003, 4029)
TROUBLES = ("kill", "end", "silence", "refuse", "half_open", "close", "calm")
_ABORT = struct.pack("ii", 1, 0)


class FastClock:
    """The loop's clock, run faster. A machine that does something else for a second does not make it a minute."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began, self._start = self._loop.time(), datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self._loop.time() - self._began) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class Cable:
    """A line of TCP to a port of this machine that somebody can pull, cut or sit on."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self.mode = "through"
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def lay(self) -> None:
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """From now on nobody is there, as far as a caller can tell."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self, *, politely: bool = False) -> None:
        for writer in list(self._open):
            if not politely:
                writer.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, _ABORT)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = {writer}
        self._open.add(writer)
        try:
            if self.mode == "deaf":  # takes the call and never says a word
                await reader.read(-1)
                return
            back, forth = await asyncio.open_connection("127.0.0.1", self._to)
            mine.add(forth)
            self._open.add(forth)
            pumps = [asyncio.create_task(self._pump(*pair)) for pair in ((reader, forth), (back, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:  # the backend is stopping; the line ends as any other
            return
        finally:
            for one in mine:
                self._open.discard(one)
                one.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.mode != "silent":
                writer.write(data)
                await writer.drain()


@dataclass
class CountedDial:
    """Dials as the socket does, and counts how many lines are open at once."""

    dial: WebSocketDial
    open: int = 0
    most: int = 0
    made: int = 0

    async def __call__(self, url: str, headers: Mapping[str, str]) -> SocketLine:
        line = await self.dial(url, headers)
        self.made += 1
        self.open += 1
        self.most = max(self.most, self.open)
        return CountedLine(line, self)


class CountedLine:
    def __init__(self, line: SocketLine, dial: CountedDial) -> None:
        self._line, self._dial, self._is_open = line, dial, True

    async def send(self, text: str) -> None:
        await self._line.send(text)

    async def receive(self) -> str | bytes:
        return await self._line.receive()

    async def close(self) -> None:
        try:
            await self._line.close()
        finally:
            if self._is_open:
                self._is_open = False
                self._dial.open -= 1


@dataclass
class Kept:
    """A cursor in memory."""

    seq: int | None = None

    async def load(self) -> int | None:
        return self.seq

    async def save(self, seq: int) -> None:
        self.seq = seq

    async def head(self) -> int | None:
        return None


@dataclass
class Outcome:
    """What a storm did, and what came of it."""

    rounds: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    heard: list[int] = field(default_factory=list)
    sent: int = 0
    lines: int = 0
    most_lines: int = 0
    longest: float = 0.0
    """The longest absence, in seconds of the socket's own time."""
    tasks: int = 0
    early_mib: float = 0.0
    late_mib: float = 0.0
    problems: list[str] = field(default_factory=list)

    def judge(self) -> None:
        if self.most_lines > 1:
            self.problems.append(f"{self.most_lines} sockets were open at once")
        if len(self.heard) != self.sent:
            self.problems.append(f"{self.sent} messages were sent, {len(self.heard)} were heard")
        if len(set(self.heard)) < len(self.heard):
            self.problems.append("events were told twice")
        if self.tasks > 20:
            self.problems.append(f"{self.tasks} tasks are left over")
        if self.late_mib - self.early_mib > 24:
            self.problems.append(f"memory grew from {self.early_mib:.0f} to {self.late_mib:.0f} MiB")


class Storm:
    """One socket, one cable, one backend, and trouble."""

    def __init__(self, sandbox: server.Running, folder: Path, seed: int) -> None:
        self._sandbox = sandbox
        self._chance = random.Random(seed)
        self.cable = Cable(sandbox.port)
        self.outcome = Outcome()
        self._deck: list[str] = []
        self._trouble = ""
        self._folder = folder
        self._direct = httpx.AsyncClient(trust_env=False, timeout=180, verify=False)
        self._clock = FastClock()
        self.monitor = Monitor(self._clock)

    async def blow(self, rounds: int) -> Outcome:
        await self.cable.lay()
        backend = Backend(
            base_url=self._sandbox.base_url,
            ws_url=f"ws://127.0.0.1:{self.cable.port}/ws",
            shop_id=demo_data.SHOP_ID,
            connect_timeout=0.4,
        )
        settings = Settings(backend=backend)
        vault = Vault(self._folder / "secrets.json", backend.base_url, backend.shop_id, "file")
        session = Session(vault, clock=self._clock, monitor=self.monitor)
        api = Api(backend, session=session, monitor=self.monitor, device_id="storm", clock=self._clock)
        await session.login("owner@clutch.test", demo_data.PASSWORD)
        dial = CountedDial(WebSocketDial(backend, heartbeat=15, pong_timeout=10, close_timeout=0.2))
        self.socket = Socket(
            settings,
            session=session,
            monitor=self.monitor,
            device_id="storm",
            clock=self._clock,
            chance=self._chance,
            cursor=Kept(0),
            dial=dial,
        )
        self.socket.on(SystemMessage, lambda message: self.outcome.heard.append(message.seq or 0))
        running = asyncio.create_task(self.socket.run())
        try:
            await self._until_back()
            for n in range(rounds):
                await self._round()
                if n == max(10, rounds // 5):
                    self.outcome.early_mib = _memory()
        finally:
            self.outcome.tasks = len(asyncio.all_tasks())
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await api.close()
            await self._direct.aclose()
            await self.cable.refuse()
        self.outcome.late_mib = _memory()
        self.outcome.early_mib = self.outcome.early_mib or self.outcome.late_mib
        self.outcome.lines, self.outcome.most_lines = dial.made, dial.most
        self.outcome.judge()
        return self.outcome

    async def _round(self) -> None:
        self.outcome.rounds += 1
        if not self._deck:  # every trouble as often as any other, in no order
            self._deck = self._chance.sample(TROUBLES, len(TROUBLES))
        trouble = self._deck.pop()
        self._trouble = trouble
        self.outcome.troubles[trouble] += 1
        began = self._clock.monotonic()
        await self._say_something()
        await getattr(self, f"_{trouble}")()
        await self._say_something()
        self.cable.mode = "through"
        await self._until_back()
        self.outcome.longest = max(self.outcome.longest, self._clock.monotonic() - began)

    async def _say_something(self) -> None:
        for _ in range(self._chance.randrange(3)):
            answer = await self._direct.post(
                f"{self._sandbox.root}/__control", json={"do": "message", "message": "x", "level": "info"}
            )
            answer.raise_for_status()
            self.outcome.sent += 1

    async def _until_back(self) -> None:
        """Until the socket is up and has heard everything that was said."""
        end = time.monotonic() + PATIENCE
        while not (self._is_up() and len(self.outcome.heard) >= self.outcome.sent):
            if time.monotonic() > end:
                state = self.monitor.part("socket")
                heard = f"heard {len(self.outcome.heard)} of {self.outcome.sent}"
                raise AssertionError(f"round {self.outcome.rounds}, {self._trouble}: not back, {heard}, {state}")
            await asyncio.sleep(0.005)

    def _is_up(self) -> bool:
        return self.monitor.part("socket").state == "up"

    async def _until_down(self) -> None:
        end = time.monotonic() + PATIENCE
        while self._is_up():
            if time.monotonic() > end:
                raise AssertionError(f"round {self.outcome.rounds}: a dead line was taken for a live one")
            await asyncio.sleep(0.005)

    # --- the troubles ----------------------------------------------------------------------------------

    async def _calm(self) -> None:
        await asyncio.sleep(0.02)

    async def _kill(self) -> None:
        self.cable.cut()
        await self._until_down()

    async def _end(self) -> None:
        self.cable.cut(politely=True)
        await self._until_down()

    async def _silence(self) -> None:
        """Nothing comes through any more and nobody says so: found within 45 seconds."""
        began = self._clock.monotonic()
        self.cable.mode = "silent"
        await self._until_down()
        if (found := self._clock.monotonic() - began) > 45 + SPEED:  # and a second of this machine's
            self.outcome.problems.append(f"a half-open line was found after {found:.0f} s")

    async def _refuse(self) -> None:
        await self.cable.refuse()
        await self._until_down()
        await asyncio.sleep(self._chance.uniform(0, 0.3))
        await self.cable.lay()

    async def _half_open(self) -> None:
        """The call is taken, the handshake never answered."""
        self.cable.mode = "deaf"
        self.cable.cut()
        await self._until_down()
        await asyncio.sleep(self._chance.uniform(0, 0.5))

    async def _close(self) -> None:
        code = self._chance.choice(CODES)
        self.outcome.troubles[f"close {code}"] += 1
        ends = asyncio.Event()
        self.monitor.on_change.append(lambda: None if self._is_up() else ends.set())
        answer = await self._direct.post(f"{self._sandbox.root}/__faults", json={"kind": "close_sockets", "code": code})
        answer.raise_for_status()
        async with asyncio.timeout(PATIENCE):
            await ends.wait()
        self.monitor.on_change.pop()
        if code == 4003:  # tried every quarter of an hour, and by key
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while self.monitor.part("socket").state != "refused":  # noqa: ASYNC110
                        await asyncio.sleep(0.005)
            self.socket.reconnect_now()


def _memory() -> float:
    """What this process holds now, in MiB; the most it ever held where the system does not say."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 2**20


async def storm(folder: Path, rounds: int, seed: int) -> Outcome:
    """Let it blow for so many rounds, over a backend of its own in `folder`."""
    async with server.running(SandboxSettings(db=str(folder / "backend.db"), faults=True)) as sandbox:
        return await Storm(sandbox, folder, seed).blow(rounds)


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rounds", type=int, default=500)
    given.add_argument("--seed", type=int, default=1)
    wanted = given.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # lines that end are no news here
    started = time.perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="clutch-storm-") as folder,
        asyncio.Runner(loop_factory=PatientLoop) as runner,
    ):
        outcome = runner.run(storm(Path(folder), wanted.rounds, wanted.seed))
    troubles = ", ".join(f"{n} {name}" for name, n in sorted(outcome.troubles.items()))
    print(f"{outcome.rounds} rounds in {time.perf_counter() - started:.0f} s: {troubles}")
    print(
        f"{outcome.lines} lines, {outcome.most_lines} at once; {len(outcome.heard)} of {outcome.sent} messages heard,"
        f" each once; longest absence {outcome.longest:.0f} s of its own time; {outcome.tasks} tasks;"
        f" {outcome.early_mib:.0f} MiB early, {outcome.late_mib:.0f} MiB late"
    )
    for problem in outcome.problems:
        print(f"- {problem}")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
