"""A price list of 300,000 rows: what reading it costs beside openpyxl's own stream, and the most memory it takes.

The bare thing is what a program would do that only wants the cells: openpyxl in its read-only mode, which knows
nothing of hidden rows, formats and merged cells. Ours reads the book twice (once for its columns, once for its rows)
and understands each row. The memory is that of a whole import on trial in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from clutch_tui.core.price_lists import price_list
from tests.bench.figures import Budget, Figure, Pace, alone, compared, in_turns

HEADINGS = ("رقم القطعة", "الباركود", "اسم الصنف", "الماركة", "سعر البيع", "الكمية")
MEMORY = Budget(300, "median")

_IMPORT = """
import sys
from pathlib import Path
from clutch_tui.core.store.store import Store
from clutch_tui.core.price_lists import imports, price_list
with Store.open(Path(sys.argv[1]), inline=True) as store:
    imports.run(store, price_list.read(Path(sys.argv[2])), dry_run=True)
"""

_PARENT = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(pace: Pace) -> Iterator[Figure]:
    count = pace.rounds(300_000, 2_000)
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder, "list.csv"), Path(folder, "list.xlsx")
        _write(text, book, count)
        for path in (text, book):
            pace.progress(f"lists: the memory of {count:,} rows of {path.suffix}")
            command = [sys.executable, "-c", _IMPORT, str(Path(folder, "shop.db")), str(path)]
            yield alone("lists", f"memory of {count:,} rows, {path.suffix}", "MB", [_peak(command)], MEMORY)
        small = Path(folder, "small.xlsx")
        _write(None, small, pace.rounds(20_000, 500))
        pairs = in_turns(pace.rounds(5, 1), _timed(lambda: _ours(small)), _timed(lambda: _bare(small)))
        yield compared("lists", "a book, read twice and understood", "s", pairs, Budget(4.0))


def _write(text: Path | None, book: Path, count: int) -> None:
    import csv

    import openpyxl

    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet()
    sheet.append(HEADINGS)
    for row in _rows(count):
        sheet.append(row)
    made.save(book)
    if text is not None:
        with text.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows((HEADINGS, *_rows(count)))


def _rows(count: int) -> Iterator[Sequence[Any]]:
    brands = ("Toyota", "Bosch", "كيا", "MAHLE")
    for n in range(count):
        yield f"MN-{n:06}", f"6{n:011}", f"قطعة غيار رقم {n} أصلية", brands[n % 4], n % 9000 + 1.5, n % 90


def _peak(command: list[str]) -> float:
    """The most memory that a program has taken, in megabytes. The system tells it of the largest child of a process, so
    each program is the only child of another one."""
    said = subprocess.run([sys.executable, "-c", _PARENT, *command], check=True, capture_output=True, text=True).stdout
    return int(said) / 1024


def _timed(work: Callable[[], None]) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run


def _ours(path: Path) -> None:
    for _ in price_list.read(path).rows():
        pass


def _bare(path: Path) -> None:
    import openpyxl

    for _ in openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True):
        pass
