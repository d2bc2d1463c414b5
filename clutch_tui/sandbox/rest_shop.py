"""shop.* and system.*: who the shop is, how it stands, and how the server is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from clutch_tui import __version__

from . import insights, ledger, payload
from .calls import Answer, Call, endpoint
from .database import Database, Row
from .payload import JSON, FieldError, Invalid

_TEXTS = ("name", "name_en", "address", "phone", "email")
_SETTINGS = ("currency", "language", "timezone")
CHANGELOG = [
    {"version": "0.1.0", "date": "2026-11-22", "changes": ["First release"], "changes_ar": ["الإصدار الأول"]},
]


def profile(row: Row) -> JSON:
    location = {"lat": Decimal(row["lat"]), "lng": Decimal(row["lng"])} if row["lat"] and row["lng"] else None
    wire: JSON = {"id": row["id"]} | {name: row[name] for name in _TEXTS}
    wire |= {"car_brands": payload.load(row["car_brands"]), "location": location}
    return wire | {"settings": {name: row[name] for name in _SETTINGS}}


@endpoint("shop.profile")
async def show(call: Call) -> Answer:
    return Answer(await call.backend.read(_profile, call.shop_id))


def _profile(database: Database, shop_id: str) -> JSON:
    with database.reading() as reading:
        return profile(reading.shop(shop_id))


@endpoint("shop.update")
async def update(call: Call) -> Answer:
    return Answer(await call.backend.write(_update, call.shop_id, call.body))


def _update(database: Database, shop_id: str, body: JSON) -> JSON:
    columns = _columns(body)
    with database.writing(shop_id) as transaction:
        if columns:
            assignments = ", ".join(f"{name} = ?" for name in columns)
            transaction.execute(f"UPDATE shop SET {assignments} WHERE id = ?", (*columns.values(), shop_id))
        return profile(transaction.shop(shop_id))


def _columns(body: JSON) -> JSON:
    """The columns that a profile names; every wrong field is told at once."""
    columns: JSON = {}
    errors: list[FieldError] = []
    settings: Any = body.get("settings") or {}
    for name in (*_TEXTS, *_SETTINGS):
        source = settings if name in _SETTINGS and isinstance(settings, dict) else body
        if name in source:
            if not isinstance(source[name], str) or len(source[name]) > 300:
                errors.append(FieldError(name, "must be a text of at most 300 characters"))
            elif name == "name" and not source[name].strip():
                errors.append(FieldError(name, "is required"))
            else:
                columns[name] = source[name]
    if "car_brands" in body:
        brands = body["car_brands"]
        if isinstance(brands, list) and all(isinstance(brand, str) for brand in brands):
            columns["car_brands"] = payload.dump(brands)
        else:
            errors.append(FieldError("car_brands", "must be a list of texts"))
    if isinstance(body.get("location"), dict):
        try:
            columns |= {axis: str(payload.number(body["location"].get(axis), axis)) for axis in ("lat", "lng")}
        except Invalid as problem:
            errors.extend(problem.errors)
    if errors:
        raise Invalid(*errors)
    return columns


@endpoint("shop.settings")
async def settings(call: Call) -> Answer:
    return Answer(await call.backend.read(_settings, call.shop_id))


def _settings(database: Database, shop_id: str) -> JSON:
    with database.reading() as reading:
        row = reading.shop(shop_id)
    wire: JSON = {name: row[name] for name in _SETTINGS}
    wire |= {"tax_rate": Decimal(row["tax_rate"]), "prices_include_tax": bool(row["prices_include_tax"])}
    return wire | {"receipt_footer": row["receipt_footer"], "credit_limit": payload.money(row["credit_limit"])}


@endpoint("shop.stats")
async def stats(call: Call) -> Answer:
    return Answer(await call.backend.read(insights.shop_stats, call.shop_id))


@endpoint("system.ping")
async def ping(call: Call) -> Answer:
    return Answer({"message": "pong", "timestamp": call.backend.database.now})


@endpoint("system.time")
async def time(call: Call) -> Answer:
    return Answer({"timestamp": call.backend.database.now, "timezone": "UTC"})


@endpoint("system.version")
async def version(call: Call) -> Answer:
    given = call.backend.settings
    wire: JSON = {"version": __version__, "build": "sandbox", "environment": given.environment}
    wire |= {"latest_client": call.backend.latest_client, "minimum_client": call.backend.minimum_client}
    protocol = call.backend.database.protocol
    if protocol > 1 and call.backend.plain is None:
        wire |= {"protocol": protocol, "records": list(ledger.RECORDS)}
    return Answer(wire | {"changelog": [*call.backend.releases, *CHANGELOG]})


@endpoint("system.health")
async def health(call: Call) -> Answer:
    """Healthy means: the database answers, not only the web server before it."""

    def look(database: Database) -> str:
        with database.reading() as reading:
            reading.value("SELECT epoch FROM server")
            return reading.now

    now = await call.backend.read(look)
    uptime = (datetime.fromisoformat(now) - call.backend.started).total_seconds()
    return Answer({"status": "healthy", "timestamp": now, "uptime": round(max(uptime, 0)), "version": __version__})
