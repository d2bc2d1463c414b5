"""`queue` and `conflicts`: what waits and what must be decided, for scripts and for who has no screen.

Both work on the same database as the app, also while it is open; what is decided here is sent by whichever process
leads the sync.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox.views import ChangeRow, Conflict
from clutch_tui.core.quantity import to_decimal, told
from clutch_tui.core.sync import conflicts as core_conflicts
from clutch_tui.core.sync import differences as core_differences
from clutch_tui.core.sync import queue as core_queue
from clutch_tui.core.sync.conflicts import Choice
from clutch_tui.core.sync.differences import Stranded
from clutch_tui.core.types import Lane
from clutch_tui.phrases import changes as change_phrases
from clutch_tui.phrases import differences as difference_phrases
from clutch_tui.phrases import fields as record_fields
from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t

from . import find_installation, json_option, output_file, say_json

MOST_OF_THE_JOURNAL = 500
"""How many answered changes are printed, the latest first: the journal goes back for more than a year."""


def commands() -> tuple[click.Command, ...]:
    return (queue(), conflicts())


# --- the queue -----------------------------------------------------------------------------------------


def queue() -> click.Group:
    @click.group("queue", invoke_without_command=True, help=t("cli.queue.help"))
    @click.option("--lane", type=click.Choice(get_args(Lane)), help=t("cli.queue.lane"))
    @json_option
    @click.pass_context
    def group(context: click.Context, lane: str | None, as_json: bool) -> None:
        if context.invoked_subcommand is None:
            _list_queue(context.obj, lane or "", as_json=as_json)

    for command in (show(), retry(), export(), stranded()):
        group.add_command(command)
    return group


def _list_queue(options: dict[str, Any], lane: str, *, as_json: bool) -> None:
    installation = find_installation(options)
    beside = installation.stranded()
    if (opened := installation.open_existing_store()) is None:
        _tell_nothing(installation, beside, as_json=as_json)
        return
    with opened as store:
        differences = store.read_now(
            core_differences.between, beside, alone=not installation.settings.backend.is_set_up
        )
        rows = store.read_now(core_queue.page, lane, None, 0, MOST_OF_THE_JOURNAL if lane == "done" else -1)
        about = {row.id: store.read_now(core_queue.concerns, row.id) for row in rows if row.flags and not as_json}
        now = store.clock.now()
    if as_json:
        say_json([change_json(row, now) for row in rows])
        return
    for row in rows:
        label = shown.name(change_phrases.label(row))
        print(
            f"{row.n:>6}  {change_phrases.kind_word(row.kind)}  {label}  {change_phrases.state_word(row)}"
            f"  {shown.age(row.at, now)}"
        )
        for line in (
            change_phrases.error_words(row),
            *change_phrases.flag_lines(row.flags, about.get(row.id, {}), row.type),
        ):
            if line:
                print(f"{'':>8}{line}")
    alone = not installation.settings.backend.is_set_up
    empty = "queue.empty_alone" if alone else "queue.empty" if differences.is_sent else "queue.empty_here"
    if not rows and lane:
        print(t("common.no_match"))
    # a lane that is empty says nothing of the others, and an empty list nothing of what is here only in another way
    all_of_it = not rows and (lane or empty == "queue.empty_here")
    for line in difference_phrases.sentences(differences) if all_of_it else difference_phrases.all_stranded(beside):
        print(line)
    if not rows and not lane:
        print(t(empty))


def _tell_nothing(installation: Installation, beside: Sequence[Stranded], *, as_json: bool) -> None:
    """There is no database of this shop yet."""
    if as_json:
        say_json([])
        return
    empty = t("queue.empty" if installation.settings.backend.is_set_up else "queue.empty_alone")
    for line in difference_phrases.all_stranded(beside) or [empty]:
        print(line)


def change_json(row: ChangeRow, now: datetime) -> dict[str, Any]:
    """A change for another program: what is stored, and the sentences about it."""
    fields = {name: value for name, value in asdict(row).items() if name not in ("key", "last_error", "message")}
    return fields | {
        "error": row.code or row.last_error,
        "message": change_phrases.error_words(row),
        "age_seconds": max(0, int((now - row.at).total_seconds())),
    }


def show() -> click.Command:
    @click.command("show", help=t("cli.queue.show.help"))
    @click.argument("change", metavar="ID")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], change: str, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            detail = store.read_now(lambda: core_queue.detail(core_queue.find(change).id))
            now = store.clock.now()
        if as_json:
            whole = {name: value for name, value in asdict(detail).items() if name != "row"}
            in_units = whole if detail.row.kind == "cash" else told(whole, form=to_decimal)
            say_json(change_json(detail.row, now) | in_units)
        else:
            print("\n".join(change_phrases.detail_lines(detail)))

    return command


def retry() -> click.Command:
    @click.command("retry", help=t("cli.queue.retry.help"))
    @click.argument("change", metavar="[ID]", required=False)
    @click.option("--all", "everything", is_flag=True, help=t("cli.queue.retry.all"))
    @click.option("--not-there", is_flag=True, help=t("cli.queue.retry.not_there"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], change: str | None, everything: bool, not_there: bool, as_json: bool) -> None:
        if (change is None) != everything:
            raise click.UsageError(t("cli.queue.retry.which"))
        with find_installation(options).open_store(inline=True) as store:
            answer: dict[str, Any]
            if change is None:
                woken = store.run_now(core_queue.retry_all)
                answer, words = {"woken": woken}, t("queue.trying_all", n=woken)
            else:
                row = store.read_now(core_queue.find, change)
                if core_queue.is_unconfirmed(row) and not not_there:
                    _ask_whether_it_is_there(row)
                sent = store.run_now(core_queue.retry, row.id)
                answer, words = {"id": sent}, t("queue.trying")
        if as_json:
            say_json(answer)
        else:
            print(words)

    return command


def _ask_whether_it_is_there(row: ChangeRow) -> None:
    """Have a person say what nobody else can of an unconfirmed change, before it is sent again: at a terminal the
    question is asked, a script needs the option. Raises `click.UsageError` and `click.Abort`."""
    question = "queue.ask.not_moved" if core_queue.is_only_stock(row) else "queue.ask.send_again"
    words = t(question, name=shown.name(change_phrases.label(row)) or change_phrases.kind_word(row.kind))
    if not sys.stdin.isatty():
        raise click.UsageError(f"{words}\n{t('cli.queue.retry.not_there_needed')}")
    click.confirm(words, abort=True, err=True)


def export() -> click.Command:
    @click.command("export", help=t("cli.queue.export.help"))
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], file: Path, as_json: bool) -> None:
        from clutch_tui.printing import queue_file

        path = output_file(file)
        with find_installation(options).open_store(inline=True) as store:
            waiting = queue_file.gather_now(store)
        readable = queue_file.save(waiting, path, datetime.now(UTC))
        if as_json:
            say_json({"file": path, "readable": readable, "changes": len(waiting.changes)})
        else:
            print(t("queue.saved", file=path.name, folder=path.parent))

    return command


def stranded() -> click.Command:
    @click.command("stranded", help=t("cli.queue.stranded.help"))
    @click.option("--send", is_flag=True, help=t("cli.queue.stranded.send"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], send: bool, as_json: bool) -> int:
        installation = find_installation(options)
        databases = installation.stranded()
        if send and not installation.settings.backend.is_set_up:
            print(t("cli.not_set_up"), file=sys.stderr)
            return exit_codes.USAGE
        if send:
            asyncio.run(_send(installation, databases))
            databases = installation.stranded()
        if as_json:
            say_json(databases)
        else:
            print("\n".join(difference_phrases.all_stranded(databases)) or t("cli.queue.stranded.none"))
        return exit_codes.FAILED if databases and send else exit_codes.DONE

    return command


async def _send(installation: Installation, databases: Sequence[Stranded]) -> None:
    """Send each to this shop, once the server has said that it is the same; one that is another's stays."""
    for database in databases:
        if database.fault:
            continue
        try:
            await installation.must_be_same_shop(database)
            await installation.send_stranded(database.path)
        except ShopError as error:
            print(explain(error), file=sys.stderr)


# --- conflicts -----------------------------------------------------------------------------------------


def conflicts() -> click.Group:
    @click.group("conflicts", invoke_without_command=True, help=t("cli.conflicts.help"))
    @json_option
    @click.pass_context
    def group(context: click.Context, as_json: bool) -> None:
        if context.invoked_subcommand is None:
            _list_conflicts(context.obj, as_json=as_json)

    group.add_command(resolve())
    return group


def _list_conflicts(options: dict[str, Any], *, as_json: bool) -> None:
    opened = find_installation(options).open_existing_store()
    with opened or nullcontext() as store:
        waiting = () if store is None else store.read_now(core_conflicts.pending)
    if as_json:
        say_json([_conflict_json(conflict) for conflict in waiting])
        return
    for conflict in waiting:
        print(conflict.id)
        name = shown.name(change_phrases.label(conflict))
        print(f"    {t('conflict.line', name=name, field=change_phrases.conflict_field(conflict))}")
        if was := change_phrases.was_words(conflict):
            print(f"    {t('conflict.line_was', value=was)}")
        made = shown.date_time(conflict.made_at or conflict.at)
        print(f"    {t('conflict.line_mine', value=change_phrases.mine_words(conflict), at=made)}")
        print(f"    {t('conflict.line_theirs', value=change_phrases.theirs_words(conflict))}")
    if not waiting:
        print(t("cli.conflicts.none"))


def _conflict_json(conflict: Conflict) -> dict[str, Any]:
    said = {"mine": conflict.mine, "theirs": conflict.theirs, "was": conflict.was}
    values = {name: told(value, conflict.field, to_decimal) for name, value in said.items()}
    fields = {name: value for name, value in asdict(conflict).items() if name != "key"} | values
    return fields | {"gone": conflict.gone, "field_word": change_phrases.conflict_field(conflict)}


def resolve() -> click.Command:
    @click.command("resolve", help=t("cli.conflicts.resolve.help"))
    @click.argument("conflict", metavar="ID")
    @click.option("--mine", "choice", flag_value="mine", help=t("cli.conflicts.mine"))
    @click.option("--theirs", "choice", flag_value="theirs", help=t("cli.conflicts.theirs"))
    @click.option("--new", "choice", flag_value="new", help=t("cli.conflicts.new"))
    @click.option("--value", help=t("cli.conflicts.value"))
    @click.option("--alike", is_flag=True, help=t("cli.conflicts.alike"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], conflict: str, choice: Choice | None, value: str | None, alike: bool, as_json: bool
    ) -> None:
        if (choice is None) == (value is None) or (alike and choice not in ("mine", "theirs")):
            raise click.UsageError(t("cli.conflicts.one_choice"))
        with find_installation(options).open_store(inline=True) as store:
            chosen = store.read_now(core_conflicts.get, conflict)
            if alike and choice is not None:
                some = core_conflicts.slices(store.read_now(core_conflicts.alike, chosen))
                done = sum(store.run_now(core_conflicts.resolve_all, part, choice) for part in some)
            else:
                typed = None if value is None else _typed(chosen, value)
                store.run_now(core_conflicts.resolve, chosen.id, choice or "other", typed)
                done = 1
        if as_json:
            say_json({"settled": done})
        else:
            print(t("conflict.settled", n=done))

    return command


def _typed(conflict: Conflict, value: str) -> Any:
    """A third value as the record's form would read it."""
    entry = record_fields.find(conflict.type, conflict.field)
    if entry is None:
        raise click.UsageError(t("cli.conflicts.no_value"))
    try:
        return record_fields.read(entry, value)
    except NumberError as error:
        raise click.BadParameter(str(error), param_hint="--value") from error
