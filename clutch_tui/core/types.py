"""The types that leave this layer: frozen rows, drafts, receipts and errors.

Money is integer minor units (piastres), moments are aware UTC, texts are in logical order, quantities are
thousandths of a unit (`quantity`). Every row of a list has `id` and `key`: `key` is the tuple that a later page is
asked for with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from . import money
from .quantity import NOTHING, Quantity, decimals_of, pieces_of, worth
from .records.customer import CustomerDraft as CustomerDraft
from .records.part import PartDraft as PartDraft
from .records.price_rule import PriceRuleDraft as PriceRuleDraft
from .records.supplier import SupplierDraft as SupplierDraft

Key = tuple[str | int, ...]
"""The place of a row in its list's order; opaque to everyone but the query that made it."""

PayMethod = Literal["cash", "visa", "instapay", "vodafone_cash", "credit"]
PAY_METHODS: tuple[PayMethod, ...] = ("cash", "visa", "instapay", "vodafone_cash", "credit")
EXCHANGE: Literal["exchange"] = "exchange"
"""How the two halves of an exchange pay each other, as far as they do: no money moves by it."""
REFERRED: frozenset[str] = frozenset({"visa", "instapay", "vodafone_cash"})
"""The ways of paying that somebody else keeps books of, where a payment has a reference number."""

SaleStatus = Literal["completed", "voided", "returned"]
Lane = Literal["fast", "slow", "attention", "local", "done"]


# --- parts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part as a list shows it. `stock` is what is on the shelf now, own unsent moves included."""

    id: str
    key: Key
    name: str
    name_en: str
    part_number: str
    brand: str
    car: str
    location: str
    price: int
    stock: Quantity
    min_stock: Quantity
    unsent: bool
    moved: Quantity = NOTHING
    """What of `stock` are own movements that the server's figure does not hold yet."""
    oem_number: str = ""
    unit: str = ""
    decimals: int = 0

    @property
    def low(self) -> bool:
        return self.stock <= self.min_stock


@dataclass(frozen=True, slots=True)
class Part:
    """A part, whole. `base_stock` is the server's figure, `stock` the shelf's; `as_of` is when the server's
    figure was pulled. `version` is a number of the server's `epoch`."""

    id: str
    draft: PartDraft
    stock: Quantity
    base_stock: Quantity
    version: int
    updated_at: datetime | None
    as_of: datetime | None
    unsent: bool
    deleted: bool
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class PartQuery:
    """A query for parts, in the order of their names (or of the match, where `text` is given)."""

    text: str = ""
    category: str = ""
    car_brand: str = ""
    low_only: bool = False


@dataclass(frozen=True, slots=True)
class StockMove:
    """One movement of a part's stock, newest first in `inventory.history`."""

    id: int
    key: Key
    at: datetime
    kind: str
    delta: Quantity
    reason: str
    sale_id: str | None
    unsent: bool


# --- customers and suppliers ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CustomerRow:
    id: str
    key: Key
    name: str
    phone: str
    car: str
    balance: int
    unsent: bool
    customer_type: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, whole. `balance` is what the customer owes, own unsent facts included; positive is debt. `version`
    is a number of the server's `epoch`."""

    id: str
    draft: CustomerDraft
    balance: int
    total_purchases: int
    last_visit: datetime | None
    version: int
    unsent: bool
    deleted: bool
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class SupplierRow:
    id: str
    key: Key
    name: str
    contact_person: str
    phone: str
    rating: int
    unsent: bool


@dataclass(frozen=True, slots=True)
class Supplier:
    id: str
    draft: SupplierDraft
    version: int
    unsent: bool
    deleted: bool
    epoch: str | None = None


# --- sales ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaxRules:
    """`rate` is in basis points (1400 is 14 %). `cash_rounding` is the smallest coin in minor units, 0 for none."""

    rate: int = 0
    prices_include_tax: bool = True
    cash_rounding: int = 0

    @property
    def percent(self) -> Decimal:
        return Decimal(self.rate) / 100


@dataclass(frozen=True, slots=True)
class Discount:
    """Money off, as it was typed: an `amount` in minor units, or a `percent` in hundredths (1250 is 12.5 %).

    What it comes to is reckoned from what it is taken off, each time: a percentage that was turned into money once
    would stay behind when quantities and prices change.
    """

    amount: int = 0
    percent: int = 0

    def __bool__(self) -> bool:
        return bool(self.amount or self.percent)

    def off(self, whole: int) -> int:
        """Return what is taken off `whole`; never more than there is."""
        return money.percent_of(whole, self.percent) if self.percent else min(self.amount, whole)


NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True)
class CartLine:
    """`price` is for one unit; `discount` is off the whole line. `name` is what the sale will say; `name_en` is
    there for screens in English. `unit` and `decimals` are the part's. `level` is that whose rule said the price."""

    part_id: str
    name: str
    part_number: str
    quantity: Quantity
    price: int
    discount: Discount = NO_DISCOUNT
    name_en: str = ""
    unit: str = ""
    decimals: int = 0
    level: str = ""
    own_price: int | None = None
    """The part's own price when it came into the cart, which rules reckon from; None of a cart from before them."""
    is_price_kept: bool = False
    """Whether the price was typed, quoted or ordered: no rule is about it."""

    @property
    def usual_price(self) -> int:
        """Return what one unit costs without a rule."""
        return self.price if self.own_price is None else self.own_price

    note: str = ""
    """What is to be said of this line on the receipt, such as where it is fitted."""

    @property
    def gross(self) -> int:
        """Return what the quantity costs before anything is taken off."""
        return worth(self.price, self.quantity)

    @property
    def pieces(self) -> int:
        """Return how many things the customer carries away: what is measured counts as one."""
        return pieces_of(self.quantity, self.decimals)

    @property
    def off(self) -> int:
        """The money that the discount comes to now."""
        return self.discount.off(self.gross)

    @property
    def total(self) -> int:
        return self.gross - self.off


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back in an exchange, as a person has seen it: of which sale, and what is due for it. `lines` are
    those of the return, `origins` their numbers in the sale."""

    sale_id: str
    receipt_number: str
    lines: tuple[SaleLine, ...]
    origins: tuple[int, ...]
    owed: int
    reason: str = ""
    damaged: bool = False
    """Whether it does not go back on the shelf."""

    @property
    def quantities(self) -> dict[int, Quantity]:
        """Return how much of each of the sale's lines comes back, by its number."""
        return {n: line.quantity for n, line in zip(self.origins, self.lines, strict=True)}


@dataclass(frozen=True, slots=True)
class Cart:
    """A sale that is being made. Its `id` is made when it opens and becomes the sale's id, so that a checkout
    pressed twice sells once. Saved after every change, so that it survives the machine. `discount` is off what the
    lines come to, also those that are added later. `parked` while it waits for somebody to take it up again."""

    id: str
    lines: tuple[CartLine, ...] = ()
    discount: Discount = NO_DISCOUNT
    customer_id: str | None = None
    customer_name: str = ""
    customer_phone: str = ""
    order_id: str | None = None
    notes: str = ""
    parked: bool = False
    quotation_id: str | None = None
    """The quotation that it came from: the sale ends it."""
    back: Back | None = None
    """What comes back for what goes out, where it is an exchange."""
    special_order_id: str | None = None
    """The special order that it fetches, with the deposits on that."""
    level: str = ""  # the price level of the customer, if he has one
    car: str = ""
    """The car that it is for, with its plate: the customer's, or what was typed."""


@dataclass(frozen=True, slots=True)
class LastSale:
    """The sale that was saved last on this terminal: what a person asks for after a power cut."""

    receipt_number: str
    total: int
    at: datetime
    is_voided: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """subtotal - discount + tax (where prices exclude it) + rounding = total. `tax` is informative where
    prices include it."""

    subtotal: int
    discount: int
    tax: int
    rounding: int
    total: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Payment:
    """`amount` is what is kept of the tender; change given back is not in it. `way`, of an exchange, is how that had
    been paid which is exchanged: so it goes back one day. `reference` is what the bank or the wallet calls it, by which
    it is found again there; cash and the account have none."""

    method: PayMethod | Literal["exchange"]
    amount: int
    way: PayMethod | None = None
    reference: str = ""

    @property
    def came_by(self) -> PayMethod:
        """Return how the money came in, in the end; of an exchange that does not say so it counts as cash."""
        return (self.way or "cash") if self.method == EXCHANGE else self.method


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line as it was sold. `discount` is money; `percent`, in hundredths, is what it was reckoned from, 0 where an
    amount was taken off. Other terminals' sales say only the money. `level` is that whose rule said the price."""

    n: int
    part_id: str
    name: str
    part_number: str
    quantity: Quantity
    price: int
    discount: int
    total: int
    returned: Quantity = NOTHING
    name_en: str = field(default="", compare=False)
    """The part's English name as it is now, for screens in English; no part of the sale."""
    percent: int = field(default=0, compare=False)
    unit: str = field(default="", compare=False)
    """The part's unit and decimals as they are now, as its English name."""
    decimals: int = field(default=0, compare=False)
    level: str = field(default="", compare=False)
    note: str = field(default="", compare=False)
    """What was written beside it: no other sale by another note."""

    @property
    def pieces(self) -> int:
        """Return how many things left the shop: what is measured counts as one."""
        return pieces_of(self.quantity, self.decimals)

    @property
    def left(self) -> Quantity:
        """Return what has not come back yet."""
        return Quantity(self.quantity - self.returned)

    @property
    def places(self) -> int:
        """Return in how many decimals it may come back: as its part is sold now, or as it was sold."""
        return max(self.decimals, decimals_of(self.quantity), decimals_of(self.left))


@dataclass(frozen=True, slots=True)
class SaleRow:
    id: str
    key: Key
    receipt_number: str
    at: datetime
    customer_name: str
    cashier: str
    total: int
    payment_method: str
    status: SaleStatus
    kind: str
    flags: tuple[str, ...]
    unsent: bool
    returned: Literal["", "some", "all"] = ""
    """How much of a sale came back."""
    payments: tuple[Payment, ...] = ()
    """What went by each way of paying, in the order in which it was taken; `payment_method` is the largest of them."""
    exchanged: bool = False
    """Whether it is a half of an exchange."""
    without_receipt: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale or a return (`return_of` names its sale), whole: also what a receipt is printed from. `percent`, in
    hundredths, is what the discount on the whole sale was reckoned from, 0 where it was an amount."""

    id: str
    receipt_number: str
    at: datetime
    business_day: str
    cashier: str
    customer_id: str | None
    customer_name: str
    lines: tuple[SaleLine, ...]
    payments: tuple[Payment, ...]
    totals: Totals
    prices_include_tax: bool
    tax_rate: int
    tendered: int
    change: int
    status: SaleStatus
    return_of: str | None
    order_id: str | None
    notes: str
    flags: tuple[str, ...]
    unsent: bool
    percent: int = 0
    own: bool = True
    """Whether it was made at this terminal."""
    number_of_sale: str = ""
    """In a return: the receipt number of the sale that came back, where this terminal knows it."""
    exchange_id: str | None = None
    """Of a half of an exchange: the other half."""
    other_half: Sale | None = field(default=None, compare=False, repr=False)
    """That half, where this terminal knows it."""
    deposit: int = 0
    """What of it was paid before, as a deposit on the special order that it fetches; a part of what went on account."""
    without_receipt: bool = False
    """Whether it is a return of which nobody knows the sale."""

    @property
    def is_return(self) -> bool:
        return self.return_of is not None or self.without_receipt

    car: str = ""
    """The car that it was for, with its plate."""

    @property
    def off_lines(self) -> int:
        """Return what the discounts of single lines come to; the rest of the discount is off the whole sale."""
        return sum(line.discount for line in self.lines)


Receipt = Sale
"""What a checkout gives back once it is committed; printing starts from here and nowhere else."""


@dataclass(frozen=True, slots=True)
class SaleQuery:
    """Past sales, newest first. `day` is a business day as YYYY-MM-DD, `until` the last one where that is another;
    `method` a way in which some of it was paid; `cashier` the whole name; `least` and `most` bound the total, in minor
    units."""

    text: str = ""
    day: str = ""
    customer_id: str = ""
    part_id: str = ""
    until: str = ""
    method: PayMethod | None = None
    cashier: str = ""
    least: int | None = None
    most: int | None = None
