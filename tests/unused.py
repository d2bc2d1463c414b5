"""Names that the program itself does not use: `python -m tests.unused`, vulture with the list of pyproject.toml.

The fields of declared records are named where they are declared and nowhere else, so they are no list's business.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from vulture.core import main

from clutch_tui.core.records import RECORDS


def ignored() -> list[str]:
    """The names of pyproject.toml's list, and those of every declared field."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["vulture"]
    names: list[str] = settings["ignore_names"]
    return names + sorted({name for record in RECORDS.values() for name in record.columns})


if __name__ == "__main__":
    sys.argv[1:] = ["--ignore-names", ",".join(ignored())]
    main()
