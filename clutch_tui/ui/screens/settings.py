"""The settings that a shop changes: language, look, server, tax. What can be applied at once, is."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.config.settings import COINS, ConfigError
from clutch_tui.core.types import TaxRules
from clutch_tui.phrases.coins import no_such_coin
from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.fields import FormField
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop, themes
from clutch_tui.ui.errors import at_field, note
from clutch_tui.ui.forms import YES_NO, EntryRow, FieldRows
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.shop_move import may_move
from clutch_tui.ui.widgets.choice_field import ChoiceField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import ProblemWords, Words

ENTRIES = (
    FormField("text.language", "settings.language", "choice", choices=(("ar", "language.ar"), ("en", "language.en"))),
    FormField(
        "text.digits",
        "settings.digits",
        "choice",
        choices=(("western", "settings.digits_western"), ("arabic", "settings.digits_arabic")),
    ),
    FormField(
        "text.bidi",
        "settings.bidi",
        "choice",
        choices=tuple((name, f"settings.bidi_{name}") for name in ("auto", "app", "terminal", "off")),
    ),
    FormField(
        "text.letters",
        "settings.letters",
        "choice",
        choices=tuple((name, f"settings.letters_{name}") for name in ("auto", "arabic", "latin", "ascii")),
    ),
    FormField(
        "ui.theme", "settings.theme", "choice", choices=[(theme.name, f"theme.{theme.name}") for theme in themes.THEMES]
    ),
    FormField("ui.bell", "settings.bell", "choice", choices=YES_NO),
    FormField("shop.tax_rate", "settings.tax_rate", "decimal", maximum=100),
    FormField("shop.prices_include_tax", "settings.prices_include_tax", "choice", choices=YES_NO),
    FormField("shop.cash_rounding", "settings.cash_rounding", "money", among=COINS),
    FormField("shop.max_discount", "settings.max_discount", "decimal", maximum=100),
    FormField("shop.show_margin", "settings.show_margin", "choice", choices=YES_NO),
    FormField("shop.receipt_footer", "settings.receipt_footer", maximum=200),
    FormField("backend.base_url", "settings.base_url", maximum=300),
    FormField("backend.ws_url", "settings.ws_url", maximum=300),
    FormField("backend.shop_id", "settings.shop_id", maximum=100),
    FormField("log.debug", "settings.debug", "choice", choices=YES_NO),
)
_TAX = {"shop.tax_rate", "shop.prices_include_tax", "shop.cash_rounding"}
_SERVER_SETS = {"shop.tax_rate", "shop.prices_include_tax"}
_AT_START = {"text.bidi", "text.letters"}
"""What the terminal is asked or told before the first frame."""
_BACKEND = {"backend.base_url", "backend.ws_url", "backend.shop_id"}


class SettingsScreen(ShopScreen):
    """One field a line; F2 saves, Esc takes back what was typed. What was typed and not saved stays, and the foot says
    so."""

    NAME = "settings"
    NOUNS = frozenset({"shop", "settings"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+s", "save", "common.save", id="settings.save"),
        Binding("down", "app.focus_next", "form.next", show=False, id="settings.next"),
        Binding("up", "app.focus_previous", "form.previous", show=False, id="settings.previous"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[EntryRow] = []
        self.outcome = ProblemWords()
        self.unsaved = Words(classes="detail -warning")
        self._server_sets_tax = False
        """Whether the shop's server sets the tax."""

    def compose_body(self) -> ComposeResult:
        self.rows = [EntryRow(entry, _current(self.app.settings, entry.name)) for entry in ENTRIES]
        with FieldRows(id="settings-rows"):
            for row in self.rows:
                yield row
                yield row.problem
        yield self.outcome
        yield self.unsaved

    def on_mount(self) -> None:
        self.rows[0].field.focus()
        self._show_unsaved()

    def _show_unsaved(self) -> None:
        """Say what stands in the fields and not in the configuration."""
        changed = [row for row in self.rows if row.changed and not row.field.disabled]
        self.unsaved.display = bool(changed)
        self.unsaved.tell(lambda: t("settings.unsaved", names=" - ".join(t(row.entry.label) for row in changed)))

    @on(TextField.Submitted)
    @on(ChoiceField.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(TextField.Changed)
    @on(ChoiceField.Changed)
    def _typed(self, event: TextField.Changed | ChoiceField.Changed) -> None:
        for row in self.rows:
            if row.field is event.control and not row.field.disabled:
                row.problem.clear()
        self.outcome.clear()
        self._say_which_coin()
        self._show_unsaved()

    @work(group="load", exclusive=True, exit_on_error=False)
    async def reload(self) -> None:
        """Show what was set elsewhere, by a key or by the shop's server, beside what was typed and not saved. What the
        server has told of its tax cannot be typed over: it would not last."""
        server_sets_tax = await self.store.read(shop.state.server_sets_tax)
        rules = await self.app.tax_rules() if server_sets_tax else None
        for row in self.rows:
            if row.entry.name not in _SERVER_SETS:
                row.follow(_current(self.app.settings, row.entry.name))
                continue
            if rules is not None:
                row.show(_tax_setting(rules, row.entry.name))
            elif row.field.disabled:
                row.show(_current(self.app.settings, row.entry.name))
            row.field.disabled = server_sets_tax
        self._show_unsaved()
        self._server_sets_tax = server_sets_tax
        self._say_who_sets_tax()
        self._say_which_coin()

    def _say_who_sets_tax(self) -> None:
        row = next(row for row in self.rows if row.entry.name == "shop.prices_include_tax")
        if self._server_sets_tax:
            row.problem.say("settings.tax_from_server")
        else:
            row.problem.clear()

    def _say_which_coin(self) -> None:
        """Say what the till does with a cash rounding from before that no coin stands for."""
        row = next(row for row in self.rows if row.entry.name == "shop.cash_rounding")
        if not row.changed:
            row.problem.tell(lambda: no_such_coin(self.app.settings.shop))

    @work(group="save", exit_on_error=False)
    async def action_save(self) -> None:
        if self.writing or (changes := self._read()) is None:
            return
        if not changes:
            self.notify(t("settings.unchanged"))
            return
        self.writing = True
        try:
            if await may_move(self.app, changes):
                await self._apply(changes)
        except ConfigError as error:
            self._refuse(error)
        finally:
            self.writing = False

    def _read(self) -> dict[str, Any] | None:
        """Return what was changed; None where something cannot be taken, which has been said at the field."""
        changes: dict[str, Any] = {}
        for row in self.rows:
            if not row.changed:
                continue
            try:
                value = row.read()
            except NumberError as error:
                row.problem.say(error.key, **error.values)
                row.field.focus()
                return None
            changes[row.entry.name] = value == "yes" if row.entry.choices == YES_NO else value
        return changes

    def _refuse(self, error: ConfigError) -> None:
        """Say what the configuration does not take where it was typed; nothing was saved."""
        note(error)
        wrong = next((row for row in self.rows if row.entry.name == error.values.get("setting")), None)
        if wrong is None:
            self.outcome.tell(partial(explain, error))
            return
        wrong.problem.tell(partial(at_field, error))
        wrong.field.focus()

    async def _apply(self, changes: dict[str, Any]) -> None:
        """Save; another server or shop means another database, the rest is put to use as it is."""
        if changes.keys() & _BACKEND:
            await self.app.move_to(changes)
        else:
            await self.app.save_settings(changes)
        for row in self.rows:
            row.accept()
        self._show_unsaved()
        settings = self.app.settings
        if changes.keys() & _TAX:
            here = settings.shop
            await self.app.write(
                "shop",
                shop.state.begin,
                rate=int(here.tax_rate * 100),
                prices_include_tax=here.prices_include_tax,
                cash_rounding=here.coin,
                timezone=here.timezone,
            )
        if "shop.show_margin" in changes:
            self.app.changed.publish(frozenset({"shop"}))
        self.app.dress(settings.ui.theme)
        self.app.speak(settings.text.language, settings.text.digits)
        self.notify(t("settings.next_start" if changes.keys() & _AT_START else "settings.saved"))

    def action_back(self) -> None:
        for row in self.rows:
            row.take_back()
        self._say_who_sets_tax()
        self._say_which_coin()
        self.outcome.clear()
        self._show_unsaved()


def _tax_setting(rules: TaxRules, name: str) -> object:
    """A tax rule of the server as the setting of that name would be."""
    return rules.percent if name == "shop.tax_rate" else rules.prices_include_tax


def _current(settings: Any, name: str) -> object:
    section, _, field = name.partition(".")
    return getattr(getattr(settings, section), field)
