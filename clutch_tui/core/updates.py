"""Tells whether this program is the newest that the backend knows, and new enough for it.

The answer of `system.version` is kept in the database, so that it is there without a network and for every
window. Nothing here fetches: `net.update_check` does, once a day and on demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

from . import journal, state
from .database import db

_KEPT = "system.version"
CHECK_EVERY = timedelta(hours=24)

Verdict = Literal["unknown", "current", "available", "required"]
"""Nobody has asked; the newest; a newer one exists; this one may no longer fetch from the server."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version and what changed in it, a sentence each, in both languages where the server has both."""

    version: str
    changes: tuple[str, ...] = ()
    changes_ar: tuple[str, ...] = ()

    def changes_in(self, language: str) -> tuple[str, ...]:
        """The changes in this language, in the other where there are none."""
        first, second = (self.changes_ar, self.changes) if language == "ar" else (self.changes, self.changes_ar)
        return first or second


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """The standing of the running version against what the backend said at `checked_at`.

    `latest` and `minimum` are empty where the backend names none; `news` are the releases that are newer than
    the running one, newest first.
    """

    verdict: Verdict
    current: str
    latest: str = ""
    minimum: str = ""
    checked_at: datetime | None = None
    news: tuple[Release, ...] = ()


def standing(current: str) -> VersionStanding:
    """Judge the running version by what is kept."""
    answer, checked_at = state.setting_with_age(_KEPT)
    if not isinstance(answer, dict):
        return VersionStanding("unknown", current)
    latest, minimum = str(answer.get("latest_client") or ""), str(answer.get("minimum_client") or "")
    verdict: Verdict = "current"
    if _below(current, minimum):
        verdict = "required"
    elif _below(current, latest):
        verdict = "available"
    changelog = answer.get("changelog")
    releases = [_release(entry) for entry in changelog] if isinstance(changelog, list) else []
    news = [release for release in releases if _below(current, release.version)]
    news.sort(key=lambda release: Version(release.version), reverse=True)
    return VersionStanding(verdict, current, latest, minimum, checked_at, tuple(news))


def keep(answer: Mapping[str, Any], current: str) -> VersionStanding:
    """Keep an answer of `system.version`. A newer version is news for a person, once for each version."""
    state.put_setting(_KEPT, dict(answer))
    judgement = standing(current)
    if judgement.verdict in ("available", "required"):
        version = judgement.latest or judgement.minimum
        journal.notify(f"update_{judgement.verdict}", {"version": version}, notification_id=f"update:{version}")
    return judgement


def is_due() -> bool:
    """Tell whether a day has passed since the last answer, or the clock was set back behind it."""
    _, checked_at = state.setting_with_age(_KEPT)
    return checked_at is None or not timedelta(0) <= db.now() - checked_at < CHECK_EVERY


def _release(given: object) -> Release:
    """A release as the server tells it: a record, or no more than a version or a sentence."""
    if not isinstance(given, dict):
        return Release(str(given))
    return Release(str(given.get("version") or ""), _texts(given.get("changes")), _texts(given.get("changes_ar")))


def _texts(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(line.strip() for line in given.splitlines() if line.strip())
    return tuple(str(text) for text in given) if isinstance(given, list | tuple) else ()


def _below(version: str, other: str) -> bool:
    """Tell whether `version` is older; never where one of the two is no version, so that a typing mistake on a
    server locks no shop out."""
    try:
        return Version(version) < Version(other)
    except InvalidVersion:
        return False
