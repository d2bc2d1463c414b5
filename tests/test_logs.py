"""The program's own log: there when it is needed, never with a secret in it."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui import logs


@pytest.fixture(autouse=True)
def own_root() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = before
    root.setLevel(level)


def test_secrets_are_taken_out_of_messages_and_tracebacks(tmp_path: Path) -> None:
    logs.start(tmp_path / "log", debug=False)
    logs.start(tmp_path / "log", debug=False)
    try:
        raise ValueError("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl")
    except ValueError:
        logging.getLogger("clutch_tui.test").exception('sent {"password": "hunter2", "n": 1}')
    text = (tmp_path / "log" / logs.NAME).read_text("utf-8")
    assert text.count("Traceback") == 1
    assert "hunter2" not in text
    assert "eyJ" not in text
    assert '"n": 1' in text
    assert stat.S_IMODE((tmp_path / "log" / logs.NAME).stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    logs.start(tmp_path / "log", debug=False)
    assert not any(isinstance(handler, logging.FileHandler) for handler in logging.getLogger().handlers)
