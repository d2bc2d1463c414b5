"""The style sheet is parsed once for each theme, and still knows every widget and every theme."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.css import stylesheet
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Label, Static

from clutch_tui.ui.style_sheet import SteadyStylesheet

BLUE = Theme("blue", primary="#0000ff", variables={"mark": "#0000ff"})
RED = Theme("red", primary="#ff0000", variables={"mark": "#ff0000"})


class Late(Static):
    """A widget that nobody knew when the style sheet was parsed."""

    DEFAULT_CSS = "Late { color: $mark; height: 3; }"


class First(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Label("first")


class Second(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Late("second")


class Shop(App[None]):
    CSS = "Label { color: $mark; }"
    MODES = {"first": First, "second": Second}  # noqa: RUF012
    DEFAULT_MODE = "first"

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(BLUE)
        self.register_theme(RED)
        self.theme = "blue"
        self.stylesheet = SteadyStylesheet(variables=self.get_css_variables())


@pytest.fixture
def whole_parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that everything was parsed anew."""
    seen: list[str] = []
    reparse = stylesheet.Stylesheet.reparse

    def counted(sheet: stylesheet.Stylesheet) -> None:
        seen.append("whole")
        reparse(sheet)

    monkeypatch.setattr(stylesheet.Stylesheet, "reparse", counted)
    return seen


async def test_start_and_new_screens_parse_nothing_twice(whole_parses: list[str]) -> None:
    async with Shop().run_test() as pilot:
        assert pilot.app.screen.query_one(Label).styles.color == Color.parse("#0000ff")
        await pilot.app.switch_mode("second")
        await pilot.pause()
        late = pilot.app.screen.query_one(Late)
        assert (late.styles.color, late.size.height) == (Color.parse("#0000ff"), 3)
    assert whole_parses == []


async def test_another_theme_reaches_every_screen(whole_parses: list[str]) -> None:
    async with Shop().run_test() as pilot:
        await pilot.app.switch_mode("second")
        await pilot.app.switch_mode("first")
        pilot.app.theme = "red"
        await pilot.pause()
        assert pilot.app.screen.query_one(Label).styles.color == Color.parse("#ff0000")
        await pilot.app.switch_mode("second")
        await pilot.pause()
        assert pilot.app.screen.query_one(Late).styles.color == Color.parse("#ff0000")
    assert whole_parses == ["whole"]
