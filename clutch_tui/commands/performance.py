"""`perf`: the figures of the performance screen for scripts and for people without a screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.performance import measures, savings, usage
from clutch_tui.core.store import benchmark, upkeep
from clutch_tui.core.store.store import Store
from clutch_tui.phrases.figures import amount, figure, report_line, result_line, savings_lines
from clutch_tui.text.strings import t

from . import say_json


def run(installation: Installation, *, test: bool, optimise: bool, as_json: bool) -> int:
    """Print what was measured, and what was asked for besides. 1 where something is slow, damaged or in the way."""
    with installation.open_store(inline=True) as store:
        reports = [report for report in store.read_now(measures.report, {}) if report.month.count]
        saved = store.read_now(savings.today)
        services = store.read_now(usage.of_endpoints, "day")
        trials = tuple(_trials(store)) if test else ()
        steps = tuple(upkeep.optimise(store)) if optimise else ()
    if as_json:
        say_json(
            {
                "measures": [asdict(report) | {"verdict": report.verdict} for report in reports],
                "endpoints": {
                    name: asdict(service) | {"success": service.success} for name, service in services.items()
                },
                "savings": asdict(saved) | {"saved": saved.saved, "per_call": saved.per_call, "rate": saved.rate},
                "trials": [asdict(result) | {"budget_ms": benchmark.BUDGETS[result.trial]} for result in trials],
                "steps": [asdict(step) for step in steps],
            }
        )
    else:
        for line in _lines(reports):
            print(line)
        for line in (*savings_lines(saved), *map(result_line, trials), *map(report_line, steps)):
            print(line)
    bad = any(result.within is False for result in trials) or any(step.outcome in ("damaged", "busy") for step in steps)
    return exit_codes.FAILED if bad else exit_codes.DONE


def _trials(store: Store) -> Iterator[benchmark.TrialResult]:
    yield benchmark.disk(store.path.parent)
    yield benchmark.read(store)
    yield benchmark.find(store)
    yield benchmark.write(store)


def _lines(reports: list[measures.MeasureReport]) -> Iterator[str]:
    if not reports:
        yield t("measure.none")
    for report in reports:
        unit = report.measure.unit
        yield t(
            "measure.line",
            name=t(f"measure.{report.measure.name}"),
            today=figure(report.today, unit),
            month=figure(report.month, unit),
            budget=amount(report.measure.budget, unit),
            verdict=t(f"measure.verdict.{report.verdict}"),
        )
