"""`import FILE`: a price list into the shop, with a word about every row that is not as it should be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from clutch_tui.core.price_lists import imports
from clutch_tui.core.price_lists.imports import Report
from clutch_tui.core.price_lists.price_list import Remark
from clutch_tui.core.types import ShopError
from clutch_tui.exits import DONE, FAILED, USAGE, complain
from clutch_tui.installation import Installation
from clutch_tui.text.format import isolate
from clutch_tui.text.harmless import drawn_on
from clutch_tui.text.strings import t, tn

from . import say_json

MOST_WARNINGS = 200
"""Remarks on rows that were taken, beyond which a person is only told how many there are. Refused rows are
always told all."""


def run(installation: Installation, file: Path, *, dry_run: bool, as_json: bool) -> int:
    """Import the file and say what came of it. 0 where every row was taken, 1 where some were refused, 2 where
    the file cannot be read as a price list."""
    try:
        with installation.open_store(inline=True) as store, _progress() as progress:
            report = imports.run(store, file, dry_run=dry_run, progress=progress, actor="import")
    except ShopError as error:
        if error.key.startswith("error.import."):
            return complain(error, USAGE)
        raise
    if as_json:
        say_json(_json(report, file, dry_run))
    else:
        for line in _told(report, dry_run):
            print(line)
    return FAILED if report.bad else DONE


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr where a person watches; nothing where a script reads."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=t("import.storing"), file=drawn_on(sys.stderr)) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


def _told(report: Report, dry_run: bool) -> Iterator[str]:
    for remark in report.warnings[:MOST_WARNINGS]:
        yield sentence(remark)
    if len(report.warnings) > MOST_WARNINGS:
        yield t("import.more_warnings", n=len(report.warnings) - MOST_WARNINGS)
    for remark in report.bad:
        yield sentence(remark)
    yield tn("import.rows", report.rows)
    yield t("import.created", n=report.created)
    yield t("import.updated", n=report.updated)
    yield t("import.counted", n=report.counted)
    yield t("import.unchanged", n=report.unchanged)
    yield t("import.warned", n=len(report.warnings))
    yield t("import.refused", n=report.refused)
    if dry_run:
        yield t("import.dry_run")


def sentence(remark: Remark) -> str:
    """A remark in words, with its line where it is about one."""
    said = t(remark.key, **{name: _shown(name, value) for name, value in remark.values.items()})
    return t("import.line", line=remark.line, sentence=said) if remark.line else said


def _shown(name: str, value: object) -> object:
    if name == "field":
        return t(f"import.field.{value}")
    if isinstance(value, str):
        text = " ".join(value.split())
        return isolate(text) if text.isascii() else text
    return value


def _json(report: Report, file: Path, dry_run: bool) -> dict[str, Any]:
    figures = {name: value for name, value in asdict(report).items() if isinstance(value, int)}
    return {
        "file": str(file),
        "dry_run": dry_run,
        **figures,
        "refused": report.refused,
        "bad": _remarks(report.bad),
        "warnings": _remarks(report.warnings),
    }


def _remarks(remarks: Sequence[Remark]) -> list[dict[str, Any]]:
    return [{**asdict(remark), "message": sentence(remark)} for remark in remarks]
