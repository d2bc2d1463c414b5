"""docs/architecture.md against the code: every room, every contract of imports, every place that it names."""

from __future__ import annotations

import tomllib

import pytest

from tests.test_docs.markdown import ROOT, page
from tests.test_docs.places import astray, named
from tests.test_docs.test_links import PAGES

ARCHITECTURE = page("docs/architecture.md")
PACKAGE = ROOT / "clutch_tui"


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("CHANGELOG")])
def test_every_place_that_a_page_names_is_there(name: str) -> None:
    assert astray(page(name)) == []


def test_a_place_that_is_not_there_is_seen() -> None:
    there, elsewhere = "core/sales.py:checkout", ("core/sales.py:check_in", "core/sails.py", "net/network.py:Network.x")
    here = page("tests/test_docs/places.md")
    assert set(here.code) == {there, "net/network.py:Network.leads", *elsewhere}
    assert set(astray(here)) == set(elsewhere)


def test_every_room_has_its_row() -> None:
    folders = {path.parent for pattern in ("**/*.py", "sandbox/data/*.tsv") for path in PACKAGE.glob(pattern)}
    rooms = {".".join(folder.relative_to(PACKAGE).parts) for folder in folders - {PACKAGE}}
    assert {row[0].code[0] for row in ARCHITECTURE.table("rooms")} == rooms | {"text.locales"}


def test_every_module_beside_the_rooms_is_named() -> None:
    """But for those of a few lines, whose names say all."""
    beside = {path for path in PACKAGE.glob("*.py") if len(path.read_text(encoding="utf-8").splitlines()) > 50}
    assert {str(path.relative_to(ROOT)) for path in beside} <= named(ARCHITECTURE)


def test_every_contract_of_imports_has_its_row() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    assert [row[0].text for row in ARCHITECTURE.table("what-may-import-what")] == [one["name"] for one in contracts]
