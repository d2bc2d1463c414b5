"""The inventory: search as you type, a part's form, its stock and where that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.limits import MAX_QUANTITY
from clutch_tui.core.types import Part, PartDraft, PartQuery, PartRow
from clutch_tui.phrases import lookups
from clutch_tui.phrases.fields import ENGLISH_PART, PART
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ask_quantity, ask_text
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.screens.part import server_words
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import PART_COLUMNS, part_words
from clutch_tui.ui.widgets.window import RowSource

FRESH, FRESH_OFFLINE = timedelta(minutes=10), timedelta(minutes=1)
"""For how long the server's figures need no word about their age: connected, it tells when they change."""


class InventoryScreen(ListScreen):
    """The parts' list."""

    NAME = "inventory"
    NOUNS = frozenset({"inventory"})
    HINT = "inventory.hint"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", "common.add", id="inventory.add"),
        Binding("f3", "edit", "common.edit", id="inventory.edit"),
        Binding("f4", "adjust", "inventory.adjust", id="inventory.adjust"),
        Binding("f5", "count", "inventory.count", id="inventory.count"),
        Binding("f6", "history", "common.history", id="inventory.history"),
        Binding("f7", "low_only", "inventory.low_only", id="inventory.low_only"),
        Binding("f8", "delete", "common.delete", id="inventory.delete"),
        Binding("f10", "prices", "inventory.prices", id="inventory.prices"),
    ]

    MARKS = ("common.has_unsent", "inventory.below_zero")

    def __init__(self) -> None:
        self.low_only = False
        self._as_of: datetime | None = None
        """To which moment the server's figures hold."""
        self._shown_age: tuple[datetime | None, bool] = (None, False)
        self._read_as = ""
        """What was typed, on the other keyboard layout, where only that finds anything."""
        super().__init__()

    def columns(self) -> Sequence[TableColumn[PartRow]]:
        return PART_COLUMNS

    def source(self, text: str) -> RowSource[PartRow]:
        return reading(self.store, shop.inventory, PartQuery(text=text.strip(), low_only=self.low_only))

    def filter_words(self) -> str:
        return t("inventory.only_low") if self.low_only else ""

    def forget_search(self) -> None:
        self.low_only = False
        super().forget_search()
        self.search_again()

    def describe(self, row: PartRow) -> Content | str:
        lines = [
            t("part.line", name=shown.name(row.name) or "-", name_en=shown.isolate(row.name_en or "-")),
            t("part.line_stock", stock=measured(row.stock, row.unit), minimum=shown.quantity(row.min_stock),
              place=shown.part_number(row.location or "-"), price=shown.money(row.price)),
        ]  # fmt: skip
        if self._read_as:
            lines.append(lookups.read_as(self._read_as))
        if row.stock < 0:
            lines.append(t("inventory.below_zero"))
        if row.moved or self._is_stale:
            lines.append(server_words(row.stock - row.moved, row.moved, self._as_of))
        if row.unsent and not row.moved:
            lines.append(t("common.has_unsent"))
        return "\n".join(filter(None, lines))

    def search_again(self) -> None:
        super().search_again()
        if self.app.is_open:
            self._look_at_layout(self.search.value.strip())

    @work(group="layout", exclusive=True, exit_on_error=False)
    async def _look_at_layout(self, text: str) -> None:
        read_as = await self.store.read(shop.search.read_as, text)
        if read_as != self._read_as:
            self._read_as = read_as
            self.details.refresh(layout=True)

    @property
    def _is_stale(self) -> bool:
        """Tell whether the server may well say something else by now: cut off, or long unasked."""
        if self._as_of is None:
            return False
        patience = FRESH if self.app.status.overall in ("connected", "limited") else FRESH_OFFLINE
        return datetime.now(UTC) - self._as_of > patience

    def reload(self) -> None:
        super().reload()
        self._read_as_of()

    def _status_changed(self, status: Status) -> None:
        super()._status_changed(status)
        if self.is_current_mode and self.app.is_open:
            self._read_as_of()

    @work(group="as-of", exclusive=True, exit_on_error=False)
    async def _read_as_of(self) -> None:
        self._as_of = await self.store.read_later(shop.inventory.as_of)
        if (age := (self._as_of, self._is_stale)) != self._shown_age:
            self._shown_age = age
            self.details.refresh(layout=True)

    def take_scan(self, text: str) -> bool | None:
        """The part in the hand: it is looked up, and its page opened where no other part has that code."""
        if self.app.current_mode != self.NAME:
            return None
        self.search.focus()
        self.find(text)
        self._look_up(text)
        return True

    @work(group="ask", exit_on_error=False)
    async def _look_up(self, code: str) -> None:
        rows = await self.store.read(shop.search.with_code, code)
        if len(rows) == 1:
            self.app.press_next("enter")
        else:
            key = "sales.several" if rows else "inventory.unknown_code"
            self.notify(t(key, text=shown.name(code)), severity="warning")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("edit", "adjust", "count", "history", "delete") else True

    def action_open(self) -> None:
        if (row := self.table.row) is not None:
            self._show_part(row.id)

    @work(group="ask", exit_on_error=False)
    async def _show_part(self, part_id: str) -> None:
        """Everything about a part; the keys of the list work in there as well."""
        from clutch_tui.ui.screens.part import PartDialog

        await self.show_page(PartDialog(await self.store.read(shop.inventory.get, part_id)))

    @work(group="ask", exit_on_error=False)
    async def action_add(self) -> None:
        from clutch_tui.ui.screens import new_part

        text = self.search.value.strip()
        given: dict[str, object] = {"part_number" if any(map(str.isdigit, text)) else "name": text}
        made = await new_part.ask_for(self.app, given)
        if made is not None:
            name_key = shop.inventory.keys_of(asdict(made.draft))["name_key"]
            # what a search finds is in the order in which it was entered
            self.table.reveal(made.id, None if text else (name_key, made.id))

    @work(group="ask", exit_on_error=False)
    async def action_edit(self) -> None:
        if (row := self.table.row) is None:
            return
        seen = await self.store.read(shop.inventory.get, row.id)

        from clutch_tui.ui.screens import new_part

        async def save(values: dict[str, Any]) -> Part:
            draft = PartDraft(**(asdict(seen.draft) | values))
            await new_part.settle_doubts(self.app, draft, seen)
            return await self.app.write(
                "inventory", shop.inventory.edit, seen.id, draft, seen=seen, actor=self.app.cashier
            )

        fields = PART if seen.draft.name else ENGLISH_PART
        await self.app.push_screen_wait(FormDialog("inventory.edit", fields, asdict(seen.draft), save))

    @work(group="ask", exit_on_error=False)
    async def action_delete(self) -> None:
        row = self.table.row
        if row is not None and await self.app.confirm("inventory.ask_delete", name=partial(part_words, row)):
            seen = await self.store.read(shop.inventory.get, row.id)
            await self.write("inventory", shop.inventory.delete, seen.id, seen=seen, actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_adjust(self) -> None:
        """So many more or fewer, with the reason."""
        if (row := self.table.row) is None:
            return
        asked = ask_quantity(
            "inventory.ask_delta",
            minimum=-MAX_QUANTITY,
            maximum=MAX_QUANTITY,
            places=row.decimals,
            name=partial(part_words, row),
            stock=partial(measured, row.stock, row.unit),
        )
        delta = await self.app.push_screen_wait(asked)
        if not delta or not await self._may_take(row, -delta):
            return
        reason = await self.app.push_screen_wait(ask_text("inventory.ask_reason", required=True))
        if reason is not None:
            await self.write("inventory", shop.inventory.adjust, row.id, delta, reason, actor=self.app.cashier)

    async def _may_take(self, row: PartRow, amount: int) -> bool:
        """Tell whether to take more off the shelf than the books say is there: somebody has looked, or has slipped."""
        present = (await self.store.read(shop.inventory.get, row.id)).stock
        if amount <= max(0, present):
            return True
        figures = {"present": shown.quantity(present), "amount": shown.quantity(amount)}
        return await self.app.confirm_unexpected("inventory.ask_below_zero", name=partial(part_words, row), **figures)

    @work(group="ask", exit_on_error=False)
    async def action_count(self) -> None:
        """Set what is on the shelf by counting."""
        if (row := self.table.row) is None:
            return
        asked = ask_quantity(
            "inventory.ask_counted",
            minimum=0,
            maximum=MAX_QUANTITY,
            places=row.decimals,
            name=partial(part_words, row),
            stock=partial(measured, row.stock, row.unit),
        )
        counted = await self.app.push_screen_wait(asked)
        if counted is not None:
            await self.write("inventory", shop.inventory.count_stock, row.id, counted, actor=self.app.cashier)

    def action_history(self) -> None:
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.history import PartHistory

            self.app.push_screen(PartHistory(row))

    def find(self, text: str) -> None:
        """Also among those of which there are enough."""
        self.low_only = False
        super().find(text)

    def action_low_only(self) -> None:
        self.low_only = not self.low_only
        self.search_again()

    def action_prices(self) -> None:
        """The price levels of the part, or all of them where there is none."""
        from clutch_tui.ui.screens.price_rules import PriceRulesScreen

        self.app.push_screen(PriceRulesScreen(self.table.row))
