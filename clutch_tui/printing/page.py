"""Paper of one width, as lines of text in logical order: for the screen, for a file, for whatever prints it.

Columns are made of blanks and counted in cells. An Arabic line is filled up to the full width: its trailing
blanks come to stand on the left, so it leans to the right wherever it is shown, and its columns run from there.
It begins with a right-to-left mark, because whoever guesses the direction by the first letter would else turn
round the lines that begin with a figure or a part number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.cells import cell_len, chop_cells

from clutch_tui.config.paths import write_private
from clutch_tui.core.types import Payment
from clutch_tui.text import format as shown
from clutch_tui.text.harmless import harmless
from clutch_tui.text.strings import has, is_rtl, t

WIDTH = 42
"""Characters on the usual roll of 80 mm."""


def save(lines: Sequence[str], folder: Path, name: str, otherwise: str = "") -> Path:
    """Write lines into a file of `folder`, readable by this user only; its path. The file is whole or not there, and
    one of the same name is replaced. `otherwise` is its name where nothing of `name` may stand in one. Raises
    `OSError`."""
    # another terminal's number is whatever its program wrote: it must not lead out of the folder
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name).strip("_")
    path = folder / f"{safe or otherwise}.txt"
    write_private(path, text(lines).encode())
    return path


def text(lines: Sequence[str]) -> str:
    """Lines as one text, the last one ended, too."""
    return "".join(f"{line}\n" for line in lines)


def method_word(method: str) -> str:
    """Return how it was paid, in words; a method that a server made up stays as it is."""
    key = f"pay.{method}"
    return t(key) if has(key) else method


def payment_words(payments: Iterable[Payment]) -> str:
    """Ways of paying and what goes by each, with its reference, in one line."""
    return " + ".join(map(_payment_words, payments))


def _payment_words(payment: Payment) -> str:
    reference = f" ({shown.part_number(payment.reference)})" if payment.reference else ""
    return f"{method_word(payment.method)} {shown.amount(payment.amount)}{reference}"


class PaperPage:
    """Lines of one width, filled from top to bottom; each at most `width` cells, and in Arabic exactly so."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []

    def head(self, shop: Mapping[str, object], title: str) -> None:
        """The shop's profile (`name`, `address`, `phone`), and what this paper is."""
        for name in ("name", "address"):
            self.centred(str(shop.get(name) or ""))
        if shop.get("phone"):
            self.centred(shown.phone(str(shop["phone"])))
        self.centred(title)

    def rule(self) -> None:
        self.lines.append("-" * self.width)

    def plain(self, words: str) -> None:
        """Words at the beginning of the line, wrapped where they are too long."""
        for piece in _wrapped(words, self.width):
            self._add(piece)

    def centred(self, words: str) -> None:
        for paragraph in words.splitlines():
            for piece in _wrapped(paragraph.strip(), self.width):
                self._add(" " * ((self.width - cell_len(piece)) // 2) + piece)

    def pair(self, words: str, figure: str) -> None:
        """Words at the beginning and a figure at the end; on two lines where one is too short for both."""
        blanks = self.width - cell_len(words) - cell_len(figure)
        if blanks < 1 and words:
            self.plain(words)
            words, blanks = "", self.width - cell_len(figure)
        self._add(words + " " * max(0, blanks) + figure)

    def _add(self, line: str) -> None:
        line = harmless(line)
        filled = shown.RLM + line + " " * (self.width - cell_len(line))
        self.lines.append(filled if is_rtl() else line.rstrip())


def _wrapped(words: str, width: int) -> Iterator[str]:
    """`words` in pieces of at most `width` cells, cut between words where that is possible.

    Only blanks that break are cut at: a code or a telephone number is isolated with no-break spaces, and half
    an isolate would turn round the rest of its line.
    """
    line = words[: len(words) - len(words.lstrip(" "))]
    for word in filter(None, words.split(" ")):
        joined = f"{line} {word}" if line.strip() else line + word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line.strip():
            yield line
        *full, line = chop_cells(word, width) or [""]  # a mark that takes no cell is no line
        yield from full
    if line.strip():
        yield line
