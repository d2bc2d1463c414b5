"""Imports that have stored a part of their file and not yet said that they are through with it.

One that runs is among them; so is one that was killed, of which nothing else would tell that the rest is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import state

_KEPT = "import.open"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An import that has come as far as `line` of its `file`."""

    file: str
    line: int


def note(fingerprint: str, file: str, line: int) -> None:
    """An import has stored what stands in its file up to this line; in the transaction that stores it."""
    state.put_setting(_KEPT, _kept() | {fingerprint: {"file": file, "line": line}})


def end(fingerprint: str, file: str) -> None:
    """An import is through: its file is in, and so is whatever an older one of the same name would have brought."""
    kept = _kept()
    left = {key: entry for key, entry in kept.items() if key != fingerprint and entry["file"] != file}
    if left != kept:
        state.put_setting(_KEPT, left)


def imports() -> tuple[Unfinished, ...]:
    """All of them, the oldest first; costs one row."""
    return tuple(Unfinished(str(entry["file"]), int(entry["line"])) for entry in _kept().values())


def _kept() -> dict[str, dict[str, str | int]]:
    kept: dict[str, dict[str, str | int]] = state.setting(_KEPT) or {}
    return kept
