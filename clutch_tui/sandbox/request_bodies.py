"""The body of a request, unpacked where it came packed (RFC 7694), and never more of it than is allowed.

A thousand bytes of gzip can become a million: unpacking stops at the limit, not after it.
"""

from __future__ import annotations

import zlib

from starlette.requests import Request

ACCEPTED = "gzip"
"""What every answer says in `Accept-Encoding`: a client that has read it may pack what it sends."""

_PACKINGS = frozenset({"gzip", "x-gzip"})
_GZIP = 31  # zlib's word for a gzip header and checksum, and nothing else


class TooLarge(Exception):
    """More than the limit, packed or unpacked."""


class BadPacking(Exception):
    """No gzip, or one that is cut off, damaged, or followed by something else."""


class UnknownPacking(Exception):
    """A `Content-Encoding` that is not spoken here."""


async def read(request: Request, limit: int) -> bytes:
    """The whole body. Raises `TooLarge`, `BadPacking` and `UnknownPacking`."""
    packing = request.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity") and packing not in _PACKINGS:
        raise UnknownPacking(packing)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
    body = b"".join(parts)
    return unpack(body, limit) if packing in _PACKINGS and body else body


def unpack(packed: bytes, limit: int) -> bytes:
    """Return what was packed; raises `TooLarge` without having unpacked more than the limit, and `BadPacking`."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise BadPacking(str(error)) from None
    if len(body) > limit:
        raise TooLarge
    if not unpacker.eof or unpacker.unused_data:
        raise BadPacking("it does not end where its gzip does")
    return body
