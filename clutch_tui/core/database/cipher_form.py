"""The layout of an encrypted file: today's form, and the older ones that still open.

A file of another page size answers to its own key as to a wrong one, so no caller may set the size by himself:
`keyed` tries every form that there ever was before it lets a key count as wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlcipher3 import dbapi2

from .cipher_key import CipherKey

PAGE = 2048
"""Bytes of a page. A page is encrypted and authenticated whole for the few bytes that a sale changes in it: of 2,048
bytes a sale of three lines costs a sixth to a quarter less over a plain one than of 4,096. Of 1,024 it costs no
less, and the file is a third larger."""
OLDER_PAGES = (4096,)

HMAC = "HMAC_SHA256"
"""What authenticates a page. Processors compute it in hardware, unlike SHA-512, SQLCipher's default."""


def pragmas(page: int = PAGE) -> dict[str, object]:
    """Return what follows the key on a connection. SQLCipher would say on stderr, over our screen, that a key does not
    fit; we say it ourselves."""
    return {"cipher_log_level": "NONE", "cipher_page_size": page, "cipher_hmac_algorithm": HMAC}


def keyed(connect: Callable[[], Any], key: CipherKey | None) -> Any:
    """A connection made by `connect`, with its key, in the form of the file. Where the key opens it in no form the
    connection is of today's and raises `dbapi2.DatabaseError` as soon as it is asked for anything."""
    for page in (PAGE, *OLDER_PAGES):
        connection = _with_key(connect, key, page)
        if key is None or _fits(connection):
            return connection
        connection.close()
    return _with_key(connect, key, PAGE)


def lay_out(connection: Any, schema: str) -> None:
    """Have a file that was attached under a key, and is empty yet, written in today's form."""
    for name, value in pragmas().items():
        if name != "cipher_log_level":  # of the process, not of a file
            connection.execute(f"PRAGMA {schema}.{name} = {value}")


def is_todays(connection: Any) -> bool:
    """Tell whether the file of a connection is in today's form."""
    return int(connection.execute("PRAGMA page_size").fetchone()[0]) == PAGE  # SQLCipher says it as text


def _with_key(connect: Callable[[], Any], key: CipherKey | None, page: int) -> Any:
    connection = connect()
    try:
        if key is not None:
            connection.execute(f'PRAGMA key = "{key.sql}"')
            for name, value in pragmas(page).items():
                connection.execute(f"PRAGMA {name} = {value}")
    except BaseException:
        connection.close()
        raise
    return connection


def _fits(connection: Any) -> bool:
    """Tell whether the first page can be read. Any other trouble, such as a lock, is not the key's and is raised."""
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except dbapi2.OperationalError:
        connection.close()
        raise
    except dbapi2.DatabaseError:
        return False
    return True
