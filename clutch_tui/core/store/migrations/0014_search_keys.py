"""Search keys by the rules of `fold.VERSION` 2: hamzas and foreign letters fold, punctuation inside a word is optional,
and a barcode is one number whatever its form."""

from typing import Any

from playhouse.migrate import SchemaMigrator

from clutch_tui.core.store import search_keys


def up(migrator: SchemaMigrator, db: Any) -> None:
    search_keys.rebuild(db)
