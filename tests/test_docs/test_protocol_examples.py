"""The examples of docs/protocol.md, in their order, played to a sandbox: it must answer what the page says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_docs.markdown import page

BY_CHANCE = {"mark", "since_mark", "token", "refresh_token"}
"""What a server makes up: on the page it stands for whatever came, from then on."""
OF_THE_RELEASE = {"version", "latest_client", "minimum_client", "changelog"}
"""What changes with every release of the program; a record's version is a number."""
PREFIX = "/api/v1"


class Then:
    """The clock on the page."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@dataclass
class Story:
    """What has been learnt on the way: what stands on the page for what the server has made up."""

    real: dict[str, str] = field(default_factory=dict)

    def said(self, text: str) -> str:
        """Something to send, with what the server has made up in the place of what the page shows."""
        for shown, real in self.real.items():
            text = text.replace(shown, real)
        return text

    def differences(self, shown: Any, came: Any, path: str = "") -> list[str]:
        """Where an answer is not the one on the page."""
        if isinstance(shown, dict) and isinstance(came, dict):
            found = [f"{path}.{name} is on one side only" for name in shown.keys() ^ came.keys()]
            for name in shown.keys() & came.keys():
                found += self._of_field(name, shown[name], came[name], f"{path}.{name}")
            return found
        if isinstance(shown, list) and isinstance(came, list) and len(shown) == len(came):
            pairs = enumerate(zip(shown, came, strict=True))
            return [line for n, pair in pairs for line in self.differences(*pair, f"{path}[{n}]")]
        return [] if shown == came and type(shown) is type(came) else [f"{path}: {came!r} came, not {shown!r}"]

    def _of_field(self, name: str, shown: Any, came: Any, path: str) -> list[str]:
        if name in BY_CHANCE and isinstance(shown, str) and isinstance(came, str):
            known = self.real.setdefault(shown, came)
            return [] if known == came else [f"{path}: not the one that came before"]
        if name in OF_THE_RELEASE and type(shown) is type(came) and not isinstance(shown, int):
            return []
        return self.differences(shown, came, path)


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    sent: dict[str, str]
    body: str
    status: int
    headers: dict[str, str]
    answer: Any


def _parts(block: str) -> tuple[str, dict[str, str], str]:
    """First line, headers, body."""
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return first, {name: value for name, _, value in (line.partition(": ") for line in lines)}, body


def _exchanges() -> Iterator[Exchange]:
    blocks = page("docs/protocol.md").examples("http")
    for request, answer in zip(blocks[::2], blocks[1::2], strict=True):
        first, sent, body = _parts(request)
        status, headers, text = _parts(answer)
        method, path = first.split()
        yield Exchange(method, path.removeprefix(PREFIX), sent, body, int(status.split()[1]), headers, _loads(text))


EXCHANGES = tuple(_exchanges())


async def _an_order_waits(sandbox: Running, client: httpx.AsyncClient) -> None:
    """What the page does not show: a customer of the marketplace has asked for something."""
    order = {
        "customer_name": "أحمد سعيد",
        "phone": "01000000001",
        "lines": [{"item_id": None, "item_name": "تيل فرامل أمامي", "quantity": 1, "price": None}],
    }
    body = {"do": "order", "id": "01930000-0000-7000-8000-0000000000d1", "order": order}
    (await client.post(f"{sandbox.root}/__control", json=body)).raise_for_status()


async def test_the_examples_of_the_page(tmp_path: Path) -> None:
    settings = Settings(
        db=str(tmp_path / "backend.db"), clock=Then(), rng=random.Random(1), faults=True, insight_pace=None
    )
    story, wrong = Story(), []
    async with running(settings) as sandbox, httpx.AsyncClient(timeout=120, verify=False) as client:
        await _an_order_waits(sandbox, client)
        for one in EXCHANGES:
            headers = {"Authorization": f"Bearer {demo_data.API_KEY}", "Content-Type": "application/json", **one.sent}
            content = story.said(one.body).encode() or None
            came = await client.request(one.method, sandbox.base_url + one.path, content=content, headers=headers)
            found = story.differences(one.answer, _loads(came.text))
            found += [] if came.status_code == one.status else [f"{came.status_code} came, not {one.status}"]
            found += [f"{name} is missing" for name, value in one.headers.items() if came.headers.get(name) != value]
            wrong += [f"{one.method} {one.path}: {line}" for line in found]
        wrong += await _talk(sandbox, story)
    assert wrong == []
    assert len(EXCHANGES) > 15


async def _talk(sandbox: Running, story: Story) -> list[str]:
    """The conversation over the live connection: `>` is said, `<` must come."""
    wrong: list[str] = []
    (lines,) = [text.splitlines() for text in page("docs/protocol.md").examples("frames")]
    async with connect(f"{sandbox.ws_url}?token={demo_data.API_KEY}") as socket:
        for line in lines:
            way, _, frame = line.partition(" ")
            if way == ">":
                await socket.send(frame)
            else:
                came = _loads(str(await socket.recv()))
                wrong += [f"{line[:60]}: {one}" for one in story.differences(_loads(frame), came)]
    return wrong
