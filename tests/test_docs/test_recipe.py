"""The worked example of CONTRIBUTING.md, done to a copy of the project: it touches what it names, and works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import recipe
from tests.test_docs.markdown import ROOT, page

CONTRIBUTING = page("CONTRIBUTING.md")
(EXAMPLE,) = CONTRIBUTING.examples("diff")
STEPS = re.findall(r"^\d+\. `([\w./]+)`", CONTRIBUTING.path.read_text(encoding="utf-8"), re.MULTILINE)
"""The files of the recipes, in their order; the example's come first."""

WITH_IT = (
    "tests/test_docs/new_field_checks.py",
    "tests/test_core/test_records.py",
    "tests/test_core/test_migrations.py",
    "tests/test_core/test_limits.py",
    "tests/test_core/test_part_staging.py",
    "tests/test_docs/test_protocol_tables.py",
    "tests/test_docs/test_protocol_examples.py",
    "tests/test_sandbox/test_demo_data.py",
    "tests/test_text/test_catalogues.py",
)
"""What is run in the copy: the field's own checks, and those of ours that know of fields."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project without what was made in it; what was compiled stays beside what is not edited."""
    made = shutil.ignore_patterns(".*", "*.mo", "screenshots", "dist", "build", "*.egg-info")
    shutil.copytree(ROOT, tmp_path / "project", ignore=made)
    return tmp_path / "project"


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_new_field_of_the_example(copy: Path) -> None:
    named = {str(recipe.numbered(copy / name).relative_to(copy)) for name in STEPS[:8]}
    before = _contents(copy)
    assert recipe.do(EXAMPLE, copy) == named
    after = _contents(copy)
    assert {name for name in before | after if before.get(name) != after.get(name)} == named
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=0", "-p", "no:cacheprovider", *WITH_IT]
    here = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    ran = subprocess.run(
        command, cwd=copy, env={**here, "PYTHONPATH": str(copy)}, capture_output=True, text=True, timeout=3600
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


def test_an_edit_must_find_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one\ntwo\ntwo\n", encoding="utf-8")
    for lines in ("@@\n three\n+four\n", "@@\n two\n+three\n"):
        with pytest.raises(ValueError, match="times"):
            recipe.do(f"--- file\n{lines}", tmp_path)
    assert recipe.do("--- file\n@@\n one\n+half\n@@ everywhere\n-two\n+2\n", tmp_path) == {"file"}
    assert (tmp_path / "file").read_text(encoding="utf-8") == "one\nhalf\n2\n2\n"
