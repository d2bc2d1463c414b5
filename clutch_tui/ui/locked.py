"""The door of a shop whose database does not open by itself: a passphrase, a recovery key, or a fresh start.

Nothing else can be done until it opens; whoever cannot open it leaves with Esc, and everything is as it was.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.core.errors import ShopError
from clutch_tui.errors import key_of
from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.fields import FormField
from clutch_tui.text.strings import t
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings
    from clutch_tui.core.store.store import Store
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.services import Door

Way = Literal["passphrase", "choose", "recovery"]
"""What is asked for."""

WAYS: dict[str, Way] = {
    "error.key.passphrase_needed": "passphrase",
    "error.key.choose_passphrase": "choose",
    **dict.fromkeys(
        (f"error.key.{why}" for why in ("lost", "no_key_store", "wrong_variable", "variable_missing", "record")),
        "recovery",
    ),
}
"""Why a database does not open, and what opens it. Any other error is no matter of keys."""

_ENTRIES: dict[Way, tuple[FormField, ...]] = {
    "passphrase": (FormField("passphrase", "locked.passphrase", "secret", required=True, maximum=200),),
    "choose": (
        FormField("passphrase", "locked.new_passphrase", "secret", required=True, maximum=200),
        FormField("again", "locked.again", "secret", required=True, maximum=200),
    ),
    "recovery": (FormField("recovery", "locked.recovery", required=True, maximum=200),),
}


async def open_store(app: ClutchApp, settings: Settings) -> Store:
    """Open the shop's database, asking at the door for as long as it is locked. Raises what `open_store` of the
    services raises, where no key helps or nobody wants to give one."""
    way: Way | None = None
    while True:
        try:
            return await asyncio.to_thread(app.services.open_store, settings)
        except Exception as error:
            door, asked = app.services.door, WAYS.get(key_of(error))
            if door is None or asked is None:
                raise
            answer = await app.push_screen_wait(Locked(way or asked, error, door, settings))
            if answer is None:
                raise
            way = "recovery" if answer == "recovery" else None


class Locked(FormDialog[str]):
    """Gives back "open" once the key is known, "recovery" where that is to be typed instead of a passphrase,
    "again" to try as it is. F8 starts over, after a question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "answer('again')", "locked.try_again", id="locked.again"),
        Binding("f6", "answer('recovery')", "locked.by_recovery", id="locked.recovery"),
        Binding("f8", "start_over", "locked.start_over", id="locked.start_over"),
    ]

    def __init__(self, way: Way, error: Exception, door: Door, settings: Settings) -> None:
        super().__init__("locked.title_choose" if way == "choose" else "locked.title", _ENTRIES[way], {}, self._open)
        self._way = way
        self._door = door
        self._settings = settings
        self._why = Words("locked.type_recovery", classes="dialog--text")
        if WAYS.get(key_of(error)) == way:
            self._why.tell(partial(explain, error))
        self.hint.say(f"locked.hint.{way}")

    def compose_body(self) -> ComposeResult:
        yield self._why
        yield Words()
        yield from super().compose_body()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "answer":
            return parameters == ("again",) if self._way == "recovery" else self._way == "passphrase"
        if action == "start_over":
            return self._way != "choose"
        return super().check_action(action, parameters)

    async def _open(self, values: dict[str, Any]) -> str:
        if self._way == "recovery":
            await asyncio.to_thread(self._door.recover, values["recovery"])
        elif self._way == "choose" and values["passphrase"] != values["again"]:
            raise ShopError("error.key.not_same")
        else:
            await asyncio.to_thread(self._door.unlock, values["passphrase"])
        return "open"

    def _refuse(self, error: Exception) -> None:
        """Have what nobody can see, and so cannot correct, typed anew. A recovery key stays as it is."""
        super()._refuse(error)
        unseen = [row.field for row in self.rows if row.entry.kind == "secret" and isinstance(row.field, TextField)]
        for field in unseen:
            with field.prevent(TextField.Changed):  # typing takes the sentence away
                field.value = ""
        if unseen:
            unseen[0].focus()

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)

    @work(group="start_over", exclusive=True, exit_on_error=False)
    async def action_start_over(self) -> None:
        """Set the locked database aside and begin with a new one; what the server has comes back by itself."""
        if not await self.app.confirm("locked.ask_start_over"):
            return
        try:
            await asyncio.to_thread(self._door.start_over, self._settings)
        except Exception as error:
            self._refuse(error)
            return
        self.app.notify(t("locked.started_over"), timeout=20)
        self.dismiss("again")

    @work(group="leave", exclusive=True, exit_on_error=False)
    async def action_back(self) -> None:  # type: ignore[override]
        self.dismiss(None)
