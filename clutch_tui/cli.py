"""The command line. Without a command it is the app; every command works on the same files as the app.

Exit codes everywhere: 0 done (a sale made offline is done), 1 failed or partly failed, 2 wrong usage or
configuration, 3 nothing reachable.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clutch_tui.bootstrap.exit_codes import DONE, FAILED, UNREACHABLE, USAGE, complain
from clutch_tui.terminal import glyphs
from clutch_tui.text import strings
from clutch_tui.text.harmless import harmless_output

if TYPE_CHECKING:
    from clutch_tui.core.errors import ShopError

COMPLETION = "_CLUTCH_TUI_COMPLETE"
"""The variable by which a shell asks what may follow; it gives no arguments."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console command. Never returns: exits with one of the codes above."""
    os.umask(0o077)  # whatever we write, a log, a receipt, SQLite's own files, is for its owner alone
    fill_closed_streams()
    logging.getLogger().addHandler(logging.NullHandler())  # without a log Python prints entries: keys, to a person
    if arguments is None:
        hide_key(sys.orig_argv, os.environ)
        arguments = sys.argv[1:]
    arguments = list(arguments)
    glyph_set = glyphs.find() if sys.stdout.isatty() else glyphs.EVERYTHING
    strings.use(glyph_set.language(_first_language(arguments, os.environ)))
    # what is printed must reach a terminal of any encoding; a letter that it lacks becomes a question mark
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    with harmless_output():
        if not arguments and COMPLETION not in os.environ:
            from clutch_tui.bootstrap.run import run_app

            sys.exit(guard(run_app))
        from clutch_tui.commands import build

        sys.exit(guard(lambda: build().main(list(arguments), prog_name="clutch-tui", standalone_mode=False)))


def fill_closed_streams() -> None:
    """Open what was closed (`<&-`, `2>&-`) on nothing. Where a stream is missing the next file opened takes its
    number, a database, say, and what is printed goes into it."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
            os.set_inheritable(opened, opened == number)
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8"))


def hide_key(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Begin again without a key among the arguments, which everybody on this machine may list, and with it among
    the variables, which are the owner's alone. For a moment it was to be seen: `--api-key-file` never is."""
    for place, argument in enumerate(command):
        name, equals, key = argument.partition("=")
        if name != "--api-key":
            continue
        rest = [*command[:place], *command[place + (1 if equals else 2) :]]
        key = key if equals else (command[place + 1] if place + 1 < len(command) else "")
        if key and os.name == "posix":
            os.execve(sys.executable, rest, {**environ, "CLUTCH_API_KEY": key})
        return


def guard(command: object) -> int:
    """Run a command and turn whatever it raises into one sentence and an exit code."""
    from clutch_tui.config.settings import ConfigError

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

    from clutch_tui.core.errors import ShopError

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
    if isinstance(error, ImportError) and (error.name or "").startswith("sqlcipher3"):
        return complain(ShopError("error.store.no_driver", reason=str(error)), FAILED)
    from clutch_tui.net.client.errors import LINE_DOWN, ApiError

    if isinstance(error, ApiError):
        return complain(error, UNREACHABLE if error.kind in LINE_DOWN else FAILED)
    from clutch_tui.net.wire import BadPayload

    if isinstance(error, BadPayload):
        return complain(error, FAILED)
    if isinstance(error, OSError) and (fault := _of_the_disk(error)) is not None:
        return complain(fault, FAILED)
    raise error


def _of_the_disk(error: OSError) -> ShopError | None:
    """Return what a home that cannot be written means to a person."""
    from clutch_tui.core.database import faults
    from clutch_tui.core.errors import ShopError

    path = Path(error.filename or "")
    if error.errno in (errno.ENOTDIR, errno.ENOENT):
        return ShopError(faults.FORBIDDEN, path=str(path))
    return faults.of_system(error, path)


def _first_language(arguments: Sequence[str], environ: Mapping[str, str]) -> strings.Language:
    """The language of help and of the first errors, before the configuration is read and checked: option, then
    variable, then the file as far as it can be read."""
    if home := _option("--home", arguments):
        environ = {**environ, "CLUTCH_HOME": home}
    wanted = _option("--lang", arguments) or environ.get("CLUTCH_LANG") or environ.get("CLUTCH_TEXT__LANGUAGE")
    return "en" if (wanted or _language_in_file(environ)).strip().lower() == "en" else "ar"


def _option(name: str, arguments: Sequence[str]) -> str:
    """An option's value before anything has looked at the arguments; the last one counts, as for click."""
    value = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == name:
            value = following
        elif argument.startswith(f"{name}="):
            value = argument.partition("=")[2]
    return value


def _language_in_file(environ: Mapping[str, str]) -> str:
    import tomllib

    from clutch_tui.config.paths import Home

    try:
        text = tomllib.loads(Home.find(environ).config_file.read_text("utf-8")).get("text", {})
    except (OSError, ValueError):
        return ""  # the configuration's own reader says what is wrong, in the language that is known so far
    return str(text.get("language", "")) if isinstance(text, dict) else ""
