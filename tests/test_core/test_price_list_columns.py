"""What only a whole column can say: how its numbers are written, what it is called, what a spreadsheet did to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clutch_tui.core.errors import ShopError
from clutch_tui.core.price_lists import encoding, price_list
from clutch_tui.core.price_lists.price_list import Choices
from clutch_tui.core.quantity import Quantity, whole
from tests.test_core.test_price_list import take, write

HEADINGS = ("part number", "name", "price")


def prices(
    tmp_path: Path, *texts: str, choices: Choices = price_list.AS_IT_STANDS
) -> tuple[list[int | None], list[str]]:
    """What a column of prices is read as, None where a row is refused; and the keys of what is said first."""
    rows = [(f"A-{n}", f"Part {n}", text) for n, text in enumerate(texts)]
    table = price_list.read(write(tmp_path / "list.csv", [HEADINGS, *rows], delimiter=";"), choices)
    read = {reading.line: reading.entry for reading in table.rows() if reading.entry}
    found = [entry.said["price"] if (entry := read.get(line)) else None for line in range(2, 2 + len(texts))]
    return found, [remark.key for remark in (*table.asks, *table.remarks)]


@pytest.mark.parametrize(
    ("texts", "minor", "first"),
    [
        (("1.250,50", "850,00", "1.250", "12.500", "99,90"), [125050, 85000, 125000, 1250000, 9990], ["decimal_comma"]),
        (("1,250.50", "850.00", "1,250", "12,500"), [125050, 85000, 125000, 1250000], []),
        (("1,250", "900"), [None, 90000], ["decimal"]),
        (("1.250", "900"), [None, 90000], ["decimal"]),
        (("1,250", "12.5"), [125000, 1250], []),
        (("1,250,000", "1,250"), [125000000, 125000], []),
        (("1.250.000", "1.250"), [125000000, 125000], ["decimal_comma"]),
        # two hands have written this column
        (("1.250,50", "850.00", "1.250"), [125050, 85000, None], ["decimal"]),
        (("1.250,50", "850.00", "1,250"), [125050, 85000, None], ["decimal"]),
        # decimals of two digits everywhere, and then three: a thousand by another hand, or not
        (("850,50", "1,250"), [85050, None], ["decimal", "decimal_comma"]),
        (("0.125", "1.250"), [13, 125], []),
        (("1,1500000000000001", "99,90"), [115, 9990], ["decimal_comma"]),
        (("1.1500000000000001", "99.90"), [115, 9990], []),
        (("١٬٢٥٠٫٥٠", "1 250", "1'250.5"), [125050, 125000, 125050], []),
    ],
)
def test_a_column_decides_what_dots_and_commas_mean(
    tmp_path: Path, texts: tuple[str, ...], minor: list[int | None], first: list[str]
) -> None:
    found, said = prices(tmp_path, *texts)
    assert found == minor
    assert [key.rpartition(".")[2] for key in said] == first


@pytest.mark.parametrize(("mark", "minor"), [("comma", 125), ("point", 125000)])
def test_a_person_says_what_no_column_can(tmp_path: Path, mark: str, minor: int) -> None:
    assert prices(tmp_path, "1,250", "900", choices=Choices("comma" if mark == "comma" else "point")) == (
        [minor, 90000],
        [],
    )


def test_a_doubtful_number_is_asked_about_with_both_of_its_meanings(tmp_path: Path) -> None:
    table = price_list.read(write(tmp_path / "list.csv", [HEADINGS, ("A-1", "Part", "1.250")]))
    (ask,) = table.asks
    assert (ask.key, ask.values) == (
        "import.ask.decimal",
        {"field": "price", "text": "1.250", "count": 1, "first_line": 2, "point": "1.25", "comma": "1250"},
    )
    (refused,) = (remark for reading in table.rows() for remark in reading.remarks)
    assert refused.key == "import.bad.unclear_number"


def test_a_silent_column_is_written_as_the_others_of_its_file(tmp_path: Path) -> None:
    rows = [("part number", "name", "price", "cost"), ("A-1", "Part", "1.250", "850,50")]
    entries, _ = take(write(tmp_path / "list.csv", rows))
    assert entries[0].said["price"] == 125000


def test_quantities_are_never_cut(tmp_path: Path) -> None:
    texts = ("12.5", "100.0", "(3)", "3-", "-5", "1.000", "1,000")
    rows = [("part number", "name", "quantity"), *((f"Q-{n}", "Part", text) for n, text in enumerate(texts))]
    entries, remarks = take(write(tmp_path / "list.csv", rows))
    assert [entry.quantity for entry in entries] == [Quantity(12_500), whole(100), whole(1), whole(1000)]
    assert [(remark.line, remark.key) for remark in remarks] == [
        *((line, "import.bad.below_zero") for line in (4, 5, 6)),
        *((line, "import.warning.read_as") for line in (7, 8)),
    ]


@pytest.mark.parametrize(
    ("texts", "quantities", "first"),
    [
        (("12,5", "1.000", "0,25"), [12_500, 1_000_000, 250], ["decimal_comma"]),
        (("12.5", "1,000", "0.25"), [12_500, 1_000_000, 250], []),
        (("1.250", "3"), [None, 3_000], ["decimal"]),
        (("٢٫٥", "٣"), [2_500, 3_000], []),
        (("0.125", "1.250"), [125, 1_250], []),
        (("0.0625", "1"), [None, 1_000], []),
    ],
)
def test_a_column_of_quantities_decides_what_dots_and_commas_mean(
    tmp_path: Path, texts: tuple[str, ...], quantities: list[int | None], first: list[str]
) -> None:
    rows = [("part number", "name", "quantity"), *((f"Q-{n}", "Part", text) for n, text in enumerate(texts))]
    table = price_list.read(write(tmp_path / "list.csv", rows, delimiter=";"))
    read = {reading.line: reading.entry for reading in table.rows() if reading.entry}
    found = [entry.quantity if (entry := read.get(line)) else None for line in range(2, 2 + len(texts))]
    assert found == quantities
    assert [remark.key.rpartition(".")[2] for remark in (*table.asks, *table.remarks)] == first


# --- codes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        *("6.22E+12", "6,22300E+12", "6.22E12", "03-Dec", "Dec-03", "12-مارس", "12/03/2026", "Mar-26", "2026-03-12"),
        *("12-Mar-26", "1.2.2026", "2026-03-12 00:00:00"),
    ],
)
def test_a_code_that_a_spreadsheet_has_spoiled_is_not_taken(tmp_path: Path, code: str) -> None:
    _, remarks = take(write(tmp_path / "list.csv", [HEADINGS, (code, "Filter", "10")], delimiter=";"))
    assert [remark.key for remark in remarks] == ["import.bad.spoiled_number"]


@pytest.mark.parametrize("code", ["622E12", "W 712/75", "25/35/10", "7-A/BP", "MAR-260", "DEC-1000", "1.2.3", "H7"])
def test_codes_that_only_look_like_dates_stand(tmp_path: Path, code: str) -> None:
    entries, remarks = take(write(tmp_path / "list.csv", [HEADINGS, (code, "Filter", "10")], delimiter=";"))
    assert (entries[0].said["part_number"], remarks) == (code, [])


def test_a_column_of_spoiled_barcodes_is_asked_about_before_a_thousand_remarks(tmp_path: Path) -> None:
    rows = [(f"A-{n}", "6.22E+12", f"Part {n}", "") for n in range(40)]
    _, remarks = take(write(tmp_path / "list.csv", [("part number", "barcode", "name", "price"), *rows]))
    assert remarks[0].key == "import.ask.spoiled"
    assert remarks[0].values == {"field": "barcode", "count": 40, "first_line": 2, "text": "6.22E+12"}
    assert sum(remark.key == "import.warning.spoiled_number" for remark in remarks) == 40


def test_the_maker_total_is_no_row_of_sums(tmp_path: Path) -> None:
    rows = [("brand", *HEADINGS), ("Total", "QZ-9000", "Oil 5W40", "900"), ("Total", "", "", "900")]
    outcomes = [reading.outcome for reading in price_list.read(write(tmp_path / "list.csv", rows)).rows()]
    assert outcomes[1] == "part"


def test_one_number_of_several_brands_is_several_parts(tmp_path: Path) -> None:
    rows = [("90915-YZZD2", brand, f"Filter {brand}") for brand in ("Toyota", "Sakura", "تايوان")]
    again = [("90915-YZZD2", "toyota", "Other"), ("90915-YZZD2", "Sakura", "Filter Sakura"), ("90915-YZZD2", "", "x")]
    entries, remarks = take(write(tmp_path / "list.csv", [("part number", "brand", "name"), *rows, *again]))
    assert [entry.said["brand"] for entry in entries] == ["Toyota", "Sakura", "تايوان"]
    assert [(remark.line, remark.key, remark.values["other_line"]) for remark in remarks] == [
        (5, "import.bad.twice", 2),
        (6, "import.warning.repeated", 3),
        (7, "import.bad.twice", 2),
    ]


# --- headings ------------------------------------------------------------------------------------------


def test_headings_in_two_rows_are_joined(tmp_path: Path) -> None:
    rows = [("رقم القطعة", "الاسم", "السعر", ""), ("", "", "جملة", "قطاعي"), ("OC 197", "فلتر", "120", "150")]
    entries, remarks = take(write(tmp_path / "list.csv", rows))
    assert entries[0].said["price"] == 15000
    assert [(remark.key, remark.values["heading"]) for remark in remarks] == [("import.warning.column", "السعر جملة")]


def test_a_unit_below_a_heading_changes_nothing(tmp_path: Path) -> None:
    rows = [("part number", "name", "price"), ("", "", "pounds"), ("OC 197", "Filter", "150")]
    entries, remarks = take(write(tmp_path / "list.csv", rows))
    assert (entries[0].said["price"], remarks) == (15000, [])


def test_groups_above_the_headings_are_joined_where_that_says_more(tmp_path: Path) -> None:
    rows = [("بيانات", "", "سعر", ""), ("كود", "الصنف", "الجملة", "القطاعي"), ("OC 197", "فلتر", "120", "150")]
    entries, _ = take(write(tmp_path / "list.csv", rows))
    assert entries[0].said == {"part_number": "OC 197", "name": "فلتر", "price": 15000}


def test_a_price_over_several_columns_that_name_no_price_is_asked_about(tmp_path: Path) -> None:
    rows = [("part number", "name", "price", ""), ("", "", "A", "B"), ("OC 197", "Filter", "120", "150")]
    path = write(tmp_path / "list.csv", rows)
    (ask,) = price_list.read(path).asks
    assert (ask.key, ask.values) == (
        "import.ask.no_column",
        {"field": "price", "columns": ["C (price A)", "D (price B)"]},
    )
    for said in ("D", "d", "4", "price b"):
        table = price_list.read(path, Choices(columns={"price": said}))
        assert table.asks == ()
        assert [reading.entry.said["price"] for reading in table.rows() if reading.entry] == [15000]
    with pytest.raises(ShopError) as refused:
        price_list.read(path, Choices(columns={"price": "Z"}))
    assert refused.value.key == "error.import.no_column"


def test_two_columns_for_one_price_are_asked_about(tmp_path: Path) -> None:
    rows = [("part number", "name", "price", "selling price"), ("OC 197", "Filter", "120", "150")]
    entries, (ask,) = take(write(tmp_path / "list.csv", rows))
    assert (ask.key, ask.values["taken"]) == ("import.ask.several_columns", "C (price)")
    assert entries[0].said["price"] == 12000
    table = price_list.read(tmp_path / "list.csv", Choices(columns={"price": "D"}))
    assert [(reading.entry, reading.remarks) for reading in table.rows()][2:] == [(None, ())]


@pytest.mark.parametrize("heading", ["Price (USD)", "السعر (دولار)", "price ($)"])
def test_a_heading_in_another_currency_refuses_its_amounts(tmp_path: Path, heading: str) -> None:
    entries, remarks = take(write(tmp_path / "list.csv", [("part number", "name", heading), ("A-1", "Part", "12.5")]))
    assert entries == []
    assert [remark.key for remark in remarks] == ["import.column.foreign_heading", "import.bad.foreign_currency"]


@pytest.mark.parametrize(
    ("title", "asked"), [("All prices in USD", True), ("الأسعار بالدولار", True), ("أسعار 2026", False)]
)
def test_another_currency_above_the_headings_is_asked_about(tmp_path: Path, title: str, asked: bool) -> None:
    rows = [(title,), HEADINGS, ("A-1", "Part", "12.5")]
    asks = price_list.read(write(tmp_path / "list.csv", rows)).asks
    assert [(ask.key, ask.values) for ask in asks] == ([("import.ask.currency", {"text": title})] if asked else [])


# --- letters -------------------------------------------------------------------------------------------

ARABIC = "رقم القطعة,الاسم,السعر\nOC 197,فلتر زيت مالي,150\nOC 198,طقم تيل فرامل أمامي غسالة,20\n"


@pytest.mark.parametrize("name", ["utf-8", "utf-16-le", "utf-16-be", "cp1256", "iso8859_6", "cp720"])
@pytest.mark.parametrize("text", [ARABIC, ARABIC.replace("رقم القطعة,الاسم,السعر", "part number,name,price")])
def test_the_encoding_is_found(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(name))
    assert path.read_text(encoding.encoding_of(path)) == text
    entries, remarks = take(path)
    assert ([entry.said["name"] for entry in entries], remarks) == (["فلتر زيت مالي", "طقم تيل فرامل أمامي غسالة"], [])


def test_names_with_accents_are_not_taken_for_arabic(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("part number,name,price\nA-1,Citroën Müller é,1\nA-2,Würth Düse 5°,2\n".encode("cp1252"))
    assert [entry.said["name"] for entry in take(path)[0]] == ["Citroën Müller é", "Würth Düse 5°"]


def misread(text: str, right: str, wrong: str) -> str:
    """What a program makes of a text that it reads in a wrong encoding."""
    return "".join(bytes((byte,)).decode(wrong, "ignore") or chr(byte) for byte in text.encode(right))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("utf-8", "latin-1"), ("utf-8", "cp1252"), ("utf-8", "cp1256"), ("cp1256", "cp1252"), ("cp1256", "latin-1")],
)
def test_letters_that_were_read_wrongly_before_are_put_right(tmp_path: Path, right: str, wrong: str) -> None:
    name = misread("طقم تيل فرامل أمامي", right, wrong)
    entries, remarks = take(write(tmp_path / "list.csv", [HEADINGS, ("A-1", name, "10")]))
    assert entries[0].said["name"] == "طقم تيل فرامل أمامي"
    assert [(remark.key, remark.values) for remark in remarks] == [
        ("import.column.repaired", {"count": 1, "first_line": 2})
    ]
    assert encoding.repaired(misread(misread("فلتر", "utf-8", "cp1252"), "utf-8", "cp1252")) == "فلتر"


@pytest.mark.parametrize(
    "name",
    ["طقم ظرف عجل", "غطاء", "عفشة/طارة", "طُقم", "ظهر", "Citroën", "Škoda", "ÄÖÜ GmbH", "±5°", "بوجيه ×4", "فلتر؟"],
)
def test_letters_that_are_right_stay(name: str) -> None:
    assert encoding.repaired(name) == name
    assert not encoding.is_damaged(name)


@pytest.mark.parametrize("name", ["???? ??? ????", "?????", "Filter ???? ???", "فلتر\ufffd", "Ùلتر Ø± Ø§Ù"])
def test_lost_letters_refuse_the_row(tmp_path: Path, name: str) -> None:
    entries, remarks = take(write(tmp_path / "list.csv", [HEADINGS, ("OC 197", name, "150")]))
    assert entries == []
    assert [remark.key for remark in remarks] == ["import.bad.damaged_text"]
