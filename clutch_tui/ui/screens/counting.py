"""Counting the drawer: a sum, or so many of each note and coin. What the books expect is said after that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.phrases.fields import FormField
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError, parse_money, parse_number
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Ask
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.widgets.number_field import MoneyField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import Words

MOST = 10**12
"""The most that is believed of a drawer, in minor units: a barcode that was scanned into the question is more."""
MOST_NOTES = 99_999


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found, in minor units; `coins` are how many of each note and coin, where they were counted."""

    amount: int
    coins: Mapping[int, int] = field(default_factory=dict)


class CountDialog(Ask[Counted]):
    """The sum as one types it; F2 counts by notes and coins, and comes back with what they come to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "by_notes", "drawer.by_notes", id="drawer.by_notes")]

    def __init__(self, sure: Callable[[Counted], Awaitable[bool]]) -> None:
        self._coins: dict[int, int] = {}
        super().__init__("drawer.ask_count", MoneyField(), self._counted, sure)
        self._hint = "drawer.count_hint"
        self.hint.say(self._hint)

    def _counted(self, text: str) -> Counted:
        amount = parse_money(text)
        if amount < 0:
            raise NumberError("error.number.too_small", minimum=shown.amount(0))
        if amount > MOST:
            raise NumberError("error.number.too_large", maximum=shown.amount(MOST))
        coins = self._coins if shop.cash.worth_of(self._coins) == amount else {}
        return Counted(amount, coins)

    @work(group="ask", exit_on_error=False)
    async def action_by_notes(self) -> None:
        coins = await self.app.push_screen_wait(NotesDialog(self._coins))
        if coins is not None:
            self._coins = coins
            worth = shop.cash.worth_of(coins)
            self._field.value = f"{worth // 100}.{worth % 100:02}"
            self._field.focus()


def _notes() -> tuple[FormField, ...]:
    return tuple(FormField(str(note), f"note.{note}", "number", maximum=MOST_NOTES) for note in shop.cash.NOTES)


class NotesDialog(FormDialog[dict[int, int]]):
    """How many of each note and coin there are, the dearest first; what they come to is said at every key."""

    DEFAULT_CSS = "NotesDialog #notes-worth { margin-top: 1; text-style: bold; }"

    def __init__(self, coins: Mapping[int, int]) -> None:
        async def take(values: dict[str, Any]) -> dict[int, int]:
            return {int(note): int(count) for note, count in values.items() if count}

        given = {str(note): count for note, count in coins.items()}
        super().__init__("drawer.by_notes_title", _notes(), given, take)
        self.worth_line = Words(id="notes-worth")

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield self.worth_line

    def on_mount(self) -> None:
        self.worth_line.tell(lambda: t("drawer.notes_worth", amount=shown.money(self._worth)))

    @property
    def _worth(self) -> int:
        """Return what is typed so far comes to; what is no number counts for none."""
        worth = 0
        for row in self.rows:
            try:
                worth += int(row.entry.name) * (parse_number(row.typed) if row.typed.strip() else 0)
            except NumberError:
                continue
        return worth

    @on(TextField.Changed)
    def _reckon_again(self) -> None:
        self.worth_line.refresh(layout=True)
