"""The demo's pretended cable: a backend in a process of its own that is killed and comes back where it was."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from clutch_tui.commands import demo


def test_the_backend_tells_its_port_and_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PARTS", 0)
    cable = demo._Cable(tmp_path / "backend.db")
    try:
        for _ in range(2):
            cable.plug_in()
            ping = f"http://127.0.0.1:{cable.port}/api/v1/system/ping"
            assert httpx.get(ping, trust_env=False).status_code == 200
            port = cable.port
            cable.pull_out()
            assert cable.is_cut
            with pytest.raises(httpx.ConnectError):
                httpx.get(ping, trust_env=False)
        assert cable.port == port
    finally:
        cable.pull_out()


def test_a_backend_that_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PARTS", 0)
    cable = demo._Cable(tmp_path / "no" / "such" / "folder" / "backend.db")
    with pytest.raises(demo.Disproved, match=r"demo\.failed\.backend"):
        cable.plug_in()
    assert cable.is_cut
