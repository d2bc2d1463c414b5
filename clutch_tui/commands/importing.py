"""`import FILE`: a price list into the shop, with a word about every row that is not as it should be.

What concerns a whole column comes first, and what only a person can know is asked before anything is stored: at a
terminal as a question, of a script by the option that answers it.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, cast

import click

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.bootstrap.exit_codes import DONE, FAILED, USAGE, complain
from clutch_tui.core.errors import ShopError
from clutch_tui.core.price_lists import imports, price_list
from clutch_tui.core.price_lists.imports import ImportReport
from clutch_tui.core.price_lists.notation import MARKS, Mark
from clutch_tui.core.price_lists.price_list import AS_IT_STANDS, Choices, PriceList
from clutch_tui.core.price_lists.remarks import Remark
from clutch_tui.phrases.errors import in_language
from clutch_tui.text.format import FSI, isolate
from clutch_tui.text.harmless import drawn_on
from clutch_tui.text.strings import t, tn

from . import say_json

MOST_OF_A_KIND = 20
"""Remarks of one kind on rows that were taken, beyond which a person is only told how many there are."""


def run(
    installation: Installation,
    file: Path,
    *,
    choices: Choices = AS_IT_STANDS,
    yes: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> int:
    """Import the file and say what came of it. 0 where every row was taken, 1 where some were refused, 2 where
    the file cannot be read as a price list, or asks something that nobody has answered: nothing is stored then."""
    try:
        table = price_list.read(file, choices)
        if table.asks and not (yes or dry_run):
            answered = _answered(table, choices, as_json)
            if answered is None:
                return USAGE
            table = answered
        with installation.open_store(inline=True) as store, _progress() as progress:
            report = imports.run(store, table, dry_run=dry_run, progress=progress, actor="import")
    except ShopError as error:
        if error.key.startswith("error.import."):
            return complain(error, USAGE)
        raise
    if as_json:
        say_json(_json(report, file, dry_run))
    else:
        for line in _report_lines(report, dry_run):
            print(line)
    return FAILED if report.refused else DONE


# --- questions -----------------------------------------------------------------------------------------


def _answered(table: PriceList, choices: Choices, as_json: bool) -> PriceList | None:
    """The table as a person wants it read; None where nobody is there to say, or the answer is no."""
    for remark in (*table.remarks, *table.asks):
        print(sentence(remark), file=sys.stderr)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print(t("import.unanswered"), file=sys.stderr)
        if as_json:
            say_json({"file": str(table.path), "stored": False, "asks": _remarks(table.asks)})
        return None
    open_ = table.asks
    if any(remark.key == "import.ask.decimal" for remark in open_):
        way = click.prompt(t("import.ask_mark"), type=click.Choice((*MARKS, "skip")), default="skip", err=True)
        if way != "skip":
            table = price_list.read(table.path, replace(choices, decimal=cast(Mark, way)))
            open_ = table.asks
        else:
            open_ = tuple(remark for remark in open_ if remark.key != "import.ask.decimal")
    if open_ and not click.confirm(t("import.go_on"), default=False, err=True):
        print(t("import.stopped"), file=sys.stderr)
        return None
    return table


# --- what came of it -----------------------------------------------------------------------------------


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


def _report_lines(report: ImportReport, dry_run: bool) -> Iterator[str]:
    for remark in (*report.asked, *report.remarks):
        yield sentence(remark)
    yield from _remark_lines(report, report.warnings, MOST_OF_A_KIND)
    yield from _remark_lines(report, report.bad, len(report.bad))
    yield tn("import.rows", report.rows)
    yield t("import.created", n=report.created)
    yield t("import.changed", n=report.changed)
    yield t("import.unchanged", n=report.unchanged)
    yield t("import.refused", n=report.refused)
    yield t("import.repeated", n=report.repeated)
    yield t("import.skipped", n=sum(report.skipped.values()))
    for outcome, n in report.skipped.items():
        yield t(f"import.skipped.{outcome}", n=n)
    yield t("import.counted", n=report.counted)
    yield t("import.warned", n=len(report.warnings) + report.left_out(report.warnings))
    if dry_run:
        yield t("import.dry_run")


def _remark_lines(report: ImportReport, remarks: Sequence[Remark], most: int) -> Iterator[str]:
    """Remarks on rows: a kind that there are many of is announced with its number, and told in part."""
    counts: Counter[tuple[str, str]] = Counter()
    for remark in remarks:
        n = report.counts[remark.kind]
        if remark.kind not in counts and n > MOST_OF_A_KIND:
            yield t("import.often", n=n, sentence=sentence(remark))
        counts[remark.kind] += 1
        if counts[remark.kind] <= most and (counts[remark.kind] > 1 or n <= MOST_OF_A_KIND):
            yield sentence(remark)
    hidden = sum(n - min(n, most) for n in counts.values()) + report.left_out(remarks)
    if hidden:
        yield t("import.more_warnings", n=hidden)


def sentence(remark: Remark) -> str:
    """A remark in words, with its line where it is about one."""
    said = t(remark.key, **{name: _shown(name, value) for name, value in in_language(remark.values).items()})
    return t("import.line", line=remark.line, sentence=said) if remark.line else said


def _shown(name: str, value: object) -> object:
    if name == "field":
        return t(f"import.field.{value}")
    if isinstance(value, list):
        return "، ".join(isolate(str(item)) for item in value)
    if isinstance(value, str):
        text = " ".join(value.split())
        stays = text[:1] == FSI or any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
        return text if stays else isolate(text)
    return value


def _json(report: ImportReport, file: Path, dry_run: bool) -> dict[str, Any]:
    figures = {field.name: value for field in fields(report) if isinstance(value := getattr(report, field.name), int)}
    return {
        "file": str(file),
        "dry_run": dry_run,
        "stored": not dry_run,
        **figures,
        "skipped": report.skipped,
        "asks": _remarks(report.asked),
        "columns": _remarks(report.remarks),
        "bad": _remarks(report.bad),
        "warnings": _remarks(report.warnings),
        "remarks_left_out": report.left_out(report.bad) + report.left_out(report.warnings),
    }


def _remarks(remarks: Sequence[Remark]) -> list[dict[str, Any]]:
    return [{**asdict(remark), "message": sentence(remark)} for remark in remarks]
