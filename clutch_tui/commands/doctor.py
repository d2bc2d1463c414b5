"""`doctor`: what is wrong around the program, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clutch_tui import __version__
from clutch_tui.bootstrap.support_file import check_up
from clutch_tui.phrases.differences import channel_names
from clutch_tui.phrases.errors import explain
from clutch_tui.support.doctor import DoctorReport, Finding
from clutch_tui.text.format import clock, date_time, isolate, number
from clutch_tui.text.strings import is_rtl, t

from . import find_any_installation, say_json

MARKS = {"ok": "+", "warning": "!", "problem": "-", "skipped": "."}


def run(options: Mapping[str, Any], *, as_json: bool) -> int:
    """Examine everything; a configuration that cannot be read is the first finding, not the end."""
    installation, problem = find_any_installation(options)
    report = asyncio.run(check_up(installation, problem, None if as_json else _print))
    if as_json:
        say_json(as_data(report, installation.settings.backend.base_url))
    else:
        print(t("doctor.summary", **report.summary))
    return report.exit_code


def _print(finding: Finding) -> None:
    print(f"{MARKS[finding.verdict]} {t(f'doctor.check.{finding.check}')}: {sentence(finding)}", flush=True)
    if finding.remedy is not None:
        print(f"    {remedy(finding)}", flush=True)


def sentence(finding: Finding) -> str:
    """Return what was found, in the language that is spoken."""
    return t(finding.key, **_shown(finding))


def remedy(finding: Finding) -> str | None:
    """Return what to do about it; None where nothing is to be done."""
    return None if finding.remedy is None else t(finding.remedy, **_shown(finding))


def _shown(finding: Finding) -> dict[str, object]:
    values = {name: _show(name, value) for name, value in finding.values.items()}
    if finding.check == "clock" and isinstance(seconds := finding.values.get("seconds"), int | float):
        values["clock"] = clock(seconds)
    if finding.cause is not None:
        values["reason"] = explain(finding.cause)
    return values


def _show(name: str, value: object) -> object:
    """One value as a person reads it: sizes in megabytes, moments in the shop's time, addresses kept together."""
    if name == "after":
        return t(f"doctor.check.{value}")
    if name == "keeper":
        return t(f"doctor.keeper.{value}")
    if name == "arriving" and isinstance(value, str):
        return channel_names(filter(None, value.split(", ")))
    if name in ("size", "log", "free") and isinstance(value, int):
        return number(value / 1_000_000, 1)
    if isinstance(value, datetime):
        return date_time(value)
    if value is None or value == "":
        return t("doctor.unknown")
    if isinstance(value, str):
        return isolate(value) if value.isascii() and is_rtl() else value
    return value


def as_data(report: DoctorReport, base_url: str) -> dict[str, object]:
    """The report for a program: keys and figures as they are, and the sentences beside them."""
    return {
        "version": __version__,
        "base_url": base_url,
        "summary": report.summary,
        "exit_code": report.exit_code,
        "checks": [
            {
                "check": finding.check,
                "verdict": finding.verdict,
                "outcome": finding.outcome,
                "key": finding.key,
                "values": dict(finding.values),
                "cause": finding.cause.key if finding.cause is not None else None,
                "message": sentence(finding),
                "remedy_key": finding.remedy,
                "remedy": remedy(finding),
            }
            for finding in report.findings
        ],
    }
