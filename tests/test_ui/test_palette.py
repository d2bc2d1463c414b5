"""The command palette speaks the language of the screens and leaves what is beneath it as it was."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

import pytest
from textual.app import App, ComposeResult, SystemCommand
from textual.command import CommandList, CommandPalette
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Label

from clutch_tui.text import strings
from clutch_tui.text.bidi import visual
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.overlays import Overlays
from clutch_tui.ui.screens.discount import DiscountDialog
from clutch_tui.ui.widgets.palette import Palette, PaletteField
from tests.test_ui.shop_app import Shop, open_app, press, settle, type_text, until


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


class Commanded(Overlays, BidiApp, App[None]):
    """One command and one line beneath."""

    done = False

    def compose(self) -> ComposeResult:
        yield Label("فلتر (زيت)")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("فتح الدرج", "يفتح درج النقدية", self.open_drawer)
        yield SystemCommand("الخزنة", "", self.open_drawer)

    def open_drawer(self) -> None:
        self.done = True


def lines_of(app: App[None]) -> list[str]:
    return [Strip(strip).text for strip in app.screen._compositor.render_strips()]


async def test_a_command_is_found_and_done_in_arabic() -> None:
    app = Commanded()
    async with app.run_test() as pilot:
        assert any(visual("فلتر (زيت)") in line for line in lines_of(app))
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, Palette)
        assert app.screen.query_one(PaletteField).placeholder == t("palette.placeholder")
        assert any(visual(t("palette.placeholder")) in line for line in lines_of(app))
        assert lines_of(app)[0].strip() == visual("فلتر (زيت)")
        await pilot.press(*"الدرج")
        await app.workers.wait_for_complete()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.done


@pytest.mark.parametrize("typed", ["خزنه", "الخزنة", "خزنة"])
async def test_a_command_is_found_however_it_is_spelt(typed: str) -> None:
    app = Commanded()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*typed)
        await app.workers.wait_for_complete()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.done


async def test_nothing_found_is_said_in_the_language() -> None:
    app = Commanded()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p", *"xyz")
        palette = app.screen
        assert isinstance(palette, Palette)
        await app.workers.wait_for_complete()
        palette._show_no_matches("xyz")
        palette._show_no_matches("xyz")  # as its timer does, where it ends a moment later
        option = palette.query_one(CommandList).get_option_at_index(0)
        assert option.prompt == t("common.no_match")


def test_names_of_the_palette_that_ours_relies_on() -> None:
    names = {"_start_no_matches_countdown", "_stop_no_matches_countdown", "_NO_MATCHES", "_NO_MATCHES_COUNTDOWN"}
    assert names <= set(dir(CommandPalette))
    source = inspect.getsource(CommandPalette)
    assert "self._placeholder = placeholder" in source
    assert "self._no_matches_timer = self.set_timer(" in source
    assert "_list_visible" in CommandPalette._reactives
    ids = ("--container", "--input", "--results")
    assert all(f'id="{name}"' in inspect.getsource(CommandPalette.compose) for name in ids)


@pytest.mark.parametrize("behind", [False, True])
async def test_another_language_closes_what_was_looked_up_in_this_one(behind: bool) -> None:
    app = Commanded()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        palette = app.screen
        assert isinstance(palette, Palette)
        if behind:
            await app.push_screen(Screen())
        strings.use("en")
        palette.relabel()
        await pilot.pause()
        if behind:
            assert palette.query_one(PaletteField).placeholder == t("palette.placeholder")
        assert not isinstance(app.screen, Palette)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("typed", ["discount", "الخصم", "خصم", "f5", "F5"])
async def test_a_command_is_found_in_both_languages_and_by_its_key(
    shop: Shop, language: strings.Language, typed: str
) -> None:
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, *"OF-100", "enter")
        await settle(pilot)
        await press(pilot, "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await type_text(pilot, typed)
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count)
        await settle(pilot)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, DiscountDialog))


@pytest.mark.parametrize("typed", ["ctrl+d", "ctrl d", "f9 4"])
async def test_a_key_of_several_parts_is_found(shop: Shop, typed: str) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await type_text(pilot, typed)
        wanted = t("mode.customers") if typed == "f9 4" else t("sales.drawer")
        await until(pilot, lambda: wanted in str(first_option(app)))


def first_option(app: ClutchApp) -> object:
    commands = app.screen.query_one(CommandList)
    return commands.get_option_at_index(0).prompt if commands.option_count else ""
