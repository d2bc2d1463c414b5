"""Disks of tests in memory: commits wait for a disk, tests commit a hundred thousand times, and nothing of it need
survive them."""

from __future__ import annotations

import os
import shutil

FOLDER = "/dev/shm"
ROOM = 8 << 30


def memory() -> str | None:
    """A folder in memory, where the machine has one with room for all tests at once (bytes); else None."""
    has_room = os.access(FOLDER, os.W_OK) and shutil.disk_usage(FOLDER).free > ROOM
    return FOLDER if has_room else None
