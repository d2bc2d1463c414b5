"""The command: take the pictures, then write the page that shows them."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import get_args

import time_machine

from clutch_tui.text import strings
from clutch_tui.text.strings import Language
from tests import picture, screenshots
from tests.screenshots.gallery import write_gallery
from tests.screenshots.scenes import SCENES, Scene
from tests.screenshots.shop import NOON, Shop, Stage
from tests.terminal import ROOT, TerminalTimeout


def played(scene: Scene, shop: Shop) -> bool:
    """Come to a scene; once more from the start where that failed, for the machine may have been busy."""
    for _ in range(2):
        try:
            scene.play(shop)
        except TerminalTimeout as error:
            print(f"{scene.name}: {error}", file=sys.stderr, flush=True)
        else:
            return True
    return False


def take(language: Language, only: str, into: Path) -> tuple[int, list[str]]:
    """Take the pictures of one language; returns how many were wanted, and those that could not be taken."""
    strings.use(language)
    failed: list[str] = []
    wanted = [one for one in SCENES if one.name.startswith(only)]
    with tempfile.TemporaryDirectory(prefix="clutch-pictures-") as folder:
        shop = Shop(Path(folder), language)
        shop.live_the_morning()
        with time_machine.travel(NOON, tick=False):
            for stage in get_args(Stage):
                scenes = [one for one in wanted if one.stage == stage]
                if scenes:
                    with shop.run(stage):
                        for one in scenes:
                            name = f"{one.name}-{language}"
                            if not played(one, shop):
                                failed.append(name)
                                continue
                            picture.save(shop.terminal.screen, into / f"{name}.png")
                            print(name, flush=True)
        shop.backend.close()
    return len(wanted), failed


def main() -> None:
    """Take what the command line asks for."""
    os.umask(0o077)  # as the program itself does: it complains of files that are open to others
    options = argparse.ArgumentParser(
        prog="python -m tests.screenshots", description=(screenshots.__doc__ or "").partition("\n")[0]
    )
    options.add_argument("--only", default="", metavar="NAME", help="pictures whose names begin so")
    options.add_argument("--lang", choices=get_args(Language), help="one language instead of both")
    options.add_argument("--into", type=Path, default=ROOT / "screenshots", metavar="FOLDER")
    given = options.parse_args()
    outcomes = [take(one, given.only, given.into) for one in ([given.lang] if given.lang else get_args(Language))]
    if not any(wanted for wanted, _ in outcomes):
        sys.exit(f"no picture's name begins with {given.only!r}")
    write_gallery(given.into)
    if failed := [name for _, names in outcomes for name in names]:
        sys.exit(f"could not be taken: {', '.join(failed)}")


if __name__ == "__main__":
    main()
