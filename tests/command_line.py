"""The command line on a home of its own: what a test of a command starts from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from clutch_tui import cli
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.store.store import Store
from clutch_tui.text import strings


class Ran(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it told a program, however it ended."""
        return json.loads(self.out)

    @property
    def done(self) -> Any:
        """What it told a program, having ended well."""
        assert self.code == 0, self.err
        return self.json

    @property
    def refused(self) -> str:
        """The key of the sentence with which it ended, which went to people too."""
        failure = json.loads(self.out)
        assert failure["message"] == self.err.strip()
        return str(failure["error"])


class Run(Protocol):
    """Runs a command with these arguments."""

    def __call__(self, *arguments: str, lang: str = "en") -> Ran: ...


@contextmanager
def home_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database of a home; it stays open, as the app would keep it."""
    monkeypatch.setenv("CLUTCH_HOME", str(folder))
    monkeypatch.setenv("CLUTCH_SECRETS", "file")
    with Installation.find({"CLUTCH_HOME": str(folder), "CLUTCH_SECRETS": "file"}).open_store(inline=True) as opened:
        yield opened


@contextmanager
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *command: str) -> Iterator[Run]:
    """Run this command, each time with other arguments; the language is afterwards what it was."""
    before = strings.language()

    def run(*arguments: str, lang: str = "en") -> Ran:
        monkeypatch.setattr("sys.argv", ["clutch-tui", "--lang", lang, *command, *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    yield run
    strings.use(before)
