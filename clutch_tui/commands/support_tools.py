"""`request`, `logs` and `support-bundle`: what support asks for on the telephone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clutch_tui.config.paths import Home
from clutch_tui.core.journal import LEVELS
from clutch_tui.text.strings import t

from . import environment, find_installation, json_option

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


def commands() -> tuple[click.Command, ...]:
    return (request(), logs(), support_bundle())


def request() -> click.Command:
    @click.command("request", help=t("cli.request.help"))
    @click.argument("method", type=click.Choice(METHODS, case_sensitive=False))
    @click.argument("path")
    @click.option("--data", metavar="JSON|@FILE|-", help=t("cli.request.option.data"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], method: str, path: str, data: str | None, as_json: bool) -> int:
        from .request import RequestOptions, run

        return run(find_installation(options), RequestOptions(method.upper(), path, data, as_json))

    return command


def logs() -> click.Command:
    @click.command("logs", help=t("cli.logs.help"))
    @click.option("--follow", "-f", is_flag=True, help=t("cli.logs.follow"))
    @click.option("--level", type=click.Choice(LEVELS), default="debug", help=t("cli.logs.level"))
    @click.option("--since", metavar="10m|2h|1d|TIME", help=t("cli.logs.since"))
    @click.option("--category", default="", help=t("cli.logs.category"))
    @click.option("--export", type=click.Path(path_type=Path, dir_okay=False), help=t("cli.logs.export"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], /, **wish: Any) -> int:
        from clutch_tui.support.logs import Wanted

        from .log_lines import LogOptions, read_since, run

        wanted = Wanted(wish["level"], read_since(wish["since"]), wish["category"])
        folder = Home.find(environment(options)).log_dir  # not the configuration's: it may be what is broken
        return run(folder, LogOptions(wanted, wish["follow"], wish["export"], wish["as_json"]))

    return command


def support_bundle() -> click.Command:
    @click.command("support-bundle", help=t("cli.bundle.help"))
    @click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], file: Path | None, as_json: bool) -> int:
        from .support_bundle import run

        return run(options, file, as_json=as_json)

    return command
