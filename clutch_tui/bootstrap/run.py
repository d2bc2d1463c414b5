"""Starting the app. Nothing is imported here that its first frame does not need."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.bootstrap.exit_codes import DONE, USAGE
from clutch_tui.support import logs
from clutch_tui.text import strings

if TYPE_CHECKING:
    from types import FrameType

    from clutch_tui.ui.services import DemoLine


def run_app(installation: Installation | None = None, line: DemoLine | None = None) -> int:
    """The app itself, until it ends; its exit code. Without a terminal it says what to use instead; whoever names a
    driver of Textual's own, as `textual serve` does, draws it elsewhere."""
    if not (os.environ.get("TEXTUAL_DRIVER") or (sys.stdin.isatty() and sys.stdout.isatty())):
        print(strings.t("cli.no_terminal"), file=sys.stderr)
        return USAGE
    gc.disable()  # looking for garbage costs a twelfth of the start; the app takes it up after its first frame
    installation = installation or Installation.find()
    installation.ask_passphrase = None  # the app asks on its own screen
    log = installation.settings.log
    logs.start(installation.home.log_dir, debug=log.debug, level=log.level)
    from clutch_tui.terminal import glyphs
    from clutch_tui.terminal.bidi_mode import ordered_terminal
    from clutch_tui.ui.app import ClutchApp

    text = installation.settings.text
    glyph_set = glyphs.find(text.letters)
    # Arabic that is spelt in Latin letters runs from left to right like them
    with ordered_terminal("off" if glyph_set.lack else text.bidi) as modes:
        app = ClutchApp(installation.services(line), glyph_set)
        app.order_modes = modes
        ended_by: list[int] = []

        def end(number: int, _: FrameType | None) -> None:
            ended_by.append(number)
            app.exit()

        for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed window leaves the terminal and the files in order
            signal.signal(ending, end)
        app.run(mouse=installation.settings.ui.mouse)
    return 128 + ended_by[0] if ended_by else app.return_code or DONE
