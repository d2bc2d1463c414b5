"""Answers that only inform, read as far as they can be: what is wrong with one field costs that field and no other.

Nothing here is for what the shop reckons with: a price that cannot be read is no price, and its whole row waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from clutch_tui.net.payload import Payload, payload_in


def read(model: type[Payload], plain: Any) -> tuple[Payload, list[str]]:
    """The record without what is wrong in it and may be missing, and the places of that. Raises `ValidationError` where
    something is wrong without which there is no record."""
    try:
        return model.model_validate(plain), []
    except ValidationError as error:
        places = [problem["loc"] for problem in error.errors(include_url=False, include_input=False)]
        plain = deepcopy(plain)
        if not isinstance(plain, dict) or not all([_take_out(model, plain, place) for place in places]):
            raise
    return model.model_validate(_without_gaps(plain)), [".".join(map(str, place)) for place in places]


_GAP = object()
"""In the place of an element that was taken out: the indexes of those after it still hold."""


def _take_out(model: type[Payload], plain: Any, place: Sequence[int | str]) -> bool:
    """Take the smallest thing out that is wrong and may be missing: a field that is not required, or a whole element of
    a list. False where there is none."""
    within: list[tuple[Any, int | str, bool]] = []
    here: Any = plain
    about: type[Payload] | None = model
    for step in place:
        if isinstance(here, list) and isinstance(step, int) and step < len(here):
            within.append((here, step, True))
        elif isinstance(here, dict) and about is not None and step in about.model_fields:
            field = about.model_fields[str(step)]
            within.append((here, step, not field.is_required()))
            about = payload_in(field.annotation)
        else:
            break
        here = here[int(step)] if isinstance(here, list) else here.get(step)
    for holder, step, may_go in reversed(within):
        if may_go:
            if isinstance(holder, list):
                holder[int(step)] = _GAP
            else:
                holder.pop(step, None)
            return True
    return False


def _without_gaps(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_gaps(item) for item in value if item is not _GAP]
    if isinstance(value, dict):
        return {name: _without_gaps(item) for name, item in value.items()}
    return value
