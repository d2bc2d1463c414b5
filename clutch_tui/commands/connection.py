"""`sync`, `status`, `test-backend` and `doctor`: what a script sees and does of the connection."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.text.strings import t

from . import find_installation, json_option, say_json


def commands() -> tuple[click.Command, ...]:
    return (sync(), status(), test_backend(), doctor())


def sync() -> click.Command:
    @click.command("sync", help=t("cli.sync.help"))
    @click.option("--watch", is_flag=True, help=t("cli.sync.watch"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], watch: bool, as_json: bool) -> int:
        from .syncing import sync_once, watch_sync

        installation = find_installation(options)
        if not installation.settings.backend.is_set_up:
            print(t("cli.not_set_up"), file=sys.stderr)
            return exit_codes.USAGE
        if watch:
            return asyncio.run(watch_sync(installation, as_json=as_json))
        result = asyncio.run(sync_once(installation))
        if as_json:
            summary = {"error": result.error_key, "message": result.message, **asdict(result.differences.queue)}
            say_json(summary | {"differences": result.differences.counts, "stranded": result.differences.stranded})
        else:
            print(result.message)
        return result.code

    return command


def status() -> click.Command:
    @click.command("status", help=t("cli.status.help"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> int:
        from .status import run

        return run(find_installation(options), as_json=as_json)

    return command


def test_backend() -> click.Command:
    @click.command("test-backend", help=t("cli.test.help"))
    @click.option("--endpoint", "endpoints", multiple=True, help=t("cli.test.endpoint"))
    @click.option("--category", "categories", multiple=True, help=t("cli.test.category"))
    @click.option("--write", is_flag=True, help=t("cli.test.write"))
    @click.option("--email", default="", help=t("cli.test.email"))
    @click.option("--verbose", is_flag=True, help=t("cli.test.verbose"))
    @click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help=t("cli.test.junit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], /, **given: Any) -> int:
        from .backend_test import EndpointOptions, run

        return run(find_installation(options), EndpointOptions(**given))

    return command


def doctor() -> click.Command:
    @click.command("doctor", help=t("cli.doctor.help"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> int:
        from .doctor import run

        return run(options, as_json=as_json)

    return command
