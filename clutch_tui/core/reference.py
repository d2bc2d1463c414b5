"""The server's data that change slowly: the shop's profile, figures, advice, the market; with its age.

Kept in the database, so that it is there without a network, and with the server's own mark (its ETag), so that
asking again costs an empty answer where nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import peewee

from . import state
from .clock import from_text
from .database import db
from .database.statement import Statement
from .records.sync import SettingTable

_HEAD = "reference."
_KEPT = Statement(
    SettingTable.select(SettingTable.name, SettingTable.fetched_at)
    .where(peewee.fn.substr(SettingTable.name, 1, len(_HEAD)) == _HEAD)
    .order_by(SettingTable.name)
)


@dataclass(frozen=True, slots=True)
class Reference:
    """An endpoint's last answer. `fetched_at` is when the server last said that this is how it stands."""

    name: str
    data: Any
    etag: str | None
    fetched_at: datetime


def find(name: str) -> Reference | None:
    """Return what is kept of the endpoint `name`."""
    kept, fetched_at = state.setting_with_age(_HEAD + name)
    if fetched_at is None:
        return None
    return Reference(name, kept["data"], kept["etag"], fetched_at)


def keep(name: str, data: Any, etag: str | None) -> Reference:
    """Keep an answer in place of the one before."""
    kept = plain(data)
    state.put_setting(_HEAD + name, {"etag": etag, "data": kept})
    return Reference(name, kept, etag, from_text(db.now_text()))


def confirm(known: Reference) -> Reference:
    """The server says that nothing has changed: the same data, as old as this moment."""
    return keep(known.name, known.data, known.etag)


def ages() -> dict[str, datetime]:
    """Return when each endpoint that is kept was last asked, by name."""
    return {row["name"].removeprefix(_HEAD): from_text(row["fetched_at"]) for row in _KEPT.rows() if row["fetched_at"]}


def plain(value: Any) -> Any:
    """Data as JSON can keep it: decimals become floats, which only ever are looked at."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
