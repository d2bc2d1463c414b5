"""One of a few values, in one line: arrows go through them, Space takes the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, is_rtl, t


class ChoiceField(Widget, can_focus=True):
    """`choices` are pairs of a value and the catalogue key of its word; `value` is always one of them."""

    DEFAULT_CSS = """
    ChoiceField {
        height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1;
        &:focus { background: $primary-muted; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn('left')", "field.other", show=False, id="choice.left"),
        Binding("right", "turn('right')", "field.other", show=False, id="choice.right"),
        Binding("space", "turn('next')", "field.other", show=False, id="choice.next"),
        Binding("enter", "submit", "form.next", show=False, id="choice.submit"),
    ]

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        field: ChoiceField
        value: str

        @property
        def control(self) -> ChoiceField:
            return self.field

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        field: ChoiceField
        value: str

        @property
        def control(self) -> ChoiceField:
            return self.field

    def __init__(self, choices: Sequence[tuple[str, str]], value: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        known = dict(choices)
        # a word that only the server knows is a choice too: a form must not change it by being opened
        self.choices = tuple(choices) if value in known or not value else (*choices, (value, value))
        self.value = value if value or value in known else self.choices[0][0]

    def action_turn(self, side: str) -> None:
        values = [value for value, _ in self.choices]
        step = 1 if side == "next" or (side == "right") != is_rtl() else -1
        self.value = values[(values.index(self.value) + step) % len(values)]
        self.refresh()
        self.post_message(self.Changed(self, self.value))

    def action_submit(self) -> None:
        self.post_message(self.Submitted(self, self.value))

    def relabel(self) -> None:
        self.refresh()

    def render(self) -> Content:
        key = dict(self.choices)[self.value]
        word = t(key) if has(key) else shown.name(key)
        return Content(f"{word}  ‹ ›" if self.has_focus else word)
