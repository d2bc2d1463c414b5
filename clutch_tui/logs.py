"""The program's own log: a rotating file in the log folder, with every secret taken out before it is written.

Not the connection log, which is rows of the database: this one is for engineers, with tracebacks.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from clutch_tui.net.redaction import hide_text

NAME = "clutch-tui.log"
SIZE = 2_000_000
KEPT = 3


def start(folder: Path, *, debug: bool) -> None:
    """Write what the program and its libraries log into `folder` from now on.

    A folder that cannot be written leaves the program without a log, not without a start.
    """
    from logging.handlers import RotatingFileHandler

    root = logging.getLogger()
    if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(folder / NAME, os.O_WRONLY | os.O_CREAT, 0o600))
        handler = RotatingFileHandler(folder / NAME, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", delay=True)
    except OSError:
        logging.getLogger(__name__).warning("no log file can be written in %s", folder)
        return
    handler.setFormatter(_Redacted("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    # what a library says at every request belongs into the connection log, which the program writes itself
    for noisy in ("httpx", "httpcore", "websockets", "peewee", "asyncio", "markdown_it", "filelock", "hpack"):
        logging.getLogger(noisy).setLevel(logging.DEBUG if debug else logging.WARNING)


class _Redacted(logging.Formatter):
    """Takes secrets out of the whole entry, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_text(super().format(record))
