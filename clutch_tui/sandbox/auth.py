"""Identifies who is calling: passwords, short-lived tokens, rotating refresh tokens, API keys.

A refresh token is good once. The one before it stays good for a minute: the answer that carried its successor
may have been lost, and a shop must not be signed out by a bad line. Used later than that it has leaked, and
the whole session ends.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from . import payload
from .database import Database, Reading, Row
from .payload import JSON

GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who has been let in; an API key has no person, no session and no end."""

    shop_id: str
    person_id: str = ""
    name: str = ""
    role: str = "api_key"
    session_id: str = ""
    expires_at: float | None = None


class Denied(Exception):
    """Not let in; `code` is TOKEN_EXPIRED (refresh, try again) or INVALID_TOKEN (sign in again)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def hash_password(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**12, r=8, p=1).hex()


def login(database: Database, who: str, password: str, device_id: str) -> JSON:
    """Open a session; raises `Denied` without saying which of the two was wrong."""
    with database.reading() as reading:
        person = reading.one("SELECT * FROM person WHERE email = ? OR phone = ?", (who.strip().lower(), who.strip()))
    salt, expected = (person["salt"], person["password"]) if person else ("-", "")
    if person is None or not hmac.compare_digest(hash_password(password, salt), expected):
        hash_password(password, salt)
        raise Denied("INVALID_CREDENTIALS", "wrong e-mail, phone or password")
    session_id = database.new_id()
    refresh = _secret(database)
    with database.writing() as transaction:
        transaction.execute(
            "INSERT INTO session (id, person_id, shop_id, device_id, refresh, previous, rotated_at, expires_at,"
            " revoked) VALUES (?, ?, ?, ?, ?, '', ?, ?, 0)",
            (
                session_id,
                person["id"],
                person["shop_id"],
                device_id,
                _fingerprint(refresh),
                transaction.now,
                _later(database, database.settings.refresh_lifetime),
            ),
        )
        shop = transaction.shop(person["shop_id"])
    return _tokens(database, person, session_id, refresh) | {"user": _user(person), "shop": _shop(shop)}


def refresh(database: Database, token: str) -> JSON:
    """A new pair for a refresh token; raises `Denied`."""
    mark = _fingerprint(token)
    with database.writing() as transaction:
        session = transaction.one("SELECT * FROM session WHERE refresh = ? OR previous = ?", (mark, mark))
        if session is None or session["revoked"] or session["expires_at"] <= transaction.now:
            raise Denied("INVALID_TOKEN", "the refresh token is not valid any more")
        leaked = session["refresh"] != mark and _age(transaction, session["rotated_at"]) > GRACE
        successor = _secret(database)
        if leaked:
            transaction.execute("UPDATE session SET revoked = 1 WHERE id = ?", (session["id"],))
        else:
            transaction.execute(
                "UPDATE session SET refresh = ?, previous = ?, rotated_at = ?, expires_at = ? WHERE id = ?",
                (
                    _fingerprint(successor),
                    mark,
                    transaction.now,
                    _later(database, database.settings.refresh_lifetime),
                    session["id"],
                ),
            )
        person = transaction.one("SELECT * FROM person WHERE id = ?", (session["person_id"],))
    if leaked or person is None:
        raise Denied("INVALID_TOKEN", "the refresh token was used before")
    return _tokens(database, person, session["id"], successor)


def logout(database: Database, identity: Identity) -> None:
    with database.writing() as transaction:
        transaction.execute("UPDATE session SET revoked = 1 WHERE id = ?", (identity.session_id,))


def identify(database: Database, bearer: str, api_key: str = "") -> Identity:
    """The caller behind a token or an API key; raises `Denied`."""
    with database.reading() as reading:
        if bearer.count(".") == 2:
            return _of_token(database, reading, bearer)
        for key in (bearer, api_key):
            shop = reading.one("SELECT id FROM shop WHERE api_key = ?", (key,)) if key else None
            if shop is not None:
                return Identity(shop["id"])
    raise Denied("INVALID_TOKEN", "a token or an API key is needed")


def _of_token(database: Database, reading: Reading, token: str) -> Identity:
    secret = reading.value("SELECT secret FROM server")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, secret, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        )
    except jwt.InvalidTokenError as problem:
        raise Denied("INVALID_TOKEN", "the token is not ours") from problem
    if claims["exp"] <= database.clock.now().timestamp():
        raise Denied("TOKEN_EXPIRED", "the token has expired")
    session = reading.one("SELECT revoked FROM session WHERE id = ?", (claims["sid"],))
    if session is None or session["revoked"]:
        raise Denied("INVALID_TOKEN", "the session has ended")
    return Identity(claims["shop"], claims["sub"], claims["name"], claims["role"], claims["sid"], float(claims["exp"]))


def describe(database: Database, identity: Identity) -> JSON:
    """Return what `auth.verify` answers."""
    with database.reading() as reading:
        shop = _shop(reading.shop(identity.shop_id))
        person = reading.one("SELECT * FROM person WHERE id = ?", (identity.person_id,))
    user = _user(person) if person else {"id": "api-key", "name": "API key", "role": identity.role}
    return {"valid": True, "user": user, "shop": shop}


def _tokens(database: Database, person: Row, session_id: str, refresh_token: str) -> JSON:
    now = database.clock.now().timestamp()
    with database.reading() as reading:
        secret = reading.value("SELECT secret FROM server")
    claims = {
        "sub": person["id"],
        "shop": person["shop_id"],
        "name": person["name"],
        "role": person["role"],
        "sid": session_id,
        "iat": int(now),
        "exp": now + database.settings.token_lifetime,
        "jti": database.secret(8),
    }
    lifetime = database.settings.token_lifetime
    return {
        "token": jwt.encode(claims, secret, algorithm="HS256"),
        "refresh_token": refresh_token,
        "expires_in": int(lifetime) if lifetime >= 1 else lifetime,
    }


def _secret(database: Database) -> str:
    return f"rt_{database.secret(32)}"


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _later(database: Database, seconds: float) -> str:
    return payload.to_text(database.clock.now() + timedelta(seconds=seconds))


def _age(reading: Reading, then: str) -> timedelta:
    return datetime.fromisoformat(reading.now) - datetime.fromisoformat(then)


def _user(person: Row) -> JSON:
    return {"id": person["id"], "name": person["name"], "role": person["role"], "email": person["email"]}


def _shop(shop: Row) -> JSON:
    return {"id": shop["id"], "name": shop["name"], "name_en": shop["name_en"]}
