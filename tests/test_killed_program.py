"""The real program, `clutch-tui sell`, killed with SIGKILL at any moment of a sale.

A forking server has imported what the first sale needed, so that each run is a process of its own that reaches its sale
within milliseconds; everything after that (configuration, database, sale, receipt) is the program's own way.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import deque
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory, journal
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from tests.forking import ForkingServer

KILLS = 40
LINES = 12

PROGRAM = """
import importlib, os, sys
from clutch_tui import cli
os.write(1, b"ready\\n")
learned = False
for line in iter(sys.stdin.readline, ""):
    source, modules = os.pipe()
    pid = os.fork()
    if pid == 0:
        out = os.open(os.devnull, os.O_WRONLY)
        pipe = os.dup(1)
        os.dup2(out, 1)
        os.write(pipe, f"{os.getpid()}\\n".encode())
        try:
            cli.main(line.split())
        except SystemExit as end:
            if not learned:
                os.write(modules, " ".join(sys.modules).encode())
            os._exit(int(end.code or 0))
    os.close(modules)
    if not learned:  # what a run imports by itself is time in which nothing of the sale can be killed
        with os.fdopen(os.dup(source)) as names:
            for name in names.read().split():
                importlib.import_module(name)
        learned = True
    os.close(source)
    sys.stdin.readline()  # reaped only when asked to: until then its number belongs to nobody else
    _, status = os.waitpid(pid, 0)
    os.write(1, f"ended {status}\\n".encode())
"""


class Program:
    """Runs `clutch-tui` commands, each in a process of its own, and kills them."""

    def __init__(self, server: ForkingServer) -> None:
        self._server = server

    def run(self, arguments: str, *, kill_after: float | None = None) -> int:
        """The wait status of one run; killed after so many seconds if it is not done before."""
        self._server.say(arguments)
        pid = int(self._server.hear())
        if kill_after is not None:
            time.sleep(kill_after)  # the moment of death is the point here, nothing is waited for
            os.kill(pid, signal.SIGKILL)  # one that is done already is a zombie: nothing happens
        self._server.say("reap")
        return int(self._server.hear().split()[1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Installation.find({"CLUTCH_HOME": str(tmp_path)}).open_store(inline=True) as store:
        for n in range(LINES):
            store.run_now(inventory.create, PartDraft(name=f"part {n}", part_number=f"P-{n}", price=5000), whole(1000))
    return tmp_path


def test_a_killed_sale_is_whole_or_was_never_made(home: Path) -> None:
    arguments = "sell " + " ".join(f"--part P-{n}" for n in range(LINES))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLUTCH_")}
    moments, finished, killed, whole = random.Random(11), 0, 0, 0
    with ForkingServer(PROGRAM, {**kept, "CLUTCH_HOME": str(home), "CLUTCH_LANG": "en"}) as server:
        program = Program(server)
        assert program.run(arguments) == 0  # the server learns from it what a sale imports
        finished += 1
        lengths: deque[float] = deque(maxlen=3)
        for n in count():
            if killed == KILLS or (killed > KILLS and killed % 10 == 0):
                whole = _check_every_sale(home)
                if finished < whole < finished + killed or killed >= 5 * KILLS:
                    break  # else the machine became busy, or idle, at the wrong moments: some more
            if n % 4 == 0:  # the machine may have become busy, or idle, since the last look
                lengths.append(_timed(program, arguments))
                finished += 1
            # any moment, and every other time one of the last third: the way to the sale is longer than the sale
            earliest = median(lengths) * (2 / 3 if n % 2 else 0)
            status = program.run(arguments, kill_after=moments.uniform(earliest, median(lengths)))
            killed += status == signal.SIGKILL
            finished += status == 0
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
            return store.read_now(lambda: db.execute(sql).fetchall())

        sales = {row[0] for row in ask("SELECT id FROM sale")}
        for belonging, expected in (
            ("SELECT sale_id, count(*) FROM sale_line GROUP BY 1", LINES),
            ("SELECT sale_id, count(*) FROM stock_move WHERE kind = 'sale' GROUP BY 1", LINES),
            ("SELECT sale_id, count(*) FROM payment GROUP BY 1", 1),
            ("SELECT sale_id, count(*) FROM money_move GROUP BY 1", 1),
            ("SELECT record_id, count(*) FROM outbox WHERE type = 'sale' GROUP BY 1", 1),
            ("SELECT record_id, count(*) FROM audit WHERE action = 'sale' GROUP BY 1", 1),
        ):
            assert dict(ask(belonging)) == dict.fromkeys(sales, expected), belonging
        numbers = [row[0] for row in ask("SELECT receipt_number FROM sale")]
        assert len(set(numbers)) == len(numbers)
        assert store.read_now(journal.verify_audit) is None
        assert ask("PRAGMA integrity_check") == [("ok",)]
        return len(sales)
