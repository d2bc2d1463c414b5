"""Compile the sentences while the package is built: the catalogues that a person writes (`.po`) into those that the
program looks into (`.mo`), which are not kept in git.

The same function serves the tests (`tests/conftest.py`), so that a sentence that was just written is the one that is
tested; by hand: `python hatch_build.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = Path(__file__).parent / "clutch_tui" / "text" / "locales"


def compile_catalogues(folder: Path = LOCALES) -> list[Path]:
    """Compile each catalogue below `folder` that is newer than what was made of it; return the files written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(target)
        written.append(target)
    return written


class CatalogueHook(BuildHookInterface[Any]):
    """The build hook: compiled catalogues go into every wheel, an editable one included."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile them where the sources lie, and have them packed although git does not know them."""
        compile_catalogues(Path(self.root) / "clutch_tui" / "text" / "locales")
        build_data["artifacts"].append("clutch_tui/text/locales/**/*.mo")


if __name__ == "__main__":
    for path in compile_catalogues():
        print(path)
