"""The app: which screens there are, when the store opens, who may run for as long as the app does.

The first frame comes first. After it the store is opened in a thread, then the network's modules are imported
in a thread, then the network runs as a worker. Rows that change anywhere are announced on one signal, ten
times a second at most; the connection and the queue on another.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar, cast

from rich.text import Text
from textual import work
from textual.app import App
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.signal import Signal
from textual.widget import AwaitMount
from textual.worker import Worker, WorkerState

from clutch_tui import __version__
from clutch_tui.core.errors import ShopError
from clutch_tui.core.performance.meter import KEEP_EVERY
from clutch_tui.errors import key_of
from clutch_tui.phrases.errors import explain
from clutch_tui.terminal import plain_lines
from clutch_tui.terminal.glyphs import EVERYTHING, Glyphs
from clutch_tui.terminal.thin_wire import ThinWire
from clutch_tui.text import shop_time, strings
from clutch_tui.text.digits import Digits
from clutch_tui.text.strings import t
from clutch_tui.ui import keys, shop, themes
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.errors import last_words, report
from clutch_tui.ui.gauges import Gauges
from clutch_tui.ui.key_order import KeysInOrder
from clutch_tui.ui.overlays import Overlays
from clutch_tui.ui.scan_routing import Scanning
from clutch_tui.ui.services import Network, Services, value_of
from clutch_tui.ui.status import Brake, Status, of_connection
from clutch_tui.ui.style_sheet import SteadyStylesheet

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings
    from clutch_tui.core.store.store import Store
    from clutch_tui.core.sync.differences import Differences, Stranded
    from clutch_tui.core.types import Cart, TaxRules

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("clutch_tui.ui")

AGES_EVERY = 10.0
"""Seconds between two looks at whether an age on the strip reads differently now."""
BESIDE_EVERY = 60.0
"""Seconds between two looks at the other databases of this home."""
TIDY_AFTER = 15.0
"""Seconds after the till is up in which it is left alone: the first search and the first sale come now."""


def _screen(name: str) -> Screen[None]:
    """Make the screen of that name; its module is imported when a person first goes there."""
    module = import_module(f"clutch_tui.ui.screens.{name}")
    called = "".join(word.capitalize() for word in name.split("_"))
    return cast("Screen[None]", getattr(module, f"{called}Screen")())


class ClutchApp(KeysInOrder, Scanning, Overlays, ThinWire, Gauges, BidiApp, App[int]):
    """The terminal of the shop, given everything outside the screens as `Services`."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "mirror.tcss"]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {mode: partial(_screen, mode) for mode in keys.MODES}
    DEFAULT_MODE = "sales"
    BINDINGS: ClassVar[list[BindingType]] = list(keys.GLOBAL)
    ALLOW_SELECT = False

    def __init__(self, services: Services, glyphs: Glyphs = EVERYTHING) -> None:
        self.glyphs = glyphs
        self._plain = plain_lines.filters(glyphs)
        text = services.settings.text
        strings.use(glyphs.language(text.language), digits=glyphs.digits(text.digits))
        super().__init__()
        self.services = services
        self.settings: Settings = services.settings
        self.status = Status()
        self.network: Network | None = None
        self.changed: Signal[frozenset[str]] = Signal(self, "changed")
        self.status_changed: Signal[Status] = Signal(self, "status")
        self._store: Store | None = None
        self._running_network: Worker[None] | None = None
        self._news_told = 0
        """The number of the newest notification when somebody was last told of any."""
        self._moving = False
        """Whether the store is being changed for another: the screens of the old one are no place to go."""
        self._brake = Brake(self, self._announce)
        self._cut_since: datetime | None = None
        self._is_leaving = False
        self._stranded: tuple[Stranded, ...] = ()
        self.differences: Differences | None = None
        """What was on one side only when the strip was last put together."""
        self._too_old = False
        """Whether a person has still to be told that the backend refuses this version."""
        if not services.settings.ui.animation:
            self.animation_level = "none"
        for theme in (*themes.THEMES, themes.COLOURLESS):
            self.register_theme(theme)
        self.dress(services.settings.ui.theme)
        self.stylesheet = SteadyStylesheet(variables=self.get_css_variables())

    def on_load(self) -> None:
        """Have tasks begin in their turn on every Python, before there is any. From 3.12 on Textual starts each at
        the line that makes it: a screen's widgets would run while that screen is not yet on the stack, and ask it."""
        asyncio.get_running_loop().set_task_factory(None)

    def on_mount(self) -> None:
        self.call_after_refresh(self._first_frame_is_out)
        self.set_interval(AGES_EVERY, lambda: self._brake.add(frozenset({"age"})))
        self.set_interval(KEEP_EVERY, self.keep_measures)
        self.set_interval(BESIDE_EVERY, self.look_beside)

    def _first_frame_is_out(self) -> None:
        self.note_start()
        if not gc.isenabled():  # the command line put it off until now
            gc.freeze()  # what was imported stays: looking through it again and again would halt the screen
            gc.enable()
        if self.glyphs.language(self.settings.text.language) != self.settings.text.language:
            self._say_why_english()
        if self.settings.shop.coin != self.settings.shop.cash_rounding:
            from clutch_tui.phrases.coins import no_such_coin

            self.notify(no_such_coin(self.settings.shop), severity="warning", timeout=20)
        self._enter(self.settings)

    # --- the room: one store, one network -------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self._store is not None

    @property
    def store(self) -> Store:
        """The open store. Raises `ShopError` in the moment between the first frame and its opening."""
        if self._store is None:
            raise ShopError("error.store.opening")
        return self._store

    @work(group="room", exclusive=True, exit_on_error=False)
    async def _enter(self, settings: Settings) -> None:
        from clutch_tui.ui import file_watch, other_windows

        if self._store is None:
            self._store = await self._open(settings)
        file_watch.begin(self, self._store)
        other_windows.begin(self, self._store, self._brake.add)
        self._store.meter = self.meter
        self._news_told = (await self._store.read(shop.journal.news_mark))[0]
        self._brake.add(frozenset({"everything"}))
        self.set_timer(TIDY_AFTER, partial(self.services.tidy, settings))
        self.look_beside()
        if not settings.backend.is_set_up:
            if not await self._store.read(shop.state.setting, "works_alone", False):
                await self.switch_mode("sign_in")
            return
        if self.services.start_network is not None:
            await asyncio.to_thread(self.services.warm_up)
            self.network = await self.services.start_network(settings, self._store, self._brake.add)
            self.network.monitor.on_change.append(lambda: self._brake.add(frozenset({"connection"})))
            self.network.monitor.on_event.append(self.note_exchange)
            self._running_network = self._start_job("leadership", self.network.run(self._start_job))
            self._brake.add(frozenset({"connection"}))

    def _start_job(self, name: str, work: Coroutine[Any, Any, None]) -> Worker[None]:
        """One job of the connection as a worker of its own, among the others of its group."""
        return self.run_worker(work, name=name, group="network", exit_on_error=False)

    async def _open(self, settings: Settings) -> Store:
        if self.services.door is not None:
            self.services.door.listen(lambda key: self.call_from_thread(self.notify, t(key), timeout=30))
        try:
            return await asyncio.to_thread(self.services.open_store, settings)
        except Exception as error:
            if not key_of(error).startswith("error.key."):
                raise
            from clutch_tui.ui import locked

            return await locked.open_store(self, settings)

    async def tax_rules(self) -> TaxRules:
        """The tax rules in force: the shop's own, or those of the settings until they are known."""
        return await self.store.read(shop.state.tax_rules)

    async def confirm(self, question: str, **values: object) -> bool:
        """Ask yes or no; only from a worker."""
        from clutch_tui.ui.dialogs import Confirm

        answer = await self.push_screen_wait(Confirm(question, **values))
        return bool(answer)

    async def confirm_unexpected(self, question: str, **values: object) -> bool:
        """Ask what does not always come, and must be read before it is answered; only from a worker."""
        from clutch_tui.ui.dialogs import ConfirmUnexpected

        answer = await self.push_screen_wait(ConfirmUnexpected(question, **values))
        return bool(answer)

    async def sell(self, cart: Cart) -> None:
        """Go to the till with this cart; the one that was open there stays parked."""
        from clutch_tui.ui.screens.sales import SalesScreen

        await self._go_to("sales")
        till = self.get_screen_stack("sales")[0]
        if isinstance(till, SalesScreen):
            await till.take(cart)

    @property
    def cashier(self) -> str:
        """Return who sells: the name that the server knows, empty where nobody is signed in."""
        return self.network.user_name if self.network is not None else ""

    async def _leave(self) -> None:
        """Stop the network, then close the store; what is unsent stays in the store."""
        running, self._running_network, self.network = self._running_network, None, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running.wait(), return_exceptions=True)
        await self.keep_measures()
        store, self._store = self._store, None
        if store is not None:
            self.workers.cancel_group(self, "status")
            await asyncio.to_thread(store.close)

    async def move_to(self, changes: Mapping[str, Any]) -> None:
        """Save these settings and work with the backend and the database that they name. Raises `ConfigError`,
        or `ShopError` for a database that cannot be opened, and leaves everything as it was."""
        before = self.settings
        settings = await asyncio.to_thread(self.services.save_settings, changes)
        self._moving = True
        try:
            await self._forget_screens()
            await self._leave()
            self.status = Status()
            self._store = await asyncio.to_thread(self.services.open_store, settings)
        except Exception:
            taken_back = {name: value_of(before, name) for name in changes}
            settings = await asyncio.to_thread(self.services.save_settings, taken_back)
            raise
        finally:
            self.settings = settings
            self._moving = False
            await self._enter(settings).wait()

    async def _forget_screens(self) -> None:
        """Let go of every screen but the one in front: their lists, carts and questions belong to the database
        that is left. What the till has still to write down is waited for."""
        writing = [worker.wait() for worker in self.workers if worker.group in ("add", "cart")]
        await asyncio.gather(*writing, return_exceptions=True)
        for mode in keys.MODES:
            if mode != self.current_mode:
                await self.remove_mode(mode)
                self.add_mode(mode, self.MODES[mode])

    async def save_settings(self, changes: Mapping[str, Any]) -> None:
        """Save settings that need no other database. Raises `ConfigError`."""
        self.settings = await asyncio.to_thread(self.services.save_settings, changes)
        self._brake.add(frozenset({"settings"}))

    async def set_debug(self, debug: bool) -> None:
        """Write everything into the log from now on, also after the next start; or only what the level asks for."""
        from clutch_tui.support import logs

        await self.save_settings({"log.debug": debug})
        logs.set_level("debug" if debug else self.settings.log.level)
        if self.network is not None:
            self.network.set_debug(debug)

    async def on_unmount(self) -> None:
        await self._leave()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is not WorkerState.ERROR or event.worker.error is None:
            return
        if event.worker.group == "room" and self._store is None:
            log.error("the store cannot be opened", exc_info=event.worker.error)
            self.exit(return_code=1, message=explain(event.worker.error))
        else:
            report(self, event.worker.error)

    def _fatal_error(self) -> None:
        """End the app by what no funnel caught. Textual would print the values of all variables on the way there, a
        password that was just typed among them."""
        self.bell()
        self._exit_renderables.append(Text(last_words(self._exception)))
        self._close_messages_no_wait()

    # --- news ------------------------------------------------------------------------------------------

    async def write(self, nouns: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do one write of core, announce the nouns (blank-separated) that it changed, wake the network."""
        answer = await self.store.run(function, *args, **kwargs)
        changed = frozenset(nouns.split()) | {"queue"}
        for screen in self.screen_stack:
            if (expect := getattr(screen, "expect", None)) is not None:
                expect(changed)
        self._brake.add(changed)
        if self.network is not None:
            self.network.wake()
        return answer

    def _announce(self, nouns: frozenset[str]) -> None:
        if "news" in nouns:
            self._tell_news()
        self.changed.publish(nouns)
        self._look(nouns)

    @work(group="status", exit_on_error=False)
    async def _look(self, nouns: frozenset[str]) -> None:
        """Put together what the strip says; the queue is only counted when it has changed."""
        status = self.status
        store = self._store
        if store is not None and nouns & {"queue", "conflicts", "notifications", "everything"}:
            alone = not self.settings.backend.is_set_up
            differences = self.differences = await store.read_later(
                shop.differences.between, self._stranded, alone=alone
            )
            status = replace(
                status,
                unsent=differences.queue.unsent,
                oldest_at=differences.queue.oldest_at,
                attention=differences.queue.attention,
                local=differences.queue.local,
                stranded=differences.stranded_changes,
                missing=differences.set_aside,
                unread=await store.read_later(shop.journal.unread_count),
                orders=await store.read_later(shop.journal.unread_orders),
            )
        if store is not None and "shop" in nouns:
            shop_time.use(await store.read(shop.state.timezone))
        if store is not None and nouns & {"updates", "everything"}:
            self._too_old = (await store.read_later(shop.updates.standing, __version__)).verdict == "required"
        if self._too_old and not self._is_busy:
            self._too_old = False
            await self.switch_mode("updates")
        if self._is_leaving:
            return
        if self.settings.backend.is_set_up:
            overall, since = of_connection(self.network, self._cut_since)
        else:
            overall, since = "starting" if self._store is None else "alone", None
        skew = self.network.monitor.snapshot().skew if self.network is not None else 0.0
        if skew and not self.status.skew:
            from clutch_tui.phrases.clock import wrong_day

            if words := wrong_day(skew, datetime.now(UTC)):
                self.notify(words, severity="error", timeout=60)
        self.status = replace(status, overall=overall, since=since, now=datetime.now(UTC), skew=skew)
        self.status_changed.publish(self.status)

    @work(group="stranded", exclusive=True, exit_on_error=False)
    async def look_beside(self) -> None:
        """Look for work in the other databases of this home, and tell of it where it has changed."""
        stranded = await asyncio.to_thread(self.services.stranded, self.settings)
        if stranded != self._stranded:
            self._stranded = stranded
            self._brake.add(frozenset({"queue"}))

    @work(group="news", exclusive=True, exit_on_error=False)
    async def _tell_news(self) -> None:
        """Tell of what has come since somebody was last told, once."""
        from clutch_tui.ui import news

        if fresh := await self.store.read(shop.journal.news_since, self._news_told):
            self._news_told = fresh[-1][0]
            news.tell(self, [notification for _, notification in fresh], rings=self.settings.ui.bell)

    async def keep_measures(self) -> None:
        """Write down what was measured. A database that is full or busy costs these figures and nothing else."""
        if self._store is None:
            return
        self.note_present(self._store.path)
        try:
            await self._store.run(shop.measures.keep, self.meter.take())
        except Exception:
            log.warning("what was measured could not be kept", exc_info=True)

    @property
    def _is_busy(self) -> bool:
        """Tell whether somebody is in the middle of a sale or of an answer, and not to be led elsewhere."""
        return self._asks or any(getattr(screen, "is_selling", False) for screen in self.get_screen_stack("sales"))

    # --- keys that work everywhere --------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "line":
            return self.services.line is not None
        if action in ("offline", "sync"):
            return True if self.network is not None else None
        if action == "language":
            return self.glyphs.lack is None
        if action in ("mode", "menu"):
            return None if self._asks or self._moving else True
        return True

    @property
    def _asks(self) -> bool:
        """Tell whether a dialog is open: it would stay behind, unanswered, on the screen that one left."""
        return isinstance(self.screen, ModalScreen) and not isinstance(self.screen, CommandPalette)

    async def action_mode(self, mode: str) -> None:
        await self._go_to(mode)

    def switch_mode(self, mode: str) -> AwaitMount:
        """Go to a screen, unless the program ends: a worker that goes on would add one to those that are closed."""
        return super().switch_mode(mode) if self.is_running else AwaitMount(cast(Any, self), [])

    async def _go_to(self, mode: str) -> None:
        """Go to the screen of that name, whatever was opened over it: only a question is answered first. Some lie
        over the till."""
        self.close_overlay()
        if mode in keys.OVER_TILL:
            await self._go_over_till(mode)
            return
        await self.switch_mode(mode)
        while len(self.screen_stack) > 1 and not self._asks:
            self.pop_screen()

    async def _go_over_till(self, name: str) -> None:
        await self._go_to("sales")
        if not self._asks:  # a question at the till is answered first
            self.push_screen(_screen(name))

    @work(group="language", exit_on_error=False)
    async def action_language(self) -> None:
        other: strings.Language = "en" if strings.language() == "ar" else "ar"
        self.speak(other, self.settings.text.digits)
        await self.save_settings({"text.language": other})

    def speak(self, language: strings.Language, digits: Digits) -> None:
        """Switch the language of everything that is on the screens or waits behind them."""
        strings.use(self.glyphs.language(language), digits=self.glyphs.digits(digits))
        for stack in self._screen_stacks.values():
            for screen in stack:
                for node in screen.walk_children(with_self=True):
                    if (relabel := getattr(node, "relabel", None)) is not None:
                        relabel()
        self.follow_language()

    def _say_why_english(self) -> None:
        why = t(f"doctor.letters.{self.glyphs.lack}", locale=self.glyphs.locale)
        self.notify(f"{why} {t(f'doctor.remedy.letters.{self.glyphs.lack}')}", severity="warning", timeout=20)

    def dress(self, theme: str) -> None:
        """Put on a theme of the settings, as far as this terminal has the colours."""
        self.theme = themes.suitable(theme, self.console.color_system, colourless=self.glyphs.colourless)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._plain]

    @work(group="offline", exit_on_error=False)
    async def action_offline(self) -> None:
        if self.network is not None:
            self.network.go_offline(not self.network.offline)
            self._cut_since = datetime.now(UTC) if self.network.offline else None
            self._brake.add(frozenset({"connection"}))
            self.notify(t("app.now_offline" if self.network.offline else "app.now_online"))

    @work(group="sync", exclusive=True, exit_on_error=False)
    async def action_sync(self) -> None:
        if self.network is not None:
            await self.network.force_sync()
            self.notify(t("app.synced"))

    @work(group="line", exit_on_error=False)
    async def action_line(self) -> None:
        if (line := self.services.line) is not None:
            await (line.restore() if line.is_cut else line.cut())
            self.notify(t("app.line_cut" if line.is_cut else "app.line_restored"))

    async def action_quit(self) -> None:
        self._is_leaving = True
        await self._leave()
        self.exit(0)
