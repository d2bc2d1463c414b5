"""The support file: one zip that tells the whole story of a terminal, with no secret and no customer in it.

It is written on the worst day, so nothing in it may depend on anything else: each section is gathered by itself,
within its own time, and one that cannot be had is named in the table of contents with the reason.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clutch_tui.config.paths import write_private
from clutch_tui.core.clock import to_text
from clutch_tui.errors import ClutchError
from clutch_tui.security.redaction import hide_people, hide_text, hide_value

WITHIN = 20.0
"""Seconds that a section gets where it does not say otherwise."""
CONTENTS = "contents.json"

log = logging.getLogger(__name__)

Gathered = Mapping[str, object]
"""File names and what goes into them: a text, or anything that JSON knows."""


class NothingToTell(ClutchError):
    """A chapter that cannot be, and nothing is broken: `key` is the sentence for who reads it here, `reason` is for
    support."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section, not gathered yet. `gather` may raise, and may take longer than it gets."""

    name: str
    gather: Callable[[], Awaitable[Gathered]]
    within: float = WITHIN


@dataclass(frozen=True, slots=True)
class Section:
    """The result of a chapter: its files and their size together, or why it is missing."""

    name: str
    files: tuple[str, ...] = ()
    size: int = 0
    missing: str = ""
    key: str = ""
    """The sentence that says why, where there is one."""


async def write(path: Path, chapters: Iterable[Chapter], harmless: Callable[[str], str]) -> tuple[Section, ...]:
    """Gather everything and write it to `path`, readable by its owner alone. Every text passes `harmless`: support
    reads it in a terminal. Raises `OSError` for a place that cannot be written; nothing else."""
    content = io.BytesIO()
    sections = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for chapter in chapters:
            section, files = await _gather(chapter)
            for name, text in files.items():
                archive.writestr(name, harmless(text))
            sections.append(section)
        made = {"at": to_text(datetime.now(UTC)), "sections": [_as_data(section) for section in sections]}
        archive.writestr(CONTENTS, harmless(json.dumps(made, ensure_ascii=False, indent=2)))
    await asyncio.to_thread(write_private, path, content.getvalue())
    return tuple(sections)


async def _gather(chapter: Chapter) -> tuple[Section, dict[str, str]]:
    try:
        async with asyncio.timeout(chapter.within):
            gathered = await chapter.gather()
    except TimeoutError:
        return Section(chapter.name, missing=f"no answer within {chapter.within:g} s"), {}
    except NothingToTell as why:
        return Section(chapter.name, missing=why.reason, key=why.key), {}
    except Exception as error:  # the worst day: whatever is broken, the rest must be had
        log.warning("the support file lacks %s", chapter.name, exc_info=error)
        reason = clean(f"{type(error).__name__}: {error}")[:300]
        return Section(chapter.name, missing=reason), {}
    files = await asyncio.to_thread(lambda: {name: as_text(value) for name, value in gathered.items()})
    return Section(chapter.name, tuple(files), sum(len(text.encode()) for text in files.values())), files


def as_text(value: object) -> str:
    """A file's content without secrets: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return clean(value)
    return hide_people(json.dumps(hide_value(value), ensure_ascii=False, indent=2, default=_plain))


def clean(text: str) -> str:
    """A text without secrets and telephone numbers."""
    return hide_people(hide_text(text))


def _plain(value: object) -> str:
    return to_text(value) if isinstance(value, datetime) else hide_text(str(value))


def _as_data(section: Section) -> dict[str, Any]:
    if section.missing:
        return {"section": section.name, "missing": section.missing}
    return {"section": section.name, "files": section.files, "bytes": section.size}
