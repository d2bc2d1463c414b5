"""The day: who comes in, what the clerk does about it, and what is done by the end of it.

Two tills of one shop speak to a backend over a real socket; in the afternoon both lines are cut. Everything goes
through the functions that the screens and the commands call, and is told to the books at the same time.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from clutch_tui.core import (
    accounts,
    aftersales,
    cash,
    customers,
    exchanges,
    inventory,
    orders,
    quotation_carts,
    quotations,
    reports,
    sales,
    state,
)
from clutch_tui.core import cart as carts
from clutch_tui.core.quantity import of_decimal, to_decimal
from clutch_tui.core.types import Cart, CustomerDraft, Discount, Part, PartDraft, Payment
from clutch_tui.sandbox.server import Running
from tests.money_reference.rules import NOTHING, Line, Off, Paid, Ticket, to_piastre
from tests.test_net.till import HandClock, Till, open_till

from . import wishes
from .amounts import minor, pounds
from .books import Books, Rules

CLERKS = {"a": "أحمد", "b": "سارة"}
WAYS = ("visa", "wallet", "instapay")

MEASURED = (("زيت ٢٠ وات", "LTR", 3, "145.00"), ("خرطوم بنزين", "MTR", 2, "33.35"), ("كاوتش سايب", "KGM", 3, "89.99"))
PIECES = ("تيل فرامل", "فلتر زيت", "بوجيه", "طلمبة مية", "سير كاتينة", "مساعد أمامي", "لمبة", "بطارية", "دينامو")


class Cable(httpx.AsyncBaseTransport):
    """The line of a till to its server, which can be pulled out."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=False)
        self.is_cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("no route", request=request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each thing happens. The sales include those of quotations and orders, not those of exchanges."""

    sales: int = 400
    returns: int = 12
    exchanges: int = 3
    voids: int = 5
    quotations: int = 20
    orders: int = 6
    special_orders: int = 9
    debts_paid: int = 10
    cash_moves: int = 8
    closings: int = 3


@dataclass(frozen=True, slots=True)
class _Quoted:
    """What a quotation says, and the till that made it: another one may not have heard of it."""

    till: str
    parts: Sequence[str]
    lines: Sequence[Line]
    off: Off


def _discount(off: Off) -> Discount:
    return Discount(percent=int(off.percent * 100), amount=minor(off.amount))


class Day:
    """A day of a shop. `run` lives it; `differences` says what the program and the books disagree about."""

    def __init__(self, seed: int, plan: Plan) -> None:
        self.chance = random.Random(seed)
        self.plan = plan
        self.done: dict[str, int] = {}
        self.tills: dict[str, Till] = {}
        self.cables: dict[str, Cable] = {}
        self.parts: dict[str, str] = {}
        """Ids by name, as for customers."""
        self.customers: dict[str, str] = {}
        self.quoted: dict[str, _Quoted] = {}
        """The quotations that nobody has taken up or lost."""
        self.wishes: dict[str, tuple[str, str, Line]] = {}
        """The special orders that nobody has fetched or cancelled: at which till, of which part, and its line."""

    async def run(self, folder: Path, sandbox: Running) -> None:
        """Open, sell all day, close."""
        self.sandbox = sandbox
        clock = HandClock()
        for name in CLERKS:
            self.cables[name] = Cable()
            self.tills[name] = await open_till(folder, sandbox, name, clock=clock, transport=self.cables[name])
        self.first_day = self.tills["a"].ask(state.business_day)
        await self._open()
        happenings = self._happenings()
        noon, evening = len(happenings) * 2 // 5, len(happenings) * 4 // 5
        for n, happening in enumerate(happenings):
            for cable in self.cables.values():
                cable.is_cut = noon <= n < evening
            clock.forward(20)
            await happening(self.chance.choice(list(self.tills)))
            if not noon <= n < evening and self.chance.random() < 0.3:
                await self._sync()
        await self._sync(rounds=12)
        self.last_day = self.tills["a"].ask(state.business_day)

    async def close(self) -> None:
        for till in self.tills.values():
            await till.close()

    # --- the morning -------------------------------------------------------------------------------------

    async def _open(self) -> None:
        first = self.tills["a"]
        await self._sync()  # how the shop reckons, the server says
        rules = first.ask(state.tax_rules)
        self.books = Books(Rules(Decimal(rules.rate) / 100, rules.prices_include_tax, pounds(rules.cash_rounding)))
        for name, unit, decimals, price in MEASURED:
            self._stock(PartDraft(name=name, price=minor(Decimal(price)), unit=unit, decimals=decimals), Decimal(900))
        for n, name in enumerate(PIECES):
            self._stock(PartDraft(name=name, price=9_995 + 3_333 * n), Decimal(700))
        for n, name in enumerate(("ورشة النور", "الحاج سيد", "مدام هالة")):
            draft = CustomerDraft(name=name, phone=f"0100000000{n}")
            self.customers[name] = first.do(customers.create, draft).id
        for name in self.tills:
            self._cash(name, "open", Decimal(500))
        await self._sync(rounds=4)

    def _stock(self, draft: PartDraft, quantity: Decimal) -> None:
        part = self.tills["a"].do(inventory.create, draft, of_decimal(quantity))
        self.parts[draft.name] = part.id
        self.books.shelves[draft.name] = quantity

    def _happenings(self) -> list[Callable[[str], Awaitable[None]]]:
        """All of the day in its order: what is taken up or comes back was quoted or sold before."""
        plan = self.plan
        taken_up, lost = plan.quotations * 2 // 5, plan.quotations // 5
        many: list[Callable[[str], Awaitable[None]]] = [self._sale] * (plan.sales - taken_up - plan.orders)
        many += [self._quote] * plan.quotations + [self._debt] * plan.debts_paid
        many += [self._move_cash] * plan.cash_moves + [self._count] * plan.closings
        self.chance.shuffle(many)
        early, late = many[: len(many) // 2], many[len(many) // 2 :]
        late += [self._take_up] * taken_up + [self._lose] * lost + [self._return] * plan.returns
        late += [self._exchange] * plan.exchanges
        late += [self._void] * plan.voids
        fetched, cancelled = plan.special_orders * 5 // 9, plan.special_orders * 3 // 9
        many_wishes = [partial(wishes.order, self)] * plan.special_orders
        early = [*many_wishes, *early]
        late += [partial(wishes.fetch, self)] * fetched + [partial(wishes.cancel, self)] * cancelled
        self.chance.shuffle(late)
        # customers of the marketplace are heard while there is a line
        before, after = [self._order] * (plan.orders // 2), [self._order] * (plan.orders - plan.orders // 2)
        return [*before, *early, *late, *after]

    # --- what happens ------------------------------------------------------------------------------------

    async def _sale(self, till: str) -> None:
        cart, parts, lines, off = self._fill(till)
        customer = self.chance.choice([None, None, None, *self.customers])
        self._check_out(till, self._for(till, cart, customer), parts, lines, off, customer)

    def _fill(self, till: str) -> tuple[Cart, list[str], list[Line], Off]:
        """A cart as it is scanned and typed, and the same for the books."""
        cart, lines = self.tills[till].ask(sales.open_cart), list[Line]()
        parts = self.chance.sample(sorted(self.parts), self.chance.choice((1, 1, 2, 3, 5)))
        for n, name in enumerate(parts):
            part: Part = self.tills[till].ask(inventory.get, self.parts[name])
            quantity = self._quantity(part)
            cart = carts.add_line(cart, part, of_decimal(quantity))
            price = pounds(part.draft.price)
            if self.chance.random() < 0.1:
                price = to_piastre(price * Decimal(self.chance.choice(("0.9", "1.05", "0.333"))))
                cart = carts.set_price(cart, n, minor(price))
            off = self._off(quantity * price)
            cart = carts.set_discount(cart, n, _discount(off))
            lines.append(Line(quantity, price, off))
        whole = self._off(sum((line.comes_to for line in lines), NOTHING))
        return carts.with_discount(cart, _discount(whole)), parts, lines, whole

    def _quantity(self, part: Part) -> Decimal:
        if part.draft.decimals:
            return Decimal(self.chance.randint(1, 4 * 10**part.draft.decimals)).scaleb(-part.draft.decimals)
        return Decimal(self.chance.choice((1, 1, 1, 2, 4)))

    def _off(self, whole: Decimal) -> Off:
        kind = self.chance.random()
        if kind < 0.1:
            return Off(percent=Decimal(self.chance.choice(("5", "7.5", "12.25"))))
        return (
            Off(amount=min(Decimal(self.chance.choice(("5.00", "0.35"))), to_piastre(whole))) if kind < 0.2 else Off()
        )

    def _for(self, till: str, cart: Cart, customer: str | None) -> Cart:
        if customer is None:
            return cart
        return carts.with_customer(cart, self.tills[till].ask(customers.get, self.customers[customer]))

    def _check_out(
        self, till: str, cart: Cart, parts: Sequence[str], lines: Sequence[Line], off: Off, customer: str | None
    ) -> None:
        """The books say what is to be paid; the program refuses any other sum."""
        ticket = self.books.ticket(lines, off)
        paid = self._payments(ticket, customer)
        sale = self.tills[till].do(
            sales.checkout,
            cart,
            tuple(Payment(one.way, minor(one.amount)) for one in paid),  # type: ignore[arg-type]
            tendered=minor(sum((one.amount for one in paid if one.way == "cash"), NOTHING)),
            cashier=CLERKS[till],
            device_id=f"device-{till}",
            rules=self.tills[till].ask(state.tax_rules),
        )
        self.books.sell(till, sale.id, parts, ticket, paid, customer)
        self.count_one("sales")

    def _payments(self, ticket: Ticket, customer: str | None) -> list[Paid]:
        """Half of them cash alone, some in two ways, some on account."""
        way = self.chance.choice(("cash", "cash", "cash", "split", *WAYS, *(("credit",) if customer else ())))
        if way != "split":
            return [Paid(way, ticket.due([], way))] if ticket.due([], way) else []
        part = to_piastre(ticket.exact * Decimal(self.chance.randint(1, 9)) / 10)
        first = [Paid(self.chance.choice(WAYS), part)] if part else []
        rest = ticket.due(first, "cash")
        return [*first, Paid("cash", rest)] if rest > 0 else [Paid("visa", ticket.due([], "visa"))]

    async def _return(self, till: str) -> None:
        """Something of a sale that this till knows comes back, in whole or in part."""
        till, sale_id, back = self._comes_back(till)
        given = self.books.give_back(till, sale_id, back)
        receipt = self.tills[till].do(
            aftersales.give_back,
            sale_id,
            {n + 1: of_decimal(quantity) for n, quantity in back.items()},
            cashier=CLERKS[till],
            device_id=f"device-{till}",
            reason="مش مناسبة",
        )
        assert pounds(receipt.totals.total) == given.total, f"{receipt.receipt_number} gives back {given.total}"
        self.count_one("returns")

    def _comes_back(self, till: str) -> tuple[str, str, dict[int, Decimal]]:
        """The till where something comes back, of which sale, and how much of each line, from 0."""
        sale_id = self.chance.choice([id for id, sold in self.books.sales.items() if sold.is_returnable])
        sold = self.books.sales[sale_id]
        back: dict[int, Decimal] = {}
        for n in range(len(sold.parts)):
            left = sold.takes_back(n)
            if left and (self.chance.random() < 0.6 or not back):
                decimals = self.tills["a"].ask(inventory.get, self.parts[sold.parts[n]]).draft.decimals
                half = (left / 2).quantize(Decimal(1).scaleb(-decimals), ROUND_CEILING)
                back[n] = self.chance.choice((left, half))
        return till if self._knows(till, sale_id) else sold.till, sale_id, back

    async def _exchange(self, till: str) -> None:
        """Something comes back, and something else goes out for it."""
        till, sale_id, back = self._comes_back(till)
        sold = self.books.sales[sale_id]
        cart, parts, lines, off = self._fill(till)
        quantities = {n + 1: of_decimal(quantity) for n, quantity in back.items()}
        cart = self.tills[till].ask(exchanges.bring_back, cart, sale_id, quantities, "مش مقاسه")
        goes = cart.id, parts, self.books.ticket(lines, off)
        paid = self.books.exchange(till, sold, back, goes, self.chance.choice(("cash", *WAYS)))
        self.tills[till].do(
            exchanges.checkout,
            cart,
            tuple(Payment(one.way, minor(one.amount)) for one in paid),  # type: ignore[arg-type]
            cashier=CLERKS[till],
            device_id=f"device-{till}",
            rules=self.tills[till].ask(state.tax_rules),
        )
        self.count_one("exchanges")

    async def _void(self, till: str) -> None:
        """One of the last sales was a mistake."""
        fresh = [id for id, sold in self.books.sales.items() if sold.is_voidable]
        sale_id = self.chance.choice(fresh[-3:])
        till = self.books.sales[sale_id].till
        self.tills[till].do(aftersales.void, sale_id, "غلط", CLERKS[till])
        self.books.void(till, sale_id)
        self.count_one("voids")

    async def _quote(self, till: str) -> None:
        cart, parts, lines, off = self._fill(till)
        made = self.tills[till].do(
            quotations.quote,
            cart,
            valid_until=self.tills[till].ask(quotations.usual_end),
            name="عميل",
            cashier=CLERKS[till],
            device_id=f"device-{till}",
            rules=self.tills[till].ask(state.tax_rules),
        )
        self.quoted[made.id] = _Quoted(till, parts, lines, off)
        self.count_one("quotations")

    async def _take_up(self, till: str) -> None:
        """What was quoted is what is sold, whatever the part costs by now."""
        quotation_id, quoted = self._a_quotation()
        till = quoted.till
        self._raise_price(till, quoted.parts[0])
        cart = self.tills[till].ask(quotation_carts.recall, quotation_id).quoted
        self.tills[till].do(sales.save_cart, cart)
        self._check_out(till, cart, quoted.parts, quoted.lines, quoted.off, None)
        self.count_one("taken up")

    async def _lose(self, till: str) -> None:
        quotation_id, quoted = self._a_quotation()
        self.tills[quoted.till].do(quotations.lose, quotation_id, "غالي", CLERKS[quoted.till])
        self.count_one("lost quotations")

    def _a_quotation(self) -> tuple[str, _Quoted]:
        """The oldest that is open; it is not any more."""
        quotation_id = next(iter(self.quoted))
        return quotation_id, self.quoted.pop(quotation_id)

    def _raise_price(self, till: str, name: str) -> None:
        seen = self.tills[till].ask(inventory.get, self.parts[name])
        draft = replace(seen.draft, price=seen.draft.price + 500)
        self.tills[till].do(inventory.edit, seen.id, draft, seen=seen)

    async def _order(self, till: str) -> None:
        """A customer of the marketplace orders; the shop names its prices, and he comes and takes it at those."""
        parts = self.chance.sample(PIECES, 2)
        wanted = [(name, Decimal(self.chance.choice((1, 2)))) for name in parts]
        told = [{"item_id": self.parts[name], "item_name": name, "quantity": int(n)} for name, n in wanted]
        order = {"customer_name": "كريم", "phone": "01012345678", "lines": told}
        order_id = (await self._control(do="order", order=order))["id"]
        await self._sync()
        own = self.tills[till]
        prices = [to_piastre(pounds(own.ask(inventory.get, self.parts[name]).draft.price) * 2) for name in parts]
        lines = [
            replace(line, price=minor(price))
            for line, price in zip(own.ask(orders.get, order_id).lines, prices, strict=True)
        ]
        own.do(orders.quote, order_id, lines, own.clock.now() + timedelta(days=2))
        await self._sync()
        cart = own.do(orders.to_cart, order_id)
        sold = [Line(n, price) for (_, n), price in zip(wanted, prices, strict=True)]
        self._check_out(till, cart, parts, sold, Off(), None)
        self.count_one("orders")

    async def _debt(self, till: str) -> None:
        """A customer pays some of what the till believes that he owes, or a part of a later debt beforehand."""
        name = self.chance.choice(sorted(self.customers))
        amount = Decimal(self.chance.choice(("50.00", "125.50", "300.00")))
        way = self.chance.choice(("cash", "cash", "instapay"))
        pay = (self.customers[name], minor(amount), way, "", CLERKS[till])
        self.tills[till].do(accounts.pay, *pay, beyond_debt=True)
        self.books.pay_debt(till, name, Paid(way, amount))
        self.count_one("payments on account")

    async def _move_cash(self, till: str) -> None:
        kind, amount = self.chance.choice((("pay_in", "100.00"), ("pay_out", "35.25"), ("pay_out", "80.00")))
        self._cash(till, kind, Decimal(amount))
        self.count_one("movements of cash")

    def _cash(self, till: str, kind: Any, amount: Decimal) -> None:
        named = {"drawer_id": f"device-{till}", "actor": CLERKS[till], "reason": "نثريات"}
        self.tills[till].do(cash.do, kind, minor(amount), **named)
        self.books.move_cash(till, -amount if kind == "pay_out" else amount)

    async def _count(self, till: str) -> None:
        """The drawer is counted, some coins are missing, and the next one begins with a float."""
        missing = Decimal(self.chance.choice(("0.00", "1.50")))
        expected = self.books.close(till)
        counted = max(NOTHING, expected - missing)
        closed = self.tills[till].do(cash.close, minor(counted), drawer_id=f"device-{till}", actor=CLERKS[till])
        assert pounds(closed.expected) == expected, f"till {till} expects {pounds(closed.expected)}, not {expected}"
        assert pounds(closed.difference or 0) == counted - expected
        self._cash(till, "open", Decimal(200))
        self.count_one("closings")

    # --- the machinery -----------------------------------------------------------------------------------

    async def _sync(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            for till in self.tills.values():
                await till.step()

    async def _control(self, **order: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(verify=False) as client:
            answer = await client.post(f"{self.sandbox.root}/__control", json=order)
            answer.raise_for_status()
            data: dict[str, Any] = answer.json()["data"]
            return data

    def _knows(self, till: str, sale_id: str) -> bool:
        return bool(self.tills[till].sql("SELECT 1 FROM sale WHERE id = ?", sale_id))

    def count_one(self, what: str) -> None:
        """Note that this has happened once more."""
        self.done[what] = self.done.get(what, 0) + 1

    # --- what the tills and the server say ---------------------------------------------------------------

    def differences(self) -> list[str]:
        """Return what the tills or the server say otherwise than the books; one sentence each."""
        said = [difference for name in self.tills for difference in self._at_till(name)]
        return [sentence for sentence in [*said, *self._at_server()] if sentence]

    def _at_till(self, name: str) -> Iterator[str]:
        till, books = self.tills[name], self.books
        for change in till.changes:
            yield f"{name}: {change.kind} {change.status or change.lane}"
        yield _other(f"{name}: drawer", pounds(till.ask(cash.report).expected), books.drawers[name])
        shop = till.ask(reports.takings, self.first_day, self.last_day)
        yield _other(f"{name}: revenue", pounds(shop.revenue), books.revenue)
        yield _other(f"{name}: tax", pounds(shop.tax), books.tax)
        brought = dict(shop.methods)
        for way in {*brought, *books.takings}:
            yield _other(f"{name}: {way}", pounds(brought.get(way, 0)), books.takings[way])
        for part, on_shelf in books.shelves.items():
            yield _other(f"{name}: {part}", Decimal(till.shelf(self.parts[part])), on_shelf)
        for customer, id in self.customers.items():
            yield _other(f"{name}: {customer}", pounds(till.ask(customers.get, id).balance), books.debts[customer])

    def _at_server(self) -> Iterator[str]:
        with sqlite3.connect(f"file:{self.sandbox.settings.db}?mode=ro", uri=True) as db:
            shelves = dict(db.execute("SELECT id, stock_quantity FROM item").fetchall())
            debts = dict(db.execute("SELECT id, balance FROM customer").fetchall())
            of_sales = "SELECT sum(CASE WHEN return_of IS NULL THEN {0} ELSE -abs({0}) END) FROM sale"
            totals = [
                db.execute(f"{of_sales.format(name)} WHERE status <> 'voided'").fetchone()[0]
                for name in ("total", "tax")
            ]
        yield _other("server: revenue", pounds(totals[0]), self.books.revenue)
        yield _other("server: tax", pounds(totals[1]), self.books.tax)
        for part, on_shelf in self.books.shelves.items():
            yield _other(f"server: {part}", Decimal(to_decimal(shelves[self.parts[part]])), on_shelf)
        for customer, id in self.customers.items():
            waiting = sum(left.amount for left in self.books.waiting.values() if left.customer == customer)
            yield _other(f"server: {customer}", pounds(debts[id]), self.books.debts[customer] - waiting)


def _other(what: str, said: Decimal, due: Decimal) -> str:
    return "" if said == due else f"{what} {said}, the books say {due}"
