"""Which rows hold something that the server does not have: the star in every list.

Unanswered changes count, and so do those that the server has refused or disagrees with: what a person wrote is
then only here, and stays so until he decides.
"""

from __future__ import annotations


def unsent(type: str, table: str) -> str:
    """SQL that is true for a row of `table` with such a change, by an index alone where it has none."""
    return (
        f"EXISTS (SELECT 1 FROM outbox WHERE type = '{type}' AND record_id = {table}.id AND (answered_at IS NULL"
        " OR (lane = 'attention' AND status IN ('rejected', 'key_reuse', 'conflict'))))"
    )
