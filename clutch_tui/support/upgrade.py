"""This program as a thing that was installed: its own changelog, and what a person types to get a newer one."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_TITLE = {"ar": "CHANGELOG.ar.md", "en": "CHANGELOG.md"}


def changelog(language: str) -> str:
    """The program's own changelog. It is packed with the program; a checkout has it beside the package."""
    name = _TITLE.get(language, _TITLE["en"])
    for place in (_PACKAGE / name, _PACKAGE.parent / name):
        if place.is_file():
            return place.read_text("utf-8")
    return ""


def upgrade_command() -> str:
    """Return what to type for a newer version, as this one was installed: by pipx, by uv, or by pip."""
    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return "pipx upgrade clutch-tui"
    if "uv" in parts and "tools" in parts:
        return "uv tool upgrade clutch-tui"
    return f"{sys.executable} -m pip install --upgrade clutch-tui"
