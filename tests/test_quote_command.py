"""`clutch-tui quote`: what it makes, lists, prints, sells and refuses, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import customers, inventory, quotations, state
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, Part, PartDraft
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from tests.command_line import Run, home_store, runner

WEEK = timedelta(days=7)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setenv("CLUTCH_HOME", str(tmp_path))
    monkeypatch.setenv("CLUTCH_SECRETS", "file")
    with runner(monkeypatch, capsys, "quote") as run:
        yield run


@pytest.fixture
def pump(store: Store) -> Part:
    """A part of 150 pounds, beside oil of 180.05 a litre."""
    oil = PartDraft(name="زيت موتور", name_en="Oil", part_number="OC-90", price=180_05, unit="LTR", decimals=2)
    store.run_now(inventory.create, oil, whole(20))
    draft = PartDraft(name="طلمبة مياه", name_en="Water pump", part_number="WP-100", price=150_00)
    made: Part = store.run_now(inventory.create, draft, whole(5))
    return made


BOTH = ("--part", "WP-100", "--qty", "2", "--part", "OC-90", "--qty", "1.5")
COMES_TO = 300_00 + 270_08


def make(run: Run, *arguments: str) -> Any:
    return run("make", *(arguments or BOTH), "--json").done


def reprice(store: Store, part: Part, price: int) -> None:
    seen = store.read_now(inventory.get, part.id)
    store.run_now(inventory.edit, part.id, replace(seen.draft, price=price), seen=seen)


def expire(store: Store) -> None:
    store.run_now(lambda: db.execute("UPDATE quotation SET valid_until = '2026-01-31'"))


def everything(store: Store) -> Any:
    """What a command that changes nothing leaves as it was."""
    tables = ("quotation", "quotation_end", "sale", "cart", "stock_move", "outbox", "audit")
    return store.read_now(
        lambda: (
            [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
            + [state.number("quotation_counter"), state.number("receipt_counter")]
        )
    )


def plain(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, "\u2066\u2068\u2069\u200f"))).replace("\u00a0", " ")


# --- making one ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", strings.LANGUAGES)
def test_a_quotation_is_made_and_its_paper_printed(store: Store, run: Run, pump: Part, lang: str) -> None:
    made = run("make", *BOTH, "--name", "أم أحمد", "--phone", "01001234567", "--note", "من غير تركيب", lang=lang)
    assert (made.code, made.err) == (0, "")
    (row,) = store.read_now(quotations.page, quotations.QuotationQuery(), None, 0, 9)
    until = date.fromisoformat(store.read_now(state.business_day)) + WEEK
    assert (row.total, row.customer_name, row.valid_until) == (COMES_TO, "أم أحمد", until.isoformat())
    paper = plain(made.out)
    for said in (row.number, "WP-100", "570.08", "أم أحمد", "0100 123 4567", "من غير تركيب", f"{until:%d/%m/%Y}"):
        assert said in paper, f"{said} is not on\n{paper}"
    assert ("عرض أسعار" if lang == "ar" else "Quotation") in paper


def test_a_program_reads_minor_units_and_numbers_of_units(run: Run, pump: Part) -> None:
    made = make(run)
    assert (made["totals"]["total"], made["status"], made["dry_run"]) == (COMES_TO, "open", False)
    assert [(line["part_number"], line["quantity"], line["price"]) for line in made["lines"]] == [
        ("WP-100", 2, 150_00),
        ("OC-90", 1.5, 180_05),
    ]


def test_a_trial_shows_the_paper_and_stores_nothing(store: Store, run: Run, pump: Part) -> None:
    before = everything(store)
    trial = run("make", *BOTH, "--dry-run")
    assert (trial.code, trial.err.strip()) == (0, "A trial only: nothing was stored")
    assert "570.08" in trial.out
    assert "Q0000" not in trial.out, "it has no number"
    told = make(run, *BOTH, "--dry-run")
    assert (told["dry_run"], told["number"], told["id"], told["totals"]["total"]) == (True, "", "", COMES_TO)
    assert everything(store) == before
    assert make(run)["number"].endswith("-Q00001")


def test_it_holds_for_as_long_as_was_said(store: Store, run: Run, pump: Part) -> None:
    today = date.fromisoformat(store.read_now(state.business_day))
    later = today + timedelta(days=40)
    for said, day in (
        (("--days", "0"), today),
        (("--days", "3"), today + timedelta(days=3)),
        (("--until", later.isoformat()), later),
        (("--until", f"{later:%d/%m/%Y}"), later),
    ):
        assert make(run, *BOTH, *said)["valid_until"] == day.isoformat()


def test_it_is_for_the_one_customer_that_is_meant(store: Store, run: Run, pump: Part) -> None:
    for name, phone in (("حسن", "01001234567"), ("حسن علي", "01112345678"), ("حسن سعيد", "01212345678")):
        store.run_now(customers.create, CustomerDraft(name=name, phone=phone))
    for text, name in (("حسن", "حسن"), ("011 1234 5678", "حسن علي"), ("سعيد", "حسن سعيد")):
        made = make(run, *BOTH, "--customer", text)
        assert (made["customer_name"], made["customer_id"] is None) == (name, False)
    before = everything(store)
    several = run("make", *BOTH, "--customer", "حس", "--json")
    assert (several.code, several.refused) == (1, "error.customer.several")
    assert "حسن علي" in several.err
    nobody = run("make", *BOTH, "--customer", "فاروق", "--json")
    assert (nobody.code, nobody.refused) == (1, "error.customer.unknown_text")
    assert everything(store) == before


@pytest.mark.parametrize(
    ("arguments", "code", "key"),
    [
        ((), 2, ""),
        (("--part", "WP-100", "--qty", "1", "--qty", "2"), 2, ""),
        (("--part", "WP-100", "--qty", "nonsense"), 2, ""),
        (("--part", "WP-100", "--days", "-1"), 2, ""),
        (("--part", "WP-100", "--days", "367"), 2, ""),
        (("--part", "WP-100", "--days", "3", "--until", "2026-12-31"), 2, ""),
        (("--part", "WP-100", "--customer", "حسن", "--name", "منى"), 2, ""),
        (("--part", "NONE"), 1, "error.part.unknown_number"),
        (("--part", "WP-100", "--qty", "0"), 1, "error.sale.quantity"),
        (("--part", "WP-100", "--qty", "1.5"), 1, "error.quantity.pieces"),
        (("--part", "WP-100", "--until", "soon"), 1, "error.quotation.valid_until"),
        (("--part", "WP-100", "--until", "2020-01-01"), 1, "error.quotation.valid_until"),
        (("--part", "WP-100", "--until", "31/2/2026"), 1, "error.quotation.valid_until"),
    ],
)
def test_nonsense_makes_nothing(
    store: Store, run: Run, pump: Part, arguments: tuple[str, ...], code: int, key: str
) -> None:
    before = everything(store)
    ended = run("make", *arguments, "--json")
    assert ended.code == code, ended.err
    assert ended.err.strip()
    assert not key or ended.refused == key
    assert everything(store) == before


# --- what there is -------------------------------------------------------------------------------------


def test_where_there_is_nothing_a_list_makes_nothing(run: Run, tmp_path: Path) -> None:
    assert run("list").out.strip() == "No quotations yet."
    assert run("list", "--json").done == []
    assert not list(tmp_path.rglob("*.sqlite*"))


@pytest.mark.parametrize("lang", strings.LANGUAGES)
def test_the_list_says_number_sum_state_and_day(store: Store, run: Run, pump: Part, lang: str) -> None:
    first, second = make(run, *BOTH, "--name", "أم أحمد"), make(run, "--part", "WP-100", "--name", "منى")
    run("lose", first["number"], "--reason", "غالي")
    lines = plain(run("list", lang=lang).out).splitlines()
    assert [line.split()[0] for line in lines] == [second["number"], first["number"]], "newest first"
    for line, said in ((lines[0], ("150.00", "منى")), (lines[1], ("570.08", "أم أحمد"))):
        assert all(one in line for one in (*said, plain(shown.day(first["valid_until"])))), line
    assert ("ما كملش" if lang == "ar" else "Lost") in lines[1]
    assert plain(run("list", "--status", "sold", lang=lang).out).strip() == strings.t("common.no_match")


def test_the_list_is_searched_and_of_one_state(store: Store, run: Run, pump: Part) -> None:
    numbers = [make(run, "--part", "WP-100", "--qty", str(n), "--name", f"زبون{n}")["number"] for n in (1, 2, 3)]
    run("sell", numbers[0])
    run("lose", numbers[1], "--reason", "غالي")

    def listed(*arguments: str) -> list[tuple[str, str]]:
        return [(row["number"], row["status"]) for row in run("list", *arguments, "--json").done]

    assert listed() == [(numbers[2], "open"), (numbers[1], "lost"), (numbers[0], "sold")]
    assert listed("--status", "lost") == listed("زبون2") == listed("300.00") == [(numbers[1], "lost")]
    assert listed("--limit", "1") == listed("--status", "open") == [(numbers[2], "open")]
    expire(store)
    assert listed("--status", "expired") == [(numbers[2], "expired")]
    assert run("list", "--status", "gone").code == 2


@pytest.mark.parametrize("lang", strings.LANGUAGES)
def test_one_is_shown_as_its_paper(run: Run, pump: Part, lang: str) -> None:
    made = make(run)
    for typed in (made["number"], made["number"].lower().replace("-", " ")):
        assert "570.08" in run("show", typed, lang=lang).out
    run("lose", made["number"], "--reason", "لقى أرخص")
    assert "لقى أرخص" in run("show", made["number"], lang=lang).out
    told = run("show", made["number"], "--json", lang=lang).done
    assert (told["status"], told["reason"], told["totals"]["total"]) == ("lost", "لقى أرخص", COMES_TO)
    unknown = run("show", "Q99", "--json", lang=lang)
    assert (unknown.code, unknown.refused) == (1, "error.quotation.unknown")


# --- what becomes of it --------------------------------------------------------------------------------


def test_one_that_is_lost_says_why_once(store: Store, run: Run, pump: Part) -> None:
    number = make(run)["number"]
    assert run("lose", number).code == 2, "nobody knows why"
    blank = run("lose", number, "--reason", "  ", "--json")
    assert (blank.code, blank.refused) == (1, "error.quotation.no_reason")
    lost = run("lose", number, "--reason", "غالي")
    assert (lost.code, plain(lost.out).strip()) == (0, f"Quotation {number} is noted as lost.")
    before = everything(store)
    again = run("lose", number, "--reason", "غالي", "--json")
    assert (again.code, again.refused) == (1, "error.quotation.lost")
    assert everything(store) == before


def test_one_is_sold_at_its_prices_and_once(store: Store, run: Run, pump: Part) -> None:
    number = make(run, "--part", "WP-100", "--qty", "2", "--name", "منى")["number"]
    reprice(store, pump, 175_00)
    receipt = run("sell", number, "--pay", "visa", "--cashier", "سارة", "--json").done
    assert receipt["totals"]["total"] == 300_00
    assert receipt["payments"] == [{"method": "visa", "amount": 300_00, "way": None, "reference": ""}]
    assert receipt["cashier"] == "سارة"
    sold = run("show", number, "--json").done
    assert (sold["status"], sold["receipt_number"]) == ("sold", receipt["receipt_number"])
    before = everything(store)
    for arguments in ((), ("--quoted",), ("--today",)):
        again = run("sell", number, *arguments, "--json")
        assert (again.code, again.refused) == (1, "error.quotation.sold")
        assert receipt["receipt_number"] in again.err
    assert everything(store) == before


def test_todays_prices_are_taken_where_that_was_said(store: Store, run: Run, pump: Part) -> None:
    number = make(run, "--part", "WP-100", "--qty", "2")["number"]
    reprice(store, pump, 175_00)
    assert run("sell", number, "--today", "--json").done["totals"]["total"] == 350_00


@pytest.mark.parametrize("lang", strings.LANGUAGES)
def test_one_whose_day_is_over_needs_a_word_and_says_both_sums(store: Store, run: Run, pump: Part, lang: str) -> None:
    number = make(run, "--part", "WP-100", "--qty", "2")["number"]
    reprice(store, pump, 175_00)
    expire(store)
    before = everything(store)
    late = run("sell", number, "--json", lang=lang)
    assert (late.code, late.refused) == (1, "error.quotation.expired")
    for said in ("300.00", "350.00", number, "31/01/2026", "--quoted", "--today"):
        assert said in plain(late.err), late.err
    assert run("sell", number, "--quoted", "--today").code == 2
    assert everything(store) == before
    word, total = ("--quoted", 300_00) if lang == "en" else ("--today", 350_00)
    assert run("sell", number, word, "--json", lang=lang).done["totals"]["total"] == total


def test_what_the_till_would_ask_about_is_refused(store: Store, run: Run, pump: Part) -> None:
    number = make(run)["number"]
    reprice(store, pump, 0)
    dear = run("sell", number, "--today", "--json")
    assert (dear.code, dear.refused) == (1, "error.sale.no_price")
    store.run_now(inventory.delete, pump.id, seen=store.read_now(inventory.get, pump.id))
    before = everything(store)
    gone = run("sell", number, "--json")
    assert (gone.code, gone.refused) == (1, "error.quotation.gone")
    assert "طلمبة مياه" in gone.err
    assert everything(store) == before


def test_on_account_needs_a_customer(store: Store, run: Run, pump: Part) -> None:
    number = make(run)["number"]
    before = everything(store)
    refused = run("sell", number, "--pay", "credit", "--json")
    assert (refused.code, refused.refused) == (1, "error.sale.credit_needs_customer")
    assert everything(store) == before
    assert run("sell", number, "--pay", "beads").code == 2


def test_a_lost_one_is_sold_all_the_same(run: Run, pump: Part) -> None:
    number = make(run)["number"]
    run("lose", number, "--reason", "غالي")
    sold = run("sell", number, "--pay", "visa")
    assert sold.code == 0, sold.err
    assert "570.08" in sold.out
    assert run("show", number, "--json").done["status"] == "sold"
