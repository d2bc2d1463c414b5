"""The units in which parts are sold: codes on the wire (UN/ECE Recommendation 20), words and decimals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit. `code` is what records hold, empty for a piece, which is what a part without a word about it is sold in.
    `label` is the sentence key of its word and `short` that of the one behind a number, `decimals` how finely a part in
    it is sold where nobody says. `written` are the words for it in price lists, folded, separated by blanks."""

    code: str
    label: str
    short: str
    decimals: int
    written: str


PIECE = Unit(
    "", "unit.piece", "unit.piece.short", 0, "قطعه قطع حبه وحده عدد piece pieces pcs pc pce ea each c62 unit units h87"
)
UNITS = (
    PIECE,
    Unit("PR", "unit.pair", "unit.pair.short", 0, "جوز زوج جوزين pair pairs pr prs"),
    Unit("SET", "unit.set", "unit.set.short", 0, "طقم اطقم مجموعه set sets kit kits st"),
    Unit("LTR", "unit.litre", "unit.litre.short", 3, "لتر ليتر لترات ل litre litres liter liters ltr lt l"),
    Unit("MTR", "unit.metre", "unit.metre.short", 2, "متر امتار م metre metres meter meters mtr mt m"),
    Unit(
        "KGM",
        "unit.kilogram",
        "unit.kilogram.short",
        3,
        "كيلو كجم كيلوجرام كيلوغرام كيلوجرامات kg kgm kgs kilo kilos kilogram kilograms",
    ),
)
CHOICES = tuple((unit.code, unit.label) for unit in UNITS)

_BY_WORD = {word: unit for unit in UNITS for word in unit.written.split()}
_BY_CODE = {unit.code: unit for unit in UNITS}


def of_word(folded: str) -> Unit | None:
    """Return the unit that a word of a price list means, None for none that is known."""
    return _BY_WORD.get(folded.strip(". "))


def of_code(code: str) -> Unit:
    """Return the unit of a record; one that this program does not know is shown and sold as a piece."""
    return _BY_CODE.get(code, PIECE)
