"""Settings of all tests."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler

import pytest
from hypothesis import settings

from clutch_tui.text import strings
from hatch_build import compile_catalogues
from tests.memory import memory

# A busy machine is no bug, so no deadline; the same examples each time, so that a failure belongs to a change.
# HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


if "TMPDIR" not in os.environ and (folder := memory()) is not None:
    os.environ["TMPDIR"] = tempfile.tempdir = folder


def pytest_configure(config: pytest.Config) -> None:
    """Test the sentences as they are written now; once, before the workers begin."""
    if not hasattr(config, "workerinput"):
        compile_catalogues()


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among what was imported: that was a fifth of all the tests' work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(autouse=True)
def language_as_it_was() -> Iterator[None]:
    """A test may end in another language than it began in: the next one begins in the first."""
    before = strings.language(), strings.digits()
    yield
    if (strings.language(), strings.digits()) != before:
        strings.use(*before)


@pytest.fixture(autouse=True)
def no_log_left_open() -> Iterator[None]:
    """A command that a test ran in this process has begun a log in its own home: the next one begins another."""
    yield
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()
