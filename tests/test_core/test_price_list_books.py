"""Excel books are read as a person sees them, however odd; damage of any kind ends in one sentence, at once."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core.errors import ShopError
from clutch_tui.core.price_lists import archive, formats, price_list, workbook, worksheet
from tests.test_core.test_price_list import take

HEADINGS = ("part number", "name", "price")
STYLES, SHEET = "xl/styles.xml", "xl/worksheets/sheet1.xml"


def book(path: Path, *rows: tuple[Any, ...], work: Callable[[Any], None] | None = None) -> Path:
    """A book with one sheet of these rows under the headings, and what `work` does to the sheet."""
    import openpyxl

    made = openpyxl.Workbook()
    sheet = made.active
    for row in (HEADINGS, *rows):
        sheet.append(list(row))
    if work is not None:
        work(sheet)
    made.save(path)
    return path


def rewritten(path: Path, changes: dict[str, Callable[[bytes], bytes | None]]) -> Path:
    """The book with some of its parts changed, or left out."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            changed = changes[name](content) if name in changes else content
            if changed is not None:
                new.writestr(name, changed)
    return path


def said_of(path: Path) -> list[tuple[int, str]]:
    return [(remark.line, remark.key) for remark in take(path)[1]]


# --- what a person sees --------------------------------------------------------------------------------


def test_what_a_sheet_hides_is_not_read_and_said(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["D"].hidden = True
        sheet["D1"], sheet["D3"] = "cost", 120
        old = sheet.parent.create_sheet("old", 0)
        old.append(HEADINGS)
        old.append(("OC 197", "Oil filter", 45))
        old.sheet_state = "hidden"

    path = book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 45), ("OC 197", "Oil filter", 150), work=hide)
    (entry,), remarks = take(path)
    assert (entry.line, entry.said) == (3, {"part_number": "OC 197", "name": "Oil filter", "price": 15000})
    assert [(remark.key, remark.values) for remark in remarks] == [
        ("import.column.hidden_sheet", {"sheet": "old"}),
        ("import.column.hidden_rows", {"count": 1, "first_line": 2}),
        ("import.column.hidden_column", {"heading": "D (cost)", "first_line": 3}),
    ]


@pytest.mark.parametrize("size", [b"0", b"0.0", b"0E+00"])
def test_a_row_and_a_column_without_a_size_are_hidden(tmp_path: Path, size: bytes) -> None:
    path = book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 45), ("OC 198", "Oil filter", 150))

    def squeeze(text: bytes) -> bytes:
        columns = b'<cols><col min="3" max="3" width="' + size + b'" customWidth="1"/></cols><sheetData>'
        text = text.replace(b"<sheetData>", columns)
        return text.replace(b'<row r="2"', b'<row r="2" ht="' + size + b'" customHeight="1"')

    (entry,), remarks = take(rewritten(path, {SHEET: squeeze}))
    assert (entry.line, entry.said) == (3, {"part_number": "OC 198", "name": "Oil filter"})
    assert [(remark.key, remark.values) for remark in remarks] == [
        ("import.column.hidden_rows", {"count": 1, "first_line": 2}),
        ("import.column.hidden_column", {"heading": "C (price)", "first_line": 3}),
    ]


def test_a_book_that_hides_everything_says_so(tmp_path: Path) -> None:
    path = book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 45))
    rewritten(path, {"xl/workbook.xml": lambda text: text.replace(b'state="visible"', b'state="veryHidden"')})
    with pytest.raises(ShopError) as refused:
        price_list.read(path)
    assert refused.value.key == "error.import.all_hidden"


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        *[("0000000000", "986452041", "0986452041"), ("0 000 000 000", "451103314", "0 451 103 314")],
        *[("000-000-000", "986452041", "986-452-041"), ('"OF-"0000', "12", "OF-0012"), ("0", "6223001234562", None)],
        *[("[$$-409]#,##0.00", "12.5", "$12.5"), ("[$€-2] #,##0.00", "99", "€ 99"), ('"USD" 0.00', "7.25", "USD 7.25")],
        *[("[$£-809]#,##0", "5", "GBP5"), ("[$ج.م.-C01] 0.00", "5", "ج.م. 5"), ("#,##0\\ [$EUR]", "5", "5 EUR")],
        ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "12.5", "$12.5"),
        *[("_-* #,##0.00_-;-* #,##0.00_-", "5", None), ("#,##0_);(#,##0)", "-3", None), ("0%", "0.15", "15%")],
        *[("dd/mm/yyyy", "46093", "2026-03-12"), ("mmm-yy", "46093.5", "2026-03-12"), ("yyyy", "46093", "2026")],
        *[
            ("0.00E+00", "6223001234562", None),
            ("# ?/?", "1.5", None),
            ("[Red]#,##0", "5", None),
            ("0.000", "12.5", None),
        ],
        *[("General", "1.1500000000000001", "1.15"), ("General", "24.0", "24"), ("", "1E+2", "100")],
        *[("General", "62230012345621234", "6.2230012346E+16"), ("0%", "1E+999998", None)],
        *[("General", "1E-999999", "1.0000000000E-999999"), ("General", "1E+9999999999", None), ("0", "NaN", None)],
    ],
)
def test_numbers_are_read_as_their_formats_show_them(code: str, number: str, shown: str | None) -> None:
    assert formats.parsed(code).shown(number) == (shown or number)


def test_currencies_and_zeros_in_formats_reach_the_row(tmp_path: Path) -> None:
    def format_cells(sheet: Any) -> None:
        sheet["A2"].number_format = "0000000000"
        sheet["C3"].number_format = "[$$-409]#,##0.00"
        sheet["C4"].number_format = '#,##0.00 "ج.م"'
        sheet["C5"].number_format = "0%"

    rows = [(986452041, "Filter", 120), ("B-1", "Filter", 12.5), ("B-2", "Filter", 500), ("B-3", "Filter", 0.15)]
    path = book(tmp_path / "list.xlsx", *rows, work=format_cells)
    entries, remarks = take(path)
    assert [(entry.said["part_number"], entry.said["price"]) for entry in entries] == [
        ("0986452041", 12000),
        ("B-2", 50000),
    ]
    assert [(remark.line, remark.key, remark.values["text"]) for remark in remarks] == [
        (3, "import.bad.foreign_currency", "$12.5"),
        (5, "import.bad.not_a_number", "15%"),
    ]


def test_a_dot_in_a_number_of_a_sheet_leaves_no_doubt_and_proves_nothing_of_texts(tmp_path: Path) -> None:
    rows = [("A-1", "Part", 12.125), ("A-2", "Part", 99.5), ("A-3", "Part", "850,50"), ("A-4", "Part", "1.250")]
    entries, remarks = take(book(tmp_path / "list.xlsx", *rows))
    assert [entry.said["price"] for entry in entries] == [1213, 9950, 85050, 125000]
    assert [(remark.line, remark.key) for remark in remarks] == [
        (0, "import.column.decimal_comma"),
        (2, "import.warning.read_as"),
    ]


def test_merged_cells_say_the_same_of_all_their_rows(tmp_path: Path) -> None:
    def merge(sheet: Any) -> None:
        for area in ("C2:C3", "A4:C4", "A5:A6", "B5:B6", "C5:C6"):
            sheet.merge_cells(area)

    rows = [("A-1", "One", 150), ("A-2", "Two", None), ("Filters", None, None), ("A-3", "Three", 5), (None, None, None)]
    entries, remarks = take(book(tmp_path / "list.xlsx", *rows, ("A-4", "Four", 6), work=merge))
    assert [(entry.said["part_number"], entry.said["price"]) for entry in entries] == [
        *[("A-1", 15000), ("A-2", 15000), ("A-3", 500), ("A-4", 600)]
    ]
    assert [(remark.line, remark.key) for remark in remarks] == [(4, "import.warning.title")]


def test_merged_headings_are_joined(tmp_path: Path) -> None:
    def head(sheet: Any) -> None:
        sheet.insert_rows(2)
        sheet["C2"], sheet["D2"] = "wholesale", "retail"
        for area in ("A1:A2", "B1:B2", "C1:D1"):
            sheet.merge_cells(area)

    table = price_list.read(book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 120, 150), work=head))
    assert table.heading.cells == ("part number", "name", "price wholesale", "retail")
    assert [reading.entry.said["price"] for reading in table.rows() if reading.entry] == [15000]
    assert table.asks == ()


def test_a_formula_that_nothing_has_calculated_is_named_as_that(tmp_path: Path) -> None:
    (remark,) = take(book(tmp_path / "list.xlsx", ("A-1", "Part", "=B7*2")))[1]
    assert (remark.key, remark.values) == ("import.bad.formula", {"field": "price", "text": "=B7*2"})


# --- odd books -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {STYLES: lambda text: text.replace(b"<patternFill />", b"")},
        {STYLES: lambda text: b"<styleSheet"},
        {STYLES: lambda text: None},
        {SHEET: lambda text: text.replace(b'r="A2"', b'r="A2" s="99"')},
        {SHEET: lambda text: text.replace(b'r="A2"', b'r="??"').replace(b'r="2"', b'r="x"')},
        {SHEET: lambda text: text.replace(b"<dimension", b"<dimension ref='A1:A1'/><ignored")},
        {SHEET: lambda text: b"\xef\xbb\xbf" + text},
        {"docProps/app.xml": lambda text: b"\0", "docProps/core.xml": lambda text: None},
        {"[Content_Types].xml": lambda text: None},
        {"_rels/.rels": lambda text: None},
    ],
)
def test_odd_books_are_read_all_the_same(tmp_path: Path, changes: dict[str, Callable[[bytes], bytes | None]]) -> None:
    path = rewritten(book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 150)), changes)
    entries, remarks = take(path)
    assert [entry.said for entry in entries] == [{"part_number": "OC 197", "name": "Oil filter", "price": 15000}]
    assert remarks == []


def test_a_book_of_another_program_is_read_by_its_elements(tmp_path: Path) -> None:
    """Names with prefixes and backslashes, the namespaces of the strict form, shared texts of several runs with their
    pronunciation, stored results of formulas, truths, days, and cells without places."""
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    relation = f'<Relationship Id="{{}}" Type="{strict}/{{}}" Target="{{}}"/>'
    parts = {
        "_rels/.rels": relation.format("a", "officeDocument", "/book/Main.xml"),
        "book\\_rels\\main.xml.rels": relation.format("s1", "worksheet", "one.XML")
        + relation.format("t", "sharedStrings", "../texts.xml"),
        "book/main.xml": '<x:workbook xmlns:x="m" xmlns:r="r"><x:workbookPr date1904="1"/><x:sheets>'
        '<x:sheet name="prices" r:id="s1"/></x:sheets></x:workbook>',
        "texts.xml": "<sst><si><r><t>Oil </t></r><r><t>filter</t></r><rPh><t>never</t></rPh></si></sst>",
        "book/one.xml": "<x:worksheet xmlns:x='m'><x:sheetData><x:row>"
        + "".join(f"<x:c t='inlineStr'><x:is><x:t>{heading}</x:t></x:is></x:c>" for heading in (*HEADINGS, "notes"))
        + "</x:row><x:row r='4'><x:c t='str'><x:f>B1</x:f><x:v>OC_x0020_197</x:v></x:c><x:c t='s'><x:v>0</x:v></x:c>"
        "<x:c><x:f>1+1</x:f><x:v>2</x:v></x:c><x:c r='D4' t='b'><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>",
    }
    with zipfile.ZipFile(tmp_path / "list.xlsx", "w") as archive_:
        for name, content in parts.items():
            archive_.writestr(
                name, content if "Relationship" not in content else f"<Relationships>{content}</Relationships>"
            )
    (entry,), remarks = take(tmp_path / "list.xlsx")
    assert (entry.line, entry.said) == (
        4,
        {"part_number": "OC 197", "name": "Oil filter", "price": 200, "description": "TRUE"},
    )
    assert remarks == []


def test_numbers_of_which_nobody_knows_the_format_are_asked_about(tmp_path: Path) -> None:
    def currency(sheet: Any) -> None:
        sheet["C2"].number_format = "[$$-409]0.00"

    path = book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 12.5), work=currency)
    rewritten(path, {STYLES: lambda text: text[: len(text) // 2]})
    (ask,) = price_list.read(path).asks
    assert (ask.key, ask.values) == ("import.ask.unformatted", {"count": 1, "first_line": 2})


def test_a_damaged_sheet_beside_a_good_one_is_named(tmp_path: Path) -> None:
    def more(sheet: Any) -> None:
        sheet.parent.create_sheet("broken")

    path = book(tmp_path / "list.xlsx", ("OC 197", "Oil filter", 150), work=more)
    rewritten(path, {"xl/worksheets/sheet2.xml": lambda text: None})
    entries, remarks = take(path)
    assert len(entries) == 1
    assert [(remark.key, remark.values) for remark in remarks] == [("import.column.damaged_sheet", {"sheet": "broken"})]


# --- damaged ones --------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """The key with which a file is refused, empty for one that is read. Anything but a `ShopError` is a traceback."""
    try:
        list(price_list.read(path).rows())
    except ShopError as error:
        return error.key
    return ""


@pytest.mark.parametrize(
    "changes",
    [
        {SHEET: lambda text: None},
        {SHEET: lambda text: text[:-40]},
        {SHEET: lambda text: text.replace(b"</row>", b"</raw>")},
        {SHEET: lambda text: b"\0" * 100},
        {"xl/workbook.xml": lambda text: None},
        {"xl/workbook.xml": lambda text: b""},
        {"xl/_rels/workbook.xml.rels": lambda text: None},
        {SHEET: lambda text: b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + text},
    ],
)
def test_a_damaged_book_ends_in_one_sentence(
    tmp_path: Path, changes: dict[str, Callable[[bytes], bytes | None]]
) -> None:
    assert refusal(rewritten(book(tmp_path / "list.xlsx", ("A", "B", 1)), changes)) == "error.import.unreadable"


def test_a_book_cut_or_turned_anywhere_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Bytes cut off, turned and put twice, anywhere in the file: read or refused, and nothing else."""
    whole = book(tmp_path / "list.xlsx", *((f"A-{n}", f"Part {n}", n) for n in range(20))).read_bytes()
    chance = random.Random(12)
    path = tmp_path / "damaged.xlsx"
    refusals = 0
    for turn in range(150):
        at = chance.randrange(4, len(whole))
        length = chance.choice((1, 4, 40, 400))
        damaged = bytearray(whole)
        if turn % 3 == 0:
            del damaged[at : at + (length if turn % 2 else len(whole))]
        elif turn % 3 == 1:
            damaged[at : at + length] = chance.randbytes(length)
        else:
            damaged[at:at] = damaged[at - 4 : at + length]
        path.write_bytes(damaged)
        refusals += bool(refusal(path))
    assert refusals > 50


@pytest.mark.parametrize("part", [SHEET, STYLES, "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_xml_turned_anywhere_never_ends_in_a_traceback(tmp_path: Path, part: str) -> None:
    path = book(tmp_path / "list.xlsx", ("A-1", "Part", 1), (2, "Part", "=A1"))
    whole = path.read_bytes()
    chance = random.Random(7)

    def turned(text: bytes) -> bytes:
        at = chance.randrange(len(text))
        piece = chance.choice((b"", b"<", b'"', b"&", b"-1", b"9" * 30, b"\xff", b"row", b"</c>"))
        return text[:at] + piece + text[at + chance.randrange(6) :]

    for _ in range(40):
        path.write_bytes(whole)
        rewritten(path, {part: turned})
        assert refusal(path) in ("", "error.import.unreadable", "error.import.no_headings", "error.import.all_hidden")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    row = b'<row><c t="inlineStr"><is><t>A</t></is></c><c t="inlineStr"><is><t>B</t></is></c></row>'
    head = b"<worksheet><sheetData>"
    path = book(tmp_path / "list.xlsx", ("A", "B", 1))
    rewritten(path, {SHEET: lambda text: head + row * 600_000 + b"</sheetData></worksheet>"})
    assert path.stat().st_size < 328 * 1024
    assert refusal(path) == "error.import.unpacks_too_large"


@pytest.mark.parametrize(
    "content",
    [
        b"<c r='A1' t='inlineStr'><is><t>" + b"a" * 100_000 + b"</t></is></c>",
        b"<c r='A1' x='" + b"a" * (archive.MAX_TOKEN + archive.CHUNK * 2) + b"'/>",
        b"<!--" + b"a" * (archive.MAX_TOKEN + archive.CHUNK * 2) + b"-->",
    ],
)
def test_one_piece_that_would_fill_the_memory_is_refused(tmp_path: Path, content: bytes) -> None:
    path = book(tmp_path / "list.xlsx", ("A", "B", 1))
    rewritten(path, {SHEET: lambda text: text.replace(b"<sheetData>", b"<sheetData><row>" + content + b"</row>")})
    assert refusal(path) == "error.import.unpacks_too_large"


@pytest.mark.parametrize(
    ("module", "limit"), [(worksheet, "MAX_CELLS"), (worksheet, "MAX_ROW_LETTERS"), (workbook, "MAX_TEXTS")]
)
def test_cells_rows_and_shared_texts_have_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, limit: str
) -> None:
    path = book(tmp_path / "list.xlsx", *((f"A-{n}", "Part" * 40, n) for n in range(50)))
    shared = b"<sst>" + b"<si><t>part</t></si>" * 50 + b"</sst>"
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("xl/sharedStrings.xml", shared)
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    added = b'<Relationship Id="s" Type="' + kind + b'" Target="sharedStrings.xml"/></Relationships>'
    rewritten(path, {"xl/_rels/workbook.xml.rels": lambda text: text.replace(b"</Relationships>", added)})
    assert refusal(path) == ""
    monkeypatch.setattr(module, limit, 100)
    assert refusal(path) == "error.import.unpacks_too_large"


def test_halves_of_letters_do_not_reach_the_shop() -> None:
    assert workbook.unescaped("a_x000D_b_xD83D_c_x0041_") == "a\rb\ufffdcA"


def test_a_text_of_any_bytes_never_ends_in_a_traceback(tmp_path: Path) -> None:
    chance = random.Random(5)
    head = b"part number,name,price,quantity\n"
    path = tmp_path / "list.csv"
    for turn in range(150):
        body = bytearray(b"A-1,Part,1.250,3\n" * 5 + b'"A-2,x\n')
        for _ in range(turn % 20):
            body[chance.randrange(len(body))] = chance.randrange(256)
        path.write_bytes((head if turn % 3 else b"\xff\xfe" if turn % 2 else b"") + body)
        assert refusal(path) in ("", "error.import.no_headings", "error.import.unreadable")


@pytest.mark.parametrize(
    "text", ["1" * 50 + "." + "1" * 50, "9" * 100_000, "1," * 1000, "0." + "0" * 500 + "1", "٫", "-"]
)
def test_no_number_is_too_strange(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"part number;name;price;quantity\nA-1;Part;{text};{text}\n", "utf-8")
    assert refusal(path) == ""


def test_letters_and_places_of_columns() -> None:
    places = [1, 2, 26, 27, 28, 702, 703, 16_384]
    assert [workbook.column_of(workbook.letters_of(place)) for place in places] == places
    assert workbook.letters_of(16_384) == "XFD"
