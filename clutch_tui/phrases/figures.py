"""Figures of speed and upkeep as a person reads them, on the screen and on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

if TYPE_CHECKING:
    from clutch_tui.core.performance.measures import MeasureFigures, Unit
    from clutch_tui.core.performance.savings import Savings
    from clutch_tui.core.store.benchmark import TrialResult
    from clutch_tui.core.store.upkeep import UpkeepReport


def amount(figure: float | None, unit: Unit) -> str:
    """A figure with its unit, short: `3.4 ms`, `12 KB`, `41 MB`; a dash where there is none."""
    if figure is None:
        return "-"
    if unit == "B" and figure >= 10_000:
        return t("measure.unit.kilobytes", n=shown.number(figure / 1000, 0))
    places = 0 if figure >= 100 or unit in ("B", "times") else 1 if figure >= 10 or unit == "MiB" else 2
    return t(f"measure.unit.{unit}", n=shown.number(figure, places))


def milliseconds(ms: float | None) -> str:
    """A response time in a column; nothing where no answer came."""
    return "" if ms is None else shown.number(round(ms))


def share(part: float | None) -> str:
    """Return how much of something went well; a dash where there was nothing."""
    return "-" if part is None else shown.percent(part, 0 if part == 1 else 1)


def figure(figures: MeasureFigures, unit: Unit) -> str:
    """Return what a column says: the median, or the number where only that counts."""
    return amount((figures.count or None) if unit == "times" else figures.median, unit)


def savings_lines(savings: Savings) -> Iterator[str]:
    """Give what is saved, as sentences."""
    if savings.per_call is None:
        yield t("savings.no_calls")
    else:
        yield t(
            "savings.batches",
            records=shown.number(savings.records),
            calls=shown.number(savings.calls),
            per_call=shown.number(savings.per_call, 1),
            saved=shown.number(savings.saved),
        )
    if savings.rate is not None:
        yield t("savings.rate", rate=shown.number(savings.rate, 0))
    if savings.oldest is not None:
        age = shown.age(savings.oldest, datetime.now(UTC))
        yield t("savings.kept", kept=shown.number(savings.kept), age=age)


def result_line(result: TrialResult) -> str:
    """A trial as a sentence with its verdict."""
    name = t(f"trial.{result.trial}")
    if result.median is None or result.worst is None:
        return f"{name}: {t(result.reason)}"
    from clutch_tui.core.store.benchmark import BUDGETS

    return t(
        "trial.within" if result.within else "trial.beyond",
        name=name,
        median=shown.number(result.median, 1),
        worst=shown.number(result.worst, 1),
        budget=shown.number(BUDGETS[result.trial], 0),
    )


def report_line(report: UpkeepReport) -> str:
    """A step of upkeep as a sentence."""
    return t(
        f"upkeep.outcome.{report.outcome}",
        name=t(f"upkeep.{report.step}"),
        seconds=shown.number(report.seconds, 1),
        gained=shown.number(report.gained, 1),
        faults="; ".join(shown.isolate(fault) for fault in report.faults[:3]),
    )
