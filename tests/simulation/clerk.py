"""What people do at a terminal: each function draws one deed and does it through the program's own doors."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from clutch_tui.core import (
    accounts,
    aftersales,
    cash,
    customers,
    inventory,
    money,
    orders,
    refunds,
    sales,
    state,
    suppliers,
)
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.order_types import OrderLine
from clutch_tui.core.quantity import ONE, Quantity, smallest, whole
from clutch_tui.core.sync import conflicts, queue
from clutch_tui.core.types import (
    NO_DISCOUNT,
    Cart,
    CustomerDraft,
    Discount,
    PartDraft,
    Payment,
    SupplierDraft,
    TaxRules,
)

from . import writing
from .terminal import Terminal
from .violation import Violation

Deed = Callable[[Terminal, random.Random], str]

TOO_LONG = "0" * 45
"""A telephone number that the program takes and the server refuses."""


class NothingToDo(Exception):
    """The terminal has nothing to do this deed with."""


def _one(terminal: Terminal, rng: random.Random, sql: str) -> str:
    rows = terminal.sql(sql)
    if not rows:
        raise NothingToDo
    return str(rng.choice(rows)[0])


def _part(terminal: Terminal, rng: random.Random) -> str:
    return _one(terminal, rng, "SELECT id FROM part WHERE deleted = 0 ORDER BY id")


def _customer(terminal: Terminal, rng: random.Random) -> str:
    return _one(terminal, rng, "SELECT id FROM customer WHERE deleted = 0 ORDER BY id")


# --- sales -----------------------------------------------------------------------------------------------


METHODS: tuple[Any, ...] = ("cash", "cash", "visa", "credit")


def sell(terminal: Terminal, rng: random.Random) -> str:
    """One to three parts; some in more pieces than there are, what is measured in fractions, some on a customer's
    account, some paid in parts."""
    known = terminal.sql("SELECT id, decimals FROM part WHERE deleted = 0 ORDER BY id")
    if not known:
        raise NothingToDo
    chosen = [
        (part_id, draw_quantity(rng, (1, 1, 2, 3, 9), decimals))
        for part_id, decimals in rng.sample(known, min(len(known), rng.randint(1, 3)))
    ]
    methods = [rng.choice(METHODS)]
    if rng.random() < 0.3:
        methods = rng.sample(("cash", "visa", "instapay", "credit"), 2)
    customer_id = _customer(terminal, rng) if "credit" in methods else None
    off = rng.choice((NO_DISCOUNT, NO_DISCOUNT, Discount(percent=rng.randint(1, 3_000)), Discount(rng.randint(1, 99))))
    receipt = terminal.do(sell_these, chosen, *methods, customer_id=customer_id, off=off)
    return f"sold {receipt.id}"


def draw_quantity(rng: random.Random, units: Sequence[int], decimals: int) -> Quantity:
    """So many units; of what is sold in fractions often some less."""
    drawn, step = whole(rng.choice(units)), smallest(decimals)
    if decimals and rng.random() < 0.7:
        drawn = Quantity(drawn - (1 if drawn > 0 else -1) * step * rng.randrange(1000 // step))
    return drawn


def sell_these(
    chosen: list[tuple[str, Quantity]], *methods: Any, customer_id: str | None = None, off: Discount = NO_DISCOUNT
) -> Any:
    """Check out a cart with these parts in these quantities, paid by these methods in parts; the receipt."""
    cart = sales.open_cart()
    for n, (part_id, quantity) in enumerate(chosen):
        cart = carts.set_quantity(carts.add_line(cart, inventory.get(part_id)), n, quantity)
    if customer_id is not None:
        cart = carts.with_customer(cart, customers.get(customer_id))
    return check_out(replace(cart, discount=off), *methods)


def check_out(cart: Any, *methods: Any) -> Any:
    """Pay a cart by these methods, half of what is left by each but the last; the receipt."""
    cart = writing.on_cart(cart)
    rules, payments = state.tax_rules(), list[Payment]()
    for n, method in enumerate(methods, 1):
        due = carts.due(cart, rules, payments, method)
        part = due if n == len(methods) else due // 2
        payments.append(Payment(method, money.down_to_coin(part, rules.cash_rounding) if method == "cash" else part))
    wanted = [payment for payment in payments if payment.amount or payment.method == "cash"]
    wanted = writing.on_payments(cart.id, wanted)
    receipt = sales.checkout(cart, wanted, tendered=0, cashier="c", device_id="d", rules=rules)
    if receipt.totals != carts.totals_paid(cart, rules, wanted):
        raise Violation(f"the sale of {cart} came to {receipt.totals}")
    writing.check_receipt(cart, wanted, receipt)
    return receipt


def sell_changed(terminal: Terminal, rng: random.Random) -> str:
    """Two windows have one open cart: one sells it as it is, the other takes something off and sells it, too."""
    part_id, off = _part(terminal, rng), Discount(percent=rng.randint(100, 3_000))
    cart = carts.add_line(Cart(terminal.new_id()), terminal.ask(inventory.get, part_id), whole(2))
    one = terminal.do(check_out, cart, "cash")
    try:
        other = terminal.do(check_out, carts.with_discount(cart, off), "visa")
    except ShopError as error:
        if error.key != "error.sale.sold_already":
            raise
        raise Violation("a cart that was changed counts as the sale that was made of it before") from error
    return f"sold {one.id} and {other.id}"


def change_rules(terminal: Terminal, rng: random.Random) -> str:
    """The shop takes tax on top or has it in its prices, and another smallest coin."""
    rules = TaxRules(rng.choice((0, 1400)), rng.random() < 0.5, rng.choice((0, 25, 50, 100)))
    terminal.do(state.put_tax_rules, rules)
    return f"has {rules}"


def void(terminal: Terminal, rng: random.Random) -> str:
    """Any sale that the terminal knows, of whichever terminal."""
    sale_id = _one(terminal, rng, "SELECT id FROM sale WHERE kind = 'sale' AND status = 'completed' ORDER BY id")
    terminal.do(aftersales.void, sale_id, "a mistake", "c")
    return f"voided {sale_id}"


def give_back(terminal: Terminal, rng: random.Random) -> str:
    sale_id = _one(terminal, rng, "SELECT id FROM sale WHERE kind = 'sale' AND status = 'completed' ORDER BY id")
    line = rng.choice(terminal.ask(sales.get, sale_id).lines)
    step = smallest(line.decimals)
    back = {line.n: Quantity(step * rng.randint(1, max(1, line.quantity // step)))}
    options: Any = {"cashier": "c", "device_id": "d", "reason": "does not fit"}
    if rng.random() < 0.3:  # the customer wants what he may have in cash
        options["payments"] = terminal.ask(_in_cash_first, sale_id, back)
    if terminal.measures and rng.random() < 0.2:
        options["damaged"] = True
    receipt = terminal.do(aftersales.give_back, sale_id, back, **options)
    return f"took back {receipt.id} of {sale_id}"


def _in_cash_first(sale_id: str, back: dict[int, Quantity]) -> tuple[Payment, ...]:
    coin = state.tax_rules().cash_rounding
    earlier = aftersales.refunded(sale_id)
    return refunds.reckon(sales.get(sale_id), earlier, back, coin, first="cash").payments


def drawer(terminal: Terminal, rng: random.Random) -> str:
    kind: Any = rng.choice(("open", "pay_in", "pay_out", "no_sale", "close"))
    amount = rng.randint(1, 5000)
    if kind == "close":
        terminal.do(cash.close, amount, drawer_id=terminal.name, actor="c")
    else:
        spent = writing.spent_on(amount) if kind == "pay_out" else ""
        terminal.do(cash.do, kind, amount, drawer_id=terminal.name, actor="c", reason="change", category=spent)
    return f"drawer {kind}"


# --- parts -----------------------------------------------------------------------------------------------


def _decimals(terminal: Terminal, part_id: str) -> int:
    return int(terminal.sql("SELECT decimals FROM part WHERE id = ?", (part_id,))[0][0])


def adjust(terminal: Terminal, rng: random.Random) -> str:
    part_id = _part(terminal, rng)
    quantity = draw_quantity(rng, (-2, -1, 1, 5), _decimals(terminal, part_id))
    terminal.do(inventory.adjust, part_id, quantity, "found")
    return f"adjusted {part_id}"


MANY = 130
"""More changes than one call may carry."""
LONG = "جرد المخزن سطرا سطرا " * 60
"""So long that these many do not fit into one call for their bytes either."""


def much_at_once(terminal: Terminal, rng: random.Random) -> str:
    """A stocktaking from a list, or what a drawer did in a week without a line."""
    if rng.random() < 0.5:
        part_id, reason = _part(terminal, rng), rng.choice(("found", LONG))
        terminal.do(lambda: [inventory.adjust(part_id, ONE, reason) for _ in range(MANY)])
        return f"adjusted {part_id} {MANY} times"
    options: Any = {"drawer_id": terminal.name, "actor": "c", "reason": rng.choice(("change", LONG))}
    terminal.do(lambda: [cash.do("pay_in", n + 1, **options) for n in range(MANY)])
    return f"paid in {MANY} times"


def count_stock(terminal: Terminal, rng: random.Random) -> str:
    part_id = _part(terminal, rng)
    terminal.do(inventory.count_stock, part_id, draw_quantity(rng, range(61), _decimals(terminal, part_id)))
    return f"counted {part_id}"


def create_part(terminal: Terminal, rng: random.Random) -> str:
    number = "N" * 250 if rng.random() < 0.1 else f"N-{rng.randrange(10**6)}"
    if not terminal.measures:
        draft = PartDraft(name="جديد", part_number=number, price=500)
        return f"created {terminal.do(inventory.create, draft, whole(rng.randint(0, 9))).id}"
    unit, decimals = rng.choice((("", 0), ("", 0), ("LTR", 3), ("MTR", 1)))
    draft = PartDraft(name="جديد", part_number=number, price=500, unit=unit, decimals=decimals)
    part = terminal.do(inventory.create, draft, draw_quantity(rng, range(1, 10), decimals))
    return f"created {part.id}"


def open_form(terminal: Terminal, rng: random.Random) -> str:
    """Open a part to edit it, and go away."""
    part_id = _part(terminal, rng)
    terminal.forms[part_id] = terminal.ask(inventory.get, part_id)
    return f"opened {part_id}"


def edit_part(terminal: Terminal, rng: random.Random) -> str:
    """Save a form: one that was opened just now, or long ago."""
    part_id = rng.choice(list(terminal.forms)) if terminal.forms and rng.random() < 0.5 else _part(terminal, rng)
    seen = terminal.forms.pop(part_id, None) or terminal.ask(inventory.get, part_id)
    typed: dict[str, Any] = {
        "name": f"اسم {rng.randrange(4)}",
        "price": rng.randrange(1000, 1004),
        "cost": rng.randrange(500, 504),
        "location": f"L-{rng.randrange(4)}",
    }
    if terminal.measures:
        typed["unit"] = rng.choice(("", "SET", "LTR"))
        typed["min_stock"] = draw_quantity(rng, (1, 2, 3), seen.draft.decimals)
    fields = {name: typed[name] for name in rng.sample(sorted(typed), rng.randint(1, 2))}
    if rng.random() < 0.05:
        fields["name"] = "ا" * 250
    terminal.save(inventory.edit, part_id, replace(seen.draft, **fields), seen=seen)
    return f"edited {part_id} {sorted(fields)}"


def delete_part(terminal: Terminal, rng: random.Random) -> str:
    if len(terminal.sql("SELECT id FROM part WHERE deleted = 0")) < 4:
        raise NothingToDo
    part_id = _part(terminal, rng)
    terminal.do(inventory.delete, part_id, seen=terminal.ask(inventory.get, part_id))
    return f"deleted {part_id}"


# --- customers -------------------------------------------------------------------------------------------


def create_customer(terminal: Terminal, rng: random.Random) -> str:
    phone = TOO_LONG if rng.random() < 0.1 else f"010{rng.randrange(10**8):08}"
    customer = terminal.do(customers.create, CustomerDraft(name="زبون", phone=phone, car_brand="Kia"))
    return f"created {customer.id}"


def edit_customer(terminal: Terminal, rng: random.Random) -> str:
    customer_id = _customer(terminal, rng)
    seen = terminal.ask(customers.get, customer_id)
    typed = {
        "name": f"زبون {rng.randrange(3)}",
        "address": f"A-{rng.randrange(3)}",
        "car_model": f"M{rng.randrange(3)}",
    }
    if rng.random() < 0.1:
        typed["phone"] = TOO_LONG
    name = rng.choice(sorted(typed))
    terminal.save(customers.edit, customer_id, replace(seen.draft, **{name: typed[name]}), seen=seen)
    return f"edited {customer_id} {name}"


def delete_customer(terminal: Terminal, rng: random.Random) -> str:
    customer_id = _customer(terminal, rng)
    terminal.do(customers.delete, customer_id, seen=terminal.ask(customers.get, customer_id))
    return f"deleted {customer_id}"


def pay(terminal: Terminal, rng: random.Random) -> str:
    customer_id = _customer(terminal, rng)
    terminal.do(accounts.pay, customer_id, rng.randint(1, 900), rng.choice(("cash", "visa")), "", "c", beyond_debt=True)
    return f"paid by {customer_id}"


def take_back(terminal: Terminal, rng: random.Random) -> str:
    """A payment, of whichever terminal: one of the last, which another may be taking back as well."""
    found = terminal.sql("SELECT id FROM document WHERE kind = 'payment' ORDER BY id DESC LIMIT 3")
    if not found:
        raise NothingToDo
    payment_id = rng.choice(found)[0]
    terminal.do(accounts.take_back, payment_id, "the wrong customer", "c")
    return f"took payment {payment_id} back"


# --- suppliers -------------------------------------------------------------------------------------------


def create_supplier(terminal: Terminal, rng: random.Random) -> str:
    phone = TOO_LONG if rng.random() < 0.1 else f"02{rng.randrange(10**8):08}"
    supplier = terminal.do(suppliers.create, SupplierDraft(name="مورد", phone=phone, rating=rng.randint(0, 5)))
    return f"created {supplier.id}"


def edit_supplier(terminal: Terminal, rng: random.Random) -> str:
    supplier_id = _one(terminal, rng, "SELECT id FROM supplier WHERE deleted = 0 ORDER BY id")
    seen = terminal.ask(suppliers.get, supplier_id)
    typed = {"name": f"مورد {rng.randrange(3)}", "address": f"A-{rng.randrange(3)}", "rating": rng.randint(0, 5)}
    name = rng.choice(sorted(typed))
    terminal.save(suppliers.edit, supplier_id, replace(seen.draft, **{name: typed[name]}), seen=seen)
    return f"edited {supplier_id} {name}"


def delete_supplier(terminal: Terminal, rng: random.Random) -> str:
    supplier_id = _one(terminal, rng, "SELECT id FROM supplier WHERE deleted = 0 ORDER BY id")
    terminal.do(suppliers.delete, supplier_id, seen=terminal.ask(suppliers.get, supplier_id))
    return f"deleted {supplier_id}"


# --- orders ----------------------------------------------------------------------------------------------


def answer_order(terminal: Terminal, rng: random.Random) -> str:
    """Accept, reject, quote, quote anew, or take the quote back."""
    order_id = _one(terminal, rng, "SELECT id FROM orders WHERE status IN ('pending', 'quoted') ORDER BY id")
    if rng.random() < 0.3:
        terminal.do(orders.reject, order_id, "sold out")
        return f"rejected {order_id}"
    order = terminal.ask(orders.get, order_id)
    if order.status == "quoted" and rng.random() < 0.2:
        terminal.do(orders.withdraw, order_id)
        return f"withdrew the quote for {order_id}"
    if rng.random() < 0.5:
        lines = [_offered(terminal, rng, line) for line in order.lines]
        terminal.do(orders.quote, order_id, lines, terminal.clock.now() + timedelta(days=2))
        return f"quoted {order_id}"
    terminal.do(orders.accept, order_id)
    return f"accepted {order_id}"


def _offered(terminal: Terminal, rng: random.Random, line: OrderLine) -> OrderLine:
    """What is offered for a line: now and then another part than was asked for, fewer of it, tomorrow, or nothing."""
    offered = replace(line, price=rng.randint(100, 900))
    if rng.random() < 0.3:
        offered = replace(offered, part_id=_part(terminal, rng), brand=rng.choice(("", "Bosch", "مصري")))
    if rng.random() < 0.3:
        offered = replace(offered, quantity=whole(rng.randint(1, 3)))
    day = (terminal.clock.now() + timedelta(days=2)).date().isoformat()
    return replace(offered, available=rng.choice(("now", "now", "now", day, "no")))


def sell_order(terminal: Terminal, rng: random.Random) -> str:
    """What was quoted is what is sold: of each line that can be had its part, as much, at that price."""
    order_id = _one(terminal, rng, "SELECT id FROM orders WHERE status IN ('accepted', 'quoted') ORDER BY id")
    quoted = terminal.sql("SELECT total FROM orders WHERE id = ?", (order_id,))[0][0]
    begun = terminal.sql("SELECT 1 FROM cart WHERE json_extract(body, '$.order_id') = ?", (order_id,))
    cart = terminal.do(orders.to_cart, order_id)
    # only a quote gives an order a total here
    if quoted and not cart.notes and carts.net(cart) != quoted:
        raise Violation(f"{order_id} was quoted at {quoted} and is to be sold at {carts.net(cart)}")
    if not begun:
        _check_lines(terminal, order_id, cart)
    terminal.do(check_out, cart, "cash")
    return f"sold order {order_id}"


def _check_lines(terminal: Terminal, order_id: str, cart: Cart) -> None:
    kept = terminal.sql("SELECT quote FROM orders WHERE id = ?", (order_id,))[0][0]
    if kept is None:
        return
    said = [line for line in json.loads(kept)["lines"] if line.get("available") != "no"]
    named = [(line["item_id"], line["quantity"], line["price"]) for line in said if line.get("item_id")]
    sold = [(line.part_id, line.quantity, line.price) for line in cart.lines]
    listed = {row[0] for row in terminal.sql("SELECT id FROM part WHERE deleted = 0")}
    if missing := [line for line in named if line[0] in listed and line not in sold]:
        raise Violation(f"{terminal.name}: {missing} was quoted for {order_id}, and {sold} is to be sold")
    if len(sold) > len(said):
        raise Violation(f"{terminal.name}: {len(said)} lines were offered for {order_id}, and {sold} is to be sold")


# --- what a person decides -------------------------------------------------------------------------------


def decide(terminal: Terminal, rng: random.Random) -> str:
    """The conflict screen: mine, theirs, or something else; of a record that is gone, perhaps a new one."""
    waiting = terminal.ask(conflicts.pending)
    if not waiting:
        raise NothingToDo
    conflict = rng.choice(waiting)
    choice: Any = rng.choice(("new", "theirs") if conflict.gone else ("mine", "theirs", "other"))
    terminal.do(conflicts.resolve, conflict.id, choice, f"اسم {rng.randrange(4)}" if choice == "other" else None)
    return f"decided {conflict.field} of {conflict.record_id}: {choice}"


def look_at_queue(terminal: Terminal, rng: random.Random) -> str:
    """The queue screen: what needs attention is sent once more, corrected, given up, or taken note of."""
    waiting = terminal.ask(queue.page, "attention", None, 0, 20)
    if not waiting:
        raise NothingToDo
    change = rng.choice(waiting)
    if queue.is_unconfirmed(change) and terminal.ask(_only_by_sync, change.id) and not terminal.has_come(change.id):
        terminal.do(queue.retry, change.id)
        return f"did not find {change.kind} {change.id}"
    if queue.may_be_seen(change):
        terminal.do(queue.see, change.id)
        return f"saw {change.kind} {change.id}"
    if rng.random() < 0.4:
        terminal.do(queue.retry, change.id)
        return f"retried {change.kind} {change.id}"
    if rng.random() < 0.5 and queue.may_edit(change):
        terminal.do(_correct, change.id)
        return f"corrected {change.kind} {change.id}"
    terminal.do(queue.give_up, change.id)
    return f"gave up {change.kind} {change.id}"


def _only_by_sync(change_id: str) -> bool:
    """Whether nothing but a sync call can have brought this move."""
    row = db.execute(
        "SELECT body FROM single JOIN outbox USING (change_id) WHERE change_id = ? AND kind IN ('adjust', 'count')",
        (change_id,),
    ).fetchone()
    progress = json.loads(row[0]) if row is not None else {}
    return bool(progress.get("by_sync")) and not progress.get("writes")


def _correct(change_id: str) -> None:
    """Make the fields that the server refused short enough."""
    refused = queue.refused(change_id)
    tidy = {name: value[:20] if isinstance(value, str) else value for name, value in refused.fields.items()}
    queue.replace(refused, tidy)


def attempt(deed: Deed, terminal: Terminal, rng: random.Random) -> str:
    """Try a deed; a refusal by the program itself ("voided already", "disk full") is an answer, too."""
    try:
        return deed(terminal, rng)
    except NothingToDo:
        return f"{deed.__name__}: nothing to do"
    except ShopError as refusal:
        return f"{deed.__name__}: {refusal.key}"
