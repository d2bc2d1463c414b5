"""A round of sync against a server that says anything: it ends, and what was sold stays."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clutch_tui.config.settings import Backend
from clutch_tui.core import inventory, state
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.sync.context import SyncContext
from clutch_tui.net.sync.engine import SyncEngine
from clutch_tui.net.sync.sync_calls import MOST_REPEATS
from tests.fresh_store import open_new

from .test_hostile import BASE, DEVICE, Memory, bodies, values
from .till import HandClock, sell

Json = dict[str, Any]


class Round:
    """A till with a part and a sale to send, and a server that answers every sync call alike."""

    def __init__(self, path: Path) -> None:
        clock, chance = HandClock(), random.Random(1)
        self.clock, self.calls = clock, 0
        self.answer: Json | bytes = {}
        self.result: object = None
        self.store = open_new(path, clock=clock, inline=True)
        self.store.run_now(state.begin, rate=1400, prices_include_tax=True, cash_rounding=25, timezone="Africa/Cairo")
        part = self.store.run_now(inventory.create, PartDraft(name="بوجيه", price=1000), whole(5))
        self.store.run_now(sell, part.id, 1, 1000)
        monitor, session = Monitor(clock), Session(Memory(), clock=clock)
        self.api = Api(
            Backend(base_url=BASE),
            session=session,
            monitor=monitor,
            device_id=DEVICE,
            clock=clock,
            chance=chance,
            transport=httpx.MockTransport(self._serve),
        )
        self.sync = SyncEngine(
            SyncContext(
                self.store,
                self.api,
                monitor,
                shop_id="s",
                device_id=DEVICE,
                clock=clock,
                chance=chance,
                on_change=lambda nouns: None,
                policies={"*": "ask"},
            )
        )

    def _serve(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/sync"):
            return httpx.Response(404)
        self.calls += 1
        assert self.calls < 500, "it never ends"
        if isinstance(self.answer, bytes):
            return httpx.Response(200, content=self.answer)
        sent = [change["change_id"] for change in json.loads(request.content)["changes"]]
        body = {"results": dict.fromkeys(sent, self.result), "confirmed": {}, **self.answer}
        text = json.dumps({"success": True, "data": body})
        return httpx.Response(200, content=text.encode("utf-8", "surrogatepass"))

    async def step(self) -> float:
        self.calls = 0
        self.api.try_now()
        wait = await self.sync.step()
        self.clock.forward(wait)
        return wait

    @property
    def sales(self) -> int:
        found: int = self.store.read_now(lambda: db.execute("SELECT count(*) FROM sale").fetchone()[0])
        return found


@pytest.fixture
async def round_(tmp_path: Path) -> AsyncIterator[Round]:
    one = Round(tmp_path / "shop.db")
    yield one
    await one.api.close()
    one.store.close()


PAGE: Json = {"epoch": "e-1", "server_time": None, "cursor": 0, "more": False, "since": 0, "reset": None, "changes": []}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (PAGE | {"more": True}, {"status": "retry", "seq": 0, "after": 0}),
        (PAGE, {"status": "retry", "seq": 0}),
        (PAGE | {"reset": "floor"}, {"status": "retry", "seq": 0, "after": 0}),
        (PAGE | {"more": True}, {"status": "applied", "seq": 1}),
        (PAGE, {"status": "nobody knows", "seq": 1}),
    ],
    ids=["more_and_put_off", "put_off", "floor", "more", "unknown_word"],
)
async def test_a_server_that_always_wants_another_call_is_left(round_: Round, answer: Json, result: Json) -> None:
    round_.answer, round_.result = answer, result
    for _ in range(3):
        wait = await round_.step()
        assert round_.calls <= 4 * MOST_REPEATS
        assert wait > 0
    assert round_.sales == 1


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Round, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        one = Round(tmp_path_factory.mktemp("hostile") / "shop.db")
        yield one, runner
        runner.run(one.api.close())
        one.store.close()


counters = st.integers(0, 60) | values
rows = st.fixed_dictionaries(
    {"type": st.sampled_from(["item", "sale", "x"]), "id": st.sampled_from(["a", "b"]) | values, "seq": counters},
    optional={"version": counters, "name": values, "deleted": values, "items": values, "price": values},
)
pages = st.fixed_dictionaries(
    {"epoch": st.sampled_from(["e-1", "e-2"]) | values, "changes": st.lists(rows, max_size=3) | values},
    optional={
        **{"cursor": counters, "more": st.booleans() | values, "since": counters | values},
        **{"reset": st.sampled_from([None, "floor"]) | values, "server_time": values},
    },
)
results = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["applied", "conflict", "rejected", "retry", "duplicate", "key_reuse"]) | values,
        "seq": counters,
    },
    optional=dict.fromkeys(("flags", "theirs", "applied", "after", "first", "record", "code", "version"), values),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answer=pages | bodies(), result=results | values)
def test_whatever_a_round_hears_it_ends_and_the_sale_is_there(
    standing: tuple[Round, asyncio.Runner], answer: Json | bytes, result: object
) -> None:
    one, runner = standing
    one.answer, one.result = answer, result
    assert runner.run(one.step()) >= 0
    assert one.sales == 1
    assert one.store.read_now(outbox.summary).unsent >= 0
