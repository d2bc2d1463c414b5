"""The cart: its lines, and below them what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t, tn
from clutch_tui.ui import shop
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import MORE, Words, beside, shortened

if TYPE_CHECKING:
    from clutch_tui.core.guards import LineMargin
    from clutch_tui.core.types import Back, Cart, CartLine, Key, Totals


@dataclass(frozen=True, slots=True)
class CartRow:
    """A line of the cart with its place in it."""

    n: int
    line: CartLine
    stock: int | None = None
    """What lies on the shelf of its part; None while that is being looked up."""
    is_short: bool = False
    """Whether the sale holds more of the part than that."""
    margin: int | None = None
    """What is left of it; None where that is not known, or not shown."""

    @property
    def id(self) -> str:
        return self.line.part_id

    @property
    def key(self) -> Key:
        return (self.n,)


@dataclass(frozen=True, slots=True)
class Totalled:
    """A cart and what it comes to."""

    cart: Cart
    totals: Totals
    tax_included: bool
    beside: int = 0
    """How many other sales are being made or parked."""
    quotation: str = ""
    """The number of the quotation that it came from."""
    exchanged: int = 0
    """What of the price is paid by what comes back."""
    to_give: int = 0
    """What goes to the customer because what comes back is worth more."""
    stock: Mapping[str, int] = field(default_factory=dict)
    """What lies on the shelf, by part."""
    margins: tuple[LineMargin, ...] = ()
    """What is left of each line, where the shop shows that."""


def _discount(row: CartRow) -> str:
    """A percentage as it was typed: what it comes to shows in the total."""
    discount = row.line.discount
    return shown.rate(discount.percent) if discount.percent else shown.amount(row.line.off) if discount else ""


def _named(line: CartLine) -> str:
    """The part's name behind what is written beside it: a long name gives way at its end."""
    name = shown.of_language(line.name, line.name_en)
    return f"({shown.name(line.note)}) {name}" if line.note else name


def part_of(line: CartLine) -> str:
    """The part's name in the language of the screen, for a sentence."""
    return shown.name(shown.of_language(line.name, line.name_en))


def _place(row: CartRow) -> str:
    """The line's number, with a sign where the shelf has less: a colour alone is not seen by everybody."""
    return f"!{shown.number(row.n + 1)}" if row.is_short else shown.number(row.n + 1)


def _short_tone(row: CartRow) -> str:
    return "bad" if row.is_short else ""


CART_COLUMNS: tuple[TableColumn[CartRow], ...] = (
    TableColumn("sales.line", 3, _place, number=True, tone=_short_tone),
    TableColumn("part.name", 18, lambda row: _named(row.line), flex=3),
    TableColumn("part.number", 12, lambda row: shown.part_number(row.line.part_number), priority=2, flex=1),
    TableColumn("common.quantity", 9, lambda row: shown.quantity(row.line.quantity), number=True),
    TableColumn(
        "sales.on_shelf",
        7,
        lambda row: "" if row.stock is None else shown.quantity(row.stock),
        number=True,
        tone=_short_tone,
    ),
    TableColumn("common.price", 10, lambda row: shown.amount(row.line.price), number=True),
    TableColumn(
        "sales.discount",
        8,
        _discount,
        number=True,
        priority=1,
    ),
    TableColumn("common.total", 11, lambda row: shown.amount(row.line.total), number=True),
)

MARGIN: TableColumn[CartRow] = TableColumn(
    "sales.margin",
    9,
    lambda row: "" if row.margin is None else shown.amount(row.margin),
    number=True,
    tone=lambda row: "bad" if (row.margin or 0) < 0 else "",
)
"""Takes the place of the part's number: there is no room for both."""

PLAIN_COLUMNS = tuple(column for column in CART_COLUMNS if column.title != "sales.discount")


class CartView(Vertical):
    """Lines and totals of one cart."""

    DEFAULT_CSS = """
    CartView { height: 1fr; }
    CartView > #cart-customer, CartView > #cart-sums { height: 1; padding: 0 1; background: $panel; }
    CartView > #cart-back { height: 1; padding: 0 1; background: $panel; color: $text-warning; }
    CartView > #cart-customer.-warning { color: $text-warning; }
    CartView > #cart-news { height: auto; max-height: 2; padding: 0 1; background: $panel; color: $text-warning; }
    CartView > #cart-total { height: 1; padding: 0 1; background: $panel; color: $text-success; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.table: WindowTable[CartRow] = WindowTable(PLAIN_COLUMNS, empty="sales.cart_empty", id="cart-lines")
        self._customer = Words(id="cart-customer")
        self._standing: Callable[[], str] = str
        self._back = Words(id="cart-back")
        """What comes back for it, where something does."""
        self._back.display = False
        self.news = Words(id="cart-news")
        """What has changed of the parts while they lie in the cart."""
        self._sums = Words(id="cart-sums")
        self._total = Words(id="cart-total")

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.news
        yield self._customer
        yield self._back
        yield self._sums
        yield self._total

    def on_mount(self) -> None:
        self.news.display = False

    def tell_standing(self, words: Callable[[], str], *, warning: bool = False) -> None:
        """Say beside the customer's name how the account stands, from the next `show` on."""
        self._standing = words
        self._customer.set_class(warning, "-warning")

    def show(self, totalled: Totalled, select: str | None = None) -> None:
        """Draw this cart; the cursor goes to the line of the part `select`, or stays."""
        cart = totalled.cart
        short = shop.cart.short(cart, totalled.stock)
        left = [figures.margin for figures in totalled.margins] or [None] * len(cart.lines)
        rows = [
            CartRow(n, line, totalled.stock.get(line.part_id), line.part_id in short, left[n])
            for n, line in enumerate(cart.lines)
        ]
        # the part's number has no room beside a column of discounts, so that one is only there when it says something
        discounted = any(row.line.discount for row in rows)
        columns = CART_COLUMNS if discounted else PLAIN_COLUMNS
        if totalled.margins:
            columns = (*(column for column in columns[:-1] if column.title != "part.number"), MARGIN, columns[-1])
        self.table.columns = columns
        cursor = next((row.n for row in rows if row.id == select), None)
        self.table.show_rows(rows, cursor)
        self._customer.tell(
            lambda: _customer(cart, self._standing(), totalled.beside, self._customer.content_size.width)
        )
        self._back.display = cart.back is not None
        if (back := cart.back) is not None:
            self._back.tell(lambda: _comes_back(back, self._back.content_size.width))
        self._sums.tell(lambda: Content(beside(_sums(totalled), self._sums.content_size.width)))
        self._total.tell(lambda: _to_pay(totalled))


def _customer(cart: Cart, standing: str, parked: int, room: int) -> str:
    """Return who buys, and how the account stands. Where that is too long for the line the telephone number goes, and
    then the end of the name gives way."""
    others = t("sales.others_open", count=shown.number(parked)) if parked else ""
    phone = shown.phone(cart.customer_phone) if cart.customer_phone else ""
    car = shown.name(cart.car) if cart.car else ""

    def parts(name: str) -> tuple[str, ...]:
        if not name:
            return (t("sales.no_customer"), standing, others)
        if cart.level and any(line.level == cart.level for line in cart.lines):
            from clutch_tui.phrases.price_levels import level_word

            return (t("sales.for_customer_at", name=name, level=level_word(cart.level)), standing, others)
        return (t("sales.for_customer", name=name), standing, others)

    name = cart.customer_name
    lacking = cell_len(beside(parts(name), 0)) + len(MORE) - room
    if name and room and lacking > 0 and cell_len(beside((*parts(name), phone), 0)) > room:
        name = shortened(name, cell_len(name) - lacking)
    shows_car = not room or cell_len(beside((*parts(name), phone, car), 0)) <= room
    return beside((*parts(name), phone, car if shows_car else ""), room)


def _sums(totalled: Totalled) -> list[str]:
    totals, tax_included = totalled.totals, totalled.tax_included
    parts = [tn("sales.pieces", totals.pieces), t("sales.subtotal", amount=shown.amount(totals.subtotal))]
    if totals.discount:
        percent = f" ({shown.rate(totalled.cart.discount.percent)})" if totalled.cart.discount.percent else ""
        parts.append(t("sales.sum_discount", amount=shown.amount(totals.discount)) + percent)
    if totals.tax:
        parts.append(t("sales.tax_included" if tax_included else "sales.tax", amount=shown.amount(totals.tax)))
    if totalled.margins and (left := shop.guards.margin(totalled.margins)) is not None:
        key = "sales.margin_sum" if left.is_whole else "sales.margin_of_some"
        parts.append(t(key, amount=shown.amount(left.amount), percent=shown.rate(left.percent)))
    return parts


def _comes_back(back: Back, room: int) -> str:
    """Return what comes back, of which sale, and what is due for it; the names give way."""
    from clutch_tui.phrases.units import measured

    names = shown.listed(
        f"{measured(line.quantity, line.unit)} × {shown.name(shown.of_language(line.name, line.name_en))}"
        for line in back.lines
    )
    figures = {"number": shown.part_number(back.receipt_number), "amount": shown.amount(-back.owed)}
    lacking = cell_len(t("exchange.comes_back", names=names, **figures)) - room
    if room and lacking > 0:
        names = shortened(names, cell_len(names) - lacking)
    return t("exchange.comes_back", names=names, **figures)


def _to_pay(totalled: Totalled) -> str:
    """Return what the customer is told, with what it was rounded by and the quotation that it keeps to: the line above
    is full."""
    totals, number = totalled.totals, totalled.quotation
    parts = [t("sales.to_pay", total=shown.money(totals.total - totalled.exchanged))]
    if totalled.to_give:
        parts = [t("exchange.to_give", amount=shown.money(totalled.to_give))]
    if totals.rounding:
        parts.append(t("sales.rounding", amount=shown.amount(totals.rounding)))
    if number:
        parts.append(t("sales.of_quotation", number=shown.part_number(number)))
    return "   ".join(parts)
