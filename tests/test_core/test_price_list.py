"""Real price lists are dirty: every way to be odd is taken with a remark or refused with a reason."""

from __future__ import annotations

import ast
import csv
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import units
from clutch_tui.core.errors import ShopError
from clutch_tui.core.price_lists import cells, headings, imports, notation, price_list, rows, sheets, survey
from clutch_tui.core.price_lists.remarks import Remark
from clutch_tui.core.price_lists.rows import PartEntry
from clutch_tui.core.quantity import of_decimal, whole
from clutch_tui.text import strings
from clutch_tui.text.fold import fold

ARABIC = ("رقم القطعة", "اسم الصنف", "سعر البيع", "الكمية")
ROWS = (("OF-200", "فلتر زيت", "45.50", "20"), ("WP-100", "طلمبة مياه، أصلية", "1,150.00", "3"))


def write(path: Path, rows: Sequence[Sequence[Any]], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def workbook(path: Path, **named: Sequence[Sequence[Any]]) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in named.items():
        sheet = book.create_sheet(title)
        for row in lines:
            sheet.append(list(row))
    book.save(path)
    return path


def take(path: Path) -> tuple[list[PartEntry], list[Remark]]:
    table = price_list.read(path)
    readings = list(table.rows())
    entries = [reading.entry for reading in readings if reading.entry]
    return entries, [*table.asks, *table.remarks, *(remark for reading in readings for remark in reading.remarks)]


def take_row(tmp_path: Path, **row: str) -> tuple[PartEntry | None, list[tuple[str, dict[str, Any]]]]:
    """One row under headings that are the fields' own names; with a name and number unless they are given."""
    said = {"part_number": "OF-200", "name": "فلتر زيت", "price": "10", **row}
    entries, remarks = take(write(tmp_path / "row.csv", [[_spoken(field) for field in said], list(said.values())]))
    return (entries[0] if entries else None), [(remark.key, remark.values) for remark in remarks]


def _spoken(field: str) -> str:
    return headings.examples()[headings.FIELDS.index(field)].partition(" / ")[2]


# --- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_and_delimiter_says_the_same(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = write(tmp_path / "list.csv", [ARABIC, *ROWS], encoding=encoding, delimiter=delimiter)
    entries, remarks = take(path)
    assert [entry.said for entry in entries] == [
        {"part_number": "OF-200", "name": "فلتر زيت", "price": 4550},
        {"part_number": "WP-100", "name": "طلمبة مياه، أصلية", "price": 115000},
    ]
    assert [entry.quantity for entry in entries] == [whole(20), whole(3)]
    assert [entry.line for entry in entries] == [2, 3]
    assert not remarks


def test_a_few_broken_bytes_do_not_spoil_the_rest(tmp_path: Path) -> None:
    content = ",".join(ARABIC) + "\nOF-200,فلتر زيت,10,1\nOF-201,فلتر هواء,10,1\n"
    path = tmp_path / "list.csv"
    path.write_bytes(content.encode().replace("هواء".encode(), b"\xd9\xff\xd8"))
    entries, remarks = take(path)
    assert entries[0].said["name"] == "فلتر زيت"
    assert [(remark.line, remark.key) for remark in remarks] == [(3, "import.bad.damaged_text")]


def test_an_excel_sheet_is_read_as_it_is_shown(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "list.xlsx",
        عنوان=[["قطع غيار النيل"]],
        أسعار=[
            ["قائمة أسعار", None, None],
            [],
            ["كود", "الصنف", "السعر", "الرصيد", "سنة", "باركود"],
            [20015.0, "فلتر زيت", 45.5, 24.0, 2015, 6223001234562],
            ["OF-201", "فلتر هواء", "=1+1", 3, "2010-2015", "#N/A"],
            [],
            [datetime(2015, 10, 12), "فلتر وقود", 10, 3, None, None],  # noqa: DTZ001
        ],
        قديم=[["كود", "الصنف"], ["X-1000", "مرآة"]],
    )
    entries, remarks = take(path)
    assert entries[0].said == {
        **{"part_number": "20015", "name": "فلتر زيت", "price": 4550, "year": "2015", "barcode": "6223001234562"}
    }
    assert entries[0].quantity == whole(24)
    assert [(remark.line, remark.key) for remark in remarks] == [
        (0, "import.warning.sheet"),
        (0, "import.warning.sheet"),
        (5, "import.bad.formula"),
        (7, "import.bad.spoiled_number"),
    ]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "error.import.empty"),
        (b"\xef\xbb\xbf \r\n", "error.import.empty"),
        (b"a,b\n1,2\n", "error.import.no_headings"),
        ("الاسم\nفلتر\n".encode(), "error.import.no_headings"),
        (b"PK\x03\x04 is no workbook", "error.import.unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 from 1997", "error.import.old_excel"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_in_words(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(ShopError) as refused:
        price_list.read(path)
    assert refused.value.key == key


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ShopError) as refused:
        price_list.read(tmp_path / "nowhere.csv")
    assert refused.value.key == "error.import.unreadable"


def test_quoted_newlines_count_as_lines_and_an_open_quote_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    below = "".join(f"OF-{n},فلتر,10,1\n" for n in range(300, 360))
    path.write_text(f'{",".join(ARABIC)}\nOF-200,"فلتر\nزيت",10,1\nOF-201,"خرطوم,10,1\n{below}', "utf-8")
    entries, remarks = take(path)
    assert entries[0].said["name"] == "فلتر زيت"
    assert [(remark.line, remark.key) for remark in remarks] == [(4, "import.bad.quote")]
    assert [(entry.line, entry.said["part_number"]) for entry in entries[1:]] == [
        (n - 295, f"OF-{n}") for n in range(300, 360)
    ]


def test_inches_are_no_quotation_marks(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'{",".join(ARABIC)}\nOF-200,خرطوم 1/2",10,1\nOF-201,خرطوم 3/4",10,1\n', "utf-8")
    assert [entry.said["name"] for entry in take(path)[0]] == ['خرطوم 1/2"', 'خرطوم 3/4"']


# --- headings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("السعر (ج.م)", "price"),
        ("سِعـر البيع", "price"),
        ("Unit_Price", "price"),
        ("سعر الشراء", "cost"),
        ("الكميه", "quantity"),
        ("QTY.", "quantity"),
        ("الحد الأدنى", "min_stock"),
        ("الوحدة", "unit"),
        ("وحدة القياس", "unit"),
        ("Unit", "unit"),
        ("UOM", "unit"),
        ("كسور", "decimals"),
        ("Decimal places", "decimals"),
        ("Bar-Code", "barcode"),
        ("الاسم (عربي)", "name"),
        ("الاسم (English)", "name_en"),
        ("ماركة السيارة", "car_brand"),
        ("الماركة", "brand"),
        ("خصم", None),
    ],
)
def test_headings_are_understood_however_they_are_written(heading: str, field: str | None) -> None:
    assert headings.field_of(heading) == field


def test_every_field_has_an_arabic_and_an_english_heading_of_its_own() -> None:
    for field, example in zip(headings.FIELDS, headings.examples(), strict=True):
        arabic, _, english = example.partition(" / ")
        assert headings.field_of(arabic) == headings.field_of(english) == field


def test_a_list_that_calls_its_parts_by_a_description_only(tmp_path: Path) -> None:
    entries, _ = take(write(tmp_path / "list.csv", [["Part No", "Description"], ["OF-200", "Oil filter"]]))
    assert entries[0].said == {"part_number": "OF-200", "name": "Oil filter"}


def test_columns_that_nobody_understands_are_named_unless_they_only_count(tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", [["م", *ARABIC, "خصم", ""], ["1", *ROWS[0], "5%", "x"]])
    _, remarks = take(path)
    assert [(remark.key, remark.values["heading"]) for remark in remarks] == [
        ("import.warning.column", "خصم"),
        ("import.warning.column", "G"),
    ]


# --- cells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        *[("150", 15000), ("150.5", 15050), ("1,250.50", 125050), ("١٬٢٥٠٫٥٠", 125050), ("150 ج.م", 15000)],
        *[("ج.م. ١٥٠", 15000), ("EGP 150.00", 15000), ("150.00 L.E.", 15000), ("150 جنيه", 15000), ("150 ج", 15000)],
        *[("150 جنيه مصري", 15000), ("1 250", 125000), ("1'250", 125000), (".5", 50), ("LE150", 15000)],
    ],
)
def test_prices_in_every_dress(tmp_path: Path, text: str, minor: int) -> None:
    entry, remarks = take_row(tmp_path, price=text)
    assert entry is not None
    assert (entry.said["price"], remarks) == (minor, [])


@pytest.mark.parametrize(("text", "minor"), [("33.3333", 3333), ("0.005", 1)])
def test_a_price_that_could_be_misread_is_taken_with_a_remark(tmp_path: Path, text: str, minor: int) -> None:
    entry, remarks = take_row(tmp_path, price=text)
    assert entry is not None
    assert entry.said["price"] == minor
    amount = f"{minor // 100}.{minor % 100:02}"
    assert remarks == [("import.warning.read_as", {"field": "price", "text": text, "amount": amount})]


@pytest.mark.parametrize(
    ("field", "text", "key"),
    [
        *[("price", text, "import.bad.not_a_number") for text in ("غالي", "15-20", "1,2,3", "12%")],
        *[("price", text, "import.bad.below_zero") for text in ("(150)", "150-", "- 150")],
        *[
            ("price", text, "import.bad.foreign_currency")
            for text in ("150$", "€ 99", "USD 12.50", "١٥٠ ريال", "10 د.ك", "20 بالدولار")
        ],
        *[("price", "-5", "import.bad.below_zero"), ("price", "6223001234567", "import.bad.too_large")],
        *[("quantity", "-3", "import.bad.below_zero"), ("quantity", "−3", "import.bad.below_zero")],
        *[("quantity", "2.5005", "import.bad.too_fine"), ("quantity", "كتير", "import.bad.not_a_number")],
        *[("quantity", "6223001234567", "import.bad.too_large"), ("cost", "x", "import.bad.not_a_number")],
        *[("min_stock", "1.0625", "import.bad.too_fine"), ("part_number", "6.22E+12", "import.bad.spoiled_number")],
        *[("decimals", "1.5", "import.bad.not_whole"), ("decimals", "4", "import.bad.too_large")],
    ],
)
def test_cells_that_cannot_stand_refuse_the_row(tmp_path: Path, field: str, text: str, key: str) -> None:
    entry, remarks = take_row(tmp_path, **{field: text})
    assert entry is None
    assert remarks == [(key, {"field": field, "text": text})]


@pytest.mark.parametrize(
    ("field", "text", "remark"),
    [
        ("quantity", "24 قطعة", ("import.warning.read_as", {"field": "quantity", "text": "24 قطعة", "amount": "24"})),
        (
            "quantity",
            "12.5 لتر",
            ("import.warning.read_as", {"field": "quantity", "text": "12.5 لتر", "amount": "12.5"}),
        ),
        ("quantity", "0.125", ("import.warning.read_as", {"field": "quantity", "text": "0.125", "amount": "0.125"})),
        ("unit", "جالون", ("import.warning.unknown_unit", {"field": "unit", "text": "جالون"})),
        ("price", "0", ("import.warning.zero", {"field": "price"})),
        ("price", "", ("import.warning.no_price", {})),
        ("barcode", "6223001234567", ("import.warning.check_digit", {"text": "6223001234567"})),
        ("barcode", "6.22E+12", ("import.warning.spoiled_number", {"field": "barcode", "text": "6.22E+12"})),
        ("part_number", "", ("import.warning.no_number", {"text": "فلتر زيت"})),
        ("part_number", "-", ("import.warning.no_number", {"text": "فلتر زيت"})),
        ("location", "#REF!", ("import.warning.cell_error", {"field": "location", "text": "#REF!"})),
    ],
)
def test_odd_cells_are_taken_with_a_remark(
    tmp_path: Path, field: str, text: str, remark: tuple[str, dict[str, Any]]
) -> None:
    entry, remarks = take_row(tmp_path, **{field: text})
    assert entry is not None
    assert remarks == [remark]


@pytest.mark.parametrize("text", ["24", "24.0", "12.5", "0.25", "100.00"])
def test_a_quantity_is_read_without_a_remark_as_it_stands(tmp_path: Path, text: str) -> None:
    for field in ("quantity", "min_stock"):
        entry, remarks = take_row(tmp_path, **{field: text})
        assert entry is not None
        assert (entry.quantity if field == "quantity" else entry.said[field]) == of_decimal(Decimal(text))
        assert remarks == []


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("", ("قطعة", "قطع", "حبة", "وحدة", "عدد", "pcs", "Pcs.", "Piece", "EA", "C62")),
        ("PR", ("جوز", "زوج", "Pair", "PR")),
        ("SET", ("طقم", "أطقم", "Set", "KIT")),
        ("LTR", ("لتر", "ليتر", "لترات", "ل", "litre", "Liter", "LTR", "L", "lt.")),
        ("MTR", ("متر", "أمتار", "م", "metre", "Meter", "MTR", "m")),
        ("KGM", ("كيلو", "كجم", "كيلوجرام", "كيلوغرام", "kg", "KGM", "Kilogram")),
    ],
)
def test_a_unit_is_understood_in_both_languages(tmp_path: Path, unit: str, words: tuple[str, ...]) -> None:
    for word in words:
        entry, remarks = take_row(tmp_path, unit=word)
        assert entry is not None
        assert (entry.said["unit"], remarks) == (unit, []), word


def test_no_word_means_two_units_and_each_is_found_as_it_is_folded() -> None:
    words = [(word, unit) for unit in units.UNITS for word in unit.written.split()]
    assert [units.of_word(fold(word)) for word, _ in words] == [unit for _, unit in words]
    assert len({word for word, _ in words}) == len(words)
    assert units.of_word("") is units.of_word("جالون") is None


@pytest.mark.parametrize(
    "field", ["price", "cost", "quantity", "min_stock", "unit", "decimals", "location", "barcode", "oem_number"]
)
@pytest.mark.parametrize("nothing", ["", "-", "—", "N/A", "لا يوجد"])
def test_an_empty_cell_says_nothing(tmp_path: Path, field: str, nothing: str) -> None:
    entry, _ = take_row(tmp_path, **{field: nothing})
    assert entry is not None
    assert field not in entry.said
    assert entry.quantity is None


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("90915-YZZD2 / 90915-10003", "90915-YZZD2", ("90915-10003",)),
        ("90915YZZD2/9091510003/9091510001", "90915YZZD2", ("9091510003", "9091510001")),
        ("90915YZZD2\n9091510003", "90915YZZD2", ("9091510003",)),
        ("90915YZZD2، 9091510003", "90915YZZD2", ("9091510003",)),
        ("90915YZZD2 / 90915YZZD2", "90915YZZD2", ()),
        ("7-A/BP", "7-A/BP", ()),
        ("06L 115 562 B", "06L 115 562 B", ()),
        ("1/2", "1/2", ()),
        ('="0012345"', "0012345", ()),
        ("'0012345", "0012345", ()),
    ],
)
def test_of_several_numbers_in_a_cell_none_is_lost(
    tmp_path: Path, text: str, first: str, others: tuple[str, ...]
) -> None:
    entry, remarks = take_row(tmp_path, part_number=text)
    assert entry is not None
    assert entry.said["part_number"] == first
    assert entry.others == ({"oem_number": others} if others else {})
    assert [key for key, _ in remarks] == (["import.warning.several_numbers"] if others else [])


@pytest.mark.parametrize("code", ["6223001234562", "96385074", "036000291452", "OF-200", "123"])
def test_right_check_digits(code: str) -> None:
    assert cells.has_right_check_digit(code)
    if code.isdigit() and len(code) > 3:
        assert not cells.has_right_check_digit(code[:-1] + str((int(code[-1]) + 1) % 10))


def test_numbers_are_read_exactly() -> None:
    number = notation.written("0.1", cells.AROUND["price"])
    assert number is not None
    assert number.value == Decimal("0.1")


# --- rows ----------------------------------------------------------------------------------------------


def test_rows_that_are_no_parts(tmp_path: Path) -> None:
    path = write(
        tmp_path / "list.csv",
        [
            *[["قطع غيار النيل", "", "", ""], ARABIC, ROWS[0], ["", "", "", ""], ["", "فلاتر", "", ""], ARABIC],
            *[["", "", "100", "5"], ["الإجمالي:", "", "5000", "20"], [*ROWS[1], "زيادة"], ROWS[1]],
        ],
    )
    entries, remarks = take(path)
    assert [entry.line for entry in entries] == [3, 10]
    assert [(remark.line, remark.key) for remark in remarks] == [
        (5, "import.bad.only_a_name"),
        (6, "import.warning.heading_again"),
        (7, "import.bad.nothing_to_know_it_by"),
        (8, "import.warning.total"),
        (9, "import.bad.too_many_cells"),
    ]


def test_a_maker_of_oil_is_no_sum(tmp_path: Path) -> None:
    entry, remarks = take_row(tmp_path, brand="Total")
    assert entry is not None
    assert not remarks


@pytest.mark.parametrize(
    ("again", "remark"),
    [
        (["of 200", "فلتر زيت", "10", "622300123456٢"], ("import.bad.twice", "part_number")),
        (["OF-200", "فلتر زيت", "10", "6223001234562"], ("import.warning.repeated", "part_number")),
        (["", "فلتر آخر", "10", "6223001234562"], ("import.bad.twice", "barcode")),
        (["", "فلتر زيت", "10", ""], ("import.bad.twice", "name")),
    ],
)
def test_what_stands_twice_counts_once(tmp_path: Path, again: list[str], remark: tuple[str, str]) -> None:
    rows = [["كود", "الاسم", "السعر", "باركود"], ["OF-200", "فلتر زيت", "10", "6223001234562"], again]
    entries, remarks = take(write(tmp_path / "list.csv", rows))
    assert [entry.line for entry in entries] == [2]
    found = [r for r in remarks if "other_line" in r.values]
    assert [(r.line, r.key, r.values["field"], r.values["other_line"]) for r in found] == [(3, *remark, 2)]


def test_two_numbers_with_one_barcode_are_two_parts_and_said_once(tmp_path: Path) -> None:
    rows = [["كود", "الاسم", "السعر", "باركود"], ["OF-200", "فلتر زيت", "10", "6223001234562"]]
    rows += [["OF-900", "فلتر آخر", "12", "6223001234562"], ["OF-901", "فلتر تالت", "15", "6223001234562"]]
    entries, remarks = take(write(tmp_path / "list.csv", rows))
    assert [(entry.line, entry.twin) for entry in entries] == [(2, False), (3, True), (4, True)]
    assert [(one.line, one.key, one.values["other_line"]) for one in remarks] == [
        (3, "import.warning.shared_barcode", 2),
        (4, "import.warning.shared_barcode", 2),
    ]


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    modules = (cells, imports, price_list, rows, sheets, survey)
    trees = [ast.parse(Path(str(module.__file__)).read_text("utf-8")) for module in modules]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    heads = ("import.bad.", "import.warning.", "import.column.", "import.ask.", "error.import.")
    keys = {text for text in texts if isinstance(text, str) and text.startswith(heads)} - set(heads)
    assert len(keys) > 30
    for language in strings.LANGUAGES:
        strings.use(language)
        assert [key for key in sorted(keys) if not strings.has(key)] == []
    strings.use("ar")
