"""Scenarios of quantities: what is measured, towards a server that knows whole pieces only and learns better."""

from __future__ import annotations

import itertools
import random

from clutch_tui.core import inventory
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.types import PartDraft

from . import clerk
from .directed_queue import void_first
from .network import Message
from .scenario import edit, parts, scenario, sell
from .stage import Stage
from .terminal import Terminal
from .violation import Violation
from .world import HOUR

OIL = PartDraft(name="زيت سايب", part_number="OIL-1", price=12_345, unit="LTR", decimals=3)


def make_oil(terminal: Terminal, rng: random.Random) -> str:
    return f"made {terminal.do(inventory.create, OIL, Quantity(12_500)).id}"


def pour(quantity: int) -> clerk.Deed:
    """Sell so many thousandths of a litre."""

    def deed(terminal: Terminal, rng: random.Random) -> str:
        return f"sold {terminal.do(clerk.sell_these, [(oil(terminal), Quantity(quantity))], 'cash').id}"

    return deed


def oil(terminal: Terminal) -> str:
    return str(terminal.sql("SELECT id FROM part WHERE part_number = ?", (OIL.part_number,))[0][0])


async def _open_before(on: Stage) -> None:
    """The shop opens while its server speaks version 1."""
    on.server.begin_with(1)
    await on.open()


def _check_level(on: Stage, thousandths: int) -> None:
    for terminal in on.terminals:
        if (stock := terminal.ask(inventory.get, oil(terminal)).stock) != thousandths:
            raise Violation(f"{terminal.name} has {stock} of what comes to {thousandths}")


@scenario(empty=True)
async def fraction_cut(on: Stage) -> None:
    """A litre and a half is sold to a server that knows fractions."""
    await on.open()
    on.do(on.first, make_oil)
    await on.pass_time(10)
    on.do(on.first, pour(1_500))
    await on.pass_time(10)
    await on.end()
    _check_level(on, 11_000)


@scenario(empty=True)
async def fraction_to_version_1(on: Stage) -> None:
    """A litre and a half is sold while the server knows whole pieces only, and so is a litre."""
    await _open_before(on)
    on.do(on.first, make_oil)
    await on.pass_time(10)
    on.do(on.first, pour(1_500))
    on.do(on.first, pour(1_000))
    await on.pass_time(30)
    if on.server.sql("SELECT count(*) FROM sale")[0][0] != 1:
        raise Violation("the whole litre is not on the server, or the half is")
    await on.end()
    _check_level(on, 10_000)


@scenario(empty=True)
async def unit_dropped(on: Stage) -> None:
    """A part in litres is made while the server knows no units; its rows come in once more before it learns."""
    await _open_before(on)
    on.do(on.first, make_oil)
    await on.pass_time(10)
    on.do(on.second, edit(oil(on.second), location="B-7"))
    await on.pass_time(10)
    if on.first.ask(inventory.get, oil(on.first)).draft.unit != OIL.unit:
        raise Violation("the till that made it knows its unit no more")
    await on.end()
    for terminal in on.terminals:
        draft = terminal.ask(inventory.get, oil(terminal)).draft
        if (draft.unit, draft.decimals) != (OIL.unit, OIL.decimals):
            raise Violation(f"{terminal.name} has it in {draft.unit!r} with {draft.decimals} decimals")


@scenario(empty=True)
async def waiting_edit_holds_up(on: Stage) -> None:
    """What waits for the server to learn holds up no other edit of the part."""
    await _open_before(on)
    part_id = parts(on.first)[0]
    on.do(on.first, edit(part_id, unit="SET"))
    on.do(on.first, edit(part_id, price=777))
    await on.pass_time(20)
    if on.server.sql("SELECT price FROM item WHERE id = ?", part_id)[0][0] != 777:
        raise Violation("a new price waits for the server to learn about units")
    await on.end()


@scenario(empty=True)
async def later_edit_undone(on: Stage) -> None:
    """The least of a part is half a litre, which waits, and then a litre, which goes up."""
    await _open_before(on)
    on.do(on.first, make_oil)
    await on.pass_time(10)
    on.do(on.first, edit(oil(on.first), min_stock=500))
    await on.pass_time(10)
    on.do(on.first, edit(oil(on.first), min_stock=whole(1)))
    await on.pass_time(10)
    await on.end()
    if (least := on.server.sql("SELECT min_stock FROM item WHERE part_number = 'OIL-1'")[0][0]) != whole(1):
        raise Violation(f"the least was {whole(1)} in the end, and the server has {least}")


@scenario(empty=True)
async def pages_of_two_versions(on: Stage) -> None:
    """The server learns between two pages of a till's first pull, behind which the line breaks: what came before said
    nothing of units."""
    on.server.begin_with(1)
    pages = itertools.count(1)

    def learn(message: Message) -> None:
        if message.path == "/inventory/sync" and message.sender == on.first.name and next(pages) == 2:
            on.on_page = lambda message: None
            on.server.teach()
            on.weather.order("error before", message.path, on.first.name)
            for terminal in on.terminals:
                terminal.clock.jump(HOUR)

    on.on_page = learn
    await on.open()
    await on.end()


@scenario(empty=True)
async def void_alone(on: Stage) -> None:
    """A sale of half a litre waits for the server to learn, and is voided meanwhile."""
    await _open_before(on)
    on.do(on.first, make_oil)
    await on.pass_time(10)
    on.do(on.first, pour(500))
    on.do(on.first, void_first(oil(on.first)))
    on.do(on.first, sell(parts(on.first)[0], 1))
    await on.pass_time(20)
    if on.server.sql("SELECT 1 FROM document WHERE kind = 'void'"):
        raise Violation("the server has a void of a sale that it does not know")
    await on.end()
    _check_level(on, 12_500)
