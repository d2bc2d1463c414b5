"""Signing in at a server before anything is moved there: no database is made and nothing is kept that it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx

from clutch_tui.config.settings import Backend
from clutch_tui.errors import ClutchError
from clutch_tui.security.vault import Secrets, Vault

from .. import wire
from ..monitor import Monitor
from .api import Api
from .errors import ApiError, Kind
from .session import Session


@dataclass(frozen=True, slots=True)
class Credentials:
    """The shop's key, a user, or both."""

    email: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


class _Memory(Vault):
    """A vault that forgets everything with the trial."""

    def __init__(self) -> None:
        self._secrets = Secrets()

    def read(self) -> Secrets:
        return self._secrets

    def change(self, fields: Mapping[str, Any], known: Secrets) -> Secrets:
        self._secrets = replace(known, **fields)
        return self._secrets

    def acquire(self) -> None:
        """Nobody else has it."""

    def release(self) -> None:
        """Nobody waits for it."""


class OtherShop(ClutchError):
    """The credentials are good, but for another shop than the one that was named."""

    def __init__(self, shop_id: str) -> None:
        super().__init__("error.sign_in.other_shop", shop=shop_id)


async def prove(
    backend: Backend,
    credentials: Credentials,
    vault: Vault,
    *,
    device_id: str,
    transport: httpx.AsyncBaseTransport | None = None,
) -> str:
    """Sign in, and put what came of it where the shop's secrets belong; the shop's id, which is what the server
    says where none was named. `vault` is any vault of this installation. Raises `ApiError` and `OtherShop`."""
    key = credentials.api_key
    if not (key.isascii() and key.isprintable()):  # no header could carry it
        raise ApiError(Kind.UNAUTHORIZED)
    memory = _Memory()
    session = Session(memory)
    api = Api(backend, session=session, monitor=Monitor(), device_id=device_id, transport=transport)
    shop_id = backend.shop_id
    try:
        await session.open()
        if key:
            await session.use_api_key(key)
            shop_id = _same(shop_id, await _shop_of_profile(api))
        if credentials.email and credentials.password:
            await session.login(credentials.email, credentials.password)
            shop_id = _same(shop_id, str((session.shop or {}).get("id") or ""))
            shop_id = _same(shop_id, await _shop_of_profile(api, needed=False))
    finally:
        await api.close()
    await _keep(memory.read(), vault.at(backend.base_url, shop_id))
    return shop_id


def _same(named: str, answered: str) -> str:
    if named and answered and named != answered:
        raise OtherShop(answered)
    return answered or named


async def _shop_of_profile(api: Api, *, needed: bool = True) -> str:
    """The shop that the server sees behind these credentials. A key has no other proof than a call under it."""
    try:
        answer = await api.call("shop.profile", retry=False)
    except ApiError as error:
        if needed or error.kind is not Kind.MISSING_ROUTE:
            raise
        return ""
    try:
        record = wire.read_answer("shop.profile", answer.data).record
    except wire.BadPayload:  # an answer under these credentials is proof enough
        return ""
    return str((record or {}).get("id") or "")


async def _keep(proven: Secrets, vault: Vault) -> None:
    """A user who signs in keeps the key that was there, a key the user."""
    fields = asdict(proven) if proven.token else {"api_key": proven.api_key}
    if not proven.api_key:
        fields.pop("api_key")
    await asyncio.to_thread(vault.change, fields, Secrets())
