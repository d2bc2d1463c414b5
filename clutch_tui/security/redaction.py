"""Secrets taken out of everything that may be seen: logs, details, support files, exceptions.

Two nets, because each has holes. Names: whatever stands behind `password`, `token`, `Cookie` and their like, in JSON,
in a URL, in a header. Values: what this process has been told (`remember`) is found wherever it stands, also in
the sentence of a library that we never heard of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

HIDDEN = "•••"
SHORTEST = 6
"""Letters from which on a value is known by itself: hiding every "1234" would hide the log."""

_HEADERS = frozenset({"authorization", "x-api-key", "cookie", "set-cookie", "proxy-authorization"})
_NAMES = "|".join(
    (
        *("password", "passwd", "pin", "secret", "authorization", "jwt", "token", "access_?token", "cookie"),
        *("set-cookie", "refresh_?token", "api_?key", "x-api-key", "proxy-authorization"),
    )
)
_NAME = re.compile(_NAMES, re.IGNORECASE)
_WORDS = ("pass", "pin", "secret", "auth", "jwt", "token", "key", "cookie")
"""What every name holds; looking for these first makes a long text without any ten times as cheap."""
# A run of backslashes is looked at from its start alone: from each of them it would take a hostile text hours.
_DEPTH = r"(?<!\\)(?P<depth>\\{0,64})"
# Quotes may be escaped, any number of times: a body that stands inside another one's text. The value ends at a quote
# of the same depth; a value that was cut has no end.
_FIELD = re.compile(
    rf'(?P<key>{_DEPTH}"(?:{_NAMES})(?P=depth)"\s*:\s*)(?P=depth)"(?:(?!(?<!\\)(?P=depth)").)*(?:(?P=depth)")?',
    re.IGNORECASE | re.DOTALL,
)
# As Python writes them down: {'token': 'x'}, (b'set-cookie', b'x').
_PAIR = re.compile(
    rf"(?P<key>b?'(?:{_NAMES})'\s*[:,]\s*b?)(?:'(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?)", re.IGNORECASE | re.DOTALL
)
# Also inside a text that was put into JSON, where a line ends with a backslash and an n.
_HEADER = re.compile(
    rf"((?:(?<![\w-])|(?<=\\[nr]))(?:{'|'.join(sorted(_HEADERS))}):[ \t]*)[^\s\\\"'][^\r\n\\\"']*", re.IGNORECASE
)
_SETTING = re.compile(rf"^([ \t]*[\w.-]*?(?:{_NAMES})[ \t]*=[ \t]*)\S.*$", re.IGNORECASE | re.MULTILINE)
_QUERY = re.compile(rf"((?:^|[?&])(?:{_NAMES})=)[^&#\s]*", re.IGNORECASE)
_ANY_QUERY = re.compile(r"([?&][^=&#\s\"']*=)[^&#\s\"']*")
_BEARER = re.compile(r"(Bearer\s+)[^\s\"',]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")
_USER = re.compile(r"(//)[^/@\s]+@")
_PEOPLE = re.compile(
    rf'(?P<key>{_DEPTH}"(?:\w*phone|mobile|customer_name|email)(?P=depth)"\s*:\s*)'
    r'(?P=depth)"[^"\\]*(?:(?P=depth)")?'
)
_NAMED = re.compile(
    r'(?P<key>(?<!\\)(?P<depth>\\{1,64})"(?:name|name_en|contact_person|\w*address|plate_number|cashier)(?P=depth)"\s*:\s*)'
    r'(?P=depth)"(?:(?!(?<!\\)(?P=depth)").)*(?:(?P=depth)")?',
    re.DOTALL,
)
_PHONE = re.compile(r"(?<![\w.-])(?:\+|00)?(?:20|٢٠)?[ -]?[0٠]?[1١][0125٠١٢٥](?:[ -]?[0-9٠-٩]){8}(?![\w-])")

_known: dict[str, None] = {}
_MOST_KNOWN = 400


def remember(*secrets: str | None) -> None:
    """From now on hide these values wherever they stand, however they are quoted. Short ones are not taken."""
    for secret in secrets:
        if secret is None or len(secret) < SHORTEST:
            continue
        quoted = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe=""))
        for form in (secret, *quoted):
            _known.pop(form, None)  # told again: the last to be forgotten
            _known[form] = None
    while len(_known) > _MOST_KNOWN:  # a year of renewed tokens
        del _known[next(iter(_known))]


def hide_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers in lower case, those that carry secrets without their value."""
    return {name.lower(): HIDDEN if name.lower() in _HEADERS else hide_text(value) for name, value in headers.items()}


def hide_text(text: str) -> str:
    """A body, a URL or a log line without passwords, keys and tokens."""
    for secret in tuple(_known):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    lowered = text.lower()
    if any(word in lowered for word in _WORDS):
        text = _FIELD.sub(_hide_field, text)
        text = _PAIR.sub(rf"\g<key>'{HIDDEN}'", text)
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
        text = _SETTING.sub(rf"\1{HIDDEN}", text)
        text = _QUERY.sub(rf"\1{HIDDEN}", text)
    text = _JWT.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    return _USER.sub(rf"\1{HIDDEN}@", text)


def hide_queries(text: str) -> str:
    """A text whose addresses keep their paths and lose what was asked for: a search is for somebody's name."""
    return _ANY_QUERY.sub(rf"\1{HIDDEN}", text)


def hide_value(value: object, name: str = "") -> object:
    """Anything made of dicts, lists and texts, as `hide_text` does it; a field is hidden by its `name`, too."""
    if isinstance(value, str):
        return HIDDEN if value and _NAME.fullmatch(name) else hide_text(value)
    if isinstance(value, Mapping):
        return {str(key): hide_value(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [hide_value(inner, name) for inner in value]
    return value


def hide_people(text: str) -> str:
    """A text without what finds a person: a support file is about the connection, not about the shop's customers."""
    return _PHONE.sub(HIDDEN, _PEOPLE.sub(_hide_field, text))


def hide_names(text: str) -> str:
    """A JSON text in whose texts, bodies of calls and frames that stand in it as they were, nobody's name is told. What
    a part is called goes with them: in a body both are a `name`."""
    return hide_people(_NAMED.sub(_hide_field, text))


def hide_body(body: bytes, limit: int) -> str:
    """The beginning of a body, readable and without secrets; a value that the cut goes through is hidden too."""
    text = hide_text(body[:limit].decode("utf-8", "replace"))
    return text if len(body) <= limit else f"{text}… ({len(body)} bytes)"


def _hide_field(match: re.Match[str]) -> str:
    """A field whose value is hidden in quotes of the same depth, so that JSON stays JSON."""
    quotes = f'{match["depth"]}"'
    return f"{match['key']}{quotes}{HIDDEN}{quotes}"
