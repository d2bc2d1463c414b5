"""An amount that is read across the counter: three lines high where the terminal can draw that."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Digits

from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.ui.widgets.words import Words


class BigFigure(Horizontal):
    """A word by its key, and beside it an amount in minor units. `drawable` where the terminal has more than ASCII."""

    DEFAULT_CSS = """
    BigFigure { height: auto; }
    BigFigure Words { width: 1fr; text-style: bold; }
    BigFigure.-high Words { padding-top: 1; }
    BigFigure Digits { width: auto; text-style: bold; }
    BigFigure.-given-back { color: $text-success; }
    """

    def __init__(self, key: str, amount: int, *, drawable: bool, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._key, self._amount = key, amount
        # figures of lines and arcs; there are none of Arabic digits
        self._high = drawable and strings.digits() == "western"
        self.set_class(self._high, "-high")

    def compose(self) -> ComposeResult:
        if self._high:
            yield Words(self._key)
            yield Digits(shown.amount(self._amount))
        else:
            words = Words()
            words.tell(lambda: f"{strings.t(self._key)}: {shown.money(self._amount)}")
            yield words
