"""The settings: environment over file over default, checked once at the start and handed down as values.

The tree is made of plain frozen dataclasses that pydantic validates. A start whose file and variables are the
same as last time takes the validated values from the cache folder instead, because importing pydantic would
cost more than a tenth of the time to the first frame.

Keys, tokens and passwords are no settings: `security.vault` keeps them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from clutch_tui.config.paths import Home, write_private
from clutch_tui.errors import ClutchError


class Between:
    """The limits of a number, for pydantic; `annotated_types` says the same and takes 9 ms to import."""

    def __init__(self, least: float, most: float) -> None:
        self.least = least
        self.most = most

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        return {**handler(source), "ge": self.least, "le": self.most}


Policy = Literal["server_wins", "local_wins", "ask"]
COINS = (0, 5, 25, 50, 100)
"""The coins, in piastres, that can be the smallest one of a shop; 0 stands for none."""
Seconds = Annotated[float, Between(0.1, 3600)]


class ConfigError(ClutchError):
    """A setting that the program cannot start with. `values` always holds `place` (the file, variable or option it came
    from) and, where there is one, `setting`."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The server. An empty `base_url` means that this terminal is not set up yet and works by itself."""

    base_url: str = ""
    ws_url: str = ""
    shop_id: str = ""
    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 30.0
    sync_timeout: Seconds = 60.0
    proxy: str = ""
    ca_file: str = ""
    http2: bool = True

    @property
    def is_set_up(self) -> bool:
        return bool(self.base_url)

    @property
    def socket_template(self) -> str:
        """The WebSocket's URL, `{shop_id}` and `{token}` still in it; `wss://HOST/ws` where none is set."""
        if self.ws_url or not self.base_url:
            return self.ws_url
        scheme, _, rest = self.base_url.partition("://")
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest.partition('/')[0]}/ws"


@dataclass(frozen=True, slots=True)
class WebSocket:
    """The live connection. `auto` offers the token in a header and falls back to the query."""

    token: Literal["auto", "header", "query"] = "auto"
    heartbeat: Annotated[float, Between(1, 300)] = 15.0
    pong_timeout: Annotated[float, Between(1, 120)] = 10.0


@dataclass(frozen=True, slots=True)
class Text:
    """Language and letters. `bidi` says who puts Arabic in its order, `letters` what the terminal can draw: `auto`
    asks the terminal."""

    language: Literal["ar", "en"] = "ar"
    digits: Literal["western", "arabic"] = "western"
    bidi: Literal["auto", "app", "terminal", "off"] = "auto"
    letters: Literal["auto", "arabic", "latin", "ascii"] = "auto"


@dataclass(frozen=True, slots=True)
class Shop:
    """The reckoning of this shop. `tax_rate` is in per cent, `cash_rounding` in piastres (0 = exact). The till takes
    `coin`: `cash_rounding`, or the nearest one of `COINS`, the smaller of two."""

    currency: str = "EGP"
    tax_rate: Annotated[Decimal, Between(0, 100)] = Decimal("14")
    prices_include_tax: bool = True
    cash_rounding: Annotated[int, Between(0, 10_000)] = 25
    timezone: str = "Africa/Cairo"
    receipt_footer: str = ""
    max_discount: Annotated[Decimal, Between(0, 100)] = Decimal("100")
    """In per cent of a line; more than that is asked about."""
    show_margin: bool = False

    @property
    def coin(self) -> int:
        return min(COINS, key=lambda coin: abs(coin - self.cash_rounding))


def _policies() -> Mapping[str, Policy]:
    return {"price": "server_wins", "cost": "server_wins"}


@dataclass(frozen=True, slots=True)
class Sync:
    """`policies` says for single fields who wins a conflict; every other field follows `policy_default`.

    `stock_by` is for a server without sync: who moves the stock of a sale there. `auto` watches the first one.
    """

    poll_interval: Annotated[float, Between(5, 3600)] = 30.0
    page_size: Annotated[int, Between(100, 5000)] = 5000
    stock_by: Literal["auto", "server", "terminal"] = "auto"
    policy_default: Policy = "ask"
    policies: Mapping[str, Policy] = field(default_factory=_policies)

    def policy(self, name: str) -> Policy:
        return self.policies.get(name, self.policy_default)


@dataclass(frozen=True, slots=True)
class Ui:
    """Look and keys. An unknown theme is no error here: the app knows its themes and says so."""

    theme: str = "clutch-dark"
    bell: bool = True
    scan_prefix: str = ""
    animation: bool = False
    mouse: bool = True


@dataclass(frozen=True, slots=True)
class Log:
    debug: bool = False
    level: Literal["debug", "info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class Database:
    """Protection at rest. `key` says who keeps a new key; one that there is stays where it is."""

    encryption: bool = True
    key: Literal["auto", "keyring", "file", "passphrase"] = "auto"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, by section."""

    backend: Backend = field(default_factory=Backend)
    websocket: WebSocket = field(default_factory=WebSocket)
    text: Text = field(default_factory=Text)
    shop: Shop = field(default_factory=Shop)
    sync: Sync = field(default_factory=Sync)
    ui: Ui = field(default_factory=Ui)
    log: Log = field(default_factory=Log)
    database: Database = field(default_factory=Database)


def load(
    home: Home,
    *,
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """The settings of this run. `overrides` are the command line's, by dotted key (`"text.language"`), and
    win over everything. Raises `ConfigError`."""
    from clutch_tui.config import sources

    raw = sources.read_file(home.config_file)
    stamp = sources.stamp(raw, environ, overrides or {})
    if (settings := sources.recall(home.cache_dir, stamp)) is not None:
        return settings
    given = sources.gather(home.config_file, raw, environ, overrides or {})
    from clutch_tui.config import rules

    settings = rules.validate(given)
    sources.remember(home.cache_dir, stamp, settings)
    return settings


def save(home: Home, changes: Mapping[str, object]) -> None:
    """Write settings (dotted key: value, `None` for "back to the default") into config.toml.

    Comments and order stay, the file is replaced in one step, and a change that could not be loaded again is
    refused with `ConfigError` before anything is written. A variable or an option still wins over the file:
    call `load` again for the settings in force.
    """
    import tomlkit

    from clutch_tui.config import rules, sources

    raw = sources.read_file(home.config_file)
    sources.gather(home.config_file, raw, {}, {})  # a file that cannot be read is not written over
    document = tomlkit.parse(sources.decode(home.config_file, raw))
    for dotted, value in changes.items():
        section, *inner, name = dotted.split(".")
        table: Any = document.setdefault(section, tomlkit.table())
        for part in inner:
            table = table.setdefault(part, tomlkit.table())
        if value is None:
            table.pop(name, None)
        else:
            table[name] = tomlkit.value(str(value)) if isinstance(value, Decimal) else value
    text = tomlkit.dumps(document)
    settings = rules.validate(sources.gather(home.config_file, text.encode(), {}, {}))
    if "shop.cash_rounding" in changes:
        rules.check_coin(settings.shop.cash_rounding, str(home.config_file))
    write_private(home.config_file, text.encode())
