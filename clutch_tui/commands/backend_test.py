"""`test-backend`: the tester's report, for a person or for a program."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import click

from clutch_tui import exits
from clutch_tui.installation import Installation
from clutch_tui.net.connection import Monitor
from clutch_tui.net.endpoints import CATEGORIES, ENDPOINTS, find
from clutch_tui.net.tester import Report, Result, Tester
from clutch_tui.text.strings import t

from . import say_json


def run(
    installation: Installation,
    endpoints: Sequence[str],
    categories: Sequence[str],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Judge the endpoints that were named, or all; the report's own exit code. Usage errors are click's."""
    if not installation.settings.backend.is_set_up:
        print(t("cli.not_set_up"), file=sys.stderr)
        return exits.USAGE
    names = _names(endpoints, categories)
    report = asyncio.run(_try(installation, names, quiet=as_json))
    if as_json:
        say_json(_report(report))
    else:
        _print(report, verbose=verbose)
    return report.exit_code


def _names(endpoints: Sequence[str], categories: Sequence[str]) -> tuple[str, ...]:
    """The catalogue's names of what a person asked for. Raises `click.UsageError` for what is not in it."""
    names: list[str] = []
    for given in endpoints:
        try:
            names.append(find(given).name)
        except KeyError:
            raise click.UsageError(t("cli.test.unknown", name=given)) from None
    for given in categories:
        category = "shop" if given == "shops" else given.lower()
        if category not in CATEGORIES:
            raise click.UsageError(t("cli.test.unknown", name=given))
        names += [endpoint.name for endpoint in ENDPOINTS if endpoint.category == category]
    return tuple(dict.fromkeys(names))


async def _try(installation: Installation, names: Sequence[str], *, quiet: bool) -> Report:
    api, session = installation.api(Monitor())
    total = len(names) or len(ENDPOINTS)
    shown = sys.stderr.isatty() and not quiet
    bar = click.progressbar(length=total, file=sys.stderr) if shown else contextlib.nullcontext()
    try:
        with bar as progress:

            def count(_result: Result) -> None:
                if progress is not None:
                    progress.update(1)

            return await Tester(api, session, Monitor()).run(names, on_result=count)
    finally:
        await api.close()


def _print(report: Report, *, verbose: bool) -> None:
    for result in report.results:
        mark = "+" if result.works else "." if result.state == "skipped" else "-"
        figures = f" {result.status or '':>4} {result.latency_ms or 0:7.0f} ms {result.size:>8} B" if verbose else ""
        print(f"{mark} {result.name:<28}{figures}  {t(f'tester.state.{result.state}')}{_reason(result)}")
        if verbose and result.remedy:
            print(f"    {t(result.remedy)}")
    summary = report.summary
    print(t("cli.test.summary", working=summary["working"], total=summary["total"]))
    for key in report.recommendations:
        print(f"  {t(key)}")


def _reason(result: Result) -> str:
    return "" if result.works or result.problem is None else f": {exits.sentence(result.problem)}"


def _report(report: Report) -> dict[str, object]:
    return {
        "base_url": report.base_url,
        "summary": report.summary,
        "results": [
            {
                "name": result.name,
                "category": result.category,
                "method": result.method,
                "path": result.path,
                "required": result.required,
                "state": result.state,
                "status": result.status,
                "latency_ms": result.latency_ms,
                "error": None if result.problem is None else exits.sentence(result.problem),
                "remedy": None if result.remedy is None else t(result.remedy),
            }
            for result in report.results
        ],
        "recommendations": [t(key) for key in report.recommendations],
    }
