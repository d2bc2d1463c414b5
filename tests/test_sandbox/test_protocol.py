"""The sandbox against the protocol as data: every pair of `tests/simulation/protocol.jsonl`, over the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import JSON, Terminal

FILE = Path(__file__).parent.parent / "simulation" / "protocol.jsonl"
_TIMES = {"server_time", "timestamp", "updated_at"}


def _scenarios() -> dict[str, list[JSON]]:
    found: dict[str, list[JSON]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        found.setdefault(step["scenario"], []).append(step)
    return found


SCENARIOS = _scenarios()


async def _prepare(terminal: Terminal, step: JSON) -> None:
    if "item" in step:
        fields = {name: value for name, value in step["item"].items() if name != "id"}
        await terminal.control("edit", kind="create", type="item", id=step["item"]["id"], fields=fields)
    elif "delete" in step:
        await terminal.control("edit", kind="delete", type="item", id=step["delete"])
    elif "edit" in step:
        await terminal.control("edit", id=step["edit"]["id"], fields=step["edit"]["fields"])
    elif "fault" in step:
        await terminal.fault(step["fault"], **{name: value for name, value in step.items() if name != "fault"})
    else:
        (kind,) = step
        await terminal.fault(kind)


def _missing(wanted: Any, got: Any, path: str = "") -> list[str]:
    """What an answer leaves out or changes of what is named; it may add."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        found = []
        for name, value in wanted.items():
            if name in _TIMES:
                continue
            if name not in got:
                found.append(f"{path}.{name} is missing")
            else:
                found += _missing(value, got[name], f"{path}.{name}")
        return found
    if isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            return [f"{path}: {len(got)} instead of {len(wanted)}"]
        pairs = enumerate(zip(wanted, got, strict=True))
        return [line for n, pair in pairs for line in _missing(*pair, f"{path}[{n}]")]
    return [] if wanted == got else [f"{path}: {got!r} instead of {wanted!r}"]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario(terminal: Terminal, scenario: str) -> None:
    opening, *steps = SCENARIOS[scenario]
    for one in opening["setup"]:
        await _prepare(terminal, one)
    for step in steps:
        for one in step.get("before", ()):
            await _prepare(terminal, one)
        request, answer = step["request"], step["answer"]
        sent = terminal.call(
            request["endpoint"],
            request.get("body"),
            request.get("path", {}).get("id", ""),
            params=request.get("query"),
            headers=request.get("headers", {}),
        )
        if answer is None:
            with pytest.raises(httpx.TransportError):
                await sent
            continue
        response = await sent
        assert response.status_code == answer["status"], response.text
        assert _missing(answer["body"], response.json()) == []
        assert _missing({k.lower(): v for k, v in answer.get("headers", {}).items()}, dict(response.headers)) == []
