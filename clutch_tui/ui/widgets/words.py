"""A text of the catalogue that follows the language by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widget import Widget

from clutch_tui.text.bidi import LTR, RTL
from clutch_tui.text.strings import is_rtl, t
from clutch_tui.ui.bidi_filter import paragraph

MORE = " …"
"""Behind parts of which there are more than fit."""


def shortened(text: str, room: int) -> str:
    """A text in at most so many cells, with a sign where its end is missing."""
    return text if cell_len(text) <= room else f"{set_cell_size(text, max(0, room - 1)).rstrip()}…"


def beside(parts: Iterable[str], room: int) -> str:
    """Parts in one line, as many as fit into so many cells, each of them whole, with a sign where some are missing:
    half a number looks like another one. No room is no bound: nothing has been laid out yet."""
    kept = [part for part in parts if part]
    line = "   ".join(kept)
    if not room or cell_len(line) <= room:
        return line
    while len(kept) > 1 and cell_len("   ".join(kept)) + len(MORE) > room:
        del kept[-1]
    return "   ".join(kept) + MORE


def sentence(key: str, values: Mapping[str, object]) -> str:
    """Return a sentence with its values, in the language of this moment. A value that is in words itself, such as a sum
    with its currency or a name in one of two languages, is a function without arguments."""
    return t(key, **{name: value() if callable(value) else value for name, value in values.items()})


class Words(Widget):
    """A sentence by its key, looked up each time it is drawn, with those values that are functions: switching the
    language needs no more than a refresh. `say` changes key and values, `tell` shows a text that comes from a function
    instead."""

    DEFAULT_CSS = "Words { width: 1fr; height: auto; }"

    def __init__(
        self,
        key: str = "",
        *,
        id: str | None = None,
        classes: str | None = None,
        **values: object,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._text: Callable[[], Content | str] = lambda: sentence(key, values) if key else ""
        self._shown_text: str | None = None
        """What `_text` gave when it was told, which is what there is room for: it may read what has moved on since."""

    def say(self, key: str, **values: object) -> None:
        """Show another sentence."""
        self.tell(lambda: sentence(key, values))

    def tell(self, text: Callable[[], Content | str]) -> None:
        """Show what `text()` gives; it is called again whenever the widget is drawn in another language."""
        before = self.text if self._shown_text is None else self._shown_text
        self._text = text
        self._shown_text = after = self.text
        if not self.size.width or self._room(before) != self._room(after):
            self.refresh(layout=True)  # laying out again costs twenty times the drawing
        else:
            self.refresh()

    def _room(self, text: str) -> object:
        """Return what decides how much room a text takes: its lines, and each one's width where that matters."""
        lines = [cell_len(line) for line in text.split("\n")]
        full = self.size.width
        fixed = self.styles.width is not None and not self.styles.width.is_auto
        return [width // full if width > full else 0 for width in lines] if fixed else lines

    def clear(self) -> None:
        self.tell(str)

    @property
    def text(self) -> str:
        """Return what is shown, in logical order."""
        shown = self._text()
        return shown if isinstance(shown, str) else shown.plain

    def relabel(self) -> None:
        """The language has changed."""
        self._shown_text = self.text
        self.refresh(layout=True)

    def render(self) -> Content:
        shown = self._text()
        if not isinstance(shown, str):
            return shown
        screen = RTL if is_rtl() else LTR
        return Content("\n").join(paragraph(line, screen) for line in shown.split("\n"))


class ProblemWords(Words):
    """The problem of an entry, shown beside it; takes no room while there is nothing to say."""

    DEFAULT_CSS = "Problem { color: $text-error; text-style: bold; }"

    def on_mount(self) -> None:
        self.display = bool(self.text)

    def tell(self, text: Callable[[], Content | str]) -> None:
        super().tell(text)
        self.display = bool(self.text)
