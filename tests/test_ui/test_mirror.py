"""Screens from right to left: what has a side changes it, and changes it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.geometry import Region
from textual.layouts.factory import LAYOUT_MAP, get_layout
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Label

from clutch_tui.text import strings
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.mirror import MirroredGrid, MirroredHorizontal, MirroredVertical

SIZE = (60, 20)


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


class Rooms(BidiApp, App[None]):
    """Rows, columns and a grid, with sides of every kind."""

    CSS = """
    Horizontal { height: 3; }
    #side { width: 20; margin: 0 2 0 1; }
    #center { align: center middle; }
    #end { align-horizontal: right; }
    #auto { width: auto; }
    #grid { grid-size: 3; height: 2; }
    #nested Vertical { width: 30; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="row"):
            yield Vertical(Label("في الجنب"), id="side")
            yield Vertical(Label("في الوسط"), id="main")
        with Horizontal(id="center"):
            yield Label("one", id="c1")
            yield Label("three", id="c2")
        with Horizontal(id="end"):
            yield Label("last", id="e1")
        with Horizontal(id="auto"):
            yield Label("ab")
            yield Label("cde")
        with Grid(id="grid"):
            for n in range(3):
                yield Label(str(n), id=f"g{n}")
        with Horizontal(id="nested"), Vertical():
            yield Label("deep", id="deep")


def regions(app: App[None], screen: Screen[object] | None = None) -> dict[str, Region]:
    return {node.id: node.region for node in (screen or app.screen).walk_children(Widget) if node.id}


def mirrored(region: Region) -> Region:
    return region.at_offset((SIZE[0] - region.right, region.y))


async def test_everything_changes_its_side() -> None:
    strings.use("en")
    app = Rooms()
    async with app.run_test(size=SIZE):
        english = regions(app)
    assert english["side"].x == 1
    assert english["main"].x == 23
    assert english["e1"].right == SIZE[0]
    strings.use("ar")
    app = Rooms()
    async with app.run_test(size=SIZE):
        arabic = regions(app)
    centred = {"c1", "c2"}  # a cell left over by centring stays on its side
    assert {name: mirrored(region) for name, region in english.items() if name not in centred} == {
        name: region for name, region in arabic.items() if name not in centred
    }
    assert all(abs(mirrored(english[name]).x - arabic[name].x) <= 1 for name in centred)
    assert arabic["c2"].right == arabic["c1"].x


async def test_switching_at_run_time_leaves_nothing_behind() -> None:
    app = Rooms()
    async with app.run_test(size=SIZE) as pilot:
        arabic = regions(app)
        strings.use("en")
        app.follow_language()
        await pilot.pause()
        english = regions(app)
        assert english["side"].x == 1
        assert english["deep"].x == 0
        assert english["g0"].x == 0
        strings.use("ar")
        app.follow_language()
        await pilot.pause()
        assert regions(app) == arabic


async def test_screens_that_wait_behind_are_turned_too() -> None:
    class Behind(Screen[None]):
        def compose(self) -> ComposeResult:
            with Horizontal():
                yield Label("ab", id="first")
                yield Label("cde", id="second")

    app = Rooms()
    async with app.run_test(size=SIZE) as pilot:
        behind = Behind()
        await app.push_screen(behind)
        await pilot.pause()
        assert regions(app)["first"].right == SIZE[0]
        await app.push_screen(Screen())
        strings.use("en")
        app.follow_language()
        await pilot.pause()
        app.pop_screen()
        await pilot.pause()
        assert regions(app, behind)["first"].x == 0
        assert regions(app, behind)["second"].x == 2


async def test_a_container_as_wide_as_its_content_stays_so() -> None:
    app = Rooms()
    async with app.run_test(size=SIZE):
        assert regions(app)["auto"].width == 5


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_has_no_room_is_lost_at_the_end_of_a_row(language: strings.Language) -> None:
    class Crowded(BidiApp, App[None]):
        CSS = "Horizontal { height: 1; width: 30; } Label { width: auto; } #column { height: 3; width: 10; }"

        def compose(self) -> ComposeResult:
            with Horizontal():
                yield Label("first", id="first")
                yield Label("x" * 40, id="wide")
            with Vertical(id="column"):
                yield Label("y" * 25, id="below")

    strings.use(language)
    app = Crowded()
    async with app.run_test(size=SIZE):
        seen = regions(app) if language == "en" else {n: mirrored(one) for n, one in regions(app).items()}
        assert (seen["first"].x, seen["wide"].x, seen["below"].x) == (0, 5, 0)


def test_names_of_textual_that_mirroring_relies_on() -> None:
    Rooms()
    assert {type(get_layout(name)) for name in ("horizontal", "vertical", "grid")} == {
        MirroredHorizontal,
        MirroredVertical,
        MirroredGrid,
    }
    assert set(LAYOUT_MAP) >= {"horizontal", "vertical", "grid"}


async def test_the_registry_of_an_app_holds_the_widgets_of_all_screens() -> None:
    app = Rooms()
    async with app.run_test() as pilot:
        first = set(app.screen.walk_children(Widget))
        await app.push_screen(Screen())
        await pilot.pause()
        assert first <= set(app._registry)
