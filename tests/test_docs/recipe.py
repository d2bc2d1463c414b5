"""A worked example of a page, done: edits as a `diff` block writes them, without numbers of lines.

`--- FILE` names a file. Below `@@` stand lines of it with what is added (`+`) and taken away (`-`) among them, which
must be in it just once. `@@ new` begins a file, `@@ everywhere` puts one text in the place of another wherever it is.
"""

from __future__ import annotations

import re
from pathlib import Path

_NEXT = "NNNN_"


def do(diff: str, folder: Path) -> set[str]:
    """Do the edits to the files of a folder; the files that are named, from that folder. Raises `ValueError` for lines
    that are not there, or there more than once."""
    touched = set()
    for name, edits in re.findall(r"^--- (\S+)\n(.*?)(?=^--- |\Z)", diff, re.MULTILINE | re.DOTALL):
        path = numbered(folder / name)
        for kind, lines in re.findall(r"^@@ ?(\w*)\n(.*?)(?=^@@|\Z)", edits, re.MULTILINE | re.DOTALL):
            _edit(path, kind, lines.splitlines())
        touched.add(str(path.relative_to(folder)))
    return touched


def numbered(path: Path) -> Path:
    """The path with the next number of its folder in the place of NNNN; one that is there keeps its own."""
    if not path.name.startswith(_NEXT):
        return path
    name = path.name.removeprefix(_NEXT)
    there = [file for file in path.parent.glob("[0-9]*.py") if file.name.partition("_")[2] == name]
    last = max(int(file.name.partition("_")[0]) for file in path.parent.glob("[0-9]*.py"))
    return there[0] if there else path.with_name(f"{last + 1:04d}_{name}")


def _edit(path: Path, kind: str, lines: list[str]) -> None:
    before = "\n".join(line[1:] for line in lines if line[:1] != "+")
    after = "\n".join(line[1:] for line in lines if line[:1] != "-")
    if kind == "new":
        with path.open("x", encoding="utf-8") as file:
            file.write(after + "\n")
        return
    text = path.read_text(encoding="utf-8")
    found = text.count(before)
    if found == 0 or (found > 1 and kind != "everywhere"):
        raise ValueError(f"{path}: {before!r} is there {found} times")
    path.write_text(text.replace(before, after), encoding="utf-8")
