"""The real program, `clutch-tui sell`, killed with SIGKILL at any moment of a sale.

A forking server has the program imported, so that each run is a process of its own that reaches its sale within
milliseconds; everything after that (configuration, database, sale, receipt) is the program's own way.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import inventory, journal
from clutch_tui.core.database import models
from clutch_tui.core.types import PartDraft
from clutch_tui.installation import Installation

KILLS = 40
LINES = 12

PROGRAM = """
import os, sys
from clutch_tui import cli
import clutch_tui.commands.trade, clutch_tui.printing.receipt, clutch_tui.installation, clutch_tui.core.sales
import clutch_tui.core.sync.replica, playhouse.migrations, filelock, uuid_utils, zoneinfo
os.write(1, b"ready\\n")
for line in iter(sys.stdin.readline, ""):
    pid = os.fork()
    if pid == 0:
        out = os.open(os.devnull, os.O_WRONLY)
        pipe = os.dup(1)
        os.dup2(out, 1)
        os.write(pipe, f"{os.getpid()}\\n".encode())
        try:
            cli.main(line.split())
        except SystemExit as end:
            os._exit(int(end.code or 0))
    sys.stdin.readline()  # reaped only when asked to: until then its number belongs to nobody else
    _, status = os.waitpid(pid, 0)
    os.write(1, f"ended {status}\\n".encode())
"""


class Program:
    """Runs `clutch-tui` commands, each in a process of its own, and kills them."""

    def __init__(self, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CLUTCH_")}
        environ = {**kept, "CLUTCH_HOME": str(home), "CLUTCH_LANG": "en"}
        self._server = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        assert self._line() == "ready"

    def run(self, arguments: str, *, kill_after: float | None = None) -> int:
        """The wait status of one run; killed after so many seconds if it is not done before."""
        self._say(arguments)
        pid = int(self._line())
        if kill_after is not None:
            time.sleep(kill_after)  # the moment of death is the point here, nothing is waited for
            os.kill(pid, signal.SIGKILL)  # one that is done already is a zombie: nothing happens
        self._say("reap")
        return int(self._line().split()[1])

    def close(self) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(10)

    def _say(self, line: str) -> None:
        assert self._server.stdin
        self._server.stdin.write(line + "\n")
        self._server.stdin.flush()

    def _line(self) -> str:
        assert self._server.stdout
        return self._server.stdout.readline().strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Installation.find({"CLUTCH_HOME": str(tmp_path)}).open_store(inline=True) as store:
        for n in range(LINES):
            store.run_now(inventory.create, PartDraft(name=f"part {n}", part_number=f"P-{n}", price=5000), 1000)
    return tmp_path


def test_a_killed_sale_is_whole_or_was_never_made(home: Path) -> None:
    arguments = "sell " + " ".join(f"--part P-{n}" for n in range(LINES))
    program, moments = Program(home), random.Random(11)
    finished = killed = 0
    try:
        lengths = [_timed(program, arguments) for _ in range(5)]
        finished += len(lengths)
        while killed < KILLS:
            status = program.run(arguments, kill_after=moments.uniform(0, sorted(lengths)[2]))
            killed += status == signal.SIGKILL
            finished += status == 0
    finally:
        program.close()
    whole = _check_every_sale(home)
    # some died before their sale and some after it: the moments were spread over the whole run
    assert finished < whole < finished + killed


def _timed(program: Program, arguments: str) -> float:
    started = time.perf_counter()
    assert program.run(arguments) == 0
    return time.perf_counter() - started


def _check_every_sale(home: Path) -> int:
    """Every sale has all that belongs to it, and nothing is there without its sale; how many there are."""
    with Installation.find({"CLUTCH_HOME": str(home)}).open_store(inline=True) as store:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return store.read_now(lambda: models.execute(sql).fetchall())

        sales = {row[0] for row in ask("SELECT id FROM sale")}
        for belonging, expected in (
            ("SELECT sale_id, count(*) FROM sale_line GROUP BY 1", LINES),
            ("SELECT sale_id, count(*) FROM stock_move WHERE kind = 'sale' GROUP BY 1", LINES),
            ("SELECT sale_id, count(*) FROM payment GROUP BY 1", 1),
            ("SELECT sale_id, count(*) FROM cash_move GROUP BY 1", 1),
            ("SELECT record_id, count(*) FROM outbox WHERE type = 'sale' GROUP BY 1", 1),
            ("SELECT record_id, count(*) FROM audit WHERE action = 'sale' GROUP BY 1", 1),
        ):
            assert dict(ask(belonging)) == dict.fromkeys(sales, expected), belonging
        numbers = [row[0] for row in ask("SELECT receipt_number FROM sale")]
        assert len(set(numbers)) == len(numbers)
        assert store.read_now(journal.verify_audit) is None
        assert ask("PRAGMA integrity_check") == [("ok",)]
        return len(sales)
