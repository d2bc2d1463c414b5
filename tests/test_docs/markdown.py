"""The project's pages as they are read: headings with the anchors that GitHub gives them, links, tables, examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

ROOT = Path(__file__).parent.parent.parent
_MARKDOWN = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=6)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, what stands in it as code, and what of that is bold as well."""

    text: str
    code: tuple[str, ...]
    bold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    path: Path
    tokens: tuple[Token, ...] = field(repr=False)

    @property
    def anchors(self) -> frozenset[str]:
        return frozenset(_anchor(token) for token in self.tokens if token.type == "heading_open")

    @property
    def links(self) -> tuple[str, ...]:
        """Every address in the page, of links and of pictures, as it is written."""
        found: list[str] = []
        for token in _flat(self.tokens):
            if token.type in ("html_block", "html_inline"):
                found += _addresses(token.content)
            for name in ("href", "src"):
                if token.attrGet(name) is not None:
                    found.append(str(token.attrGet(name)))
        return tuple(found)

    @property
    def code(self) -> tuple[str, ...]:
        """What stands in the page as code between words."""
        return tuple(token.content for token in _flat(self.tokens) if token.type == "code_inline")

    def examples(self, language: str) -> tuple[str, ...]:
        """The fenced blocks in this language, in their order."""
        return tuple(token.content for token in self.tokens if token.type == "fence" and token.info == language)

    def table(self, anchor: str, n: int = 0) -> list[tuple[Cell, ...]]:
        """The rows of the n-th table under a heading, without its head. Raises `LookupError`."""
        tables = _tables(self._section(anchor))
        if n >= len(tables):
            raise LookupError(f"{self.path.name}#{anchor} has no table {n}")
        return tables[n]

    def _section(self, anchor: str) -> list[Token]:
        """What stands between a heading and the next one."""
        starts = [n for n, token in enumerate(self.tokens) if token.type == "heading_open"]
        for place, start in enumerate(starts):
            if _anchor(self.tokens[start]) == anchor:
                end = starts[place + 1] if place + 1 < len(starts) else len(self.tokens)
                return list(self.tokens[start:end])
        raise LookupError(f"{self.path.name} has no heading {anchor}")


@cache
def page(path: str) -> Page:
    """A page by its place in the project."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return Page(ROOT / path, tuple(_MARKDOWN.parse(text)))


def _anchor(heading: Token) -> str:
    return str(heading.attrGet("id"))


def _flat(tokens: tuple[Token, ...] | list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *_flat(token.children or []))]


def _addresses(html: str) -> list[str]:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attributes if name in ("href", "src") and value)

    Reader().feed(html)
    return found


def _tables(tokens: list[Token]) -> list[list[tuple[Cell, ...]]]:
    tables: list[list[tuple[Cell, ...]]] = []
    cells: list[Cell] = []
    in_body = False
    for token in tokens:
        match token.type:
            case "table_open":
                tables.append([])
            case "tbody_open" | "tbody_close":
                in_body = token.type == "tbody_open"
            case "tr_open":
                cells = []
            case "inline" if in_body:
                cells.append(_cell(token))
            case "tr_close" if in_body:
                tables[-1].append(tuple(cells))
    return tables


def _cell(inline: Token) -> Cell:
    text, code, bold, depth = "", [], [], 0
    for token in _flat(inline.children or []):
        depth += {"strong_open": 1, "strong_close": -1}.get(token.type, 0)
        if token.type == "code_inline":
            code.append(token.content)
            if depth:
                bold.append(token.content)
        text += token.content
    return Cell(text, tuple(code), tuple(bold))
