"""Price levels: the rules by which workshops and wholesalers pay other prices, one form and one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.errors import ShopError
from clutch_tui.core.price_rules import PriceRuleQuery, PriceRuleRecord, PriceRuleRow
from clutch_tui.core.records.price_rule import LEVELS
from clutch_tui.core.types import PartRow, PriceRuleDraft
from clutch_tui.phrases.fields import PRICE_FIGURES, PRICE_RULE
from clutch_tui.phrases.price_levels import level_word
from clutch_tui.phrases.price_rules import about, says
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp

COLUMNS: tuple[TableColumn[PriceRuleRow], ...] = (
    unsent_mark(),
    TableColumn("price_rule.level", 10, lambda row: level_word(row.level)),
    TableColumn("price_rule.scope", 24, about, flex=2),
    TableColumn("part.number", 12, lambda row: shown.part_number(row.part_number), priority=3),
    TableColumn(
        "price_rule.from_quantity",
        9,
        lambda row: shown.quantity(row.from_quantity) if row.from_quantity else "",
        number=True,
    ),
    TableColumn(
        "part.price", 10, lambda row: shown.amount(row.part_price) if row.part_price else "", priority=2, number=True
    ),
    TableColumn("price_rule.says", 12, says, number=True),
)

# a part is named by its number or its code, which is looked up when the form is saved
NEW = tuple(replace(entry, is_code=entry.name == "target") for entry in PRICE_RULE)


class PriceRulesScreen(ListScreen):
    """The list of price rules by level, all of them or those of one part; F7 shows those of one level."""

    NAME = "price_rules"
    NOUNS = frozenset({"inventory"})
    HINT = "price_rule.hint"
    EMPTY = "price_rule.none"
    MARKS = ("common.has_unsent",)
    NARROWS = (None, *(level for level, _ in LEVELS))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", "common.add", id="price_rules.add"),
        Binding("f3", "edit", "common.edit", id="price_rules.edit"),
        Binding("f7", "narrow", "price_rule.level", id="price_rules.level"),
        Binding("f8", "delete", "common.delete", id="price_rules.delete"),
    ]

    def __init__(self, part: PartRow | None = None) -> None:
        self._part = part
        super().__init__()

    def columns(self) -> Sequence[TableColumn[PriceRuleRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[PriceRuleRow]:
        item_id = "" if self._part is None else self._part.id
        return reading(self.store, shop.price_rules, PriceRuleQuery(text.strip(), self.narrowed or "", item_id))

    def filter_words(self) -> str:
        words = [] if self.narrowed is None else [level_word(self.narrowed)]
        if self._part is not None:
            words.append(shown.name(shown.of_language(self._part.name, self._part.name_en)))
        return "   ".join(words)

    def describe(self, row: PriceRuleRow) -> Content | str:
        words = [f"{level_word(row.level)}: {about(row)}   {says(row)}"]
        if row.from_quantity:
            words.append(t("price_rule.line_from", quantity=shown.quantity(row.from_quantity)))
        if row.rounding and not row.price:
            words.append(t("price_rule.line_rounding", step=shown.amount(row.rounding)))
        lines = ["   ".join(words)]
        if row.unsent:
            lines.append(t("common.has_unsent"))
        return "\n".join(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("edit", "delete") else True

    @work(group="ask", exit_on_error=False)
    async def action_add(self) -> None:
        given: dict[str, object] = {"level": self.narrowed or LEVELS[1][0], "scope": "part" if self._part else "all"}
        if self._part is not None:
            given["target"] = self._part.part_number or self._part.id
        made = await self.app.push_screen_wait(new_rule(self.app, given, self._part))
        if made is not None:
            self.search_again()

    def action_open(self) -> None:
        self.action_edit()

    @work(group="ask", exit_on_error=False)
    async def action_edit(self) -> None:
        row: PriceRuleRow | None = self.table.row
        if row is None:
            return
        seen: PriceRuleRecord = await self.store.read(shop.price_rules.get, row.id)

        async def save(values: dict[str, Any]) -> PriceRuleRecord:
            draft = replace(seen.draft, **values)
            made: PriceRuleRecord = await self.app.write(
                "inventory", shop.price_rules.edit, seen.id, draft, seen=seen, actor=self.app.cashier
            )
            return made

        name = f"{level_word(row.level)}, {about(row)}"
        await self.app.push_screen_wait(
            FormDialog("price_rule.edit", PRICE_FIGURES, asdict(seen.draft), save, name=name)
        )

    @work(group="ask", exit_on_error=False)
    async def action_delete(self) -> None:
        row: PriceRuleRow | None = self.table.row
        if row is not None and await self.app.confirm(
            "price_rule.ask_delete", level=level_word(row.level), name=about(row)
        ):
            seen = await self.store.read(shop.price_rules.get, row.id)
            await self.write("inventory", shop.price_rules.delete, seen.id, seen=seen, actor=self.app.cashier)


def new_rule(app: ClutchApp, given: dict[str, object], part: PartRow | None = None) -> FormDialog[PriceRuleRecord]:
    """The form of a new rule. A part is named by a number that means it and no other."""

    async def save(values: dict[str, Any]) -> PriceRuleRecord:
        if values["scope"] == "part":
            values["item_id"] = await _meant(app, values["target"], part, given)
        draft = PriceRuleDraft(**values)
        made: PriceRuleRecord = await app.write("inventory", shop.price_rules.create, draft, actor=app.cashier)
        return made

    return FormDialog("price_rule.add", NEW, given, save)


async def _meant(app: ClutchApp, text: str, part: PartRow | None, given: dict[str, object]) -> str:
    """The id of the part that a rule is about: that of the list, as long as nobody named another."""
    if part is not None and text == given["target"]:
        return part.id
    if not text:
        raise ShopError("error.price_rule.no_target", field="target")
    meaning = await app.store.read(shop.lookup.resolve, text)
    if meaning.unambiguous is None:
        several = "error.price_rule.several_parts" if meaning.exact else "error.part.unknown_number"
        raise ShopError(several, field="target", number=text)
    return str(meaning.unambiguous.part.id)
