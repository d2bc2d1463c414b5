"""A few kills with the other tests (`python -m tests.processes` has the hundreds), and that the comparison sees."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from tests.processes.books import TerminalBooks
from tests.processes.programs import Terminal
from tests.processes.proxy import HOST, Proxy
from tests.processes.siege import NAMES, Siege, open_books

KILLS = 7

DAMAGE = {
    "a sale lost": "DELETE FROM sale WHERE id = (SELECT min(id) FROM sale)",
    "a sale doubled": "INSERT INTO sale SELECT shop_id, 'twice', receipt_number, date, day, device_id, customer_id,"
    " status, return_of, subtotal, discount, tax, total, credit, notes, body, version, versions, -1, updated_at,"
    " search_key FROM sale WHERE id = (SELECT min(id) FROM sale)",
    "a line lost": "DELETE FROM sale_line WHERE (sale_id, n) = (SELECT min(sale_id), 0 FROM sale_line)",
    "a payment changed": """UPDATE sale SET body = replace(body, '"amount":1', '"amount":2')""",
    "a figure moved": "UPDATE item SET stock_quantity = stock_quantity + 1 WHERE id = (SELECT min(id) FROM item)",
    "a change applied twice": "INSERT INTO ledger SELECT shop_id, 'again', hash, kind, type, record_id, device_id, at,"
    " seq, result, http_status, http_body FROM ledger WHERE type = 'sale' LIMIT 1",
}
"""What an engine that fails could leave on the server, each of which the comparison must find."""


async def test_nothing_is_lost_or_doubled_by_kills_and_a_bad_line(tmp_path: Path) -> None:
    siege = Siege(tmp_path, seed=4, goal=KILLS)
    outcome = await siege.run()
    assert outcome.wrong == []
    assert outcome.kills.total() >= KILLS
    assert outcome.sales >= outcome.printed > 0
    with open_books([Terminal(name, tmp_path, siege.proxy.port) for name in NAMES]) as books:
        for what, sql in DAMAGE.items():
            assert _found(siege, books, sql), f"{what}: not found"


def _found(siege: Siege, books: list[TerminalBooks], sql: str) -> list[str]:
    """What the comparison says of a server's file after this damage, which is mended again."""
    path = siege.server.database
    whole = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as damaged:
        damaged.backup(whole)
        assert damaged.execute(sql).rowcount > 0
        damaged.commit()
        wrong = siege.compare(books)
        whole.backup(damaged)
    whole.close()
    assert siege.compare(books) == []
    return wrong


# --- the line ------------------------------------------------------------------------------------------


class Upstream:
    """A server that notes whole requests and answers each with its number."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head + await reader.readexactly(5))
                writer.write(b"answer %d" % len(self.requests))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


REQUEST = b"POST /sync HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("fault", "arrived", "answered"),
    [
        (None, 1, True), ("delay", 1, True), ("cut request", 0, False), ("cut answer", 1, False),
        ("double", 2, True), ("double at once", 2, True),
    ],
)  # fmt: skip
async def test_the_line_does_what_was_drawn(fault: str | None, arrived: int, answered: bool) -> None:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, HOST, 0)
    proxy = Proxy(random.Random(3), server.sockets[0].getsockname()[1])
    await proxy.start()
    proxy.draw = lambda: fault  # type: ignore[method-assign,return-value]
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    writer.write(REQUEST)
    async with asyncio.timeout(120):
        answer = await reader.read(100)
        while len(upstream.requests) < arrived:  # noqa: ASYNC110 - another connection's requests
            await asyncio.sleep(0.01)
    assert (answer == b"answer 1") == answered
    assert upstream.requests == [REQUEST] * arrived
    assert proxy.struck.total() == (fault is not None)
    writer.close()
    await proxy.stop()
    server.close()
