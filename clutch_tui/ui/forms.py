"""Forms: the fields of one record, one line each, judged where they stand.

A form keeps what was typed until core has stored it: a refusal is shown in the form, Esc asks before it throws
anything away, and a field that is wrong says so under itself and gets the cursor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget

from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import written
from clutch_tui.phrases import fields as record_fields
from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.fields import FormField
from clutch_tui.text.format import NumberError
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.errors import note
from clutch_tui.ui.widgets.choice_field import ChoiceField
from clutch_tui.ui.widgets.number_field import MoneyField, NumberField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import ProblemWords, Words

T = TypeVar("T")

LINE_LABEL = 46
"""Cells for the label of a field in a form of the lines of a document (`-lines`)."""
YES_NO = (("yes", "common.yes"), ("no", "common.no"))


class EntryRow(Horizontal):
    """Label, field, and below it what is wrong with what was typed."""

    DEFAULT_CSS = f"""
    EntryRow {{ height: 1; width: 1fr; }}
    EntryRow > .form--label {{ width: 22; color: $text-muted; padding: 0 1; }}
    .-lines EntryRow > .form--label {{ width: {LINE_LABEL + 2}; }}
    .form--problem {{ padding: 0 1; }}
    """
    SCOPED_CSS = False

    def __init__(self, entry: FormField, value: object) -> None:
        super().__init__()
        self.entry = entry
        self.label = Words(entry.label, classes="form--label")
        self.field = _field(entry, _typed(entry, value))
        self.given = self.typed  # not what was asked for: a choice always has one of its values
        self.problem = ProblemWords(classes="form--problem")

    def compose(self) -> ComposeResult:
        yield self.label
        yield self.field

    @property
    def typed(self) -> str:
        return str(getattr(self.field, "value", ""))

    @property
    def changed(self) -> bool:
        return self.typed != self.given

    def accept(self) -> None:
        """Take what stands there now for what is stored."""
        self.given = self.typed

    def show(self, value: object) -> None:
        """Another value is stored now; what was typed gives way to it."""
        self.given = _typed(self.entry, value)
        self.take_back()

    def follow(self, value: object) -> None:
        """Another value may be stored now; what was typed stays."""
        given, kept = _typed(self.entry, value), self.changed
        if given == self.given or (isinstance(self.field, ChoiceField) and given not in dict(self.field.choices)):
            return
        self.given = given
        if not kept:
            self.take_back()

    def take_back(self) -> None:
        """Forget what was typed."""
        if isinstance(self.field, TextField | ChoiceField):
            self.field.value = self.given
            self.field.refresh()
        self.problem.clear()

    def suggest(self, value: object) -> None:
        """Write a value into the field, as if it had been typed."""
        if isinstance(self.field, TextField):
            self.field.value = _typed(self.entry, value)

    def read(self) -> Any:
        """The field's value for the record. Raises `NumberError` with the sentence for the field."""
        if isinstance(self.field, NumberField):
            self.field.check()
        return record_fields.read(self.entry, self.typed)


def _typed(entry: FormField, value: object) -> str:
    """A record's value as it stands in the field before anybody types."""
    if entry.kind in ("money", "percent") and isinstance(value, int):
        return f"{value // 100}.{value % 100:02}" if value else ""
    if entry.kind == "quantity" and isinstance(value, int):
        return str(written(value)) if value else ""
    if entry.kind in ("number", "decimal"):
        return str(value) if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _field(entry: FormField, given: str) -> Widget:
    name = f"field-{entry.name.replace('.', '-')}"
    if entry.kind == "choice":
        return ChoiceField(entry.choices, given, id=name)
    if entry.kind == "money":
        return MoneyField(value=given, id=name)
    if entry.kind == "percent":
        return NumberField(value=given, places=2, id=name)
    if entry.kind in ("number", "quantity", "decimal"):
        return NumberField(value=given, id=name)
    return TextField(value=given, password=entry.kind == "secret", id=name)


class FieldRows(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The rows of a form. They scroll with the cursor and have no keys of their own: Up and Down go from field to field
    also where there are more rows than room."""


class FormDialog(Dialog[T], Generic[T]):
    """A record's fields. `save` gets the values by name and does the write; what it gives back is the answer.
    It may raise `ShopError` (or another error with a `key`), and the form stays open with the sentence."""

    is_form = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+s", "save", "common.save", id="form.save"),
        Binding("down", "app.focus_next", "form.next", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "form.previous", show=False, id="form.previous"),
    ]

    def __init__(
        self,
        title: str,
        entries: Sequence[FormField],
        values: Mapping[str, object],
        save: Callable[[dict[str, Any]], Awaitable[T]],
        **title_values: object,
    ) -> None:
        super().__init__(title, "dialog.hint.form", **title_values)
        self.rows = [EntryRow(entry, values.get(entry.name, "")) for entry in entries]
        self._values = values
        self._save = save
        self._saving = False
        self._refusal = ProblemWords()

    def compose_body(self) -> ComposeResult:
        with FieldRows(classes="form--rows"):
            for row in self.rows:
                yield row
                yield row.problem
        yield self._refusal

    def on_mount(self) -> None:
        self.add_class("-form")
        self.rows[0].field.focus()

    @on(TextField.Changed)
    def _typed_in(self, event: TextField.Changed) -> None:
        for row in self.rows:
            if row.field is event.control:
                row.problem.clear()
        self._refusal.clear()

    @on(ChoiceField.Changed)
    def _chosen(self, event: ChoiceField.Changed) -> None:
        """Fill in what hangs on the choice and was not typed; it comes back with what was chosen before."""
        chosen = next(row for row in self.rows if row.field is event.field)
        for row in self.rows:
            if row.entry.follows == chosen.entry.name:
                row.follow(row.entry.usual(event.value) if chosen.changed else self._values.get(row.entry.name))

    @on(NumberField.Refused)
    def _refused(self, event: NumberField.Refused) -> None:
        for row in self.rows:
            if row.field is event.field:
                row.problem.say(event.key, text=event.text)

    def take_scan(self, text: str) -> bool | None:
        """Into a field that asks for a code, and on to the next; nowhere else."""
        for row in self.rows:
            if row.field is self.focused and isinstance(row.field, TextField) and row.entry.is_code:
                row.field.value = text
                self.focus_next()
                return True
        return False

    @on(TextField.Submitted)
    @on(ChoiceField.Submitted)
    def _entered(self, event: TextField.Submitted | ChoiceField.Submitted) -> None:
        """Enter goes to the next field, and saves on the last."""
        event.stop()
        if self._ends_at(event.control):
            self.action_save()
        else:
            self.focus_next()

    def _ends_at(self, field: Widget | None) -> bool:
        """Tell whether nothing is left to fill in behind this field."""
        return field is self.rows[-1].field

    @work(group="save", exit_on_error=False)
    async def action_save(self) -> None:
        if self._saving or (values := self._read()) is None:
            return
        self._saving = True
        try:
            answer = await self._save(values)
        except Exception as error:
            self._refuse(error)
        else:
            self.dismiss(answer)
        finally:
            self._saving = False

    def _read(self) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        wrong: EntryRow | None = None
        for row in self.rows:
            try:
                values[row.entry.name] = row.read()
            except NumberError as error:
                row.problem.say(error.key, **error.values)
                if isinstance(row.field, NumberField):
                    row.field.tell_left_out()
                wrong = wrong or row
        if wrong is not None:
            wrong.field.focus()
            self.call_after_refresh(_bring_into_view, wrong)  # the sentences have moved the rows
            return None
        return values

    def complain(self, words: Callable[[], str], name: str = "") -> None:
        """Say what is wrong: under the field of that name, which gets the cursor, or below all of them."""
        row = next((row for row in self.rows if row.entry.name == name), None)
        if row is None:
            self._refusal.tell(words)
        else:
            row.problem.tell(words)
            row.field.focus()
            self.call_after_refresh(_bring_into_view, row)

    def _refuse(self, error: Exception) -> None:
        note(error)
        self._refusal.tell(lambda: explain(error))
        if isinstance(error, ShopError):
            for row in self.rows:
                if row.entry.name == error.values.get("field"):
                    row.field.focus()

    @work(group="leave", exclusive=True, exit_on_error=False)
    async def action_back(self) -> None:  # type: ignore[override]
        if not self.is_changed() or await self.app.confirm("form.discard"):
            self.dismiss(None)

    def is_changed(self) -> bool:
        """Tell whether anything would be lost that was typed."""
        return any(row.changed for row in self.rows)


def _bring_into_view(row: EntryRow) -> None:
    """Field and sentence; the field wins where there is room for one only."""
    for widget in (row.problem, row):
        widget.scroll_visible(animate=False, immediate=True)
