"""The command line. Without a command it is the app; every command works on the same files as the app.

Exit codes everywhere: 0 done (a sale made offline is done), 1 failed or partly failed, 2 wrong usage or
configuration, 3 nothing reachable.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clutch_tui.text import strings

if TYPE_CHECKING:
    from clutch_tui.installation import Installation

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> None:
    """The console command. Never returns: exits with one of the codes above."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    strings.use(_first_language(arguments, os.environ))
    # what is printed must reach a terminal of any encoding; a letter that it lacks becomes a question mark
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if not arguments:
        sys.exit(guard(run_app))
    from clutch_tui.commands import build

    sys.exit(guard(lambda: build().main(list(arguments), prog_name="clutch-tui", standalone_mode=False)))


def guard(command: object) -> int:
    """Run a command and turn whatever it raises into one sentence and an exit code."""
    from clutch_tui.config import ConfigError

    try:
        result = command()  # type: ignore[operator]
    except ConfigError as error:
        return complain(error, USAGE)
    except KeyboardInterrupt:
        return FAILED
    except Exception as error:
        return _explain(error)
    return result if isinstance(result, int) else DONE


def _explain(error: Exception) -> int:
    """The exit code for an exception that a command did not expect, after telling it in words."""
    import click

    from clutch_tui.core.types import ShopError

    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        return FAILED
    if isinstance(error, click.ClickException):
        error.show()
        return USAGE
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if isinstance(error, ShopError):
        return complain(error, FAILED)
    from clutch_tui.net.errors import LINE_DOWN, ApiError

    if isinstance(error, ApiError):
        return complain(error, UNREACHABLE if error.kind in LINE_DOWN else FAILED)
    raise error


def complain(error: Exception, code: int) -> int:
    """Print an error that carries a key as one sentence on stderr, and as JSON on stdout where that was asked
    for; gives back `code`."""
    print(sentence(error), file=sys.stderr)
    if "--json" in sys.argv:
        import json

        print(json.dumps({"error": getattr(error, "key", ""), "message": sentence(error)}, ensure_ascii=False))
    return code


def sentence(error: object) -> str:
    """The sentence of anything that carries `key` and `values`."""
    key = str(getattr(error, "key", ""))
    values: Mapping[str, object] = getattr(error, "values", {}) or {}
    return strings.t(key, **values) if strings.has(key) else strings.t("error.unexpected")


def run_app(installation: Installation | None = None) -> int:
    """The app itself. Without a terminal it says what to use instead."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(strings.t("cli.no_terminal"), file=sys.stderr)
        return USAGE
    gc.disable()  # looking for garbage costs a twelfth of the start; the app takes it up after its first frame
    if installation is None:
        from clutch_tui.installation import Installation

        installation = Installation.find()
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.terminal import ordered_terminal

    with ordered_terminal(installation.settings.text.bidi) as modes:
        app = ClutchApp(installation.services())
        app.order_modes = modes
        app.run()
    return app.return_code or DONE


def _first_language(arguments: Sequence[str], environ: Mapping[str, str]) -> strings.Language:
    """The language of help and of the first errors, before the configuration is read and checked: option, then
    variable, then the file as far as it can be read."""
    wanted = environ.get("CLUTCH_LANG") or environ.get("CLUTCH_TEXT__LANGUAGE") or _language_in_file(environ)
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            wanted = arguments[place + 1]
        elif argument.startswith("--lang="):
            wanted = argument.partition("=")[2]
    return "en" if wanted.strip().lower() == "en" else "ar"


def _language_in_file(environ: Mapping[str, str]) -> str:
    import tomllib

    from clutch_tui.home import Home

    try:
        text = tomllib.loads(Home.find(environ).config_file.read_text("utf-8")).get("text", {})
    except (OSError, ValueError):
        return ""  # the configuration's own reader says what is wrong, in the language that is known so far
    return str(text.get("language", "")) if isinstance(text, dict) else ""
