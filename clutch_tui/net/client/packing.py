"""Bodies on their way out, packed for servers that have said that they unpack them (RFC 7694).

A server says so in its answers: `Accept-Encoding: gzip`. What its last good answer said holds; a server that never
says it never gets a packed body. Where a packed body is refused all the same, the call is said once more as it is:
behind one address there may be several servers, and one of them may be older than its answers.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clutch_tui.net.client.attempt import Record, Request
    from clutch_tui.net.client.errors import ApiError

LEAST = 1024
"""Bytes from which on packing is worth its while: a smaller body fits into one packet as it is."""

LEVEL = 5
"""A hundred sales weigh 128 kB. Packed at 1 they weigh 24 kB, at 5 20.3, at 6 20.1, at 9 19.2, and cost a machine that
is ten times slower than a good one 8, 16, 20 and 48 ms: at 1 Mbit/s beyond 5 each millisecond saves less than one."""

_NOT_UNDERSTOOD = frozenset({400, 415, 422})
_BROKEN = frozenset({500, 501})
"""What a server may make of bytes that it took for JSON, where it has not yet understood any that were packed."""


class Packing:
    """The knowledge of whether one server takes packed bodies."""

    def __init__(self) -> None:
        self._offered = False
        self._understood = False
        self._given_up = False

    @property
    def is_taken(self) -> bool:
        """Tell whether this server takes what is packed, as far as it has said."""
        return self._offered and not self._given_up

    def suits(self, request: Request) -> bool:
        """Tell whether this request goes out packed. One that could not be repeated does not, for it may have to be;
        nor does a tester's, who wants to see what a server makes of the very call."""
        if self._given_up or not self._offered or request.probe:
            return False
        return len(request.body or b"") > LEAST and request.repeatable

    def answered(self, record: Record) -> None:
        """A good answer has come."""
        self._offered = _offers(record.response_headers.get("accept-encoding", ""))
        self._understood = self._understood or record.is_packed

    def is_doubted(self, error: ApiError) -> bool:
        """Tell whether a packed call may have been refused for being packed."""
        return error.status in _NOT_UNDERSTOOD or (not self._understood and error.status in _BROKEN)

    def compare(self, packed: int | None, plain: int | None) -> None:
        """Compare what a call was answered packed with what it was answered as it is; None is no answer at all. A
        server that makes a difference is told nothing packed any more, whatever it offers."""
        if packed == 415 or plain not in (None, packed):
            self._given_up = True


def pack(body: bytes) -> bytes:
    """The body as gzip; the same body gives the same bytes."""
    packer = zlib.compressobj(LEVEL, wbits=31)
    return packer.compress(body) + packer.flush()


def _offers(accepted: str) -> bool:
    """Tell whether an `Accept-Encoding` names gzip, and not only to say that it is not wanted."""
    for offer in accepted.lower().split(","):
        coding, *parameters = (part.strip() for part in offer.split(";"))
        if coding in ("gzip", "x-gzip"):
            return not any(_is_nothing(parameter) for parameter in parameters)
    return False


def _is_nothing(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")
