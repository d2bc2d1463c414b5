"""What goes wrong first in Arabic on a terminal, read off the screen wherever a person reads it.

Expected cells are written by hand, from left to right, in the forms that a terminal shows: what stands here was
not worked out by the code that it judges.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Label
from textual.widgets._toast import Toast

from clutch_tui.text import format as shown
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.dialogs import ShowText
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words
from tests.test_ui.shop_app import until

BEFORE, AFTER = "رقم", "هنا"
SEEN_BEFORE, SEEN_AFTER = "\ufee2\ufed7\ufead", "\ufe8e\ufee8\ufeeb"

PARAGRAPH = "القطعة دي من Toyota وبتركب على Corolla موديل 2014، ومعاها ضمان سنة كاملة من BOSCH Automotive Aftermarket."
WRAPPED = [
    "ىلع بكرتبو Toyota نم يد ةعطقلا",
    "اهاعمو ،2014 ليدوم Corolla",
    "BOSCH نم ةلماك ةنس نامض",
    ".Automotive Aftermarket",
]


@dataclass(frozen=True, slots=True)
class Sample:
    """`typed` as a person types it, `said` as the program puts it into a sentence, `seen` as the cells show it."""

    typed: str
    said: Callable[[], str]
    seen: str


SAMPLES = (
    Sample("+20 100 123 4567", lambda: shown.isolate("+20 100 123 4567"), "+20 100 123 4567"),
    Sample("-5", lambda: shown.number(-5), "-5"),
    Sample("7-A/BP", lambda: shown.part_number("7-A/BP"), "7-A/BP"),
    Sample("2026-11-22", lambda: shown.isolate("2026-11-22"), "2026-11-22"),
    Sample("10%", lambda: shown.percent(Decimal("0.1")), "10%"),
    Sample("(قطعة)", lambda: "(قطعة)", "(\ufe94\ufecc\ufec4\ufed7)"),
    Sample("محمّد", lambda: "محمّد", "\ufeaa\ufee4\u0651\ufea4\ufee3"),
    Sample("الله", lambda: "الله", "\ufeea\ufee0\ufedf\ufe8d"),
    Sample("لا", lambda: "لا", "\ufefb"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of one cell."""

    id: str
    text: str

    @property
    def key(self) -> tuple[str]:
        return (self.id,)


class Everywhere(BidiApp, App[None]):
    """A text in a label, a sentence, a cell and a field."""

    CSS_PATH = "../../clutch_tui/ui/mirror.tcss"
    CSS = """
    Label, Words { width: 60; }
    TextField { border: none; height: 1; padding: 0; width: 60; }
    WindowTable { height: 3; }
    Toast { width: 33; max-width: 33; padding: 0 1; }
    """

    def __init__(self, sentence: str, typed: str) -> None:
        super().__init__()
        self._sentence = sentence
        self._typed = typed

    def compose(self) -> ComposeResult:
        self.label = Label(self._sentence)
        self.words = Words()
        self.words.tell(lambda: self._sentence)
        self.field = TextField(value=self._typed)
        self.table: WindowTable[Row] = WindowTable([TableColumn("", 60, lambda row: row.text)])
        yield self.label
        yield self.words
        yield self.field
        yield self.table

    def on_mount(self) -> None:
        self.table.show_rows([Row("1", self._sentence)])


def cells_of(widget: Widget) -> list[str]:
    """The lines that the terminal shows where the widget is; a no-break space looks like any other."""
    lines = [Strip(strip) for strip in widget.app.screen._compositor.render_strips()]
    region = widget.content_region
    cut = [lines[y].crop(region.x, region.right).text for y in range(region.y, region.bottom)]
    return [line.replace("\u00a0", " ").rstrip() for line in cut]


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.typed for one in SAMPLES])
async def test_it_reads_right_wherever_it_stands(sample: Sample, arabic: None) -> None:
    sentence = f"{BEFORE} {sample.said()} {AFTER}"
    seen = f"{SEEN_AFTER} {sample.seen} {SEEN_BEFORE}"
    app = Everywhere(sentence, sample.typed)
    async with app.run_test(size=(64, 24), notifications=True) as pilot:
        assert [line.lstrip() for line in cells_of(app.label)] == [seen]
        assert [line.lstrip() for line in cells_of(app.words)] == [seen]
        assert cells_of(app.table)[1].strip(" <") == seen
        assert cells_of(app.field)[0].strip() == sample.seen

        app.notify(sentence)
        await until(pilot, lambda: app.screen.query(Toast))
        await pilot.pause()
        assert [line.strip() for line in cells_of(app.screen.query_one(Toast))] == [seen]

        dialog = ShowText("app.help", lambda: [sentence])
        app.push_screen(dialog)
        await until(pilot, lambda: dialog.body.size.width)
        assert [line.strip() for line in cells_of(dialog.body)] == [seen]


async def test_a_toast_shows_brackets_as_they_are(arabic: None) -> None:
    app = Everywhere("", "")
    async with app.run_test(size=(64, 24), notifications=True) as pilot:
        app.notify("Bosch [red] filter [/] sold")
        await until(pilot, lambda: app.screen.query(Toast))
        await pilot.pause()
        assert [line.strip() for line in cells_of(app.screen.query_one(Toast))] == ["Bosch [red] filter [/] sold"]


async def test_a_wrapped_paragraph_reads_on_from_line_to_line(arabic: None) -> None:
    """Also where wrapping leaves a line without an Arabic letter: its full stop stands at the left all the same."""
    app = Everywhere(PARAGRAPH, "")
    async with app.run_test(size=(64, 30), notifications=True) as pilot:
        app.words.styles.width = 30
        dialog = ShowText("app.help", lambda: [PARAGRAPH])
        dialog.body.styles.width = 30
        app.notify(PARAGRAPH)
        await until(pilot, lambda: app.screen.query(Toast))
        await pilot.pause()
        assert read(app.words) == WRAPPED
        assert read(app.screen.query_one(Toast)) == WRAPPED
        app.push_screen(dialog)
        await until(pilot, lambda: dialog.body.size.width)
        assert read(dialog.body) == WRAPPED


def read(widget: Widget) -> list[str]:
    """The lines where the widget is, in plain letters, still in the order of their cells."""
    return [unicodedata.normalize("NFKC", line).strip() for line in cells_of(widget)]
