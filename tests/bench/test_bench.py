"""The measurements themselves must not rot: two themes in their quickest form, and the judgement."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

import pytest

from tests.bench.__main__ import main
from tests.bench.figures import Budget, Pace, alone, compared, in_turns
from tests.bench.line import slow


def test_two_themes_measure_and_write_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    report = tmp_path / "figures.json"
    assert main(["--quick", "--only", "search", "--only", "order", "--json", str(report)]) == 0
    figures = json.loads(report.read_text())["figures"]
    assert {figure["theme"] for figure in figures} == {"search", "order"}
    assert all(figure["ours"]["median"] > 0 and figure["ratio"]["median"] > 0 for figure in figures)
    assert "one letter" in capsys.readouterr().out


async def test_a_slow_line_carries_everything_and_takes_its_time() -> None:
    """A hundred and twenty-five kilobytes are a second at 1 Mbit/s, however many connections share it."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(12_500))
        await writer.drain()

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes(12_500))
        answer = await reader.readexactly(12_500)
        writer.close()
        return answer

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with slow(server.sockets[0].getsockname()[1], 1_000_000, 0.1) as line:
        began = time.perf_counter()
        answers = await asyncio.gather(*(talk(line.port) for _ in range(2)))
        taken = time.perf_counter() - began
    server.close()
    assert answers == [bytes(12_500)] * 2
    # the handshake, up for the first, up for the second, there, down for the second, back
    assert taken > 0.1 + 0.1 + 0.1 + 0.05 + 0.1 + 0.05
    assert line.up.carried == line.down.carried > 25_000


def test_a_missed_budget_fails_only_where_one_is_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missed = alone("order", "a line", "us", [3.0], Budget(2.0, "median"))
    monkeypatch.setattr("tests.bench.order.measure", lambda pace: [missed])
    assert main(["--only", "order"]) == 0
    assert main(["--only", "order", "--strict"]) == 1
    assert "MISSED" in capsys.readouterr().out


def test_turns_alternate_and_ratios_are_those_of_pairs() -> None:
    calls: list[str] = []
    pairs = in_turns(2, lambda: calls.append("ours") or 4.0, lambda: calls.append("bare") or 2.0)
    assert calls == ["ours", "bare"] * 3
    figure = compared("x", "y", "ms", [*pairs, (9.0, 3.0)], Budget(1.9))
    assert figure.ratio is not None
    assert (figure.ratio.median, figure.ratio.worst) == (2.0, 3.0)
    assert figure.kept is False
    assert alone("x", "y", "ms", [1.0]).kept is None
    assert Pace(quick=True).rounds(9, 1) == 1
