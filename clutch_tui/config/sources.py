"""The sources of settings: each value keeps the place that it was read from, so that an error can name the
file or variable to correct; and the validated ones, kept for a faster start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from clutch_tui import __version__
from clutch_tui.config import settings as config
from clutch_tui.config.paths import write_private
from clutch_tui.config.rules import Given
from clutch_tui.config.settings import ConfigError, Settings

SECTIONS: dict[str, type[Any]] = {
    "backend": config.Backend,
    "websocket": config.WebSocket,
    "text": config.Text,
    "shop": config.Shop,
    "sync": config.Sync,
    "ui": config.Ui,
    "log": config.Log,
    "database": config.Database,
}
SHORT_VARIABLES = {
    "CLUTCH_BASE_URL": "backend.base_url",
    "CLUTCH_WS_URL": "backend.ws_url",
    "CLUTCH_SHOP_ID": "backend.shop_id",
    "CLUTCH_LANG": "text.language",
}
OPTIONS = {
    "backend.base_url": "--base-url",
    "backend.ws_url": "--ws-url",
    "backend.shop_id": "--shop-id",
    "text.language": "--lang",
}
_WITHDRAWN = frozenset({"tax", "car_info"})
"""Names that policies were taken for though no conflict is about them: a file that still has one opens as before."""
_SECRETS = frozenset({"api_key", "token", "refresh_token", "password", "secret"})


def read_file(path: Path) -> bytes:
    """The configuration file's bytes; none where there is no file yet."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ConfigError("error.config.unreadable", place=str(path), reason=error.strerror or "") from error


def decode(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError("error.config.not_utf8", place=str(path)) from error


def gather(path: Path, raw: bytes, environ: Mapping[str, str], overrides: Mapping[str, object]) -> dict[str, Given]:
    """Every value that somebody gave, by dotted key; a later source replaces an earlier one."""
    given = _from_file(path, raw)
    given |= _from_environment(environ)
    for dotted, value in overrides.items():
        if value is not None:
            given[dotted] = Given(value, OPTIONS.get(dotted, dotted))
    for dotted, setting in given.items():
        _check_known(dotted, setting.place)
    return given


def _from_file(path: Path, raw: bytes) -> dict[str, Given]:
    import tomllib

    try:
        document = tomllib.loads(decode(path, raw), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("error.config.not_toml", place=str(path), problem=str(error)) from error
    given: dict[str, Given] = {}
    for section, table in document.items():
        if not isinstance(table, dict):
            if section in SECTIONS:
                raise ConfigError("error.config.not_a_section", place=str(path), setting=section)
            _unknown(section, str(path), SECTIONS)
        if section not in SECTIONS:
            _unknown(section, str(path), SECTIONS)
        for name, value in table.items():
            inner = value if isinstance(value, dict) else None
            if inner is None:
                given[f"{section}.{name}"] = Given(value, str(path))
            for key, entry in (inner or {}).items():
                given[f"{section}.{name}.{key}"] = Given(entry, str(path))
    return given


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for variable, value in sorted(_variables(environ)):
        dotted = SHORT_VARIABLES.get(variable) or ".".join(variable.removeprefix("CLUTCH_").lower().split("__"))
        given[dotted] = Given(value, variable)
    return given


def _variables(environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Ours among the variables. An empty one counts as absent: that is how scripts switch one off."""
    return (
        (variable, value)
        for variable, value in environ.items()
        if value and (variable in SHORT_VARIABLES or (variable.startswith("CLUTCH_") and "__" in variable))
    )


def _check_known(dotted: str, place: str) -> None:
    section, _, name = dotted.partition(".")
    if section not in SECTIONS:
        _unknown(dotted, place, SECTIONS)
    first, _, inner = name.partition(".")
    known = [field.name for field in fields(SECTIONS[section])]
    if first not in known and first in _SECRETS:
        raise ConfigError("error.config.secret", place=place, setting=dotted)
    if first not in known:
        _unknown(dotted, place, [f"{section}.{setting}" for setting in known])
    if inner and first == "policies":
        _check_policy(dotted, place, inner)
    elif inner:
        _unknown(dotted, place, [f"{section}.{first}"])


def _check_policy(dotted: str, place: str, name: str) -> None:
    from clutch_tui.core.records import policy_fields  # the tables are costly to import, and few shops have policies

    known = sorted(policy_fields())
    if name not in known and name not in _WITHDRAWN:
        _unknown(dotted, place, [f"sync.policies.{policy}" for policy in known], "error.config.unknown_policy")


def _unknown(dotted: str, place: str, known: Iterable[str], key: str = "error.config.unknown") -> NoReturn:
    from difflib import get_close_matches

    names = {whole.rpartition(".")[2]: whole for whole in known}  # what stands before it is the same in all of them
    close = get_close_matches(dotted.rpartition(".")[2], names, n=1)
    if close:
        raise ConfigError("error.config.unknown_did_you_mean", place=place, setting=dotted, known=names[close[0]])
    raise ConfigError(key, place=place, setting=dotted, known=", ".join(names))


def stamp(raw: bytes, environ: Mapping[str, str], overrides: Mapping[str, object]) -> str:
    """Return what the validated settings depend on, as one digest."""
    parts = [
        __version__,
        str(Path(__file__).stat().st_mtime_ns),
        str(Path(config.__file__).stat().st_mtime_ns),
        repr(sorted(_variables(environ))),
        repr(sorted((key, str(value)) for key, value in overrides.items())),
    ]
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + raw).hexdigest()


def recall(folder: Path, stamp: str) -> Settings | None:
    """The settings that were validated under this stamp, or `None`; a damaged file counts as none."""
    try:
        stored = json.loads((folder / "config.json").read_bytes())
        if stored["stamp"] != stamp:
            return None
        tree = stored["settings"]
        for name in ("tax_rate", "max_discount"):
            tree["shop"][name] = Decimal(tree["shop"][name])
        return Settings(**{name: section(**tree[name]) for name, section in SECTIONS.items()})
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError):
        return None


def remember(folder: Path, stamp: str, settings: Settings) -> None:
    """Keep the validated settings for the next start; a folder that cannot be written only costs its speed.
    A proxy with a password is not copied about."""
    if "@" in settings.backend.proxy:
        return
    content = json.dumps({"stamp": stamp, "settings": asdict(settings)}, default=str)
    try:
        write_private(folder / "config.json", content.encode())
    except OSError:
        return
