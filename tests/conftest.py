"""Settings of all tests."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from logging.handlers import RotatingFileHandler

import pytest
from hypothesis import settings

from clutch_tui.text import strings
from hatch_build import compile_catalogues
from tests.memory import memory
from tests.patient_loop import PatientLoop
from tests.program import Program

# A busy machine is no bug, so no deadline; the same examples each time, so that a failure belongs to a change.
# HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


if "TMPDIR" not in os.environ and (folder := memory()) is not None:
    os.environ["TMPDIR"] = tempfile.tempdir = folder

# Compiled code is kept, whatever the surroundings say: else each worker compiles all tests anew, and each program that
# a test starts the whole project.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Test the sentences as they are written now; once, before the workers begin."""
    if not hasattr(config, "workerinput"):
        compile_catalogues()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each asynchronous test in a loop for which a busy machine is no reason to be late."""
    return {"patient": PatientLoop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`TEST_ORDER=7` runs the modules, and the tests of each, in an order of that number's own: what passes only after
    something else is found by the next number. Modules stay together, since they share what is costly to make."""
    if seed := os.environ.get("TEST_ORDER"):
        chance = random.Random(seed)
        modules: dict[str, list[pytest.Item]] = {}
        for item in items:
            modules.setdefault(item.nodeid.partition("::")[0], []).append(item)
        shuffled = chance.sample(list(modules), len(modules))
        items[:] = [item for module in shuffled for item in chance.sample(modules[module], len(modules[module]))]


def pytest_report_header() -> list[str]:
    """Say the order, so that a failure can be had again."""
    seed = os.environ.get("TEST_ORDER")
    return [f"order: TEST_ORDER={seed}"] if seed else []


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among what was imported: that was a fifth of all the tests' work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program as a script runs it, imported once for all commands of all modules."""
    program = Program(tmp_path_factory.mktemp("streams"))
    yield program
    program.close()


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
