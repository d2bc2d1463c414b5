"""Every row of a file is counted once, whatever stands in it."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch_tui.core import inventory
from clutch_tui.core.price_lists import imports, price_list
from clutch_tui.core.price_lists.imports import ImportReport
from clutch_tui.core.price_lists.remarks import Remark, Remarks
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartQuery
from tests.fresh_store import open_new
from tests.test_core.shop import stock_shelf

HEADINGS = ["part number", "barcode", "name", "brand", "price", "quantity", "colour"]

NUMBERS = ["", "OF-200", "of 200", "WP-100", "A-1", "A-2 / A-3000", "03-Dec", "6.22E+12", "-", "total", "part number"]
BARCODES = ["", "", "6223001234562", "6223001234567", "6.22E+12", "123"]
NAMES = ["", "فلتر زيت", "Oil filter", "???? ???", "الإجمالي", "name", "طلمبة مياه", "two\nlines", "=1+1", "ظپظ„طھط±"]
BRANDS = ["", "", "Toyota", "Sakura"]
PRICES = ["", "45.50", "1,250", "1.250,50", "$5", "غالي", "0", "-3", "(3)", "12%", "99,90"]
QUANTITIES = ["", "3", "2.5", "1.000", "3-", "24 pcs", "many"]

ROW = st.one_of(
    st.tuples(*map(st.sampled_from, (NUMBERS, BARCODES, NAMES, BRANDS, PRICES, QUANTITIES, ["", "red"]))),
    st.just(("",) * len(HEADINGS)),
    st.just(tuple(HEADINGS)),
)
ROWS = st.lists(ROW, min_size=1, max_size=25)


def outcomes(report: ImportReport) -> int:
    taken = report.created + report.changed + report.unchanged
    return taken + report.refused + report.repeated + sum(report.skipped.values())


def last_filled(rows: Sequence[Sequence[Any]]) -> int:
    return max(n for n, row in enumerate(rows, 1) if any(row))


def look_at_twice(store: Store, path: Path, rows: int) -> ImportReport:
    """Import the file on trial and in earnest, and again: all rows are counted, and the figures are those of the
    shop."""
    table = price_list.read(path)
    trial = imports.run(store, table, dry_run=True)
    before = store.read_now(inventory.count, PartQuery())
    report = imports.run(store, table)
    assert trial == report
    assert report.rows == table.count == outcomes(report) == rows
    assert report.refused == len({remark.line for remark in report.bad})
    assert store.read_now(inventory.count, PartQuery()) == before + report.created
    again = imports.run(store, table)
    assert outcomes(again) == rows
    assert (again.created, again.refused, again.skipped) == (0, report.refused, report.skipped)
    assert again.unchanged + again.changed == report.created + report.changed + report.unchanged
    return report


@pytest.fixture
def shelf(store: Store) -> Store:
    stock_shelf(store)
    return store


@settings(max_examples=40, deadline=None)
@given(
    above=st.lists(st.sampled_from(["", "قطع غيار النيل", "2026"]), max_size=2), rows=ROWS, mark=st.sampled_from(",;|")
)
def test_every_row_of_a_text_is_counted(
    tmp_path_factory: pytest.TempPathFactory, above: list[str], rows: list[tuple[str, ...]], mark: str
) -> None:
    folder = tmp_path_factory.mktemp("list")
    lines = [[text] for text in above] + [HEADINGS, *map(list, rows)]
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows(lines)
    (folder / "list.csv").write_text(text.getvalue() + "\n\n", "utf-8")
    with open_new(folder / "shop.db", inline=True) as store:
        stock_shelf(store)
        look_at_twice(store, folder / "list.csv", last_filled(lines))


@settings(max_examples=25, deadline=None)
@given(
    rows=ROWS,
    hidden=st.sets(st.integers(2, 20), max_size=4),
    merged=st.lists(st.tuples(st.integers(1, 7), st.integers(2, 20), st.integers(0, 2), st.integers(0, 2)), max_size=3),
    column=st.sampled_from(["", "D", "F", "G"]),
)
def test_every_row_of_a_sheet_is_counted(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, ...]],
    hidden: set[int],
    merged: list[tuple[int, int, int, int]],
    column: str,
) -> None:
    import openpyxl

    folder = tmp_path_factory.mktemp("list")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in ([], HEADINGS, *rows):
        sheet.append([float(cell) if cell in ("3", "0", "45.50") else cell or None for cell in row])
    for left, top, wide, tall in merged:
        sheet.merge_cells(start_column=left, start_row=top + 1, end_column=left + wide, end_row=top + 1 + tall)
    for row in hidden:
        sheet.row_dimensions[row + 1].hidden = True
    if column:
        sheet.column_dimensions[column].hidden = True
    book.save(folder / "list.xlsx")
    filled = [[cell not in (None, "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    with open_new(folder / "shop.db", inline=True) as store:
        stock_shelf(store)
        look_at_twice(store, folder / "list.xlsx", last_filled(filled))


def test_the_reasons_for_skipping_are_told_apart(shelf: Store, tmp_path: Path) -> None:
    text = "shop\n\npart number,name,price,colour\nA-1,Part,1\n,,,\n,,,red\nTotal,,1\npart number,name,price\n"
    (tmp_path / "list.csv").write_text(f"{text}A-1,Part,1\n\n", "utf-8")
    report = imports.run(shelf, price_list.read(tmp_path / "list.csv"))
    assert (report.rows, report.created, report.repeated) == (9, 1, 1)
    assert report.skipped == {"heading": 3, "heading_again": 1, "blank": 1, "total": 1, "unread": 1}


def test_rows_of_an_open_quotation_mark_are_counted_one_by_one(shelf: Store, tmp_path: Path) -> None:
    below = "".join(f"OF-{n},Filter,10\n" for n in range(300, 340))
    (tmp_path / "list.csv").write_text(f'part number,name,price\nOF-1,"Hose,10\n{below}', "utf-8")
    report = imports.run(shelf, price_list.read(tmp_path / "list.csv"))
    assert (report.rows, report.created, report.refused, outcomes(report)) == (42, 40, 1, 42)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_list_goes_through_the_memory_and_does_not_stay_there(tmp_path: Path, suffix: str) -> None:
    """At 300 bytes a row 300,000 of them leave two thirds of the 300 MB to the program: what an earlier row said is
    remembered by numbers alone."""
    rows = [[f"MN-{n:06}", "", f"قطعة غيار رقم {n} أصلية", "كيا", f"{n}.5", n % 90] for n in range(1500)]
    path = tmp_path / f"list.{suffix}"
    if suffix == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows((HEADINGS[:6], *rows))
    else:
        import openpyxl

        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in (HEADINGS[:6], *rows):
            sheet.append(row)
        book.save(path)
    list(price_list.read(path).rows())  # what a first reading loads stays
    tracemalloc.start()
    try:
        for _ in price_list.read(path).rows():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000 + 300 * len(rows)


def test_of_many_remarks_of_a_kind_the_rest_is_counted() -> None:
    remarks = Remarks()
    many = Remarks.MOST_OF_A_KIND + 10
    remarks.add(Remark(line, "import.warning.no_price") for line in range(many, 0, -1))
    remarks.add([Remark(1, "import.warning.zero", {"field": "cost"})])
    assert remarks.counts == {("import.warning.no_price", ""): many, ("import.warning.zero", "cost"): 1}
    assert len(remarks.ordered()) == Remarks.MOST_OF_A_KIND + 1
