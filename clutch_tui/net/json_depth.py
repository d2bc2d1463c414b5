"""Cuts what is nested too deeply out of a JSON text, so that it spoils its own value and nothing beside it.

Parsers, checks and encoders take a level of the stack for each level of a text. What anybody means is a few levels
deep; a value of a thousand, in one row of a page, would keep the whole page from being read, at every try.
"""

from __future__ import annotations

import re

DEEPEST = 64
"""Lists and objects within each other that are read; the next is read as an empty one."""

_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def shallow(text: str) -> str:
    """The text with everything empty that lies deeper than `DEEPEST`. One that is cut off stays no JSON."""
    kept: list[str] = []
    depth = start = 0
    for token in _TOKENS.finditer(text):
        mark = token.group()[0]
        if mark in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(text[start : token.end()])
        elif mark in "]}":
            if depth == DEEPEST + 1:
                start = token.start()
            depth -= 1
    if depth <= DEEPEST:
        kept.append(text[start:])
    return "".join(kept)
