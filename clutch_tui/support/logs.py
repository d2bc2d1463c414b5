"""The program's own log: rotating files of JSON lines in the log folder, without secrets, people or prices.

Beside the connection's log, which is rows of the database: this one has tracebacks, takes what libraries say, and
can be read where no database opens. What the connection does stands in both; what it carried, bodies and the server's
words, stands in the database alone, which is encrypted.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Literal

from clutch_tui.core.clock import from_text, to_text
from clutch_tui.errors import ClutchError
from clutch_tui.security.redaction import HIDDEN, hide_queries, hide_text, hide_value
from clutch_tui.text.harmless import escaped

NAME = "clutch-tui.log"
SIZE = 2_000_000
KEPT = 3
PROGRAM = "program"
"""The category of what is not about the connection."""

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")

_NOISY = ("httpx", "httpcore", "uvicorn", "asyncio", "markdown_it")
"""What these say at every request belongs into the connection log, which the program writes itself."""
_NEVER = ("hpack", "h2", "filelock", "websockets", "uvicorn.error", "peewee")
"""Not in debug mode either: tables of header fields and locks, by the thousand; whole frames and statements."""
_SHOWN = frozenset(
    {
        *("access", "attempt", "channel", "change", "code", "direction", "endpoint", "epoch", "fault", "host", "id"),
        *("kind", "method", "ms", "n", "nouns", "part", "path", "pid", "problem", "record", "request_id", "seconds"),
        *("seq", "setting", "size", "state", "status", "type", "way"),
    }
)
"""The values of an entry that say how the connection works. Any other text may be the server's or a person's."""
_QUOTING = (ValueError, LookupError, AssertionError)
"""Exceptions whose text repeats what they were given: an answer's field, a row, what was typed."""


# --- writing -------------------------------------------------------------------------------------------


def start(folder: Path, *, debug: bool, level: Level = "info") -> None:
    """Write what the program and its libraries log into `folder` from now on.

    A folder that cannot be written leaves the program without a log, not without a start; `unwritten` tells of it.
    """
    root = logging.getLogger()
    if any(isinstance(handler, _Lines) for handler in root.handlers):
        return
    logging.setLogRecordFactory(DiscreetRecord)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _Lines(folder / NAME, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8")
    except OSError:
        _unwritten.append(folder)
        root.addHandler(logging.NullHandler())  # else Python prints what is logged, in its own words
        return
    handler.setFormatter(_JsonLine())
    root.addHandler(handler)
    set_level("debug" if debug else level)


def unwritten() -> Path | None:
    """The folder in which the log cannot be written, for who would send a person there."""
    return _unwritten[-1] if _unwritten else None


def set_level(level: Level) -> None:
    """Write entries of at least this level, also those of libraries where it is `debug`."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    debug = level == "debug"
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.DEBUG if debug else max(logging.WARNING, root.level))
    for never in _NEVER:
        logging.getLogger(never).setLevel(logging.WARNING)


_unwritten: list[Path] = []


class DiscreetRecord(logging.LogRecord):
    """An entry without secrets, whichever handler prints it: libraries bring handlers of their own, and uvicorn and
    websockets print addresses and headers with the token in them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.args, tuple):
            self.args = tuple(hide_text(argument) if isinstance(argument, str) else argument for argument in self.args)

    def getMessage(self) -> str:
        return hide_text(super().getMessage())


class _Lines(RotatingFileHandler):
    """Files for their owner alone, the rotated ones too, shared by the processes of this machine."""

    def _open(self) -> Any:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:
        """A disk that takes no line more is told by whoever meets it, not by a stack on somebody's screen."""
        _unwritten.append(Path(self.baseFilename).parent)

    def emit(self, record: logging.LogRecord) -> None:
        _unwritten.clear()
        super().emit(record)

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Also look whether another process has put the file aside: this one would write on into the old one."""
        if self.stream is not None and not self._is_current():
            self.stream.close()
            self.stream = self._open()
        return bool(super().shouldRollover(record))

    def _is_current(self) -> bool:
        try:
            there = os.stat(self.baseFilename)
        except FileNotFoundError:
            return False
        here = os.fstat(self.stream.fileno()) if self.stream is not None else there
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


class _JsonLine(logging.Formatter):
    """One entry as one line; an entry of the connection's log (`extra={"entry": ...}`) keeps its shape."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": to_text(datetime.fromtimestamp(record.created, UTC)),
            "level": _word(record.levelno),
            "pid": record.process,
        }
        entry = getattr(record, "entry", None)
        if entry is not None:
            values = _shown_values(entry.values)
            line |= {"at": to_text(entry.at), "category": entry.category, "event": entry.event, "values": values}
            if entry.exchange is not None:
                line["exchange"] = _seen(entry.exchange)
        else:
            message = hide_queries(record.getMessage())
            if record.name == "asyncio":  # below the first line it prints the task with its exception
                message = message.partition("\n")[0]
            line |= {"category": PROGRAM, "logger": record.name, "message": message}
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = hide_text("".join(_way(record.exc_info[1], set())))
        return escaped(json.dumps(line, ensure_ascii=False, default=_plain))


def _shown_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an entry or a problem; texts that may be anybody's are hidden."""
    return {name: _telling(name, value) for name, value in values.items()}


def _telling(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return hide_queries(str(hide_value(value, name))) if name in _SHOWN and isinstance(value, str) else HIDDEN


def _seen(exchange: Mapping[str, Any]) -> dict[str, Any]:
    """An exchange without what it carried."""
    seen = {name: value for name, value in exchange.items() if not name.endswith("_body")}
    if isinstance(url := seen.get("url"), str):
        seen["url"] = hide_queries(url)
    for name in ("request_headers", "response_headers"):
        if isinstance(headers := seen.get(name), Mapping):
            seen[name] = {header: hide_queries(value) for header, value in headers.items()}
    if isinstance(problem := seen.get("problem"), Mapping):
        seen["problem"] = {"key": problem["key"], "values": _shown_values(problem["values"])}
    return seen


def _way(error: BaseException, known: set[int]) -> Iterator[str]:
    """A traceback as Python prints it, where an error that may repeat what it was given says its name or key alone."""
    known.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in known:
        yield from _way(before, known)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}: {_said(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            if id(member) not in known:
                yield from _way(member, known)


def _said(error: BaseException) -> str:
    if isinstance(error, ClutchError):
        return error.key
    return HIDDEN if isinstance(error, _QUOTING) and not isinstance(error, OSError) else hide_queries(str(error))


def _word(number: int) -> Level:
    return LEVELS[max(0, min(3, number // 10 - 1))]


def _plain(value: object) -> str:
    return to_text(value) if isinstance(value, datetime) else hide_text(str(value))


# --- reading -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of the log. One of the connection has an `event`, any other a `message`."""

    at: datetime
    level: Level
    category: str
    event: str = ""
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    message: str = ""
    traceback: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The lines that are wanted: at least this level, not before `since`, of one category where one is named."""

    level: Level = "debug"
    since: datetime | None = None
    category: str = ""

    def wants(self, line: LogLine) -> bool:
        return (
            LEVELS.index(line.level) >= LEVELS.index(self.level)
            and (self.since is None or line.at >= self.since)
            and (not self.category or line.category == self.category)
        )


def files(folder: Path) -> list[Path]:
    """The log's files that are there, the oldest first."""
    names = [*(f"{NAME}.{n}" for n in range(KEPT, 0, -1)), NAME]
    return [folder / name for name in names if (folder / name).exists()]


def read(folder: Path, wanted: Wanted | None = None) -> Iterator[LogLine]:
    """The entries of all files, oldest first. A file that is put aside meanwhile, or cannot be read, is left out."""
    for path in files(folder):
        with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
            yield from parse(file, wanted)


def parse(rows: Iterator[str] | Any, wanted: Wanted | None = None) -> Iterator[LogLine]:
    """Lines of a file as entries; what is no entry (a line that was cut by a crash) is left out."""
    for row in rows:
        line = _parse(row)
        if line is not None and (wanted is None or wanted.wants(line)):
            yield line


def _parse(row: str) -> LogLine | None:
    try:
        data = json.loads(row)
        return LogLine(
            from_text(data["at"]),
            data["level"] if data["level"] in LEVELS else "info",
            str(data["category"]),
            str(data.get("event", "")),
            data.get("values") or {},
            str(data.get("message", "")),
            str(data.get("traceback", "")),
            row.rstrip("\n"),
        )
    except (ValueError, KeyError, TypeError):
        return None
