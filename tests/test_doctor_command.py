"""`doctor` as a person and as a script see it: processes, sentences in both languages, exit codes."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.commands.doctor import sentence
from clutch_tui.support.doctor import Finding
from clutch_tui.text import strings
from clutch_tui.text.strings import Language
from tests.doctor_checks import CHECKS
from tests.program import Program, Said
from tests.terminal import Terminal


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLUTCH_")}
    return {**kept, "CLUTCH_HOME": str(home), "CLUTCH_LANG": "en", "LANG": "C.UTF-8", **more}


def _posix(home: Path) -> dict[str, str]:
    """A shop that speaks Arabic, in a terminal that has none."""
    return {**environment(home, LANG="C", CLUTCH_LANG="ar"), "LC_ALL": "", "LC_CTYPE": ""}


Doctor = Callable[..., Said]


@pytest.fixture
def doctor(program: Program) -> Doctor:
    """The program with its arguments in a home, and with variables."""

    def run(home: Path, *arguments: str, **more: str) -> Said:
        return program.call(*arguments, environ=environment(home, **more))

    return run


def checks(result: Said) -> dict[str, dict[str, Any]]:
    report = json.loads(result.stdout)
    assert report["exit_code"] == result.returncode
    assert sum(report["summary"].values()) == len(report["checks"])
    return {one["check"]: one for one in report["checks"]}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is bound and does not listen: nobody else gets it meanwhile."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def test_a_terminal_that_works_alone_is_fine(doctor: Doctor, tmp_path: Path) -> None:
    result = doctor(tmp_path, "doctor", "--json")
    found = checks(result)
    assert (result.returncode, list(found)) == (0, list(CHECKS))
    assert found["config"]["outcome"] == "alone"
    assert found["terminal"]["verdict"] == "skipped"
    assert all(one["message"] and "{" not in one["message"] for one in found.values())


def test_nothing_reachable_names_the_step_and_the_remedy(doctor: Doctor, tmp_path: Path, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/api/v1"
    options = ("--base-url", url, "--shop-id", "s", "--api-key", "a-secret-key")
    result = doctor(tmp_path, *options, "doctor", "--json")
    assert result.returncode == 3, result.stderr
    found = checks(result)["tcp"]
    assert (found["key"], found["remedy_key"]) == ("doctor.tcp.refused", "doctor.remedy.tcp.refused")
    assert str(closed_port) in found["message"]
    assert "a-secret-key" not in result.stdout
    spoken = doctor(tmp_path, *options, "doctor", CLUTCH_LANG="ar")
    assert spoken.returncode == 3
    assert "رفض الاتصال" in spoken.stdout
    assert "راجع العنوان" in spoken.stdout
    assert "{" not in spoken.stdout


def test_a_wrong_setting_is_the_first_finding_and_not_the_last(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[text]\nlangage = "en"\n')
    result = doctor(tmp_path, "doctor", "--json")
    assert result.returncode == 2, result.stderr
    found = checks(result)
    assert list(found) == list(CHECKS)
    assert "text.language" in found["config"]["message"]
    assert (found["tcp"]["verdict"], found["disk"]["verdict"]) == ("skipped", "ok")
    assert "Traceback" not in result.stderr


def test_in_a_terminal_it_tells_what_the_terminal_can(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clutch_tui", "doctor"]
    with Terminal(command, columns=120, lines=50, env=environment(tmp_path, TERM="xterm-256color")) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.shows("xterm-256color, 120x50")
    with Terminal(command, columns=100, lines=20, env=_posix(tmp_path)) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.shows("the program needs 80x24")
        assert terminal.shows("text.letters in the settings")


@pytest.mark.parametrize(("language", "names"), [("ar", "المخزون، البيع"), ("en", "Inventory, Sales")])
def test_what_has_not_arrived_is_named_in_the_language_that_is_spoken(language: Language, names: str) -> None:
    strings.use(language)
    finding = Finding("queue", "arriving", {"arriving": "inventory, sales"})
    assert sentence(finding) == strings.t("doctor.queue.arriving", arriving=names)
