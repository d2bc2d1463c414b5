"""The identity that this terminal speaks for: nobody, the shop's API key, or a user with a token that is kept fresh."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from clutch_tui.core.clock import Clock, SystemClock, from_text, to_text
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.monitor import Access, Monitor
from clutch_tui.security.key_store import KeyStoreError
from clutch_tui.security.redaction import remember
from clutch_tui.security.vault import Secrets

if TYPE_CHECKING:
    from clutch_tui.net.client.api import Answer
    from clutch_tui.security.vault import Vault

REFRESH_BEFORE = timedelta(minutes=5)
UNKNOWN_LIFETIME = 3600.0
# The answers that mean "these credentials are worth nothing", as opposed to "not now".
_REFUSED = frozenset({Kind.UNAUTHORIZED, Kind.FORBIDDEN, Kind.INVALID, Kind.MISSING_RECORD, Kind.MISSING_ROUTE})

_NOBODY: Mapping[str, Any] = {"token": None, "refresh_token": None, "expires_at": None, "lifetime": 0.0}
"""What changes when a user signs out."""


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    role: str


class Send(Protocol):
    """One exchange under the given credentials, without renewal or retry: what `Api` offers to its session."""

    def __call__(self, name: str, body: object, *, bearer: str | None) -> Awaitable[Answer]: ...


class Session:
    """Credentials, kept in the vault and shared with the other processes of this shop.

    `api_key` is one for this run only (from a variable or an option); it is never stored. A token that has been
    refused, or a refresh token that has, leaves the session signed out: the key, where there is one, goes on. Only a
    renewal that the server itself refuses makes it forget who was signed in.
    """

    def __init__(
        self,
        vault: Vault,
        *,
        clock: Clock | None = None,
        monitor: Monitor | None = None,
        api_key: str | None = None,
    ) -> None:
        self._vault = vault
        self._clock = clock or SystemClock()
        self._monitor = monitor
        self._given_key = _clean_key(api_key)
        remember(self._given_key)
        self._key_refused = False
        self._unrenewable: str | None = None
        self._refused: str | None = None
        """The token that the server does not take and that nothing renews: kept, since only a refused renewal ends a
        session, and offered while there is no key."""
        self._secrets: Secrets | None = None
        """What holds here, from the moment at which it was decided."""
        self._kept: Secrets | None = None
        """What the vault held when it was last read or written: what differs from it is another process's doing."""
        self._unsaved: dict[str, Any] = {}
        """Fields that the vault could not take yet; they go with the next change."""
        self._turn = asyncio.Lock()
        """One reading or writing of the vault at a time: changes reach it in the order in which they were made."""
        self._opening: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[bool] | None = None
        self._send: Send | None = None
        self.shop: dict[str, Any] | None = None
        """What the last login said about the shop, `id` among it."""

    def bind(self, send: Send) -> None:
        """Tell the session how to reach the server; `Api` does so when it is made."""
        self._send = send

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def state(self) -> Access:
        """Known after `open()`."""
        if self._secrets is not None and self._secrets.token and self._secrets.token != self._refused:
            return "user"
        return "key" if self.api_key and not self._key_refused else "signed_out"

    @property
    def user(self) -> User | None:
        if self._secrets is None or not self._secrets.token:
            return None
        return User(self._secrets.user_id, self._secrets.user_name, self._secrets.user_role)

    @property
    def api_key(self) -> str | None:
        return self._given_key or (self._secrets.api_key if self._secrets else None)

    @property
    def was_somebody(self) -> bool:
        """Tell whether anybody was ever signed in here."""
        return self._secrets is not None and bool(self._secrets.user_id or self._secrets.token)

    @property
    def is_renewable(self) -> bool:
        """Tell whether there is something to renew the token with."""
        return self._secrets is not None and bool(self._secrets.token and self._secrets.refresh_token)

    async def open(self) -> None:
        """Read the vault, once. Everything that needs it does so by itself."""
        if self._secrets is None:
            if self._opening is None:
                self._opening = asyncio.create_task(self._read())
            await asyncio.shield(self._opening)

    async def look_again(self) -> bool:
        """Read the vault again where nobody is signed in here: another process may have been told the key or the
        password. True where it has."""
        await self.open()
        if self.state != "signed_out":
            return False
        stored = await self._stored()
        if stored == self._kept or self.state != "signed_out":
            return False
        self._key_refused = False
        self._take_over(stored)
        return self.state != "signed_out"

    async def bearer(self) -> str | None:
        """Return what to put into `Authorization`: a token that is still good for a while, or the API key.

        Raises `ApiError` only where the token has ended and the server cannot be reached for a new one.
        """
        await self.open()
        token, ends = self._token(), self._ends()
        if token is None or (token == self._refused and self.api_key):
            return self.api_key
        if ends is not None and self._clock.now() >= ends - self._margin() and token != self._unrenewable:
            try:
                await self.renew(token, due=True)
            except ApiError:
                if self._clock.now() >= ends:
                    raise
            return self._token() or self.api_key
        return token

    # --- what it does -------------------------------------------------------------------------------

    async def login(self, email: str, password: str) -> User:
        """Sign in; the password is sent and forgotten. Raises `ApiError`, `bad_credentials` for a wrong one."""
        await self.open()
        remember(password)
        body = {"email": email, "emailOrPhone": email, "password": password}
        try:
            answer = await self._exchange("auth.login", body, None)
        except ApiError as error:
            if error.kind in (Kind.UNAUTHORIZED, Kind.INVALID, Kind.MISSING_RECORD):
                raise ApiError(Kind.BAD_CREDENTIALS, status=error.status, code=error.code) from error
            raise
        tokens = _tokens(answer)
        self.shop = tokens["shop"]
        await self._keep(tokens, Secrets())
        signed_in = tokens["user"] or {}
        return User(*(str(signed_in.get(name, "")) for name in ("id", "name", "role")))

    async def logout(self) -> None:
        """Forget the user at once; tell the server if it can be told. The API key stays."""
        await self.open()
        token, secrets = self._token(), self._known()
        if token is None:
            return
        await self._change(**_NOBODY)
        try:
            await self._exchange("auth.logout", {"refresh_token": secrets.refresh_token}, token)
        except ApiError as error:
            if self._monitor is not None:
                self._monitor.note("info", "session", error.key, **error.values)

    async def use_api_key(self, key: str | None) -> None:
        """Store the shop's API key, or forget it. Raises `ValueError` for one that no header could carry."""
        await self.open()
        self._key_refused = False
        await self._change(api_key=_clean_key(key))

    async def renew(self, stale: str, *, due: bool = False) -> bool:
        """Get a new token in place of `stale`; true where there is one now.

        However many calls fail together, one request goes out and all wait for it. False means signed out, unless
        the token was only `due`: one that cannot be renewed (no refresh token, no such route) serves until the
        server refuses it. Raises `ApiError` where the server could not be asked: the credentials may be as good as
        ever.
        """
        await self.open()
        renewed = await self._join_renewal(stale, due)
        if not renewed and not due and self._token() == stale:  # joined somebody for whom it was only due
            renewed = await self._join_renewal(stale, due)
        return renewed

    async def _join_renewal(self, stale: str, due: bool) -> bool:
        if self._token() not in (None, stale):
            return True
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(stale, due))
            # whoever asked may have been cancelled meanwhile: a failure that nobody waits for is nobody's
            self._renewal.add_done_callback(lambda task: task.cancelled() or task.exception())
        renewal = self._renewal
        await asyncio.wait([renewal])  # and no shield: from Python 3.14 on it logs such a failure as an error
        return renewal.result()

    def refused(self, bearer: str | None) -> None:
        """The server does not accept this bearer. A refused key is not offered as "signed in" any more."""
        if bearer is not None and bearer == self.api_key:
            self._key_refused = True
            self._tell()

    def accepted(self, bearer: str | None) -> None:
        """An answer came under this bearer: a key that was refused has been put right on the server."""
        if self._key_refused and bearer is not None and bearer == self.api_key:
            self._key_refused = False
            self._tell()
        if self._refused is not None and bearer == self._refused:
            self._refused = None
            self._tell()

    # --- inside -------------------------------------------------------------------------------------

    async def _renew(self, stale: str, due: bool) -> bool:
        await asyncio.to_thread(self._vault.acquire)
        try:
            stored = await self._stored()
            if stored not in (self._kept, Secrets()) and stored.token != stale:
                self._take_over(stored)  # another process was faster, or has signed out
            if self._token() != stale:
                return self._token() is not None
            return await self._ask_for_another(stale, due)
        finally:
            await asyncio.to_thread(self._vault.release)

    async def _ask_for_another(self, stale: str, due: bool) -> bool:
        """Have the server renew `stale`. Whoever signs out or in while it is asked has the last word: what the
        answer says about the token of before concerns nobody any more."""
        refresh_token, is_possible, tokens = self._known().refresh_token, False, None
        if refresh_token:
            try:
                tokens = _tokens(await self._exchange("auth.refresh", {"refresh_token": refresh_token}, None))
            except ApiError as error:
                is_possible = error.kind is not Kind.MISSING_ROUTE
                if error.kind not in _REFUSED or (is_possible and not error.is_enveloped):
                    raise  # nobody has refused it but somebody in between
        if self._token() != stale:
            return self._token() is not None
        if tokens is not None:
            await self._keep(tokens, self._known())
            return True
        if not is_possible:
            self._unrenewable = stale
            if not due:
                self._refused = stale
                self._tell()
            return False
        await self._change(**_NOBODY)
        return False

    async def _exchange(self, name: str, body: object, bearer: str | None) -> Answer:
        if self._send is None:
            raise ApiError(Kind.NOT_SET_UP)
        return await self._send(name, body, bearer=bearer)

    async def _keep(self, tokens: dict[str, Any], before: Secrets) -> None:
        """Sign in with these tokens; what they leave unsaid is as it was `before`."""
        lifetime = tokens["expires_in"] or _lifetime(tokens["token"]) or UNKNOWN_LIFETIME
        user = tokens["user"] or {}
        await self._change(
            token=tokens["token"],
            refresh_token=tokens["refresh_token"] or before.refresh_token,
            expires_at=to_text(self._clock.now() + timedelta(seconds=lifetime)),
            lifetime=lifetime,
            user_id=user.get("id", before.user_id),
            user_name=user.get("name", before.user_name),
            user_role=user.get("role", before.user_role),
        )

    async def _change(self, **fields: Any) -> None:
        """Change these fields: here at once, in the vault when its turn comes, also where nobody waits any more."""
        changed = self._secrets = replace(self._known(), **fields)
        self._tell()
        await asyncio.shield(asyncio.create_task(self._save(changed, fields)))

    async def _save(self, changed: Secrets, fields: dict[str, Any]) -> None:
        async with self._turn:
            self._unsaved |= fields
            try:
                kept = await asyncio.to_thread(self._vault.change, dict(self._unsaved), changed)
            except (OSError, KeyStoreError) as error:
                if self._monitor is None:
                    raise
                self._monitor.note("error", "session", "error.vault.not_saved", reason=str(error)[:200])
                return
            self._kept, self._unsaved = kept, {}
            if self._secrets is changed and kept != changed:
                self._secrets = kept
                self._tell()

    async def _stored(self) -> Secrets:
        """Return what the vault holds, read while nothing was changed here: what it held before a change is no news."""
        while True:
            async with self._turn:
                before, stored = self._secrets, await asyncio.to_thread(self._vault.read)
            if self._secrets is before:
                return stored

    def _take_over(self, stored: Secrets) -> None:
        self._kept, self._secrets = stored, replace(stored, **self._unsaved)
        self._tell()

    async def _read(self) -> None:
        self._secrets = self._kept = await asyncio.to_thread(self._vault.read)
        self._tell()

    def _tell(self) -> None:
        if self._secrets is not None:
            remember(self._secrets.token, self._secrets.refresh_token, self.api_key)
        if self._monitor is not None:
            self._monitor.set_access(self.state, was_somebody=self.was_somebody)

    def _known(self) -> Secrets:
        assert self._secrets is not None, "open() comes first"
        return self._secrets

    def _token(self) -> str | None:
        return self._known().token

    def _ends(self) -> datetime | None:
        text = self._known().expires_at
        return from_text(text) if text else None

    def _margin(self) -> timedelta:
        """Five minutes, or a fifth of a short life: a token of one minute is not renewed all the time."""
        lifetime = self._known().lifetime
        return min(REFRESH_BEFORE, timedelta(seconds=lifetime / 5)) if lifetime else REFRESH_BEFORE


def _tokens(answer: Answer) -> dict[str, Any]:
    from clutch_tui.net import wire

    try:
        record = wire.read_answer("auth.login", answer.whole).record
    except wire.BadPayload as error:
        raise ApiError(Kind.NOT_JSON, message=error.reason) from error
    assert record is not None
    return record


def _lifetime(token: str) -> float | None:
    """Seconds between the issue and the end that a JWT names: both by the server's clock, so ours may be wrong."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        seconds = float(claims["exp"]) - float(claims["iat"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
    return seconds if 0 < seconds < 10**9 else None


def _clean_key(key: str | None) -> str | None:
    key = (key or "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable()):
        raise ValueError("an API key holds only printable ASCII")
    return key
