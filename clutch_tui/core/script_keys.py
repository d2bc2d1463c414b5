"""What a script does under a key of its own happens once, however often the script runs.

The key is kept in the transaction of the deed: either both are there, or neither is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .records.script_key import ADD_SCRIPT_KEY, ScriptKeyTable

_KNOWN = Statement(
    ScriptKeyTable.select(ScriptKeyTable.said, ScriptKeyTable.made).where(ScriptKeyTable.key == given("key"))
)


def once(key: str, said: Mapping[str, Any], deed: Callable[[], str]) -> str:
    """Do a deed, which gives back the id of what it has made, unless it was done under this key before: then that id.
    Without a key it is done each time. `said` is all that the script asks for, in JSON's terms. Raises
    `error.script.key_used` where the key was used for something else.
    """
    if not key:
        return deed()
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
    known = _KNOWN.first(key=key)
    if known is None:
        made = deed()
        ADD_SCRIPT_KEY.run(key=key, said=digest, made=made, at=db.now_text())
        return made
    if known["said"] != digest:
        raise ShopError("error.script.key_used", script_key=key)
    return str(known["made"])
