"""Suppliers: the list and one's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.types import Supplier, SupplierDraft, SupplierRow
from clutch_tui.phrases.fields import SUPPLIER
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource

COLUMNS: tuple[TableColumn[SupplierRow], ...] = (
    unsent_mark(),
    TableColumn("common.name", 24, lambda row: row.name, flex=2),
    TableColumn("supplier.contact", 18, lambda row: row.contact_person, priority=1, flex=1),
    TableColumn("common.phone", 16, lambda row: shown.phone(row.phone)),
    TableColumn(
        "supplier.rating", 8, lambda row: shown.number(row.rating) if row.rating else "", number=True, priority=2
    ),
)


class SuppliersScreen(ListScreen):
    """The suppliers' list."""

    NAME = "suppliers"
    NOUNS = frozenset({"suppliers"})
    HINT = "supplier.hint"
    MARKS = ("common.has_unsent",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", "common.add", id="suppliers.add"),
        Binding("f3", "edit", "common.edit", id="suppliers.edit"),
        Binding("f6", "parts", "supplier.parts", id="suppliers.parts"),
        Binding("f8", "delete", "common.delete", id="suppliers.delete"),
    ]

    def columns(self) -> Sequence[TableColumn[SupplierRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[SupplierRow]:
        return reading(self.store, shop.suppliers, text)

    def describe(self, row: SupplierRow) -> Content | str:
        contact = shown.name(row.contact_person) or "-"
        line = t("supplier.line", name=shown.name(row.name), contact=contact, phone=shown.phone(row.phone))
        return f"{line}\n{t('common.has_unsent')}" if row.unsent else line

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("edit", "parts", "delete") else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """Everything about a supplier; the keys of the list work in there as well."""
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.supplier_page import SupplierDialog

            await self.show_page(SupplierDialog(await self.store.read(shop.suppliers.get, row.id)))

    @work(group="ask", exit_on_error=False)
    async def action_add(self) -> None:
        async def save(values: dict[str, Any]) -> Supplier:
            draft = SupplierDraft(**values)
            return await self.app.write("suppliers", shop.suppliers.create, draft, actor=self.app.cashier)

        made = await self.app.push_screen_wait(FormDialog("supplier.add", SUPPLIER, {"name": self.search.value}, save))
        if made is not None:
            name_key = shop.suppliers.keys_of(asdict(made.draft))["name_key"]
            self.table.reveal(made.id, (name_key, made.id))

    @work(group="ask", exit_on_error=False)
    async def action_edit(self) -> None:
        if (row := self.table.row) is None:
            return
        seen = await self.store.read(shop.suppliers.get, row.id)

        async def save(values: dict[str, Any]) -> Supplier:
            return await self.app.write(
                "suppliers", shop.suppliers.edit, seen.id, SupplierDraft(**values), seen=seen, actor=self.app.cashier
            )

        await self.app.push_screen_wait(FormDialog("supplier.edit", SUPPLIER, asdict(seen.draft), save))

    @work(group="ask", exit_on_error=False)
    async def action_delete(self) -> None:
        row = self.table.row
        if row is not None and await self.app.confirm("supplier.ask_delete", name=row.name):
            seen = await self.store.read(shop.suppliers.get, row.id)
            await self.write("suppliers", shop.suppliers.delete, seen.id, seen=seen, actor=self.app.cashier)

    def action_parts(self) -> None:
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.history import SupplierHistory

            self.app.push_screen(SupplierHistory(row))
