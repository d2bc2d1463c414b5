"""The program as a script runs it, a process each time, without the second that importing it costs each time.

A forking server has everything imported; a command is a child of it with arguments, variables and standard streams
of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVER = """
import gc, importlib, json, os, pkgutil, sys
import argon2.low_level, filelock, playhouse.migrations, pydantic, uuid_utils, zoneinfo
import clutch_tui
from clutch_tui import cli
from clutch_tui.config import rules
rooms = "bootstrap commands config core net phrases printing security support terminal"
for room in rooms.split():
    package = importlib.import_module(f"clutch_tui.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"clutch_tui.{room}."):
        importlib.import_module(module.name)
rules.validate({})
gc.collect()
gc.freeze()
os.write(1, b"ready\\n")
for line in iter(sys.stdin.readline, ""):
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        for number, name in enumerate(("in", "out", "err")):
            os.dup2(os.open(os.path.join(order["streams"], name), os.O_RDWR | os.O_CREAT, 0o600), number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate("rww")
        )
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environ"])
        sys.argv = ["clutch-tui", *order["words"]]
        code = 1
        try:
            cli.main(order["words"])
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            import traceback
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    os.write(1, f"{os.waitstatus_to_exitcode(status)}\\n".encode())
"""


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Program:
    """Runs commands. `close` it."""

    def __init__(self, streams: Path) -> None:
        self._streams = streams
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._line() == "ready"

    def run(self, home: Path, *words: str, typed: str = "", **environ: str) -> Said:
        """One command in a home whose temporary folder lies in it too."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLUTCH_", "DBUS_"))}
        (home / "tmp").mkdir(exist_ok=True)
        given = {**kept, "CLUTCH_HOME": str(home), "CLUTCH_LANG": "en", "TMPDIR": str(home / "tmp"), **environ}
        return self.call(*words, environ=given, typed=typed)

    def call(self, *words: str, environ: Mapping[str, str], typed: str = "", cwd: Path | None = None) -> Said:
        """One command with exactly these variables."""
        for name in ("out", "err"):
            (self._streams / name).unlink(missing_ok=True)
        (self._streams / "in").write_text(typed, "utf-8")
        assert self._server.stdin
        order = {"words": words, "environ": dict(environ), "streams": str(self._streams), "cwd": str(cwd or Path.cwd())}
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        code = int(self._line())
        return Said(code, *((self._streams / name).read_text("utf-8") for name in ("out", "err")))

    def close(self) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(120)

    def _line(self) -> str:
        assert self._server.stdout
        return self._server.stdout.readline().strip()
