"""Signing in: which server, which shop, by key or by name and password. Working alone is always possible."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.errors import ClutchError, key_of
from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.fields import FormField
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.errors import at_field, note
from clutch_tui.ui.forms import EntryRow, FieldRows
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.shop_move import may_move
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import ProblemWords, Words

ENTRIES = (
    FormField("backend.base_url", "settings.base_url", required=True, maximum=300),
    FormField("backend.shop_id", "settings.shop_id", maximum=100),
    FormField("email", "sign_in.email", maximum=120),
    FormField("password", "sign_in.password", "secret", maximum=200),
    FormField("api_key", "sign_in.api_key", "secret", maximum=500),
)
_URL = "backend.base_url"
_FIELDS = {
    **{f"api.{what}": _URL for what in ("unreachable", "unknown_host", "tls", "not_json", "redirected")},
    "api.missing_route": _URL,
    "api.forbidden": "backend.shop_id",
    "sign_in.other_shop": "backend.shop_id",
    "api.bad_credentials": "password",
    "api.unauthorized": "credentials",
}
"""The field at which each refusal is said."""


class SignInScreen(ShopScreen):
    """F2 signs in, F4 works alone, F8 signs out. Secrets go to the network and leave the fields at once."""

    NAME = "sign_in"
    NOUNS = frozenset({"connection"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "sign_in", "sign_in.enter", id="sign_in.enter"),
        Binding("f4", "alone", "sign_in.alone", id="sign_in.alone"),
        Binding("f8", "sign_out", "sign_in.leave", id="sign_in.leave"),
        Binding("down", "app.focus_next", "form.next", show=False, id="sign_in.next"),
        Binding("up", "app.focus_previous", "form.previous", show=False, id="sign_in.previous"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[EntryRow] = []
        self.welcome = Words("sign_in.welcome", classes="detail")
        self.outcome = ProblemWords()

    def compose_body(self) -> ComposeResult:
        backend = self.app.settings.backend
        given = {"backend.base_url": backend.base_url, "backend.shop_id": backend.shop_id}
        self.rows = [EntryRow(entry, given.get(entry.name, "")) for entry in ENTRIES]
        yield self.welcome
        with FieldRows():
            for row in self.rows:
                yield row
                yield row.problem
        yield self.outcome

    def on_mount(self) -> None:
        self.rows[0].field.focus()

    @on(TextField.Submitted)
    def _entered(self, event: TextField.Submitted) -> None:
        if event.control is self.rows[-1].field:
            self.action_sign_in()
        else:
            self.focus_next()

    @on(TextField.Changed)
    def _typed(self, event: TextField.Changed) -> None:
        for row in self.rows:
            if row.field is event.control:
                row.problem.clear()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "sign_out":
            return True if self.app.network is not None else None
        return True

    @work(group="sign_in", exit_on_error=False)
    async def action_sign_in(self) -> None:
        if self.writing or (values := self._read()) is None:
            return
        self.writing = True
        self.outcome.say("sign_in.trying")
        try:
            if await self._sign_in(values):
                self._forget_secrets()
                self.notify(t("sign_in.done"))
                await self.app.switch_mode("sales")
        except Exception as error:
            self._refuse(error, values)
        finally:
            self.writing = False

    def _read(self) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for row in self.rows:
            try:
                values[row.entry.name] = row.read()
            except NumberError as error:
                row.problem.say(error.key, **error.values)
                row.field.focus()
                return None
        if not values["api_key"] and not (values["email"] and values["password"]):
            self.outcome.say("sign_in.no_credentials")
            return None
        return values

    async def _sign_in(self, values: dict[str, Any]) -> bool:
        """Sign in, and move to the server and shop that have let us in; before that nothing is moved or saved."""
        here, network, prove = self.app.settings.backend, self.app.network, self.app.services.prove
        url, shop_id = values["backend.base_url"].rstrip("/"), values["backend.shop_id"]
        email, password, api_key = values["email"], values["password"], values["api_key"]
        if network is not None and shop_id and (url, shop_id) == (here.base_url, here.shop_id):
            if api_key:
                await network.use_api_key(api_key)
            if email and password:
                await network.sign_in(email, password)
            self.outcome.clear()
            return True
        if prove is None:
            self.outcome.say("sign_in.no_network")
            return False
        place = {"backend.base_url": url, "backend.shop_id": shop_id}
        place["backend.shop_id"] = await prove(place, email, password, api_key)
        self.outcome.clear()
        if not await may_move(self.app, place, proven=True):
            return False
        await self.app.move_to(place)
        for row in self.rows:
            if row.entry.name in place and isinstance(row.field, TextField):
                row.field.value = place[row.entry.name]
        return True

    def _refuse(self, error: Exception, values: dict[str, Any]) -> None:
        """Say what went wrong at the field that it hangs on."""
        note(error)
        self.outcome.clear()
        setting = error.values.get("setting") if isinstance(error, ClutchError) else None
        name = setting or _FIELDS.get(key_of(error).removeprefix("error."))
        if name == "credentials":
            name = "api_key" if values["api_key"] else "password"
        row = next((row for row in self.rows if row.entry.name == name), None)
        if row is None:
            self.outcome.tell(partial(explain, error))
            return
        if key_of(error).startswith("error.api.forbidden"):
            row.problem.say("error.sign_in.not_this_shop")
        else:
            row.problem.tell(partial(at_field, error))
        row.field.focus()

    def _forget_secrets(self) -> None:
        for row in self.rows:
            if row.entry.kind == "secret" and isinstance(row.field, TextField):
                row.field.value = ""

    @work(group="sign_in", exit_on_error=False)
    async def action_alone(self) -> None:
        """Go to work without a server; the question does not come back at the next start."""
        if self.writing:
            return
        await self.store.run(shop.state.put_setting, "works_alone", True)
        await self.app.switch_mode("sales")

    @work(group="sign_in", exit_on_error=False)
    async def action_sign_out(self) -> None:
        if self.app.network is not None:
            await self.app.network.sign_out()
            self.notify(t("sign_in.left"))

    async def action_back(self) -> None:  # type: ignore[override]
        if not self.writing:
            await self.app.action_mode("sales")
