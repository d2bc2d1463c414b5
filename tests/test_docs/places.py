"""Files and the names in them, as the pages speak of them: `core/sales.py:checkout`."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tests.test_docs.markdown import ROOT, Page

_PLACE = re.compile(r"(?P<path>[\w.-]+(?:/[\w.-]+)*\.(?:py|po|toml|md|jsonl|tcss|tsv))(?::(?P<name>\w+(?:\.\w+)*))?")
_STANDS_FOR_ANOTHER = re.compile("NAME|NNNN")
_FOLDERS = ("", "clutch_tui")
"""A path begins at the project or in the package."""


def astray(page: Page) -> list[str]:
    """The places that a page names in code and that are not there."""
    return [text for text in page.code if (found := _place(text)) and not _is_there(found)]


def named(page: Page) -> set[str]:
    """The files that a page names in code, from the project's folder."""
    paths = (_file(found["path"]) for text in page.code if (found := _place(text)))
    return {str(path.relative_to(ROOT)) for path in paths if path is not None}


def _place(text: str) -> re.Match[str] | None:
    """A place of ours. The bare name of a file that is no module may be anybody's, such as `config.toml`, and NAME
    stands for any."""
    found = _PLACE.fullmatch(text)
    if found is None or _STANDS_FOR_ANOTHER.search(found["path"]):
        return None
    return found if "/" in found["path"] or found["path"].endswith(".py") else None


def _is_there(place: re.Match[str]) -> bool:
    file = _file(place["path"])
    return file is not None and (place["name"] is None or place["name"] in _names(file))


def _file(path: str) -> Path | None:
    return next((ROOT / folder / path for folder in _FOLDERS if (ROOT / folder / path).is_file()), None)


@cache
def _names(file: Path) -> frozenset[str]:
    """What a module defines, and the members of its classes: `Socket`, `Socket.run`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        for name in _defined(node):
            found.add(name)
            if isinstance(node, ast.ClassDef):
                found |= {f"{name}.{member}" for inner in ast.walk(node) for member in _defined(inner)}
    return frozenset(found)


def _defined(node: ast.AST) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {_target(target) for target in targets}
        case ast.AnnAssign(target=target):
            return {_target(target)}
    return set()


def _target(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
    return ""
