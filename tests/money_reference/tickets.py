"""Random tickets through the program and through the rules: each is typed, changed, paid and brought back, and every
figure on the way is compared.

The program's part is its pure functions, so that a million of them take minutes; `stored` does the same through the
database, voids included.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from clutch_tui.core import aftersales, exchanges, inventory, refunds, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import DECIMALS, Quantity, smallest, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import (
    EXCHANGE,
    PAY_METHODS,
    Back,
    Cart,
    CartLine,
    Discount,
    PartDraft,
    Payment,
    PayMethod,
    Sale,
    SaleLine,
    TaxRules,
    Totals,
)

from .rules import NOTHING, GivenBack, Line, Off, Paid, Returns, Ticket

Quantities = dict[int, Quantity]
"""By the number of their line."""

COINS = (0, 5, 25, 50, 100)
_AT = datetime(2026, 11, 30, tzinfo=UTC)


class Differs(AssertionError):
    """The program and the rules do not say the same."""


class Till(Protocol):
    """Where a ticket lives: in functions alone, or in a store."""

    def sell(self, cart: Cart, payments: Sequence[Payment], rules: TaxRules) -> Sale: ...

    def give_back(
        self, sale: Sale, back: Quantities, coin: int, first: PayMethod | None, paid: Sequence[Payment] | None
    ) -> refunds.Refund:
        """What a return comes to: shared out by the program, or as a person wants it (`paid`)."""

    def exchange(
        self,
        sale: Sale,
        back: Quantities,
        cart: Cart,
        rules: TaxRules,
        first: PayMethod | None,
        pay: Callable[[Cart], Sequence[Payment]],
    ) -> tuple[refunds.Refund, Sale, Till]:
        """Take something back for what is in the cart, of which `pay` pays the difference: what the return comes to,
        what was sold, and the till at which that comes back."""

    def void(self, sale: Sale) -> bool:
        """Void a sale; False where this till cannot."""

    def kept(self, sale: Sale) -> dict[str, int] | None:
        """What the shop has of a sale now by way of paying, None where this till does not know."""


# --- pounds and piastres ---------------------------------------------------------------------------------


def pounds(piastres: int) -> Decimal:
    return Decimal(piastres).scaleb(-2)


def same(what: str, program: int, rule: Decimal) -> None:
    if pounds(program) != rule:
        raise Differs(f"{what}: the program says {pounds(program)}, the rules {rule}")


def same_ways(what: str, program: Mapping[str, int], rule: Mapping[str, Decimal]) -> None:
    kept = {way: pounds(amount) for way, amount in program.items() if amount}
    if kept != {way: amount for way, amount in rule.items() if amount}:
        raise Differs(f"{what}: the program says {kept}, the rules {rule}")


def _payments(paid: Sequence[Paid]) -> list[tuple[str, Decimal]]:
    return [(f"exchange of {one.way}" if one.exchanged else one.way, one.amount) for one in paid if one.amount]


def units(quantity: int) -> Decimal:
    return Decimal(quantity).scaleb(-3)


def said(payments: Sequence[Payment]) -> list[tuple[str, Decimal]]:
    ways = (f"exchange of {one.way}" if one.way else one.method for one in payments)
    return [(way, pounds(one.amount)) for way, one in zip(ways, payments, strict=True) if one.amount]


def heard(payments: Sequence[Payment]) -> list[Paid]:
    """Payments, for the rules."""
    return [Paid(one.came_by, pounds(one.amount), one.way is not None) for one in payments]


# --- what people type ------------------------------------------------------------------------------------


def _price(rng: random.Random) -> int:
    most = rng.choice((99, 9_99, 999_99, 999_99, 50_000_00, 1_000_000_000_00))
    return rng.choice((0, 1, most)) if rng.random() < 0.05 else rng.randint(0, most)


def _quantity(rng: random.Random, decimals: int) -> Quantity:
    """Pieces; of what is measured an odd number of the smallest there is, a half or some quarters, or whole units."""
    units = whole(rng.choice((1, 1, 1, 2, 3, 4, 7, 12, 100, rng.randint(1, 999))))
    step = smallest(decimals)
    if not decimals or rng.random() < 0.2:
        return units
    parts = (step, step * rng.randint(1, 99), step * rng.randint(1, 20_000), units // 4, units // 2, units + step)
    fraction = rng.choice(parts)
    return Quantity(max(step, fraction - fraction % step))


def _discount(rng: random.Random, most: int) -> Discount:
    kind = rng.random()
    if kind < 0.4:
        return Discount()
    if kind < 0.7:
        return Discount(percent=rng.choice((100, 500, 1_000, 1_250, 3_333, 10_000, rng.randint(1, 10_000))))
    return Discount(rng.choice((most, rng.randint(0, most), min(most, 5_00))))


class Typing:
    """A cart as it comes about, and beside it what was typed: parts, discounts, and changes of mind."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.cart = Cart("c", customer_id="customer", customer_name="x")
        self.lines: list[Line] = []
        self.off = Off()
        for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
            self._add()
        for _ in range(rng.choice((0, 1, 2, 4, 7))):
            self._change_mind(rng.randrange(len(self.lines)), rng.random())

    def ticket(self, rules: TaxRules) -> Ticket:
        """What was typed, for the rules."""
        coin = pounds(rules.cash_rounding)
        return Ticket(self.lines, self.off, pounds(rules.rate), rules.prices_include_tax, coin)

    def _add(self) -> None:
        decimals = self._rng.choice((0, 0, 0, 1, 2, 3))
        quantity, price = _quantity(self._rng, decimals), _price(self._rng)
        line = CartLine(str(decimals), "", "", quantity, price, decimals=decimals)
        self.cart = replace(self.cart, lines=(*self.cart.lines, line))
        self.lines.append(Line(units(quantity), pounds(price)))

    def _change_mind(self, n: int, what: float) -> None:
        rng, cart, line = self._rng, self.cart, self.lines[n]
        if what < 0.35:
            discount = _discount(rng, cart.lines[n].gross)
            self.cart = carts.set_discount(cart, n, discount)
            self.lines[n] = Line(line.quantity, line.price, _off(discount))
        elif what < 0.55:
            discount = _discount(rng, carts.net_of_lines(cart))
            self.cart, self.off = carts.with_discount(cart, discount), _off(discount)
        elif what < 0.7:
            quantity = _quantity(rng, cart.lines[n].decimals)
            self.cart = carts.set_quantity(cart, n, quantity)
            self.lines[n] = Line(units(quantity), line.price, line.off)
        elif what < 0.8:
            price = _price(rng)
            self.cart, self.lines[n] = carts.set_price(cart, n, price), Line(line.quantity, pounds(price), line.off)
        elif what < 0.9:
            self._add()
        elif len(self.lines) > 1:
            self.cart = carts.remove_line(cart, n)
            del self.lines[n]


def _rules(rng: random.Random) -> TaxRules:
    rate = rng.choice((0, 500, 1_400, 1_400, 1_450, 10_000, rng.randint(0, 10_000)))
    return TaxRules(rate, rng.random() < 0.5, rng.choice(COINS))


def _off(discount: Discount) -> Off:
    return Off(pounds(discount.amount), pounds(discount.percent))


# --- one ticket from its first line until all of it is back ----------------------------------------------


def live(rng: random.Random, till: Till) -> int:
    """A ticket is typed, paid, and voided or brought back; how many returns it had. Raises `Differs`."""
    typed, rules = Typing(rng), _rules(rng)
    cart, ticket = typed.cart, typed.ticket(rules)
    payments = _pay(rng, cart, rules, ticket)
    sale = till.sell(cart, payments, rules)
    _compare_sale(sale, ticket, payments)
    came_back = [Returns(ticket, heard(payments))]
    if not rng.randrange(8):
        left = {} if till.void(sale) else came_back[0].left()
    else:
        came_back += _bring_back(rng, sale, came_back[0], rules, till)
        left = _together(came_back)
    if (kept := till.kept(sale)) is not None:
        same_ways("what the shop has kept", kept, left)
    return sum(returns.times for returns in came_back)


def _together(came_back: Sequence[Returns]) -> dict[str, Decimal]:
    """What has not gone back of a sale, and of those whose goods were exchanged for its goods."""
    left: dict[str, Decimal] = {}
    for returns in came_back:
        for way, amount in returns.left().items():
            left[way] = left.get(way, NOTHING) + amount
    return left


def _pay(
    rng: random.Random, cart: Cart, rules: TaxRules, ticket: Ticket, exchanged: Sequence[Paid] = ()
) -> list[Payment]:
    """Part payments by any methods, and the rest by one, of what is not `exchanged`."""
    payments: list[Payment] = []
    heard = [*exchanged]
    for last in [False] * rng.choice((0, 0, 0, 1, 1, 2, 3)) + [True]:
        method = rng.choice(PAY_METHODS)
        due = carts.due(cart, rules, payments, method)
        same(f"due by {method}", due, ticket.due(heard, method))
        part = due if last else rng.randrange(max(1, due))  # what is all that is due ends the payment
        if not last and method == "cash" and rules.cash_rounding:
            part -= part % rules.cash_rounding
        if part or (last and method == "cash"):
            payments.append(Payment(method, part))
            heard.append(Paid(method, pounds(part)))
    return payments


def _compare_sale(sale: Sale, ticket: Ticket, payments: Sequence[Payment]) -> None:
    totals = sale.totals
    total = sum((pounds(one.amount) for one in payments), NOTHING)
    for what, program, rule in (
        ("subtotal", totals.subtotal, ticket.subtotal),
        ("discount", totals.discount, ticket.subtotal - ticket.net),
        ("tax", totals.tax, ticket.tax),
        ("rounding", totals.rounding, total - ticket.exact),
        ("total", totals.total, total),
    ):
        same(what, program, rule)
    for line, rule in zip(sale.lines, ticket.lines, strict=True):
        same("a line", line.total, rule.comes_to)
    if abs(totals.rounding) * 2 > int(ticket.coin * 100):
        raise Differs(f"more than half a coin of {ticket.coin} is rounded: {totals.rounding}")


def _bring_back(
    rng: random.Random, sale: Sale, returns: Returns, rules: TaxRules, till: Till, depth: int = 0
) -> list[Returns]:
    """All of it or some, in any parts; sometimes on a day with another coin, or as a person wants it, and sometimes for
    other goods, which come back themselves: the returns of those."""
    of_others: list[Returns] = []
    exact = {0} if any(one.way for one in sale.payments) else set[int]()
    coins, stops = {rules.cash_rounding, *exact}, rng.random() < 0.3
    steps = {line.n: smallest(line.decimals) for line in sale.lines}
    left = {line.n: line.quantity for line in sale.lines}
    while left and not (stops and returns.times and rng.random() < 0.4):
        coin = rng.choice(COINS) if rng.random() < 0.1 else rules.cash_rounding
        coins.add(coin)
        back = _some(rng, left, steps, all_of_them=returns.times > 4)
        first = rng.choice(PAY_METHODS) if rng.random() < 0.3 else None
        if depth < 2 and rng.random() < 0.2:
            coins.add(0)  # what is exchanged need not be payable in coins
            day = replace(rules, cash_rounding=coin)
            of_others += _exchange(rng, sale, returns, (back, first, max(coins)), day, till, depth)
            left = _less(left, back)
            continue
        by_rule = returns.give_back({n - 1: units(more) for n, more in back.items()}, pounds(coin), first)
        by_hand = None
        if rng.random() < 0.2:
            by_hand = [Payment(pay_method(one.way), int(one.amount * 100)) for one in by_rule.paid]
            if len(coins) == 1:
                _try_too_much(till, sale, back, coin, by_hand)
        refund = till.give_back(sale, back, coin, first, by_hand)
        _compare_return(refund, by_rule, returns, coin, max(coins))
        left = _less(left, back)
    if not left:
        _check_all_back(returns, coins)
    return of_others


def _less(left: Mapping[int, Quantity], back: Quantities) -> Quantities:
    return {n: Quantity(rest) for n, rest in ((n, left[n] - back.get(n, 0)) for n in left) if rest}


def _exchange(
    rng: random.Random,
    sale: Sale,
    returns: Returns,
    what: tuple[Quantities, PayMethod | None, int],
    rules: TaxRules,
    till: Till,
    depth: int,
) -> list[Returns]:
    """Other goods go out for what comes back, and come back themselves."""
    back, first, largest = what
    typed = Typing(rng)
    ticket = typed.ticket(rules)
    by_rule = returns.give_back(
        {n - 1: units(more) for n, more in back.items()}, pounds(rules.cash_rounding), first, ticket.exact
    )
    exchanged = by_rule.exchanged
    paid: list[Payment] = []

    def pay(cart: Cart) -> Sequence[Payment]:
        if not carts.to_give(cart, rules):
            paid.extend(_pay(rng, cart, rules, ticket, exchanged))
        return paid

    refund, sold, there = till.exchange(sale, back, typed.cart, rules, first, pay)
    _compare_return(refund, by_rule, returns, rules.cash_rounding, largest)
    same(
        "what is exchanged",
        sum(one.amount for one in sold.payments if one.way),
        sum((one.amount for one in exchanged), NOTHING),
    )
    if said(sold.payments) != [*_payments(exchanged), *said(paid)]:
        raise Differs(f"exchanged {exchanged}, paid {paid}: the program says {sold.payments}")
    _compare_sale(sold, ticket, sold.payments)
    others = Returns(ticket, heard(sold.payments))
    return [others, *_bring_back(rng, sold, others, rules, there, depth + 1)]


def _some(
    rng: random.Random, left: Mapping[int, Quantity], steps: Mapping[int, Quantity], *, all_of_them: bool
) -> Quantities:
    """Some of some lines, by line number; of each so many times the smallest there is of it (`steps`)."""
    if all_of_them or rng.random() < 0.15:
        return dict(left)
    chosen = rng.sample(list(left), rng.randint(1, len(left)))
    return {
        n: left[n] if rng.random() < 0.3 else Quantity(steps[n] * rng.randint(1, left[n] // steps[n])) for n in chosen
    }


def pay_method(way: str) -> PayMethod:
    return next(method for method in PAY_METHODS if method == way)


def _try_too_much(till: Till, sale: Sale, back: Quantities, coin: int, paid: Sequence[Payment]) -> None:
    """A piastre, or a coin, more than is due is refused."""
    for n, one in enumerate(paid):
        more = [*paid[:n], replace(one, amount=one.amount + max(1, coin)), *paid[n + 1 :]]
        try:
            till.give_back(sale, back, coin, None, more)
        except ShopError:
            continue
        raise Differs(f"{more} were given back where {list(paid)} were due")


def _compare_return(refund: refunds.Refund, rule: GivenBack, returns: Returns, coin: int, largest: int) -> None:
    totals = refund.totals
    if said(refund.payments) != _payments(rule.paid):
        raise Differs(f"given back: the program says {refund.payments}, the rules {rule.paid}")
    same("a return's total", totals.total, rule.total)
    same("a return's tax", totals.tax, rule.tax)
    same("a return's rounding", totals.rounding, rule.rounding)
    for line, worth, off in zip(refund.lines, rule.worths, rule.offs, strict=True):
        same("a line that comes back", line.total, worth)
        same("the discount of a line that comes back", line.discount, off)
    same("a return's subtotal", totals.subtotal, sum((*rule.worths, *rule.offs), NOTHING))
    added = 0 if returns.ticket.tax_in_prices else totals.tax
    if totals.subtotal - totals.discount + added + totals.rounding != totals.total:
        raise Differs(f"the sums of a return do not add up: {totals}")
    if any(one.method == "cash" and coin and one.amount % coin for one in refund.payments):
        raise Differs(f"{refund.payments} cannot be paid in coins of {coin}")
    if any(amount < 0 for amount in returns.left().values()):
        raise Differs(f"more went back than came: {returns.left()} are left")
    if abs(sum(returns.gone.values(), NOTHING) - rule.due) >= max(Decimal("0.01"), pounds(largest)):
        raise Differs(f"{returns.gone} went back, {rule.due} were due")


def _check_all_back(returns: Returns, coins: set[int]) -> None:
    """Rule 15."""
    short = returns.left()
    in_cash = short.pop("cash", NOTHING)
    if any(short.values()) or in_cash >= max(Decimal("0.01"), pounds(max(coins)) if len(coins) > 1 else NOTHING):
        raise Differs(f"all of it is back, and not what was paid for them: {returns.left()}")
    if returns.tax_gone != returns.ticket.tax:
        raise Differs(f"the taxes of the returns come to {returns.tax_gone}, that of the sale is {returns.ticket.tax}")


# --- the program's functions -----------------------------------------------------------------------------


def sold(cart: Cart, payments: Sequence[Payment], rules: TaxRules) -> Sale:
    """The sale of a cart, without a database."""
    totals = carts.totals_paid(cart, rules, payments)
    carts.check(cart)
    sales.check_payments(cart, payments, totals, rules.cash_rounding)
    return _sale(sales.lines_of(cart), payments, totals, rules)


def _sale(lines: tuple[SaleLine, ...], payments: Sequence[Payment], totals: Totals, rules: TaxRules) -> Sale:
    nobody: dict[str, Any] = dict.fromkeys(
        ("id", "receipt_number", "business_day", "cashier", "customer_name", "notes"), ""
    )
    return Sale(
        **nobody, at=_AT, customer_id=None, lines=lines, payments=tuple(payments), totals=totals,
        prices_include_tax=rules.prices_include_tax, tax_rate=rules.rate, tendered=0, change=0, status="completed",
        return_of=None, order_id=None, flags=(), unsent=False,
    )  # fmt: skip


class Functions:
    """A till without a database: remembers what came back of its one sale."""

    def __init__(self) -> None:
        self._before = refunds.Refunded()
        self._now: Sale | None = None
        """The sale with what came back of its lines."""

    def sell(self, cart: Cart, payments: Sequence[Payment], rules: TaxRules) -> Sale:
        carts.check(cart)
        totals = carts.totals_paid(cart, rules, payments)
        sales.check_payments(cart, payments, totals, rules.cash_rounding)
        return _sale(sales.lines_of(cart), payments, totals, rules)

    def give_back(
        self, sale: Sale, back: Quantities, coin: int, first: PayMethod | None, paid: Sequence[Payment] | None
    ) -> refunds.Refund:
        return self._take(sale, back, coin, first, paid, 0)

    def _take(
        self,
        sale: Sale,
        back: Quantities,
        coin: int,
        first: PayMethod | None,
        paid: Sequence[Payment] | None,
        exchanged: int,
    ) -> refunds.Refund:
        now = self._now or sale
        refund = refunds.reckon(now, self._before, back, coin, first=first, payments=paid, exchanged=exchanged)
        lines = list(now.lines)
        for n, more in back.items():
            lines[n - 1] = replace(lines[n - 1], returned=Quantity(lines[n - 1].returned + more))
        self._now = replace(now, lines=tuple(lines))
        by_method = dict(self._before.by_method)
        for one in refund.payments:
            by_method[one.came_by] = by_method.get(one.came_by, 0) + one.amount
        total, tax = self._before.total + refund.totals.total, self._before.tax + refund.totals.tax
        self._before = refunds.Refunded(by_method, total, tax)
        return refund

    def exchange(
        self,
        sale: Sale,
        back: Quantities,
        cart: Cart,
        rules: TaxRules,
        first: PayMethod | None,
        pay: Callable[[Cart], Sequence[Payment]],
    ) -> tuple[refunds.Refund, Sale, Till]:
        owed = refunds.owed(self._now or sale, self._before, back)
        cart = replace(cart, back=Back("", "", (), (), owed))
        refund = self._take(sale, back, rules.cash_rounding, first, None, carts.exchanged(cart, rules))
        swapped = tuple(one for one in refund.payments if one.method == EXCHANGE)
        paid = [one for one in pay(cart) if one.amount or one.method == "cash"]
        totals = carts.totals_paid(cart, rules, paid)
        sales.check_payments(cart, paid, totals, rules.cash_rounding, exchanged=carts.exchanged(cart, rules))
        sold = _sale(sales.lines_of(cart), (*swapped, *(one for one in paid if one.amount)), totals, rules)
        return refund, sold, Functions()

    def void(self, sale: Sale) -> bool:
        return False

    def kept(self, sale: Sale) -> dict[str, int] | None:
        return None


class Stored:
    """A till with a database: everything through the doors that the screens use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        drafts = (PartDraft(name="x", decimals=decimals) for decimals in range(DECIMALS + 1))
        self._parts = [store.run_now(inventory.create, draft).id for draft in drafts]
        """A part for each number of decimals: a sale has them from its part."""
        self._family: dict[str, list[str]] = {}
        """The sales whose goods went out for those of another."""

    def sell(self, cart: Cart, payments: Sequence[Payment], rules: TaxRules) -> Sale:
        opened = self._store.run_now(sales.open_cart)
        lines = tuple(replace(line, part_id=self._parts[line.decimals]) for line in cart.lines)
        cart = replace(cart, id=opened.id, lines=lines)
        options: Any = {"cashier": "c", "device_id": "d", "rules": rules}
        sold = self._store.run_now(sales.checkout, cart, payments, **options)
        read = self._store.read_now(sales.get, sold.id)
        if read != sold:
            raise Differs(f"sold was {sold}, and what is read later is {read}")
        return read

    def give_back(
        self, sale: Sale, back: Quantities, coin: int, first: PayMethod | None, paid: Sequence[Payment] | None
    ) -> refunds.Refund:
        rules = TaxRules(sale.tax_rate, sale.prices_include_tax, coin)
        self._store.run_now(state.put_tax_rules, rules)
        now, before = self._store.read_now(sales.get, sale.id), self._store.read_now(aftersales.refunded, sale.id)
        if paid is None and first is not None:
            paid = refunds.reckon(now, before, back, coin, first=first).payments
        options: Any = {"payments": paid, "cashier": "c", "device_id": "d", "reason": "r"}
        given = self._store.run_now(aftersales.give_back, sale.id, back, **options)
        return refunds.Refund(given.lines, given.totals, given.payments)

    def exchange(
        self,
        sale: Sale,
        back: Quantities,
        cart: Cart,
        rules: TaxRules,
        first: PayMethod | None,
        pay: Callable[[Cart], Sequence[Payment]],
    ) -> tuple[refunds.Refund, Sale, Till]:
        opened = self._store.run_now(sales.open_cart)
        lines = tuple(replace(line, part_id=self._parts[line.decimals]) for line in cart.lines)
        cart = replace(cart, id=opened.id, lines=lines)
        cart = self._store.read_now(exchanges.bring_back, cart, sale.id, back, "r")
        paid = pay(cart)
        if carts.to_give(cart, rules):
            ways = self._store.read_now(exchanges.ways_to_give, cart, rules)
            paid = [one for one in ways.get(first, ways[None]).payments if one.method != EXCHANGE]
        options: Any = {"cashier": "c", "device_id": "d", "rules": rules}
        sold = self._store.run_now(exchanges.checkout, cart, paid, **options)
        given = self._store.read_now(sales.get, sold.exchange_id)
        self._family.setdefault(sale.id, []).append(sold.id)
        return refunds.Refund(given.lines, given.totals, given.payments), sold, self

    def void(self, sale: Sale) -> bool:
        self._store.run_now(aftersales.void, sale.id, "a mistake", "c")
        return True

    def kept(self, sale: Sale) -> dict[str, int] | None:
        """By the movements of money, also of what was exchanged; what is owed stands on the customer's account, too."""
        family = "WITH one AS (SELECT value AS id FROM json_each(?1))"
        of_sale = "SELECT sale.id FROM sale JOIN one ON one.id IN (sale.id, return_of)"
        moved = f"{family} SELECT method, sum(amount) FROM money_move WHERE sale_id IN ({of_sale}) GROUP BY method"
        kept = dict(self._rows(moved, json.dumps(self._all_of(sale.id))))
        ((owed,),) = self._rows("SELECT coalesce(sum(amount), 0) FROM account_move")
        self._store.run_now(db.execute, "DELETE FROM account_move")
        if owed != kept.get("credit", 0):
            raise Differs(f"{owed} stand on the account, {kept} were moved")
        return kept

    def _all_of(self, sale_id: str) -> list[str]:
        """A sale, those that were made of its goods by exchange, and so on."""
        return [sale_id, *(other for one in self._family.get(sale_id, ()) for other in self._all_of(one))]

    def _rows(self, sql: str, *values: str) -> list[Any]:
        return self._store.read_now(lambda: db.execute(sql, values).fetchall())
