"""`request`: one call by hand, with the session, the retries and the log of every other call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.clock import SystemClock
from clutch_tui.core.errors import ShopError
from clutch_tui.net import wire
from clutch_tui.net.client.api import Answer
from clutch_tui.net.client.errors import LINE_DOWN, ApiError
from clutch_tui.net.connection_log import ConnectionLog
from clutch_tui.net.monitor import LoggedCall, Monitor
from clutch_tui.phrases.errors import explain
from clutch_tui.security.redaction import hide_headers, hide_value
from clutch_tui.text.strings import t

from . import say_json


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The call that is asked for, as it was typed."""

    method: str
    path: str
    data: str | None
    as_json: bool


def run(installation: Installation, wish: RequestOptions) -> int:
    """Send it and print the answer, without secrets. The exit code is that of every command."""
    backend = installation.settings.backend
    if not backend.is_set_up:
        print(t("cli.not_set_up"), file=sys.stderr)
        return exit_codes.USAGE
    path, query = _below(backend.base_url, wish.path)
    body = _body(wish.data)
    exchanges: list[LoggedCall] = []
    try:
        answer = asyncio.run(_send(installation, wish.method, path, query, body, exchanges))
    except ApiError as error:
        _print_failure(wish, error, exchanges)
        return exit_codes.UNREACHABLE if error.kind in LINE_DOWN else exit_codes.FAILED
    _print_answer(wish, answer)
    return exit_codes.DONE


def _below(base_url: str, typed: str) -> tuple[str, list[tuple[str, str]]]:
    """The path below the base URL, and its query. A whole URL is taken where it is below it: the token goes to this
    server and to no other."""
    below = typed.removeprefix(base_url) if typed.startswith(f"{base_url}/") else typed
    parts = urlsplit(below)
    if not below.startswith("/") or below.startswith("//") or parts.netloc:
        raise click.UsageError(t("cli.request.path", base_url=base_url))
    return parts.path, parse_qsl(parts.query, keep_blank_values=True)


def _body(data: str | None) -> object:
    """Return what `--data` means: JSON, `@FILE` or `-` for what comes in. What stands in the arguments is seen by
    everybody on this machine who asks for its processes."""
    if data is None:
        return None
    try:
        if data == "-":
            text = sys.stdin.buffer.read()
        elif data.startswith("@"):
            text = Path(data[1:]).read_bytes()
        else:
            text = data.encode()
        return wire.loads(text, exactly=True)
    except OSError as error:
        raise click.UsageError(t("cli.request.file", path=data[1:], reason=error.strerror or "")) from error
    except wire.BadPayload as error:
        raise click.UsageError(t("cli.request.data", reason=error.reason)) from error


async def _send(
    installation: Installation,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    body: object,
    exchanges: list[LoggedCall],
) -> Answer:
    monitor = Monitor()
    api, _ = installation.api(monitor)
    async with contextlib.AsyncExitStack() as closing:
        closing.push_async_callback(api.close)
        connection_log = await _open_connection_log(installation, monitor, closing)
        debug = installation.settings.log.debug

        def seen(exchange: LoggedCall) -> None:
            exchanges.append(exchange)
            if debug and connection_log is not None:
                connection_log.exchanged(exchange)

        api.on_exchange = seen
        return await api.request(method, path, query=dict(query), body=body)


async def _open_connection_log(
    installation: Installation, monitor: Monitor, closing: contextlib.AsyncExitStack
) -> ConnectionLog | None:
    """The log of the shop's database; where it does not open, the call is made all the same."""
    log = installation.settings.log
    try:
        store = await asyncio.to_thread(installation.open_store)
    except ShopError as error:
        print(explain(error), file=sys.stderr)
        return None
    closing.callback(store.close)
    connection_log = ConnectionLog(store, monitor, clock=SystemClock(), level=log.level, debug=log.debug)
    closing.push_async_callback(connection_log.write)
    return connection_log


def _print_answer(wish: RequestOptions, answer: Answer) -> None:
    figures = {"status": answer.status, "elapsed_ms": round(answer.elapsed_ms, 1), "size": answer.size}
    data = hide_value(_whole(answer))
    if wish.as_json:
        say_json(
            {
                **{"method": wish.method, "path": wish.path, **figures, "request_id": answer.request_id},
                **{"headers": hide_headers(answer.headers), "body": data},
            }
        )
        return
    print(t("cli.request.answered", **figures), file=sys.stderr)
    print(json.dumps(data, ensure_ascii=False, indent=2, default=_number))


def _whole(answer: Answer) -> Any:
    """The body as it came: the envelope around the data where there was one."""
    return {**answer.envelope, "data": answer.data} if answer.envelope else answer.data


def _print_failure(wish: RequestOptions, error: ApiError, exchanges: list[LoggedCall]) -> None:
    last = exchanges[-1] if exchanges else None
    body = last.response_body if last is not None else ""
    if wish.as_json:
        failure: Mapping[str, object] = {
            **{"method": wish.method, "path": wish.path, "status": error.status, "error": error.key},
            **{
                "code": error.code,
                "message": explain(error),
                "attempts": len(exchanges),
                "body": _parsed(body),
            },
        }
        say_json(failure)
        return
    if last is not None and last.status is not None:
        figures = {"status": last.status, "elapsed_ms": round(last.ms, 1), "size": last.size}
        print(t("cli.request.answered", **figures), file=sys.stderr)
    print(explain(error), file=sys.stderr)
    if body:
        print(body)


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _number(value: object) -> object:
    """Money as the number that it was; what is none as it was written."""
    return str(value) if isinstance(value, wire.OutOfRange) else float(str(value))
