"""Everything of ours on the disk is for its owner alone: folders 0700, files 0600, looked at with every start.

What is open to others is closed, with a line in the log. Only where it belongs to somebody else, who could give it
back to everybody at any moment, the program refuses to put a shop's data there.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clutch_tui.config.paths import Home
from clutch_tui.core.errors import ShopError

OTHERS = 0o077
"""What nobody but the owner may: read, write and enter."""
_DEPTH = 2
"""How deep we look into our folders: nothing of ours lies deeper, and what does is behind a closed door."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opening:
    """Something of ours that others may read or write."""

    path: Path
    mode: int
    mine: bool


def close(home: Home) -> None:
    """Take everybody else's rights away from what is ours. Raises `ShopError` `error.home.not_ours` for a folder
    or file of somebody else's that is open to others."""
    for opening in openings(home):
        if not opening.mine:
            raise ShopError("error.home.not_ours", path=str(opening.path), mode=f"{opening.mode:04o}")
        try:
            opening.path.chmod(opening.mode & ~OTHERS)
        except OSError as error:  # a memory stick's file system knows no owners: nothing can be closed there
            log.warning("%s is open to others (%04o) and stays so: %s", opening.path, opening.mode, error)
        else:
            log.warning("%s was open to others (%04o) and is closed now", opening.path, opening.mode)


def openings(home: Home) -> Iterator[Opening]:
    """Find what others may read or write, folders before what is in them."""
    if os.name != "posix":
        return
    me = os.geteuid()
    for path, status in _everything(home):
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & OTHERS:
            yield Opening(Path(path), stat.S_IMODE(status.st_mode), me in (0, status.st_uid))


def _everything(home: Home) -> Iterator[tuple[str, os.stat_result]]:
    # the one folder that CLUTCH_HOME names is its owner's and may hold anything; what lies in ours is ours
    if home.config_dir != home.data_dir.parent:
        yield from _look(home.config_dir, 0)
    yield from _look(home.config_file, 0)
    for folder in (home.keys_dir, home.data_dir, home.log_dir, home.cache_dir):
        yield from _look(folder, _DEPTH)


def _look(path: Path, depth: int) -> Iterator[tuple[str, os.stat_result]]:
    if path.exists():  # not made yet, where it does not
        yield str(path), path.lstat()
        if depth:
            yield from _inside(str(path), depth)


def _inside(folder: str, depth: int) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # gone again: a log that another window has just folded
                continue
            yield entry.path, status
            # a shop of some years has tens of thousands of receipts: behind a closed door they are not looked at
            if depth > 1 and stat.S_ISDIR(status.st_mode) and status.st_mode & OTHERS:
                yield from _inside(entry.path, depth - 1)
