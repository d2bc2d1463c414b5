"""A process that has the program imported and forks for each order, so that a run costs milliseconds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Self


class ForkingServer:
    """Runs the Python text `program`, which says `ready` once it has imported and reads its orders line by line."""

    def __init__(self, program: str, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        assert self.hear() == "ready"

    def say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """The next line of the server or of one that it forked."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the server has ended"
        return line.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(120)
        self._process.stdout.close()
