"""How a mistake is planted in the real code for the length of a run, and the list of all that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

Plant = Callable[[ExitStack], None]
MUTANTS: dict[str, Plant] = {}


def mutant(plant: Plant) -> Plant:
    """Register a mutant under its function's name."""
    MUTANTS[plant.__name__] = plant
    return plant


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """The code with this mistake in it; with none for None."""
    with ExitStack() as stack:
        if name is not None:
            MUTANTS[name](stack)
        yield


def put(stack: ExitStack, owner: Any, name: str, mistake: Any) -> Any:
    """Replace a function for the length of the stack; the function as it was."""
    before = getattr(owner, name)
    stack.enter_context(patch.object(owner, name, mistake))
    return before


def spoiled(text: str, was: str, becomes: str) -> str:
    """A statement with a piece of it changed; AssertionError where it has no such piece."""
    assert was in text, f"{was!r} is not in {text!r}"
    return text.replace(was, becomes)
