"""A receipt says everything once, fits the paper, and survives being written to a file."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from clutch_tui.core.quantity import ONE, Quantity, whole
from clutch_tui.core.types import PAY_METHODS, Payment, Sale, SaleLine, Totals
from clutch_tui.printing import receipt
from clutch_tui.text import bidi, strings
from clutch_tui.text.format import RLM

SHOP = {"name": "قطع غيار النيل", "address": "شارع التوفيقية، القاهرة", "phone": "01001234567"}

SALE = Sale(
    id="01990000-0000-7000-8000-000000000001",
    receipt_number="KXT-000123",
    at=datetime(2026, 11, 22, 22, 30, tzinfo=UTC),
    business_day="2026-11-22",
    cashier="أحمد",
    customer_id=None,
    customer_name="ورشة النور",
    lines=(
        SaleLine(
            1,
            "p1",
            "طلمبة مياه أصلية لسيارة تويوتا كورولا موديل ٢٠١٥ وما بعدها",
            "7-A/BP",
            whole(2),
            15000,
            1000,
            29000,
        ),
        SaleLine(2, "p2", "Oil filter", "06L 115 562 B", ONE, 4550, 0, 4550),
    ),
    payments=(Payment("cash", 20000), Payment("visa", 13525)),
    totals=Totals(subtotal=33550, discount=0, tax=4120, rounding=-25, total=33525, pieces=3),
    prices_include_tax=True,
    tax_rate=1400,
    tendered=25000,
    change=5000,
    status="completed",
    return_of=None,
    order_id=None,
    notes="",
    flags=(),
    unsent=True,
)


@pytest.fixture(params=strings.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    strings.use(request.param)
    yield request.param
    strings.use("ar")


def read(*lines: str) -> str:
    """The lines without what is only there to order them."""
    return "\n".join(lines).translate(dict.fromkeys(map(ord, "\u2066\u2069\u200f"))).replace("\u00a0", " ")


@pytest.mark.parametrize("width", [32, 42, 48])
def test_no_line_is_wider_than_the_paper(language: str, width: int) -> None:
    for line in receipt.lines(SALE, width=width, shop=SHOP, footer="البضاعة المباعة ترد خلال 14 يوم بالفاتورة"):
        assert cell_len(line) == width if language == "ar" else cell_len(line) <= width, line


def test_it_says_everything(language: str) -> None:
    paper = read(*receipt.lines(SALE, shop=SHOP, footer="شكرا لزيارتكم"))
    for expected in (
        *("قطع غيار النيل", "شارع التوفيقية", "0100 123 4567", "KXT-000123", "23/11/2026", "أحمد", "ورشة النور"),
        *("7-A/BP", "2 × 150.00", "-10.00", "290.00", "06L 115 562 B", "335.50", "14%", "41.20", "-0.25", "335.25"),
        *("200.00", "135.25", "250.00", "50.00", "شكرا لزيارتكم"),
    ):
        assert expected in paper, f"{expected} is not on\n{paper}"
    assert "12:30 ص" in paper if language == "ar" else "00:30" in paper  # the shop's time, not UTC


@pytest.mark.parametrize("mark", ["\u200f", "\u200d", "\x07"])
def test_a_mark_that_takes_no_cell_breaks_no_line(language: str, mark: str) -> None:
    """A name that was pasted from a chat ends its full line with one."""
    for width in (32, 42, 48):
        pasted = replace(SALE, customer_name="", notes=f"{'x' * width} {mark} شكرا")
        assert [line.strip("\u200f ") for line in receipt.lines(pasted, width=width)[-2:]] == ["x" * width, "شكرا"]


OIL = SaleLine(3, "p3", "زيت موتور", "5W-30", Quantity(1_500), 180_05, 0, 270_08, unit="LTR", decimals=2)


@pytest.mark.parametrize("width", [32, 42, 48])
def test_a_measured_line_says_its_unit(language: str, width: int) -> None:
    """1.5 litres at 180.05 come to 270.075."""
    litres = strings.t("unit.litre.short")
    back = replace(OIL, returned=Quantity(250))
    off = replace(OIL, discount=1_00, total=269_08)
    for line, expected in (
        (OIL, (f"1.5 {litres} × 180.05", "270.08")),
        (back, (f"0.25 {litres}", "270.08")),
        (off, ("270.08", "-1.00", "269.08")),
    ):
        whole_sale = replace(SALE, lines=(line,))
        paper = read(*receipt.lines(whole_sale, width=width))
        for one in expected:
            assert one in paper, f"{one} is not on\n{paper}"
        for text in receipt.lines(whole_sale, width=width):
            assert cell_len(text) == width if language == "ar" else cell_len(text) <= width, text


def test_arabic_columns_run_from_the_right() -> None:
    strings.use("ar")
    seen = [bidi.visual(line) for line in receipt.lines(SALE)]
    assert any(line.startswith("335.50 ") and line.endswith(bidi.visual("المجموع")) for line in seen)
    assert any(line.startswith("300.00 ") and line.endswith("150.00 × 2  ") for line in seen)
    assert any(line.strip() == "7-A/BP" and line.endswith("7-A/BP  ") for line in seen)


def test_english_columns_run_from_the_left(language: str) -> None:
    if language == "en":
        assert f"Subtotal{'335.50':>34}" in receipt.lines(SALE)
        assert RLM not in receipt.text(SALE)


def test_tax_added_and_tax_included_read_differently(language: str) -> None:
    added = replace(SALE, prices_include_tax=False, tax_rate=1450)
    assert receipt.text(added) != receipt.text(SALE)
    assert "14.5%" in read(receipt.text(added))


def test_a_percentage_stands_where_it_was_taken_off(language: str) -> None:
    lines = (replace(SALE.lines[0], percent=333, discount=1000), SALE.lines[1])
    off = replace(SALE, lines=lines, totals=replace(SALE.totals, discount=4355), percent=1000)
    paper = [line.strip() for line in read(receipt.text(off)).splitlines()]
    word, on_lines, on_sale = (strings.t(f"receipt.discount{part}") for part in ("", "_lines", "_sale"))
    for words, amount in ((f"{word} 3.33%", "-10.00"), (on_lines, "-10.00"), (f"{on_sale} 10%", "-33.55")):
        assert any(line.startswith(words) and line.endswith(amount) for line in paper), f"{words} is not on {paper}"
    alone = replace(SALE, lines=SALE.lines[1:], totals=replace(SALE.totals, discount=455), percent=1000)
    assert f"{word} 10%" in read(receipt.text(alone))
    assert on_sale not in read(receipt.text(alone))


def test_a_return_names_its_sale(language: str) -> None:
    back = replace(SALE, return_of="earlier", status="returned", number_of_sale="KXT-000100")
    assert strings.t("receipt.of_sale", number="KXT-000100") in read(receipt.text(back))


def test_a_void_and_a_return_cannot_be_taken_for_a_sale(language: str) -> None:
    voided = read(receipt.text(replace(SALE, status="voided")))
    assert ("ملغية" if language == "ar" else "VOID") in voided.upper()
    back = read(receipt.text(replace(SALE, return_of="earlier", status="returned")))
    assert ("مرتجع" if language == "ar" else "RETURN") in back.upper()
    assert strings.t("receipt.returned") not in back, "the return itself has not come back"
    assert strings.t("receipt.returned") in read(receipt.text(replace(SALE, status="returned")))


def test_every_way_of_paying_has_a_word(language: str) -> None:
    paper = receipt.text(replace(SALE, payments=tuple(Payment(method, 100) for method in PAY_METHODS)))
    for method in PAY_METHODS:
        assert method not in paper.split()
        assert strings.t(f"pay.{method}") in paper


def test_a_saved_receipt_is_whole_private_and_named_by_its_number(tmp_path: Path, language: str) -> None:
    folder = tmp_path / "receipts"
    for _ in range(2):
        path = receipt.save(SALE, folder, shop=SHOP)
    assert path == folder / "KXT-000123.txt"
    assert path.read_text("utf-8") == receipt.text(SALE, shop=SHOP)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [path], "nothing unfinished stays behind"


@pytest.mark.parametrize(("number", "name"), [("../../etc/passwd", "etc_passwd.txt"), ("", f"{SALE.id}.txt")])
def test_a_number_from_elsewhere_never_leads_out_of_the_folder(tmp_path: Path, number: str, name: str) -> None:
    assert receipt.save(replace(SALE, receipt_number=number), tmp_path) == tmp_path / name


def test_what_is_written_on_the_sale_is_on_the_paper(language: str) -> None:
    """The car, a note beside its line, the reference below its payment, and the note on the sale at the end."""
    lines = tuple(replace(line, note="الشمال بس") if line.n == 1 else line for line in SALE.lines)
    payments = (Payment("cash", 200_00), Payment("visa", 135_25, reference="7781-02"))
    said = replace(SALE, car="كورولا ٢٠١٥ س ص ع 123", lines=lines, payments=payments, notes="يتسلم بكرة")
    paper = receipt.lines(said, shop=SHOP)
    assert all(cell_len(line) <= 42 for line in paper)
    text = read(*paper)
    for expected in ("كورولا ٢٠١٥ س ص ع 123", "الشمال بس", "7781-02", "يتسلم بكرة"):
        assert expected in text, expected
    below = text.splitlines()
    assert "135.25" in below[next(n for n, line in enumerate(below) if "7781-02" in line) - 1]
