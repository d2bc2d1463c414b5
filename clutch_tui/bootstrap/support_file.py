"""The contents of the support file, and how they are had: on a good day, offline, and from a broken installation.

The composition root of `support.bundle`: it knows the configuration, the terminal and the sentences, which `support`
does not. Each section opens what it needs by itself, so that a damaged database costs the sections about it and no
other.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clutch_tui import __version__
from clutch_tui.errors import Problem
from clutch_tui.net.monitor import Monitor
from clutch_tui.security.redaction import HIDDEN, hide_names, hide_text, remember
from clutch_tui.support import logs
from clutch_tui.support.bundle import Chapter, Gathered, NothingToTell, Section, write
from clutch_tui.support.doctor import DoctorReport as Checkup
from clutch_tui.support.doctor import examine
from clutch_tui.text.harmless import escaped
from clutch_tui.text.strings import has, t

if TYPE_CHECKING:
    from clutch_tui.bootstrap.composition import Installation
    from clutch_tui.core.store.store import Store
    from clutch_tui.support.doctor import Check, Finding

SECTIONS = (
    *("versions", "terminal", "configuration", "doctor", "tester", "database", "queue", "connection"),
    *("connection_log", "program_log", "tracebacks"),
)
ENTRIES = 5_000
TRACEBACKS = 20
LOG_BYTES = 1_500_000
"""What is taken of the end of each log file."""
LOOK_WITHIN = 8.0
"""Seconds that the server has to answer one question of the doctor's."""
PATIENCE = 60.0
"""Seconds for the doctor and for the tester, each."""

_PACKAGES = (
    *("textual", "rich", "httpx", "httpcore", "h2", "websockets", "python-socks", "peewee", "pydantic", "sqlcipher3"),
    *("keyring", "filelock", "platformdirs", "uuid-utils", "click"),
)
_TELLING = ("TERM", "COLORTERM", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TMUX", "SSH_TTY", "NO_COLOR", "TZ")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


async def make_bundle(installation: Installation, path: Path, problem: Problem | None = None) -> tuple[Section, ...]:
    """Write the support file. `problem` is what kept the configuration from being read, where something did. Raises
    `OSError` for a place that cannot be written."""
    await asyncio.to_thread(_learn_secrets, installation)
    return await write(path, Story(installation, problem).chapters(), escaped)


def _learn_secrets(installation: Installation) -> None:
    """Have everything hidden that this installation knows, whatever sentence it may stand in."""
    remember(installation.api_key, *(value for name, value in installation.environ.items() if _is_secret(name)))
    with suppress(Exception):  # a key store that cannot be read gives nothing away either
        secrets = installation.vault().read()
        remember(secrets.api_key, secrets.token, secrets.refresh_token)


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSPHRASE"))


async def check_up(
    installation: Installation, problem: Problem | None, on_finding: Callable[[Finding], None] | None = None
) -> Checkup:
    """The doctor's whole round."""
    from clutch_tui.net.client.api import Api
    from clutch_tui.net.client.session import Session
    from clutch_tui.support.machine_checks import HomeDatabases, MachineChecks
    from clutch_tui.support.network_checks import NetworkChecks
    from clutch_tui.support.terminal_checks import TerminalChecks
    from clutch_tui.terminal.glyphs import find

    settings, environ = installation.settings, installation.environ
    vault, monitor = installation.vault(), Monitor()
    session = Session(vault, monitor=monitor, api_key=installation.api_key)
    identity = installation.device_id
    backend = settings.backend
    patience = min(LOOK_WITHIN, backend.read_timeout)
    hurried = replace(backend, read_timeout=patience, sync_timeout=min(patience, backend.sync_timeout))
    api = Api(hurried, session=session, monitor=monitor, device_id=identity)
    machine_checks = MachineChecks(
        installation.home,
        settings,
        vault,
        api_key=installation.api_key,
        problem=problem,
        databases=HomeDatabases(
            find_key=lambda path: installation.protection.find_key(path),
            plain_others=lambda: installation.protection.plain_others(installation.database()),
            stranded=installation.stranded,
        ),
    )
    network_checks = NetworkChecks(settings, api, session, device_id=identity)
    terminal_checks = TerminalChecks(find(settings.text.letters, environ), settings.text.bidi, environ)
    checks: tuple[Check, ...] = (
        *machine_checks.first(),
        *network_checks.checks(),
        *machine_checks.rest(),
        *terminal_checks.checks(),
    )
    try:
        return await examine(checks, on_finding)
    finally:
        await api.close()


class Story:
    """One telling of what this installation is and what became of it."""

    def __init__(self, installation: Installation, problem: Problem | None = None) -> None:
        self._installation = installation
        self._problem = problem
        self._is_reachable = True

    def chapters(self) -> tuple[Chapter, ...]:
        """In this order: the doctor finds out whether the tester has anybody to ask."""
        slow = {"doctor": PATIENCE, "tester": PATIENCE}
        return tuple(Chapter(name, getattr(self, name), slow.get(name, 20.0)) for name in SECTIONS)

    # --- the machine -----------------------------------------------------------------------------------

    async def versions(self) -> Gathered:
        from importlib.metadata import PackageNotFoundError, version

        from clutch_tui.core.store.health import SQLITE

        packages = {}
        for name in _PACKAGES:
            with suppress(PackageNotFoundError):
                packages[name] = version(name)
        return {
            "versions.json": {
                "clutch-tui": __version__,
                "python": sys.version,
                "sqlite": SQLITE,
                "system": platform.platform(),
                "machine": platform.machine(),
                "processors": os.cpu_count(),
                "packages": packages,
            }
        }

    async def terminal(self) -> Gathered:
        from clutch_tui.support.terminal_checks import terminal_size
        from clutch_tui.terminal.bidi_mode import identify
        from clutch_tui.terminal.glyphs import colours, find

        environ = self._installation.environ
        glyphs = find(self._installation.settings.text.letters, environ)
        variables = {name: hide_text(environ[name]) for name in (*_TELLING, *_PROXIES) if name in environ}
        variables |= {name.lower(): hide_text(environ[name.lower()]) for name in _PROXIES if name.lower() in environ}
        details = {
            "size": terminal_size(),
            "colours": colours(environ),
            "terminal": identify(environ),
            "lacks": glyphs.lack,
            "locale": glyphs.locale,
            "environment": variables,
        }
        return {"terminal.json": details}

    async def configuration(self) -> Gathered:
        home, environ = self._installation.home, self._installation.environ
        places = {name: str(value) for name, value in asdict(home).items()}
        gathered: dict[str, object] = {
            "configuration/settings.json": _tell_settings(asdict(self._installation.settings)),
            "configuration/places.json": places | {"database": str(self._installation.database())},
            "configuration/environment.json": {
                name: HIDDEN if _is_secret(name) else value
                for name, value in sorted(environ.items())
                if name.startswith("CLUTCH_")
            },
        }
        if self._problem is not None:
            gathered["configuration/problem.json"] = {"key": self._problem.key, "message": _words(self._problem)}
        if home.config_file.exists():
            gathered["configuration/config.toml"] = home.config_file.read_text("utf-8", errors="replace")
        return gathered

    # --- the way to the server -------------------------------------------------------------------------

    async def doctor(self) -> Gathered:
        report = await check_up(self._installation, self._problem)
        self._is_reachable = report.exit_code != 3 and not any(
            finding.check == "http" and finding.verdict == "problem" for finding in report.findings
        )
        findings = [
            {
                "check": finding.check,
                "verdict": finding.verdict,
                "outcome": finding.outcome,
                "values": dict(finding.values),
            }
            | ({} if finding.cause is None else {"cause": finding.cause.key, "reason": _words(finding.cause)})
            for finding in report.findings
        ]
        return {"doctor.json": {"summary": dict(report.summary), "findings": findings}}

    async def tester(self) -> Gathered:
        from clutch_tui.net.endpoint_tester.tester import Tester

        if not self._installation.settings.backend.is_set_up:
            raise NothingToTell("support.no_server", "no server is set up")
        if not self._is_reachable:
            raise NothingToTell("support.unreachable", "the server cannot be reached, as the doctor says")
        monitor = Monitor()
        api, session = self._installation.api(monitor)
        try:
            report = await Tester(api, session, monitor).run()
        finally:
            await api.close()
        results = [
            {
                **{"name": result.name, "required": result.required, "state": result.state, "status": result.status},
                **{"latency_ms": result.latency_ms, "size": result.size},
                "error": None if result.problem is None else _words(result.problem),
            }
            for result in report.results
        ]
        return {"tester.json": {"base_url": report.base_url, "summary": report.summary, "results": results}}

    # --- the database ----------------------------------------------------------------------------------

    async def database(self) -> Gathered:
        """Every database of this installation: with a configuration that cannot be read, who knows which it is."""
        from clutch_tui.core.store import statistics

        gathered: dict[str, object] = {"database.json": await asyncio.to_thread(self._databases)}
        try:
            gathered["statistics.json"] = await self._read(statistics.of_database)
        except Exception as error:  # what is damaged has been told by then
            gathered["statistics.json"] = {"missing": hide_text(f"{type(error).__name__}: {error}")}
        return gathered

    def _databases(self) -> list[dict[str, Any]]:
        wanted = self._installation.database()
        paths = sorted(self._installation.home.data_dir.glob("*.db"), key=lambda path: (path != wanted, path))
        if not paths:
            raise NothingToTell("support.absent", f"there is no database in {self._installation.home.data_dir}")
        return [self._database(path, is_ours=path == wanted) for path in paths[:5]]

    def _database(self, path: Path, *, is_ours: bool) -> dict[str, Any]:
        from clutch_tui.core.store import health

        details: dict[str, Any] = {"path": str(path), "in_use": is_ours}
        try:
            key = self._installation.protection.find_key(path)
            details |= {"encrypted": key is not None}
            details |= asdict(health.examine(path, 5.0 if is_ours else 1.0, key))
        except Exception as error:
            details["error"] = hide_text(f"{type(error).__name__}: {error}")
        return details

    async def queue(self) -> Gathered:
        from clutch_tui.core.outbox import outbox
        from clutch_tui.core.store import statistics

        def gather() -> dict[str, Any]:
            return {"summary": asdict(outbox.summary()), "changes": statistics.of_queue()}

        return {"queue.json": await self._read(gather)}

    async def connection(self) -> Gathered:
        from clutch_tui.core import journal
        from clutch_tui.core.performance import usage
        from clutch_tui.core.sync import replica

        def gather() -> dict[str, Any]:
            return {
                "state": {name: asdict(state) for name, state in journal.connection_state().items()},
                "periods": [asdict(period) for period in usage.periods()],
                "endpoints": [asdict(figure) for figure in usage.figures()],
                "week": {name: asdict(figures) for name, figures in usage.of_endpoints("week").items()},
                "cursors": {name: replica.cursor(name) for name in replica.CHANNELS},
            }

        return {"connection.json": await self._read(gather)}

    async def connection_log(self) -> Gathered:
        from clutch_tui.core import journal

        rows = await self._read(lambda: journal.log_page(journal.LogQuery(), None, 0, ENTRIES))
        lines = (hide_names(json.dumps(asdict(row), default=str)) for row in rows)
        return {"connection-log.jsonl": "".join(f"{line}\n" for line in lines)}

    async def _read(self, function: Callable[[], Any]) -> Any:
        """Read from the database of the shop, without making or migrating one."""

        def work() -> Any:
            from clutch_tui.core.store.store import Store

            path = self._installation.database()
            if not path.exists():
                raise NothingToTell("support.absent", f"there is no {path}")
            store: Store = Store(path, inline=True, key=self._installation.protection.find_key(path))
            with closing(store):
                return store.read_now(function)

        return await asyncio.to_thread(work)

    # --- the program's log -----------------------------------------------------------------------------

    async def program_log(self) -> Gathered:
        contents = await asyncio.to_thread(
            lambda: {f"log/{path.name}": _end_of(path) for path in logs.files(self._installation.home.log_dir)}
        )
        if not contents:
            raise NothingToTell("support.absent", f"there is no {self._installation.home.log_dir / logs.NAME}")
        return contents

    async def tracebacks(self) -> Gathered:
        def gather() -> deque[str]:
            lines = logs.read(self._installation.home.log_dir)
            entries = (
                f"{line.at:%Y-%m-%d %H:%M:%S} {line.message}\n{line.traceback}" for line in lines if line.traceback
            )
            return deque(entries, TRACEBACKS)

        return {"tracebacks.txt": "\n".join(await asyncio.to_thread(gather)) or "none\n"}


def _tell_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in force. How the token is shown is no secret, though its setting is called `token`."""
    sections: dict[str, Any] = {name: dict(section) for name, section in settings.items()}
    sections["websocket"]["token_is_shown_in"] = sections["websocket"].pop("token")
    return sections


def _words(problem: Problem) -> str:
    return t(problem.key, **problem.values) if has(problem.key) else problem.key


def _end_of(path: Path) -> str:
    """The end of a file from a whole line on."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        start = max(0, file.tell() - LOG_BYTES)
        file.seek(start)
        if start:
            file.readline()
        return file.read().decode("utf-8", "replace")
