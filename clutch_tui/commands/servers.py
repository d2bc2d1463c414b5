"""`sandbox` and `demo`: a backend of our own, alone or with the app."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.text.strings import t


def commands() -> tuple[click.Command, ...]:
    return (sandbox(), demo())


def sandbox() -> click.Command:
    @click.command("sandbox", help=t("cli.sandbox.help"))
    @click.option("--host", default="127.0.0.1", show_default=True, help=t("cli.sandbox.host"))
    @click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help=t("cli.sandbox.port"))
    @click.option("--db", default="sandbox.db", show_default=True, help=t("cli.sandbox.db"))
    @click.option("--faults", is_flag=True, help=t("cli.sandbox.faults"))
    @click.option("--seed", default=1, show_default=True, help=t("cli.sandbox.seed"))
    @click.option("--parts", default=1400, show_default=True, help=t("cli.sandbox.parts"))
    @click.option(
        "--without-sync",
        is_flag=False,
        flag_value="enveloped",
        type=click.Choice(("enveloped", "bare")),
        help=t("cli.sandbox.without_sync"),
    )
    @click.option("--with-parent", is_flag=True, hidden=True)
    def command(
        host: str,
        port: int,
        db: str,
        faults: bool,
        seed: int,
        parts: int,
        without_sync: str | None,
        with_parent: bool,
    ) -> int:
        from clutch_tui.sandbox import demo_data, server
        from clutch_tui.sandbox.without_sync import Plain

        if with_parent:
            threading.Thread(target=_end_with_stdin, daemon=True).start()

        def tell(sandbox: server.Running) -> None:
            if with_parent:  # a program: it wants to know the port and nothing else
                print(sandbox.port, flush=True)
                return
            sentence = t("cli.sandbox.serves", url=sandbox.base_url, key=demo_data.API_KEY, shop=demo_data.SHOP_ID)
            print(sentence, flush=True)

        try:
            plain = Plain(bare=without_sync == "bare") if without_sync else None
            server.run(host, port, db, faults=faults, seed=seed, parts=parts, plain=plain, on_ready=tell)
        except OSError as error:
            print(t("cli.sandbox.port_taken", port=port, reason=error.strerror or str(error)), file=sys.stderr)
            return exit_codes.FAILED
        return exit_codes.DONE

    return command


def _end_with_stdin() -> None:
    """The demo's backend lives as long as the program that holds the other end of its standard input."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)


def demo() -> click.Command:
    @click.command("demo", help=t("cli.demo.help"))
    @click.option("--no-ui", is_flag=True, help=t("cli.demo.no_ui"))
    @click.option("--keep", type=click.Path(path_type=Path), help=t("cli.demo.keep"))
    @click.pass_obj
    def command(options: dict[str, Any], no_ui: bool, keep: Path | None) -> int:
        from clutch_tui.commands import demo as demonstration

        interactive = sys.stdin.isatty() and sys.stdout.isatty() and not no_ui
        return demonstration.show(options, keep) if interactive else demonstration.prove(options, keep)

    return command
