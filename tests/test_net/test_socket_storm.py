"""A short storm: `python -m tests.socket_storm` blows for five hundred rounds."""

from __future__ import annotations

from pathlib import Path

from tests.socket_storm import storm


async def test_the_socket_comes_back_from_everything(tmp_path: Path) -> None:
    outcome = await storm(tmp_path, rounds=14, seed=5)
    assert outcome.problems == []
    assert {"kill", "silence", "refuse", "half_open"} <= set(outcome.troubles)
    assert outcome.sent > 0
