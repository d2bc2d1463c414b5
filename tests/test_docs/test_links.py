"""Every link of the pages leads somewhere, and so does every place of a page that the code names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.test_docs.markdown import ROOT, page

PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "screenshots/*.md")
    for path in ROOT.glob(pattern)
)
_CITED = re.compile(r"\bdocs/((?:[\w-]+/)*[\w.-]+\.md)(?:#([\w-]+))?")
_FORMER = re.compile(r"\(contract\b|\bcontract,|\bcontract's\b|\bsection \d+\.\d+\b")


def _sources() -> Iterator[Path]:
    for folder in ("clutch_tui", "tests"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def test_the_pages_that_must_be_there_are() -> None:
    assert set(PAGES) >= {
        "CONTRIBUTING.md", "README.md", "docs/adr/README.md", "docs/architecture.md", "docs/glossary.md",
        "docs/money.md", "docs/protocol.md", "docs/threat-model.md", "SECURITY.md", "screenshots/README.md",
    }  # fmt: skip


def test_every_decision_is_in_the_list() -> None:
    decisions = {path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")}
    assert decisions == set(page("docs/adr/README.md").links)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    here = page(name)
    astray = []
    for link in here.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (here.path.parent / unquote(parts.path)).resolve() if parts.path else here.path
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (parts.fragment and unquote(parts.fragment) not in page(str(target.relative_to(ROOT))).anchors):
            astray.append(link)
    assert astray == []


def test_every_place_that_the_code_names_is_there() -> None:
    cited = 0
    astray = []
    for source in _sources():
        for name, anchor in _CITED.findall(source.read_text(encoding="utf-8")):
            cited += 1
            if not (ROOT / "docs" / name).exists() or (anchor and anchor not in page(f"docs/{name}").anchors):
                astray.append(f"{source.relative_to(ROOT)}: docs/{name}#{anchor}")
    assert astray == []
    assert cited > 20, "nobody cites the pages any more"


def test_nobody_cites_a_page_that_is_not_in_the_project() -> None:
    """The protocol's one page is docs/protocol.md, and its places are named by their headings."""
    others = [
        f"{source.relative_to(ROOT)}: {found.group()}"
        for source in _sources()
        if source != Path(__file__)
        for found in [_FORMER.search(source.read_text(encoding="utf-8"))]
        if found
    ]
    assert others == []


def test_an_anchor_is_what_github_makes_of_a_heading() -> None:
    """Against headings whose anchors are known from GitHub itself: signs fall out, a repeated one gets a number."""
    anchors = page("tests/test_docs/headings.md").anchors
    assert anchors == {"whats-new---in-20", "a-b_c", "code-and-a-link", "twice", "twice-1", "العربية"}
