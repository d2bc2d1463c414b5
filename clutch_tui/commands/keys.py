"""`key`: the database's encryption, its key, and the recovery key for paper."""

from __future__ import annotations

import asyncio
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.core.errors import ShopError
from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import find_installation, json_option, output_file, say_json

if TYPE_CHECKING:
    from clutch_tui.core.database.cipher_key import CipherKey
    from clutch_tui.security.encryption import KeyCondition

KEEPERS = ("auto", "keyring", "file", "passphrase")
_WAITS = "error.key.passphrase_needed"
"""Nothing is wrong with a database that waits for its passphrase."""
_GROUPS_A_LINE, _PAPER = 5, 76


def commands() -> tuple[click.Command, ...]:
    group = click.Group("key", help=t("cli.key.help"))
    for command in (status(), change(), export(), import_key(), encrypt(), decrypt(), reset(), send()):
        group.add_command(command)
    return (group,)


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--yes", is_flag=True, help=t("cli.key.yes"))(function)


def status() -> click.Command:
    @click.command("status", help=t("cli.key.status.help"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> int:
        conditions = find_installation(options).protection.conditions()
        if as_json:
            say_json([{**asdict(condition), "opens": condition.opens} for condition in conditions])
        else:
            for condition in conditions:
                print(f"{condition.path.name}: {_condition_words(condition)}")
            if not conditions:
                print(t("cli.key.none"))
        well = all(condition.opens or condition.aside or condition.missing == _WAITS for condition in conditions)
        return exit_codes.DONE if well else exit_codes.FAILED

    return command


def _condition_words(condition: KeyCondition) -> str:
    if not condition.encrypted:
        return t("cli.key.plain")
    if condition.missing is not None and not condition.lacks_key:
        return t(condition.missing, path=condition.path.name)
    if condition.key is None:
        return t("cli.key.waits" if condition.missing == _WAITS else "cli.key.locked")
    return t("cli.key.open", key=condition.key, keeper=t(f"cli.key.keeper.{condition.keeper}"))


def change() -> click.Command:
    @click.command("change", help=t("cli.key.change.help"))
    @click.option("--keep", type=click.Choice(KEEPERS), help=t("cli.key.keep"))
    @click.pass_obj
    def command(options: dict[str, Any], keep: str | None) -> None:
        installation = find_installation(options)
        protection = installation.protection
        wish: Any = keep or installation.settings.database.key
        installation.unlocked(protection.keys)  # the old passphrase before a new one
        passphrase = _new_passphrase() if wish == "passphrase" else None
        new = protection.change(wish, passphrase, _Done("cli.key.done.change"))
        if keep is not None and keep != installation.settings.database.key:
            installation.save_settings({"database.key": keep})
        keeper = protection.keychain.entries()[0].keeper
        print(t("cli.key.changed", key=new.name, keeper=t(f"cli.key.keeper.{keeper}")))

    return command


def _new_passphrase() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(t("cli.key.needs_terminal"))
    from clutch_tui.core.database.cipher_key import check_passphrase

    while True:
        typed = str(click.prompt(t("cli.key.ask.new"), hide_input=True, err=True))
        try:
            check_passphrase(typed)
        except ShopError as error:
            print(explain(error), file=sys.stderr)
            continue
        if typed == str(click.prompt(t("cli.key.ask.again"), hide_input=True, err=True)):
            return typed
        print(t("error.key.not_same"), file=sys.stderr)


def export() -> click.Command:
    @click.command("export", help=t("cli.key.export.help"))
    @click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=t("cli.key.out"))
    @click.pass_obj
    def command(options: dict[str, Any], out: Path | None) -> None:
        installation = find_installation(options)
        path = None if out is None else output_file(out)
        keys = installation.unlocked(installation.protection.keys)
        if not keys:
            raise ShopError("error.key.nothing_encrypted")
        sheet = "\n\n".join("\n".join(recovery_sheet(key, installation.device_id)) for key in keys)
        if path is None:
            print(sheet)
            return
        from clutch_tui.config.paths import write_private

        write_private(path, f"{sheet}\n".encode())
        print(t("cli.key.exported", path=path))

    return command


def recovery_sheet(key: CipherKey, device: str) -> Iterator[str]:
    """Give the lines that are printed and put away: which key, the groups, what it opens and who must not see it."""
    groups = key.recovery.split("-")
    yield t("cli.key.sheet.title")
    yield t("cli.key.sheet.name", key=key.name, date=shown.date(datetime.now(UTC)), device=device[:8])
    yield ""
    for at in range(0, len(groups), _GROUPS_A_LINE):
        yield "    " + "  ".join(groups[at : at + _GROUPS_A_LINE])
    yield ""
    for part in ("what", "who", "how"):
        yield from textwrap.wrap(t(f"cli.key.sheet.{part}"), _PAPER)


def import_key() -> click.Command:
    @click.command("import", help=t("cli.key.import.help"))
    @click.pass_obj
    def command(options: dict[str, Any]) -> None:
        from clutch_tui.core.database.cipher_key import CipherKey

        installation = find_installation(options)
        protection = installation.protection
        key = CipherKey.from_text(_typed_key() if sys.stdin.isatty() else _groups_of(sys.stdin.read()))
        opened = protection.take(key)
        keeper = next(entry.keeper for entry in protection.keychain.entries() if entry.name == key.name)
        print(t("cli.key.imported", key=key.name, n=len(opened), keeper=t(f"cli.key.keeper.{keeper}")))
        for path, n in protection.unsent_aside(installation.database()).items():
            print(t("cli.key.aside_unsent", path=path.name, n=n))

    return command


def _typed_key() -> str:
    """Return what is typed, or pasted as the sheet has it, on several lines: what stood behind the first would be left
    to the shell. It is seen: nobody types 65 signs blindly. An empty line ends what is not whole."""
    from clutch_tui.core.database.cipher_key import SIZE

    typed = str(click.prompt(t("cli.key.ask.recovery"), err=True))
    while len(re.sub(r"[\W_]", "", typed)) < 2 * SIZE:  # so many in hexadecimal, one more in groups
        more = str(click.prompt(t("cli.key.ask.rest"), err=True, default="", show_default=False))
        if not more.strip():
            break
        typed += f" {more}"
    return typed


def _groups_of(piped: str) -> str:
    """The groups of a whole sheet, as `export` writes it; what is no such sheet, as it is."""
    from clutch_tui.core.database.cipher_key import DATA, GROUPS

    lines = [line.split() for line in piped.splitlines()]
    groups = [group for line in lines for group in line if all(len(word) == DATA + 1 for word in line)]
    return " ".join(groups) if len(groups) == GROUPS else piped


def encrypt() -> click.Command:
    @click.command("encrypt", help=t("cli.key.encrypt.help"))
    @click.pass_obj
    def command(options: dict[str, Any]) -> None:
        installation = find_installation(options)
        done = _Done("cli.key.done.encrypt")
        installation.unlocked(lambda: installation.protection.encrypt(done))
        if not done.paths:
            print(t("cli.key.nothing_plain"))
        if not installation.settings.database.encryption:
            installation.save_settings({"database.encryption": True})

    return command


def decrypt() -> click.Command:
    @click.command("decrypt", help=t("cli.key.decrypt.help"))
    @yes_option
    @click.pass_obj
    def command(options: dict[str, Any], yes: bool) -> None:
        installation = find_installation(options)
        _agreed(yes, t("cli.key.ask.decrypt"))
        installation.unlocked(installation.protection.keys)
        installation.save_settings({"database.encryption": False})  # first: a start in between must not turn it back
        done = _Done("cli.key.done.decrypt")
        installation.protection.decrypt(done)
        if not done.paths:
            print(t("cli.key.nothing_encrypted"))

    return command


def reset() -> click.Command:
    @click.command("reset", help=t("cli.key.reset.help"))
    @yes_option
    @click.pass_obj
    def command(options: dict[str, Any], yes: bool) -> None:
        installation = find_installation(options)
        _agreed(yes, t("cli.key.ask.reset", path=installation.database().name))
        aside = installation.start_over(installation.settings)
        print(t("cli.key.reset_done", path=aside))

    return command


def send() -> click.Command:
    @click.command("send", help=t("cli.key.send.help"))
    @click.pass_obj
    def command(options: dict[str, Any]) -> int:
        from .syncing import sync_aside

        installation = find_installation(options)
        if not installation.settings.backend.is_set_up:
            print(t("cli.not_set_up"), file=sys.stderr)
            return exit_codes.USAGE
        unsent = installation.protection.unsent_aside(installation.database())
        if not unsent:
            print(t("cli.key.nothing"))
        codes = [exit_codes.DONE]
        for path in unsent:
            outcome = asyncio.run(sync_aside(installation, path))
            print(f"{path.name}: {outcome.message}")
            codes.append(outcome.code)
        return max(codes)

    return command


def _agreed(yes: bool, question: str) -> None:
    """Go on only where somebody agrees. A usage error where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(t("error.key.asks_person"))
    click.confirm(question, abort=True, err=True)


class _Done:
    """Says of each database that it is done, and knows whether there was any."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.paths: list[Path] = []

    def __call__(self, path: Path) -> None:
        self.paths.append(path)
        print(t(self._key, path=path.name), flush=True)
