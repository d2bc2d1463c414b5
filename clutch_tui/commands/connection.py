"""`sync`, `status`, `test-backend` and `doctor`: what a script sees and does of the connection."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from clutch_tui import __version__, exits
from clutch_tui.text.strings import t, tn

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
            return exits.USAGE
        if watch:
            return asyncio.run(watch_sync(installation, as_json=as_json))
        result = asyncio.run(sync_once(installation))
        if as_json:
            say_json({"error": result.error_key, "message": result.message, **asdict(result.queue)})
        else:
            print(result.message)
        return result.code

    return command


def status() -> click.Command:
    @click.command("status", help=t("cli.status.help"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> None:
        from clutch_tui.core import journal, reference
        from clutch_tui.core.sync import outbox, replica, singles, ways

        installation = find_installation(options)
        backend = installation.settings.backend
        with installation.open_store(inline=True) as store:
            queue = store.read_now(outbox.summary)
            now = store.clock.now()
            parts = {
                # nobody leads: what the last one knew when it ended says nothing of the connection now
                name: replace(part, state="off") if part.is_stale(now) else part
                for name, part in store.read_now(journal.connection_state).items()
            }
            cursors = store.read_now(lambda: {name: replica.cursor(name) for name in replica.CHANNELS})
            as_of = store.read_now(replica.as_of, "inventory")
            kept = store.read_now(reference.ages)
            way, stock_by = store.read_now(ways.summary), store.read_now(singles.movers)
            by_channel = store.read_now(ways.known)
        if as_json:
            say_json(
                {
                    "version": __version__,
                    "base_url": backend.base_url,
                    "shop_id": backend.shop_id,
                    "database": str(installation.database()),
                    "queue": asdict(queue),
                    "connection": {name: asdict(part) for name, part in parts.items()},
                    "cursors": cursors,
                    "inventory_as_of": as_of,
                    "reference": {
                        name: {"fetched_at": at, "age_seconds": round((now - at).total_seconds())}
                        for name, at in kept.items()
                    },
                    "way": way,
                    "ways": by_channel,
                    "stock_moved_by": stock_by,
                }
            )
            return
        print(tn("queue.unsent", queue.unsent))
        if queue.local:
            print(tn("status.local", queue.local))
        if way and "sync" not in parts:
            print(f"{t('connection.part.sync')}: {t(f'connection.way.{way}')}")
        for name, part in parts.items():
            if name != "overall":
                words = f"{t(f'connection.part.{name}')}: {t(f'connection.state.{part.state}')}"
                print(f"{words} ({t(f'connection.way.{way}')})" if name == "sync" and way else words)

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
        from .backend_test import Wish, run

        return run(find_installation(options), Wish(**given))

    return command


def doctor() -> click.Command:
    @click.command("doctor", help=t("cli.doctor.help"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> int:
        from .doctor import run

        return run(options, as_json=as_json)

    return command
