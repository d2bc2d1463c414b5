"""`logs`: the program's log for people and for scripts, also where no database opens."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.config.paths import write_private
from clutch_tui.core.clock import from_text
from clutch_tui.phrases.log import category_word, sentence
from clutch_tui.support import logs
from clutch_tui.support.logs import LogLine, Wanted
from clutch_tui.text.format import date, time_of_day
from clutch_tui.text.harmless import escaped
from clutch_tui.text.strings import t

from . import output_file

POLL = 0.3
"""Seconds between two looks at the end of the file."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class LogOptions:
    """The options of `logs`; `export` is a file to write to instead of printing."""

    wanted: Wanted
    follow: bool = False
    export: Path | None = None
    as_json: bool = False


def run(folder: Path, wish: LogOptions) -> int:
    """Print or export the log, oldest first; with `follow`, go on for ever."""
    if wish.export is not None:
        path = output_file(wish.export)
        lines = [f"{line.raw}\n" for line in logs.read(folder, wish.wanted)]
        write_private(path, escaped("".join(lines)).encode())
        print(t("log.exported", n=len(lines), path=path), file=sys.stderr)
        return exit_codes.DONE
    if not logs.files(folder) and not wish.follow:
        print(t("cli.logs.none", folder=folder), file=sys.stderr)
        return exit_codes.DONE
    for line in _following(folder, wish.wanted) if wish.follow else logs.read(folder, wish.wanted):
        print(escaped(line.raw) if wish.as_json else entry_text(line), flush=wish.follow)
    return exit_codes.DONE


def read_since(text: str | None) -> datetime | None:
    """`10m`, `2h`, `1d`, or a moment in RFC 3339. Raises `click.UsageError`."""
    if not text:
        return None
    if (match := re.fullmatch(r"(\d+)\s*([smhd])", text.strip())) is not None:
        return datetime.now(UTC) - timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    try:
        return from_text(text.strip())
    except ValueError as error:
        raise click.UsageError(t("cli.logs.since_wrong", text=text)) from error


def entry_text(line: LogLine) -> str:
    """An entry as a person reads it."""
    what = sentence(line.event, line.values) if line.event else line.message
    level, category = t(f"log.level.{line.level}"), category_word(line.category)
    head = f"{date(line.at)} {time_of_day(line.at)} {level} {category}: {what}"
    return f"{head}\n{line.traceback.rstrip()}" if line.traceback else head


def _following(folder: Path, wanted: Wanted) -> Iterator[LogLine]:
    """Everything that is there, then what comes, from one file to the next when it is put aside."""
    for older in logs.files(folder):
        if older.name != logs.NAME and (file := _open(older)) is not None:
            with file:
                yield from logs.parse(file, wanted)
    file = _open(folder / logs.NAME)
    while True:
        if file is not None:
            yield from logs.parse(_whole_lines(file), wanted)
        if file is None or _was_put_aside(file, folder / logs.NAME):
            if file is not None:
                file.close()
            file = _open(folder / logs.NAME)
        time.sleep(POLL)


def _whole_lines(file: TextIO) -> Iterator[str]:
    """Lines that are complete; one that is being written is read again the next time."""
    while True:
        place = file.tell()
        row = file.readline()
        if not row.endswith("\n"):
            file.seek(place)
            return
        yield row


def _was_put_aside(file: TextIO, path: Path) -> bool:
    try:
        return os.fstat(file.fileno()).st_ino != path.stat().st_ino
    except FileNotFoundError:
        return False


def _open(path: Path) -> TextIO | None:
    try:
        return path.open(encoding="utf-8", errors="replace")
    except OSError:
        return None
