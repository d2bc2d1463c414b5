"""Small questions: each asks one thing, gives back the answer or None, and does nothing else."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from clutch_tui.core.quantity import Quantity, written
from clutch_tui.text import format as shown
from clutch_tui.text.bidi import LTR, RTL
from clutch_tui.text.format import NO_BREAK_SPACE, NumberError, parse_money, parse_quantity
from clutch_tui.text.strings import is_rtl, t
from clutch_tui.ui.bidi_filter import VisualLines, paragraph
from clutch_tui.ui.errors import report
from clutch_tui.ui.widgets.number_field import MoneyField, NumberField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.window_table import READ_AFTER
from clutch_tui.ui.widgets.words import ProblemWords, Words

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp

    _DialogPart = Screen[Any]
else:
    _DialogPart = object

T = TypeVar("T")

ROOM_FOR_TOASTS = 4
"""Lines: a blank and the longest sentence that is common."""
SHORT = 20
"""Lines of a terminal below which the rows of a dialog give way: the line that names its keys is always seen."""
FEWEST_LINES = 3
"""Of a text to read, that are left beside toasts."""


class Dialog(VisualLines, ModalScreen[T | None], Generic[T]):
    """A box over the screen with a title and a line that says which keys work. Esc gives back None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "common.back", id="dialog.back")]

    DEFAULT_CSS = """
    Dialog {
        align: center middle; background: $background 60%;
        &.-told { align: center bottom; }
        .dialog--box {
            width: 66; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
            background: $surface; border: round $primary;
        }
        &.-form .dialog--box { width: 76; }
        .dialog--title { text-style: bold; color: $primary; margin-bottom: 1; }
        .dialog--hint { color: $text-muted; margin-top: 1; }
        VerticalScroll { height: auto; max-height: 72vh; }
        OptionList { height: auto; max-height: 16; border: none; background: $surface; padding: 0; }
        OptionList:focus { border: none; }
        WindowTable { height: 60vh; }
        &.-short {
            VerticalScroll, OptionList { max-height: 60vh; }
            WindowTable { height: 40vh; }
        }
    }
    """

    overlay = ""
    """The name of an overlay (`overlays`); empty for a question of the shop."""

    if TYPE_CHECKING:

        @property
        def app(self) -> ClutchApp: ...  # type: ignore[override]

    def __init__(self, title: str, hint: str = "dialog.hint.enter", /, **values: object) -> None:
        super().__init__()
        self._answered = False
        self.heading = Words(classes="dialog--title")
        self.heading.say(title, **values)
        self._hint = hint
        self.hint = Words(hint, classes="dialog--hint")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog--box"):
            yield self.heading
            yield from self.compose_body()
            yield self.hint

    def compose_body(self) -> ComposeResult:
        """The widgets between title and hint."""
        yield from ()

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Answer, once: an Enter too many, typed before the box was gone, must not close what lies below."""
        if self._answered:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)

    def on_resize(self) -> None:
        self.set_class(self.size.height < SHORT, "-short")

    def take_scan(self, text: str) -> bool | None:
        """A question waits for a person: a scan neither answers it nor passes it (`scan_routing`)."""
        return False

    @property
    def toast_room(self) -> tuple[int, int]:
        """The lines between which toasts may lie: those above the box or below it, else those above its line of keys.
        The first line is the strip of the screen below."""
        box = self.query_one(".dialog--box").region
        if box.y - 1 >= ROOM_FOR_TOASTS:
            return 1, box.y
        if self.size.height - box.bottom >= ROOM_FOR_TOASTS:
            return box.bottom, self.size.height
        return box.y + 1, self.hint.region.y

    def show_waiting(self, waiting: bool) -> None:
        """Say in the line of keys that one waits for what it needs, or no longer."""
        self.hint.say("keys.waiting" if waiting else self._hint)

    def action_back(self) -> None:
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            report(self, event.worker.error)


class Confirm(Dialog[bool]):
    """Yes with Enter, no with Esc. The question names what happens and what stays."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "yes", "common.yes", id="dialog.yes")]

    def __init__(self, title: str, **values: object) -> None:
        super().__init__(title, "dialog.hint.confirm", **values)
        self._typed = False
        """Whether somebody types who has not seen the question: the Enter behind that is no answer."""

    def on_key(self, event: Key) -> None:
        self._typed = self._typed or event.is_printable

    def action_yes(self) -> None:
        if self._typed:
            self._typed = False
            self.app.bell()
            self.app.notify(t("dialog.not_answered"), severity="warning")
        else:
            self.dismiss(True)


class Unexpected(_DialogPart):
    """Mixin, before a dialog: a question that does not always come. An Enter that was pressed before anybody can have
    read it, such as the last of a burst or the end of a scan, is no answer (`key_order`)."""

    NOT_ANSWERED = "dialog.not_answered"
    """What is said of such an Enter; what was typed before it stays."""
    _shown_at = math.inf

    def on_mount(self) -> None:
        self.call_after_refresh(self._note_shown)

    def _note_shown(self) -> None:
        self._shown_at = monotonic()

    def is_unread(self, key: Key) -> bool:
        """Tell whether a key would answer that nobody can have pressed for an answer."""
        return key.key == "enter" and key.time - self._shown_at < READ_AFTER


class ConfirmUnexpected(Unexpected, Confirm):
    """Yes or no."""


class Ask(Dialog[T], Generic[T]):
    """One field. `read` makes the answer of what was typed, or raises `NumberError`, whose sentence is then
    shown at the field while the text stays. `sure` asks about an answer that may be a slip, over the field: a no leads
    back to what was typed."""

    def __init__(
        self,
        title: str,
        field: TextField,
        read: Callable[[str], T],
        sure: Callable[[T], Awaitable[bool]] | None = None,
        /,
        **values: object,
    ) -> None:
        super().__init__(title, **values)
        self._field = field
        self._read = read
        self._sure = sure
        self._problem = ProblemWords()

    def compose_body(self) -> ComposeResult:
        yield self._field
        yield self._problem

    def on_mount(self) -> None:
        self._field.focus()

    @on(TextField.Changed)
    def _typed(self) -> None:
        self._problem.clear()

    @on(NumberField.Refused)
    def _refused(self, event: NumberField.Refused) -> None:
        self._problem.say(event.key, text=event.text)

    @on(TextField.Submitted)
    def _submitted(self, event: TextField.Submitted) -> None:
        event.stop()
        try:
            answer = self._read(self._field.value)
        except NumberError as error:
            self._problem.say(error.key, **error.values)
        else:
            if self._sure is None:
                self.dismiss(answer)
            else:
                self._answer_if(self._sure(answer), answer)

    @work(group="ask", exit_on_error=False)
    async def _answer_if(self, sure: Awaitable[bool], answer: T) -> None:
        if await sure:
            self.dismiss(answer)


class AskUnexpected(Unexpected, Ask[T], Generic[T]):
    """One field."""

    NOT_ANSWERED = "dialog.not_entered"


def required_text(text: str) -> str:
    """Return what was typed, without blanks around it; for a field that must not stay empty."""
    if not text.strip():
        raise NumberError("error.field.empty")
    return text.strip()


def ask_text(title: str, *, value: str = "", required: bool = False, **values: object) -> Ask[str]:
    """Ask for a text, such as the reason of a void."""
    return Ask(title, TextField(value=value), required_text if required else str.strip, **values)


def ask_quantity(
    title: str, *, value: int | None = None, minimum: int, maximum: int, places: int, **values: object
) -> Ask[Quantity]:
    """Ask for a quantity of a part that is sold in `places` decimals. The bounds are those of core: what it would
    refuse is refused while it can be mended."""

    def read(text: str) -> Quantity:
        asked = parse_quantity(text, places)
        if asked < minimum:
            raise NumberError("error.number.too_small", minimum=shown.quantity(minimum))
        if asked > maximum:
            raise NumberError("error.number.too_large", maximum=shown.quantity(maximum))
        return Quantity(asked)

    return Ask(title, NumberField(value="" if value is None else str(written(value))), read, **values)


def ask_money(
    title: str,
    *,
    value: int | None = None,
    minimum: int = 0,
    maximum: int,
    kind: type[Ask[int]] = Ask,
    sure: Callable[[int], Awaitable[bool]] | None = None,
    **values: object,
) -> Ask[int]:
    """Ask for an amount of money; the answer and the bounds, which are those of core, are in minor units."""

    def read(text: str) -> int:
        minor = parse_money(text)
        if minor < minimum:
            raise NumberError("error.number.too_small", minimum=shown.amount(minimum))
        if minor > maximum:
            raise NumberError("error.number.too_large", maximum=shown.amount(maximum))
        return minor

    typed = "" if value is None else f"{value // 100}.{value % 100:02}"
    return kind(title, MoneyField(value=typed), read, sure, **values)


class Choose(Dialog[str]):
    """One of a few: arrows and Enter, or its digit. Options are pairs of an id and a text in words."""

    def __init__(self, title: str, options: Sequence[tuple[str, Callable[[], str]]], **values: object) -> None:
        super().__init__(title, "dialog.hint.choose", **values)
        self._options = tuple(options)

    def compose_body(self) -> ComposeResult:
        ids = [name for name, _ in self._options]
        yield OptionList(*(Option(line, id=name) for name, line in zip(ids, self._lines(), strict=True)))

    def _lines(self) -> Iterator[Content]:
        """Each option behind its digit, in the direction of the screen: its own words may run the other way."""
        base = RTL if is_rtl() else LTR
        for n, (_, word) in enumerate(self._options, 1):
            yield paragraph(f"{n % 10}  {word()}" if n <= 10 else f"{NO_BREAK_SPACE * 3}{word()}", base=base)

    def relabel(self) -> None:
        """The language has changed."""
        options = self.query_one(OptionList)
        for n, line in enumerate(self._lines()):
            options.replace_option_prompt_at_index(n, line)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)

    def on_key(self, event: object) -> None:
        digit = getattr(event, "character", None)
        if digit is not None and digit.isdecimal():
            n = int(digit) or 10
            if n <= len(self._options):
                self.dismiss(self._options[n - 1][0])


class ChooseUnmarked(Choose):
    """A choice that does not always come, and of which none is marked at first: an Enter that was meant for what came
    before, such as the end of a scan that is late, answers nothing. Nor does a digit in the middle of what is typed by
    somebody who has not seen it: the digits of a code are not its answer (`key_order`)."""

    NOT_ANSWERED = "dialog.not_chosen"
    _typed_at = -math.inf
    """When something was typed last that is no answer."""

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = None

    def is_unread(self, key: Key) -> bool:
        """Tell whether a key goes on with what is no answer; what follows that one as fast does so too."""
        goes_on = (key.is_printable or key.key == "enter") and key.time - self._typed_at < READ_AFTER
        if goes_on:
            self._typed_at = key.time
        return goes_on

    @on(Key)
    def _no_answer(self, event: Key) -> None:
        if event.is_printable and not (event.character or "").isdecimal():
            self._typed_at = event.time
            self.app.bell()
            self.app.notify(t(self.NOT_ANSWERED), severity="warning")


def keys_of_row(noun: str, keys: Iterable[tuple[str, str, str]]) -> list[BindingType]:
    """Bind the keys of a page about one row, each with its action and its word, to what they do to that row in the
    list: the page gives way to the list with the name of the action."""
    return [Binding(key, f"dismiss('{action}')", word, id=f"{noun}.{action}") for key, action, word in keys]


def field_lines(*fields: tuple[str, str]) -> list[str]:
    """Return a line for each field, named by its label's key, that has something in it."""
    return [f"{t(label)}: {value}" for label, value in fields if value]


class ShowText(Dialog[str]):
    """A text to read, line by line as it is; Enter and Esc close it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "back", "common.close", id="text.close")]

    def __init__(
        self, title: str, lines: Callable[[], Sequence[str]], *, hint: str = "dialog.hint.read", **values: object
    ) -> None:
        super().__init__(title, hint, **values)
        self._box_height = 0
        """Of the box while it has made room for toasts, 0 while there are none."""
        self.body = Words(classes="dialog--text")
        self.body.tell(lambda: "\n".join(lines()))

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(can_focus=True):
            yield self.body

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def make_room(self, wanted: bool) -> None:
        """Let toasts stand above the box: what is read must not be covered, and can be scrolled (`notice`)."""
        text, box = self.query_one(VerticalScroll), self.query_one(".dialog--box")
        if not wanted:
            text.styles.clear_rule("max_height")
            self._box_height = 0
        elif not self._box_height:
            most = self.size.height - 1 - ROOM_FOR_TOASTS
            lines = text.size.height - max(0, box.region.height - most)
            if lines >= FEWEST_LINES:
                text.styles.max_height = lines
                self._box_height = min(box.region.height, most)
        self.set_class(bool(self._box_height), "-told")

    @property
    def toast_room(self) -> tuple[int, int]:
        return (1, self.size.height - self._box_height) if self._box_height else super().toast_room
