"""The command: measure, print the table, write the JSON, judge."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Budget, Figure, Pace, Spread

THEMES = (
    "search", "start", "keys", "sale", "prices", "pull", "queue", "order", "protection", "lists", "statement", "text",
    "demo",
)  # fmt: skip
"""In this order: a start is measured with the million parts that the search builds."""


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for; 1 where `--strict` is given and a budget was missed."""
    options = _options().parse_args(arguments)
    errors = Console(stderr=True)
    pace = Pace(options.quick, lambda text: errors.print(f"[dim]{text}[/dim]"))
    figures: list[Figure] = []
    for theme in options.only or THEMES:
        started = time.perf_counter()
        figures += import_module(f"tests.bench.{theme}").measure(pace)
        pace.progress(f"{theme}: {time.perf_counter() - started:.0f} s")
    Console(width=None if sys.stdout.isatty() else 140).print(table(figures))
    if options.json:
        report = {
            "python": platform.python_version(),
            "quick": options.quick,
            "at": time.strftime("%FT%TZ", time.gmtime()),
        }
        figures_as_json = [figure.as_json() for figure in figures]
        Path(options.json).write_text(json.dumps(report | {"figures": figures_as_json}, ensure_ascii=False, indent=1))
    return 1 if options.strict and any(figure.kept is False for figure in figures) else 0


def table(figures: Iterable[Figure]) -> Table:
    """The figures as a table for people."""
    drawn = Table(
        "", "what", "unit", title="ours against the bare thing: median (tenth to ninth decile)", show_lines=False
    )
    for heading in ("ours", "bare", "ratio", "budget"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    drawn.add_column("")
    verdicts = {None: "", True: "[green]kept[/green]", False: "[bold red]MISSED[/bold red]"}
    for figure in figures:
        spreads = (_spread(spread) for spread in (figure.ours, figure.bare, figure.ratio))
        what = f"{figure.what} ({figure.note})" if figure.note else figure.what
        drawn.add_row(figure.theme, what, figure.unit, *spreads, _budget(figure.budget), verdicts[figure.kept])
    return drawn


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.n == 1:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.low)}-{_number(spread.high)})"


def _budget(budget: Budget | None) -> str:
    if budget is None:
        return ""
    of = {"ratio": "x", "median": "", "worst": " worst"}[budget.of]
    return f"{_number(budget.most)}{of}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=THEMES, metavar="NAME", help=f"one of {', '.join(THEMES)}")
    parser.add_argument("--quick", action="store_true", help="a round or two of each: does it work at all")
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a budget is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
