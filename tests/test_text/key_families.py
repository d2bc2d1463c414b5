"""Keys that are built while the program runs: `t(f"connection.state.{state}")`.

The walker of `test_catalogues.py` sees only the fixed part of such a key. Declare the family here, with the
values it can take (imported from where they are defined, so that a new one is missed at once); the test then
asks both catalogues for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable

FAMILIES: dict[str, Iterable[str]] = {}

# Keys that no literal names although they are used: sent by a backend, stored in the database. Say where.
STORED: dict[str, str] = {}
