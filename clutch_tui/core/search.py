"""Finding parts while a person types.

What is typed is routed, never ranked: codes to the B-trees on the folded numbers, words to an index of word
beginnings, and what neither finds to an index of letter triples. Ranking one letter over 100,000 parts takes
58 ms, the first fifty in any order take a fraction of one.
"""

from __future__ import annotations

from . import models


def index_changed() -> None:
    """Bring the full-text indexes up to the rows that this transaction has written.

    The store calls it before every commit, so that no path of writing can forget it. Rows go in by rising
    rowid: FTS5 flushes its buffer at each step back, and then 100,000 parts take 10 s instead of 2.5.
    """
    if models.execute("SELECT 1 FROM part_unindexed LIMIT 1").fetchone() is None:
        return
    for index in ("part_words", "part_grams"):
        models.execute(f"DELETE FROM {index} WHERE rowid IN (SELECT pk FROM part_unindexed)")
        models.execute(
            f"INSERT INTO {index} (rowid, words) SELECT pk, words FROM part_unindexed CROSS JOIN part USING (pk)"
            " WHERE deleted = 0 ORDER BY pk"
        )
    models.execute("DELETE FROM part_unindexed")
