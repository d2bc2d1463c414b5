"""`version`, `update` and `perf`: the program about itself."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

import click

from clutch_tui import __version__
from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config.paths import Home
from clutch_tui.core.updates import VersionStanding
from clutch_tui.support import upgrade
from clutch_tui.text import format as shown
from clutch_tui.text.strings import language, t

from . import environment, find_installation, json_option, say_json


def commands() -> tuple[click.Command, ...]:
    return (version(), update(), perf())


def version() -> click.Command:
    @click.command("version", help=t("cli.version.help"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> None:
        import platform

        home = Home.find(environment(options))
        places = {"config": str(home.config_file), "data": str(home.data_dir), "log": str(home.log_dir)}
        if as_json:
            say_json({"version": __version__, "python": platform.python_version(), **places})
        else:
            print(f"clutch-tui {__version__}")
            for name, place in places.items():
                print(f"{name:<8}{place}")

    return command


def update() -> click.Command:
    @click.command("update", help=t("cli.update.help"))
    @click.option("--check", is_flag=True, help=t("cli.update.check"))
    @click.option("--changelog", is_flag=True, help=t("cli.update.changelog"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], check: bool, changelog: bool, as_json: bool) -> int:
        installation = find_installation(options)
        if changelog:
            print(upgrade.changelog(language()))
            return exit_codes.DONE
        standing = _standing(installation, ask=check)
        if as_json:
            say_json({**asdict(standing), "upgrade_command": upgrade.upgrade_command()})
        else:
            _say(standing)
        return exit_codes.FAILED if standing.verdict == "required" else exit_codes.DONE

    return command


def _standing(installation: Installation, *, ask: bool) -> VersionStanding:
    """Return what is known, or what the backend says now. Raises `ApiError` and `BadPayload`."""
    from clutch_tui.core import updates

    with installation.open_store(inline=True) as store:
        if ask:
            from clutch_tui.net import update_check as asking
            from clutch_tui.net.monitor import Monitor

            async def answer() -> VersionStanding:
                api, session = installation.api(Monitor())
                try:
                    await session.open()
                    return await asking.check(api, store)
                finally:
                    await api.close()

            return asyncio.run(answer())
        return store.read_now(updates.standing, __version__)


def _say(standing: VersionStanding) -> None:
    print(t(f"updates.verdict.{standing.verdict}", version=standing.latest or standing.minimum))
    print(t("updates.running", version=standing.current))
    if standing.checked_at is not None:
        print(t("updates.checked_at", at=shown.date_time(standing.checked_at)))
    for release in standing.news:
        print(t("updates.new_in", version=release.version))
        for change in release.changes_in(language()):
            print(f"- {change}")
    if standing.verdict in ("available", "required"):
        print(t("updates.type"))
        print(f"  {upgrade.upgrade_command()}")


def perf() -> click.Command:
    @click.command("perf", help=t("cli.perf.help"))
    @click.option("--test", is_flag=True, help=t("cli.perf.test"))
    @click.option("--optimise", is_flag=True, help=t("cli.perf.optimise"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], test: bool, optimise: bool, as_json: bool) -> int:
        from . import performance

        return performance.run(find_installation(options), test=test, optimise=optimise, as_json=as_json)

    return command
