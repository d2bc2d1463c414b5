"""Judges settings: types and limits by pydantic, meaning by hand, every complaint with its place."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from clutch_tui.config.settings import COINS, ConfigError, Settings, Sync

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Given:
    """One value as somebody wrote it, and where."""

    value: object
    place: str


def validate(given: Mapping[str, Given]) -> Settings:
    """The settings that these values make over the defaults. Raises `ConfigError` for the first wrong one."""
    from pydantic import ValidationError

    tree: dict[str, dict[str, Any]] = {}
    for dotted, setting in given.items():
        section, name, *inner = dotted.split(".")
        table = tree.setdefault(section, {})
        if inner:
            table.setdefault(name, dict(Sync().policies))[inner[0]] = setting.value
        else:
            table[name] = setting.value
    try:
        settings = _adapter().validate_python(tree)
    except ValidationError as error:
        _complain(error.errors(include_url=False)[0], given)
    return _check_meaning(settings, given)


@cache
def _adapter() -> TypeAdapter[Settings]:
    """Return the judge of the types: made once, since the making takes longer than all the judging of a run."""
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


def _complain(problem: Mapping[str, Any], given: Mapping[str, Given]) -> NoReturn:
    """Pydantic's complaint as one of our sentences."""
    location = [str(part) for part in problem["loc"]]
    dotted = next(key for key in (".".join(location[:3]), ".".join(location[:2])) if key in given)
    context, kind = problem.get("ctx", {}), problem["type"]
    details: dict[str, object] = {
        "place": given[dotted].place,
        "setting": dotted,
        "value": str(given[dotted].value)[:80],
    }
    if kind == "literal_error":
        key = "error.config.not_a_choice"
        details["choices"] = str(context["expected"]).replace("'", "").replace(" or ", ", ")
    elif kind in ("greater_than_equal", "less_than_equal") and str(details["value"]).lower() != "nan":
        key = "error.config.too_small" if "ge" in context else "error.config.too_large"
        details["limit"] = context.get("ge", context.get("le"))
    elif kind.startswith("bool"):
        key = "error.config.not_a_switch"
    elif kind.startswith(("int", "float", "decimal", "finite", "greater", "less")):
        key = "error.config.not_a_number"
    else:
        key = "error.config.not_a_text"
    raise ConfigError(key, **details)


def _check_meaning(settings: Settings, given: Mapping[str, Given]) -> Settings:
    """Check what types cannot say: addresses, files, names of places."""
    default = Given("", "config.toml")

    def place(dotted: str) -> str:
        return given.get(dotted, default).place

    backend, shop = settings.backend, settings.shop
    backend = replace(
        backend,
        base_url=check_base_url(backend.base_url, place("backend.base_url")),
        ws_url=_check_ws_url(backend.ws_url, place("backend.ws_url")),
        shop_id=backend.shop_id.strip(),
    )
    _check_proxy(backend.proxy, place("backend.proxy"))
    if backend.ca_file and not Path(backend.ca_file).expanduser().is_file():
        raise ConfigError(
            "error.config.no_ca_file",
            place=place("backend.ca_file"),
            setting="backend.ca_file",
            value=backend.ca_file,
        )
    if not (len(shop.currency) == 3 and shop.currency.isascii() and shop.currency.isupper()):
        raise ConfigError(
            "error.config.currency",
            place=place("shop.currency"),
            setting="shop.currency",
            value=shop.currency,
        )
    _check_timezone(shop.timezone, place("shop.timezone"))
    return replace(settings, backend=backend)


def _check_timezone(name: str, place: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError("error.config.timezone", place=place, setting="shop.timezone", value=name) from error


def check_coin(amount: int, place: str) -> None:
    """Raise `ConfigError` where there is no such coin. For what is to be saved: a start makes do with the nearest."""
    if amount not in COINS:
        coins = ", ".join(map(str, COINS))
        raise ConfigError(
            "error.config.no_such_coin", place=place, setting="shop.cash_rounding", value=amount, coins=coins
        )


def check_base_url(url: str, place: str) -> str:
    """The base URL without its last slash. Raises `ConfigError` where it is no URL, carries a password, or
    would send tokens over an open line."""
    url = url.strip().rstrip("/")
    if url:
        _check_url(url, place, "backend.base_url", ("http", "https"))
    return url


def _check_ws_url(url: str, place: str) -> str:
    url = url.strip()
    if not url:
        return ""
    try:
        filled = url.format(shop_id="shop", token="token")
    except (KeyError, IndexError, ValueError):
        raise ConfigError("error.config.ws_template", place=place, setting="backend.ws_url", value=url) from None
    _check_url(filled, place, "backend.ws_url", ("ws", "wss"))
    return url


def _check_proxy(url: str, place: str) -> None:
    if not url:
        return
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https", "socks5", "socks5h"):
        shown = url.rpartition("@")[2]
        raise ConfigError("error.config.proxy", place=place, setting="backend.proxy", value=shown)


def _check_url(url: str, place: str, setting: str, schemes: tuple[str, str]) -> None:
    parts = _split(url)
    if parts is None or parts.scheme not in schemes:
        raise ConfigError(
            "error.config.bad_url",
            place=place,
            setting=setting,
            value=url[:200],
            example=f"{schemes[1]}://example.com",
        )
    if parts.username or parts.password:
        raise ConfigError("error.config.password_in_url", place=place, setting=setting)
    if parts.scheme == schemes[0] and not is_loopback(parts.hostname or ""):
        fixed = schemes[1] + url[len(schemes[0]) :]
        raise ConfigError("error.config.not_encrypted", place=place, setting=setting, value=url, fixed=fixed)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and not any(character.isspace() for character in url) else None


def is_loopback(host: str) -> bool:
    """True for this machine itself, the only place where an open line is no danger."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
