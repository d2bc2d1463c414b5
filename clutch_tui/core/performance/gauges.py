"""Gauges what this process takes and how old it is. Cheap to import: the first frame is measured with it."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path


def memory() -> float:
    """The memory that this process holds, in MiB. Source: /proc/self/status, VmRSS."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def age_of_process() -> float | None:
    """Milliseconds since the system started this process, to its clock tick (10 ms); None where it does not tell."""
    try:
        stat = Path("/proc/self/stat").read_text("ascii", "replace")
    except OSError:
        return None
    started = int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return (time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1000


def size(path: Path) -> float:
    """Return what a database and its log take on the disk, in MiB."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists()) / 2**20
