"""The page that shows every picture, Arabic and English side by side."""

from __future__ import annotations

from pathlib import Path

from tests.screenshots.scenes import SCENES

HEAD = """# Every screen, in Arabic and in English

Made by `python -m tests.screenshots` from the real program in a real pseudo-terminal.

| | Arabic | English |
|---|---|---|
"""


def write_gallery(folder: Path) -> None:
    """Write `README.md` beside the pictures: a row for each that is there."""
    rows = [
        f"| {scene.words} | {_picture(scene.name, 'ar')} | {_picture(scene.name, 'en')} |"
        for scene in SCENES
        if (folder / f"{scene.name}-ar.png").exists() or (folder / f"{scene.name}-en.png").exists()
    ]
    (folder / "README.md").write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


def _picture(name: str, language: str) -> str:
    file = f"{name}-{language}.png"
    return f'<a href="{file}"><img src="{file}" width="400" alt="{name}"></a>'
