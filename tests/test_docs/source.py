"""What the code of a package says, read as a tree: calls of a name, with what stands in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.test_docs.markdown import ROOT


@cache
def _trees(package: str) -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / package).rglob("*.py")))


def calls(package: str, *names: str) -> Iterator[ast.Call]:
    """The calls of these functions, classes or methods."""
    for tree in _trees(package):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in names:
                yield node


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def compared_with(package: str, attribute: str) -> set[str]:
    """The texts with which an attribute of this name is compared."""
    found: set[str] = set()
    for tree in _trees(package):
        for node in ast.walk(tree):
            sides = (node.left, *node.comparators) if isinstance(node, ast.Compare) else ()
            if any(isinstance(side, ast.Attribute) and side.attr == attribute for side in sides):
                found |= {
                    side.value for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)
                }
    return found


def constants(call: ast.Call, kind: type) -> list[object]:
    """What is said outright in a call, of one type: arguments by place and by name."""
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    return [one.value for one in given if isinstance(one, ast.Constant) and type(one.value) is kind]
