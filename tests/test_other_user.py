"""A shop's files are one user's of the system: everybody else is told whose they are, and nothing is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from tests.program import Program

NOBODY = 65534
COMMANDS = ("status", "doctor", "sell --part X-1", "sync", "queue", "find x", "key status", "support-bundle")
SAID = {"en": "belong to the user", "ar": "بتاعة المستخدم"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home in which a part was added."""
    environ = {"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file"}
    installation = Installation.find(environ)
    with installation.open_store(inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="بوجيه", part_number="X-1", price=9_550), whole(3))
    assert installation.device_id
    return environ


def everything(home: str) -> dict[str, tuple[int, int, int]]:
    """Owner, size and last change of every file and folder."""
    found = {path: path.stat() for path in (Path(home), *Path(home).rglob("*"))}
    return {str(path): (one.st_uid, one.st_size, one.st_mtime_ns) for path, one in found.items()}


def test_somebody_elses_home_is_refused_before_anything_is_written(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(environ["CLUTCH_HOME"])
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ShopError) as refused:
        Installation.find(environ)
    assert refused.value.key == "error.home.of_other"
    assert refused.value.values["path"] == str(Path(environ["CLUTCH_HOME"], "data"))
    assert everything(environ["CLUTCH_HOME"]) == before


def test_a_home_that_is_still_to_be_made_may_lie_in_anybodys_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert Installation.find({"CLUTCH_HOME": str(tmp_path / "new")}).home.data_dir == tmp_path / "new" / "data"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to somebody else")
@pytest.mark.parametrize("lang", ["ar", "en"])
def test_root_leaves_nothing_in_somebody_elses_home(
    program: Program, environ: dict[str, str], tmp_path: Path, lang: str
) -> None:
    home = environ["CLUTCH_HOME"]
    for path in everything(home):
        os.chown(path, NOBODY, NOBODY)
    before = everything(home)
    for command in COMMANDS:
        ran = program.call("--lang", lang, *command.split(), environ={**os.environ, **environ}, cwd=tmp_path)
        assert (ran.returncode, ran.stdout) == (1, ""), command
        assert SAID[lang] in ran.stderr, command
        assert len(ran.stderr.splitlines()) == 1, command
    assert everything(home) == before
