"""The paper of a quotation says everything once, until when it binds, and what became of it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from clutch_tui.core.quantity import ONE, Quantity, whole
from clutch_tui.core.quotations import STATUSES, Quotation
from clutch_tui.core.types import SaleLine, Totals
from clutch_tui.printing import quotation
from clutch_tui.text import bidi, strings
from clutch_tui.text.format import RLM
from tests.test_receipt import SHOP, read

PUMP = SaleLine(1, "p1", "طلمبة مياه أصلية لسيارة تويوتا كورولا موديل ٢٠١٥", "7-A/BP", whole(2), 150_00, 10_00, 290_00)
FILTER = SaleLine(2, "p2", "Oil filter", "06L 115 562 B", ONE, 45_50, 0, 45_50)
OIL = SaleLine(3, "p3", "زيت موتور", "5W-30", Quantity(1_500), 180_05, 0, 270_08, unit="LTR", decimals=2)

OFFER = Quotation(
    id="01990000-0000-7000-8000-000000000001",
    number="KXT-Q00012",
    at=datetime(2026, 11, 22, 22, 30, tzinfo=UTC),
    valid_until="2026-11-29",
    customer_id=None,
    customer_name="أم أحمد",
    customer_phone="01001234567",
    cashier="سارة",
    lines=(PUMP, FILTER, OIL),
    totals=Totals(subtotal=605_58, discount=25_00, tax=72_84, rounding=0, total=593_42, pieces=4),
    prices_include_tax=False,
    tax_rate=1400,
    percent=0,
    note="التركيب مش علينا",
    status="open",
    reason="",
    sale_id="",
    receipt_number="",
    unsent=True,
    own=True,
)

SOLD = replace(OFFER, status="sold", sale_id="s", receipt_number="KXT-000123")
LOST = replace(OFFER, status="lost", reason="غالي")
EXPIRED = replace(OFFER, status="expired")


@pytest.fixture(params=strings.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    strings.use(request.param)
    yield request.param
    strings.use("ar")


@pytest.mark.parametrize("width", [32, 42, 48])
@pytest.mark.parametrize("offer", [OFFER, SOLD, LOST, EXPIRED, replace(OFFER, percent=1250)], ids=lambda o: o.status)
def test_no_line_is_wider_than_the_paper(language: str, offer: Quotation, width: int) -> None:
    for line in quotation.lines(offer, width=width, shop=SHOP, footer="الأسعار للكمية الموجودة في المخزن وقت البيع"):
        assert cell_len(line) == width if language == "ar" else cell_len(line) <= width, line


@pytest.mark.parametrize("width", [32, 42, 48])
def test_it_says_everything(language: str, width: int) -> None:
    paper = read(*quotation.lines(OFFER, width=width, shop=SHOP, footer="شكرا لزيارتكم"))
    litres = strings.t("unit.litre.short")
    for expected in (
        *("قطع غيار النيل", "0100 123 4567", "KXT-Q00012", "23/11/2026", "سارة", "أم أحمد", "7-A/BP", "2 × 150.00"),
        *("300.00", "-10.00", "290.00", "06L 115 562 B", f"1.5 {litres} × 180.05", "270.08", "605.58", "-15.00"),
        *("14%", "72.84", "593.42", "29/11/2026", "التركيب مش علينا", "شكرا لزيارتكم"),
        "عرض أسعار" if language == "ar" else "Quotation",
        "ساري لغاية 29/11/2026" if language == "ar" else "Valid until 29/11/2026",
    ):
        assert expected in paper, f"{expected} is not on\n{paper}"
    for foreign in (strings.t("receipt.sale"), strings.t("receipt.discount_sale")):
        assert foreign not in paper, f"a quotation is no sale\n{paper}"


def test_what_nobody_said_takes_no_line(language: str) -> None:
    bare = replace(OFFER, customer_name="", customer_phone="", cashier="", note="  ")
    assert len(quotation.lines(bare)) == len(quotation.lines(OFFER)) - 5


def test_a_percentage_stands_where_it_was_taken_off(language: str) -> None:
    off = replace(OFFER, percent=250, lines=(replace(PUMP, percent=333), FILTER, OIL))
    paper = [line.strip() for line in read(quotation.text(off)).splitlines()]
    assert f"{strings.t('receipt.discount')} 3.33%" in "\n".join(paper)
    assert any(line.startswith(f"{strings.t('quotation.paper.discount_whole')} 2.5%") for line in paper)


def test_tax_added_and_tax_included_read_differently(language: str) -> None:
    assert quotation.text(OFFER) != quotation.text(replace(OFFER, prices_include_tax=True))
    elsewhere = read(quotation.text(replace(OFFER, tax_rate=0)))  # another till's says the money alone
    assert "72.84" in elsewhere
    assert "%" not in elsewhere


def test_what_became_of_it_is_a_word_on_the_paper(language: str) -> None:
    words = {"expired": ("خلصت مدته", "EXPIRED"), "sold": ("اتباع", "SOLD"), "lost": ("ما كملش", "LOST")}
    offers = {offer.status: read(quotation.text(offer)) for offer in (OFFER, SOLD, LOST, EXPIRED)}
    assert set(offers) == set(STATUSES)
    for status, paper in offers.items():
        said = [name for name, (arabic, english) in words.items() if (arabic if language == "ar" else english) in paper]
        assert said == ([] if status == "open" else [status])
    assert "KXT-000123" in offers["sold"]
    assert "غالي" not in offers["lost"], "why it was lost is the shop's own business"


def test_columns_run_from_where_the_language_begins() -> None:
    strings.use("ar")
    seen = [bidi.visual(line) for line in quotation.lines(OFFER)]
    assert any(line.startswith("605.58 ") and line.endswith(bidi.visual("المجموع")) for line in seen)
    assert any(line.startswith("300.00 ") and line.endswith("150.00 × 2  ") for line in seen)
    strings.use("en")
    assert f"Subtotal{'605.58':>34}" in quotation.lines(OFFER)
    assert RLM not in quotation.text(replace(OFFER, customer_name="Mona"))
    strings.use("ar")


def test_a_saved_paper_is_whole_private_and_named_by_its_number(tmp_path: Path, language: str) -> None:
    folder = tmp_path / "receipts"
    for _ in range(2):
        path = quotation.save(OFFER, folder, shop=SHOP)
    assert path == folder / "KXT-Q00012.txt"
    assert path.read_text("utf-8") == quotation.text(OFFER, shop=SHOP)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [path], "nothing unfinished stays behind"


@pytest.mark.parametrize(("number", "name"), [("../../etc/passwd", "etc_passwd.txt"), ("", f"{OFFER.id}.txt")])
def test_a_number_from_elsewhere_never_leads_out_of_the_folder(tmp_path: Path, number: str, name: str) -> None:
    assert quotation.save(replace(OFFER, number=number), tmp_path) == tmp_path / name
