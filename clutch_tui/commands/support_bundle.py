"""`support-bundle`: one file that tells support everything, from any state of the installation."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.support_file import make_bundle
from clutch_tui.text.format import number
from clutch_tui.text.strings import t

from . import find_any_installation, output_file, say_json


def run(options: Mapping[str, Any], file: Path | None, *, as_json: bool) -> int:
    """Write the file and print what is inside. A configuration that cannot be read becomes part of the story."""
    installation, problem = find_any_installation(options)
    path = output_file(file or Path(f"clutch-support-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"))
    if not as_json:
        print(t("support.gathering"), file=sys.stderr)
    sections = asyncio.run(make_bundle(installation, path, problem))
    if as_json:
        inside = [
            {"section": section.name, "files": section.files, "bytes": section.size, "missing": section.missing or None}
            for section in sections
        ]
        say_json({"file": str(path), "bytes": path.stat().st_size, "sections": inside})
        return exit_codes.DONE
    print(path)
    for section in sections:
        word = t(f"support.section.{section.name}")
        if section.missing:
            reason = t(section.key) if section.key else section.missing
            print("- " + t("support.missing", section=word, reason=reason))
        else:
            print("+ " + t("support.inside", section=word, size=number(section.size / 1000, 1)))
    print(t("support.sent_to"))
    return exit_codes.DONE
