"""Secrets taken out of everything that may be seen: logs, details, support files, exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "•••"
_HEADERS = frozenset({"authorization", "x-api-key", "cookie", "set-cookie", "proxy-authorization"})
_NAMES = "|".join(
    (
        *("password", "passwd", "pin", "secret", "authorization", "jwt", "token", "access_?token"),
        *("refresh_?token", "api_?key", "x-api-key"),
    )
)
# Quotes may be escaped, any number of times: a body that stands inside another one's text. The value ends at a quote
# of the same depth; a value that was cut has no end.
_FIELD = re.compile(
    rf'(?P<key>(?P<depth>\\*)"(?:{_NAMES})(?P=depth)"\s*:\s*)(?P=depth)"(?:(?!(?<!\\)(?P=depth)").)*(?:(?P=depth)")?',
    re.IGNORECASE | re.DOTALL,
)
_QUERY = re.compile(rf"((?:^|[?&])(?:{_NAMES})=)[^&#\s]*", re.IGNORECASE)
_BEARER = re.compile(r"(Bearer\s+)[^\s\"',]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")
_USER = re.compile(r"(//)[^/@\s]+@")


def hide_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers in lower case, those that carry secrets without their value."""
    return {name.lower(): HIDDEN if name.lower() in _HEADERS else value for name, value in headers.items()}


def hide_text(text: str) -> str:
    """A body, a URL or a log line without passwords, keys and tokens."""
    text = _FIELD.sub(rf'\g<key>"{HIDDEN}"', text)
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    text = _JWT.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    return _USER.sub(rf"\1{HIDDEN}@", text)


def hide_body(body: bytes, limit: int) -> str:
    """The beginning of a body, readable and without secrets; a value that the cut goes through is hidden too."""
    text = hide_text(body[:limit].decode("utf-8", "replace"))
    return text if len(body) <= limit else f"{text}… ({len(body)} bytes)"
