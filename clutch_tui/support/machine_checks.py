"""The doctor's look at this machine: settings, keys, files, disk, database, queue, log, versions."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from clutch_tui import __version__
from clutch_tui.config.settings import ConfigError
from clutch_tui.core.clock import Clock, SystemClock, from_text
from clutch_tui.core.errors import ShopError
from clutch_tui.errors import Problem
from clutch_tui.security.key_store import KeyStoreError
from clutch_tui.support import logs
from clutch_tui.support.doctor import Check, Finding, aside

if TYPE_CHECKING:
    from clutch_tui.config.paths import Home
    from clutch_tui.config.settings import Settings
    from clutch_tui.core.store import health
    from clutch_tui.core.store.store import FindKey
    from clutch_tui.core.sync.differences import Stranded
    from clutch_tui.security.vault import Secrets, Vault

LOW_DISK, NO_DISK = 500_000_000, 50_000_000
LARGE_LOG = 64_000_000
OLD = timedelta(days=1)
"""Age of the oldest unsent change from which somebody should look why."""


@dataclass(frozen=True, slots=True)
class HomeDatabases:
    """The databases of this home: the key that opens one, those that lie there in plain beside ours,
    and where work is stranded. Each may read files: they are called in a thread."""

    find_key: FindKey = lambda _path: None
    plain_others: Callable[[], Sequence[Path]] = tuple
    stranded: Callable[[], Sequence[Stranded]] = tuple


class MachineChecks:
    """One look at the machine. `problem` is what kept the configuration from being read; everything that does not
    depend on it is looked at all the same."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        vault: Vault,
        *,
        api_key: str | None = None,
        problem: Problem | None = None,
        clock: Clock | None = None,
        databases: HomeDatabases | None = None,
    ) -> None:
        self._home = home
        self._settings = settings
        self._vault = vault
        self._api_key = api_key
        self._problem = problem
        self._clock = clock or SystemClock()
        self._log = home.log_dir / logs.NAME
        self._databases = databases or HomeDatabases()
        self._is_older = False

    @property
    def _database(self) -> Path:
        return self._home.database(self._settings.backend.base_url, self._settings.backend.shop_id)

    def first(self) -> tuple[Check, ...]:
        """The checks that come before the way to the server. The mode of the key file is looked at before anything
        reads it, since reading puts it right."""
        return (Check("config", self.config), Check("credentials", self.credentials, ("config",)))

    def rest(self) -> tuple[Check, ...]:
        return (
            Check("files", self.files),
            Check("disk", self.disk),
            Check("database", self.database, ("config",) if self._problem is not None else ()),
            Check("queue", self.queue, ("database",)),
            Check("stranded", self.stranded),
            Check("lead", self.lead, ("database",)),
            Check("log", self.log),
            Check("versions", self.versions),
        )

    async def config(self) -> Finding:
        file = str(self._home.config_file)
        if self._problem is not None:
            return Finding("config", "wrong", {"file": file}, self._problem)
        backend, shop = self._settings.backend, self._settings.shop
        if shop.coin != shop.cash_rounding:
            return Finding("config", "no_such_coin", {"file": file, "given": shop.cash_rounding, "coin": shop.coin})
        if not backend.is_set_up:
            return Finding("config", "alone", {"file": file})
        return Finding("config", "set_up", {"file": file, "url": backend.base_url, "shop": backend.shop_id})

    async def credentials(self) -> Finding:
        """Return what this terminal shows to the server, where that is kept, and until when it is good."""
        file = self._home.secrets_file
        if mode := await aside(lambda: _open_mode(file)):
            return Finding("credentials", "readable", {"file": str(file), "mode": mode})
        try:
            secrets = await aside(self._vault.read)
        except KeyStoreError as error:
            return Finding("credentials", "no_key_store", cause=error.problem)
        return self._judge(secrets, self._vault.keeper)

    def _judge(self, secrets: Secrets, keeper: str) -> Finding:
        if secrets.token:
            until = from_text(secrets.expires_at) if secrets.expires_at else None
            ended = until is not None and until <= self._clock.now()
            values = {"user": secrets.user_name, "until": until, "keeper": keeper}
            return Finding("credentials", "ended" if ended else "user", values)
        if self._api_key or secrets.api_key:
            return Finding("credentials", "key", {"keeper": "run" if self._api_key else keeper})
        return Finding("credentials", "none")

    # --- files ------------------------------------------------------------------------------------------

    async def files(self) -> Finding:
        return await aside(self._files)

    def _files(self) -> Finding:
        """Can we write where we must, and can nobody else read what is private? The configuration holds no secrets
        and may be open; a folder that is not there yet is made when it is needed."""
        home = self._home
        for folder in (home.config_dir, home.data_dir, home.cache_dir):
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                return Finding("files", "not_writable", {"path": str(folder)})
        private = (home.keys_dir, home.data_dir, home.log_dir, self._database, home.secrets_file, home.keys_file)
        for path in private:
            if mode := _open_mode(path):
                return Finding("files", "open", {"path": str(path), "mode": mode})
        return Finding("files", "private", {"path": str(home.data_dir)})

    async def disk(self) -> Finding:
        free = await aside(lambda: shutil.disk_usage(_existing(self._home.data_dir)).free)
        outcome = "full" if free < NO_DISK else "low" if free < LOW_DISK else "enough"
        return Finding("disk", outcome, {"free": free, "path": str(self._home.data_dir)})

    async def log(self) -> Finding:
        """Can the program write its own log? A log that is not there yet counts by its folder."""
        place = self._log if self._log.exists() else _existing(self._log.parent)
        writable = await aside(lambda: os.access(place, os.W_OK))
        return Finding("log", "writable" if writable else "not_writable", {"path": str(self._log)})

    # --- the database -----------------------------------------------------------------------------------

    async def database(self) -> Finding:
        from clutch_tui.core.database import faults
        from clutch_tui.core.store import health

        path = self._database
        if not path.exists():
            return Finding("database", "absent", {"path": str(path)})
        try:
            if await aside(lambda: faults.is_emptied(path)):
                raise ShopError(faults.EMPTIED, path=str(path))
            key = await aside(lambda: self._databases.find_key(path))
            condition = await aside(lambda: health.examine(path, key=key))
        except (ShopError, ConfigError) as error:
            outcome = "faulty" if error.key.startswith("error.store.") else "locked"
            return Finding("database", outcome, {"path": str(path)}, error.problem)
        except OSError as error:
            return Finding("database", "unreadable", {"path": str(path), "reason": str(error)[:200]})
        self._is_older = condition.schema < condition.newest
        finding = _judge_database(path, condition)
        if finding.verdict == "ok" and key is None and self._settings.database.encryption:
            return Finding("database", "plain", finding.values)
        if finding.verdict == "ok" and (others := await aside(self._databases.plain_others)):
            return Finding("database", "others_plain", {**finding.values, "path": str(others[0])})
        return finding

    async def queue(self) -> Finding:
        from clutch_tui.core.store import health

        path = self._database
        if not path.exists():
            return Finding("queue", "empty")
        if self._is_older:
            return Finding("queue", "skipped", {"after": "database"})
        alone = not self._settings.backend.is_set_up  # nobody to send to: age means nothing
        differences = await aside(lambda: health.differences(path, self._databases.find_key(path), alone=alone))
        queue = differences.queue
        values: dict[str, object] = {
            **{"unsent": queue.unsent, "oldest": queue.oldest_at, "attention": queue.attention, "local": queue.local},
            **{"missing": differences.set_aside, "arriving": ", ".join(differences.arriving)},
        }
        if queue.attention or differences.refused:
            return Finding("queue", "attention", values)
        if queue.unsent:
            late = queue.oldest_at is not None and self._clock.now() - queue.oldest_at > OLD
            return Finding("queue", "old" if late and not alone else "waiting", values)
        if differences.set_aside:
            return Finding("queue", "missing", values)
        for unfinished in differences.imports:
            return Finding("queue", "unfinished", values | {"file": unfinished.file, "line": unfinished.line})
        if differences.local_sales:
            return Finding("queue", "local_sales", values)
        if queue.local:
            return Finding("queue", "local", values)
        return Finding("queue", "arriving" if differences.arriving else "empty", values)

    async def lead(self) -> Finding:
        """Does the process that leads the connection still work? One that is stopped lets all others wait."""
        from clutch_tui.core.store import health
        from clutch_tui.net.network import is_led

        path = self._database
        if not path.exists() or self._is_older or not await aside(lambda: is_led(path)):
            return Finding("lead", "none")
        last = await aside(lambda: health.last_word(path, self._databases.find_key(path)))
        if last is None or not last.is_silent(self._clock.now()):
            return Finding("lead", "leads", {"pid": last.pid if last is not None else None})
        return Finding("lead", "silent", {"pid": last.pid, "since": last.updated_at})

    async def stranded(self) -> Finding:
        """Work in other databases of this home, which nobody sends."""
        every = await aside(self._databases.stranded)
        readable = [database for database in every if not database.fault]
        if not readable:
            untold = [str(database.path) for database in every]
            return Finding("stranded", "untold", {"path": untold[0]}) if untold else Finding("stranded", "none")
        first = readable[0]
        values = {
            "unsent": sum(database.unsent for database in readable),
            "place": first.base_url,
            "path": str(first.path),
        }
        return Finding("stranded", "left", {**values, "shop": first.shop_id, "files": len(readable)})

    async def versions(self) -> Finding:
        from clutch_tui.core.store.health import SQLITE

        versions = {
            "program": __version__,
            "python": platform.python_version(),
            "sqlite": SQLITE,
            "textual": version("textual"),
            "system": f"{platform.system()} {platform.release()}".strip() or sys.platform,
        }
        return Finding("versions", "known", versions)


def _judge_database(path: Path, condition: health.FileCondition) -> Finding:
    values: dict[str, object] = {
        "path": str(path),
        "size": condition.size,
        "log": condition.log_size,
        "schema": condition.schema,
        "newest": condition.newest,
    }
    if condition.faults:
        return Finding("database", "damaged", {**values, "reason": condition.faults[0][:200]})
    if condition.schema > condition.newest:
        return Finding("database", "newer", values)
    if condition.schema < condition.newest:
        return Finding("database", "older", values)
    if not condition.finished:
        return Finding("database", "unfinished", values)
    return Finding("database", "log_large" if condition.log_size > LARGE_LOG else "sound", values)


def _open_mode(path: Path) -> str | None:
    """The mode of something that others than its owner may read or write, as `chmod` writes it."""
    if os.name != "posix" or not path.exists():
        return None
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"{mode:04o}" if mode & 0o077 else None


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
