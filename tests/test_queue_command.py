"""`clutch-tui queue` and `clutch-tui conflicts`: what they print, what they do, how they end."""

from __future__ import annotations

import asyncio
import io
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import inventory, lost_sales, quotations, sales
from clutch_tui.core.cart import add_line
from clutch_tui.core.outbox import attention, outbox, transports
from clutch_tui.core.outbox.messages import Result
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import conflicts, other_writers, queue, replica
from clutch_tui.core.sync.fallback import single_writes
from clutch_tui.core.types import Part, PartDraft, TaxRules
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from tests.command_line import Run, home_store, runner

REFUSED = Result(status="rejected", seq=7, code="VALIDATION", message="no", errors={"price": "too high"})


class Typed(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys) as run:
        yield run


def deliver(store: Store, results: dict[str, Result]) -> None:
    store.run_now(replica.new_epoch, "e-1")
    store.run_now(replica.deliver, results, "e-1")


def shelf(store: Store) -> tuple[Part, ...]:
    """Two parts that the server has."""
    made = [store.run_now(inventory.create, PartDraft(name=name, price=10_00), whole(5)) for name in ("فلتر", "بوجيه")]
    sent = store.run_now(outbox.claim, "inventory")
    deliver(store, {one.change_id: Result(status="applied", seq=n, version=1) for n, one in enumerate(sent, 1)})
    return tuple(store.read_now(inventory.get, part.id) for part in made)


def edit(store: Store, part: Part, result: Result, **fields: Any) -> str:
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, **fields), seen=part))
    (change,) = store.run_now(outbox.claim, "inventory")
    deliver(store, {change.change_id: result})
    return change.change_id


def disagree(store: Store, part: Part, field: str, mine: Any, theirs: Any) -> str:
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs={field: (theirs, 9)})
    change_id = edit(store, part, answer, **{field: mine})
    return next(one.id for one in store.read_now(conflicts.pending) if one.change_id == change_id)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_an_empty_queue_says_so(run: Run, lang: str) -> None:
    for command in ("queue", "conflicts"):
        ran = run(command, lang=lang)
        assert ran.code == 0
        assert ran.out.strip() in (t("queue.empty_alone"), t("cli.conflicts.none"))
        assert run(command, "--json").json == []


def test_an_empty_queue_says_that_the_server_has_it_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUTCH_BASE_URL", "https://shop.example.com/api/v1")
    assert run("queue").out.strip() == t("queue.empty")


def test_the_queue_is_listed_with_what_went_wrong(run: Run, store: Store) -> None:
    part, _ = shelf(store)
    refused = edit(store, part, REFUSED, price=99_00)
    store.run_now(inventory.adjust, part.id, whole(-1), "broken")
    ran = run("queue")
    assert t("refusal.VALIDATION") in ran.out
    first, second = run("queue", "--json").json
    assert (first["id"], first["lane"], first["error"], first["status"]) == (
        refused,
        "attention",
        "VALIDATION",
        "rejected",
    )
    assert (second["kind"], second["attempts"]) == ("adjust", 0)
    assert second["age_seconds"] >= 0
    assert [one["kind"] for one in run("queue", "--lane", "fast", "--json").json] == ["adjust"]
    assert [one["kind"] for one in run("queue", "--lane", "done", "--json").json] == ["create", "create"]
    assert run("queue", "--lane", "nowhere").code == 2


def test_one_change_in_full_by_number_or_id(run: Run, store: Store) -> None:
    part, _ = shelf(store)
    refused = edit(store, part, REFUSED, price=99_00)
    whole = run("queue", "show", "3", "--json").json
    assert (whole["id"], whole["payload"], whole["was"]) == (refused, {"price": 99_00}, {"price": 10_00})
    assert whole["errors"] == {"price": "too high"}
    assert "99.00" in run("queue", "show", refused).out
    missing = run("queue", "show", "77", "--json")
    assert (missing.code, missing.json["error"]) == (1, "error.queue.gone")


def test_other_programs_are_told_quantities_in_units(run: Run, store: Store, tmp_path: Path) -> None:
    """Also the file, in which the version beside a value is no quantity."""
    part, _ = shelf(store)
    conflict = disagree(store, part, "min_stock", whole(4), whole(6))
    litres = store.run_now(inventory.create, PartDraft(name="زيت", unit="LTR", decimals=3), whole(4))
    store.run_now(inventory.adjust, litres.id, Quantity(-1_500), "spilled")
    (listed,) = run("conflicts", "--json").json
    assert (listed["id"], listed["was"], listed["mine"], listed["theirs"]) == (conflict, 0, 4, 6)
    changed = run("queue", "show", listed["change_id"], "--json").json
    told = {name: changed[name]["min_stock"] for name in ("was", "payload", "theirs")}
    assert told == {"was": 0, "payload": 4, "theirs": 6}
    file = tmp_path / "q.json"
    run("queue", "export", str(file))
    disputed, made, spilled = json.loads(file.read_text("utf-8"))["changes"]
    assert (made["payload"]["stock_quantity"], spilled["payload"]["delta"]) == (4, -1.5)
    assert disputed["result"]["theirs"] == {"min_stock": [6, 9]}


def test_retry_one_or_all(run: Run, store: Store) -> None:
    part, _ = shelf(store)
    refused = edit(store, part, REFUSED, price=99_00)
    sent = run("queue", "retry", refused, "--json").json["id"]
    assert store.read_now(queue.get, refused).outcome == "resent"
    store.run_now(outbox.make_slow, sent, "error.api.server")
    assert run("queue", "retry", "--all", "--json").json == {"woken": 1}
    assert store.read_now(queue.get, sent).due is None
    assert run("queue", "retry").code == 2
    assert run("queue", "retry", "3", "--all").code == 2
    assert run("queue", "retry", refused).code == 1


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_what_may_be_at_the_server_is_sent_again_only_by_who_has_looked(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    part, _ = shelf(store)
    store.run_now(inventory.adjust, part.id, whole(-1), "broken")
    (change,) = store.run_now(outbox.claim, "inventory")
    store.run_now(single_writes.wait_for_person, change.change_id, single_writes.UNCONFIRMED)
    asked = run("queue", "retry", change.change_id, lang=lang)
    assert (asked.code, asked.out) == (2, "")
    assert "--not-there" in asked.err
    assert t("queue.ask.send_again", name=shown.name(part.draft.name)) in asked.err

    monkeypatch.setattr("sys.stdin", Typed("n\n"))
    assert run("queue", "retry", change.change_id, lang=lang).code == 1
    assert store.read_now(queue.get, change.change_id).lane == "attention"
    monkeypatch.setattr("sys.stdin", Typed("y\n"))
    assert run("queue", "retry", change.change_id, lang=lang).code == 0
    assert store.read_now(queue.get, change.change_id).lane != "attention"


def test_the_option_says_that_somebody_has_looked(run: Run, store: Store) -> None:
    part, _ = shelf(store)
    store.run_now(inventory.adjust, part.id, whole(-1), "broken")
    (change,) = store.run_now(outbox.claim, "inventory")
    store.run_now(single_writes.wait_for_person, change.change_id, single_writes.UNCONFIRMED)
    assert run("queue", "retry", change.change_id, "--not-there", "--json").json == {"id": change.change_id}
    assert store.read_now(queue.get, change.change_id).lane != "attention"


def test_the_queue_is_exported_for_its_owner_alone(run: Run, store: Store, tmp_path: Path) -> None:
    part, _ = shelf(store)
    edit(store, part, REFUSED, price=99_00)
    file = tmp_path / "q.json"
    assert run("queue", "export", str(file), "--json").json["changes"] == 1
    document = json.loads(file.read_text("utf-8"))
    assert document["changes"][0]["payload"] == {"price": 99_00}
    readable = file.with_suffix(".txt")
    assert "99.00" in readable.read_text("utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, readable)} == {0o600}
    assert run("queue", "export", str(tmp_path)).code == 2


def test_conflicts_are_listed_and_decided(run: Run, store: Store) -> None:
    first, second = shelf(store)
    name = disagree(store, first, "name", "فلتر بوش", "فلتر مان")
    price = disagree(store, second, "price", 20_00, 30_00)
    listed = {one["id"]: one for one in run("conflicts", "--json").json}
    assert (listed[name]["was"], listed[name]["mine"], listed[name]["theirs"]) == ("فلتر", "فلتر بوش", "فلتر مان")
    assert "فلتر مان" in run("conflicts").out
    assert run("conflicts", "resolve", name, "--mine", "--json").json == {"settled": 1}
    assert store.read_now(inventory.get, first.id).draft.name == "فلتر بوش"
    for wrong in ("abc", "-3", "1e5", "9" * 30):
        assert run("conflicts", "resolve", price, f"--value={wrong}").code == 2
    assert run("conflicts", "resolve", price, "--value", "٢٥٫٥٠").code == 0
    assert store.read_now(inventory.get, second.id).draft.price == 25_50
    gone = run("conflicts", "resolve", name, "--theirs")
    assert (gone.code, gone.err.strip()) == (1, t("error.conflict.gone"))


@pytest.mark.parametrize("options", [(), ("--mine", "--value", "x"), ("--value", "x", "--alike"), ("--new", "--alike")])
def test_a_decision_is_one_decision(run: Run, store: Store, options: tuple[str, ...]) -> None:
    conflict = disagree(store, shelf(store)[0], "name", "فلتر بوش", "فلتر مان")
    assert run("conflicts", "resolve", conflict, *options).code == 2
    assert len(store.read_now(conflicts.pending)) == 1


def test_equal_conflicts_at_once(run: Run, store: Store) -> None:
    first, *_ = [disagree(store, part, "location", "A", "B") for part in shelf(store)]
    assert run("conflicts", "resolve", first, "--theirs", "--alike", "--json").json == {"settled": 2}
    assert store.read_now(conflicts.pending) == ()


def test_nothing_there_comes_back_as_new_that_was_not_deleted(run: Run, store: Store) -> None:
    conflict = disagree(store, shelf(store)[0], "name", "فلتر بوش", "فلتر مان")
    ran = run("conflicts", "resolve", conflict, "--new", "--json")
    assert (ran.code, ran.json["error"]) == (1, "error.conflict.not_new")


async def test_watching_says_how_much_waits_once_for_each_figure(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    from clutch_tui.commands.syncing import UnsentCounter

    waiting = UnsentCounter(store, as_json=True)
    await waiting.tell()
    await waiting.tell()
    store.run_now(inventory.create, PartDraft(name="فلتر"), whole(5))
    waiting.look_at(frozenset({"inventory"}))
    waiting.look_at(frozenset({"queue"}))
    await asyncio.gather(*waiting._telling)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["category"], line["values"]["unsent"]) for line in lines] == [("queue", 0), ("queue", 1)]
    assert lines[1]["at"].endswith("Z")
    assert lines[1]["values"]["oldest_at"].endswith("Z")


def test_the_app_that_leads_notices_what_was_done_here(run: Run, store: Store) -> None:
    conflict = disagree(store, shelf(store)[0], "name", "فلتر بوش", "فلتر مان")
    store.run_now(inventory.create, PartDraft(name="مساعد"), whole(1))
    slow = store.read_now(queue.page, "fast", None, 0, 1)[0].id
    store.run_now(outbox.make_slow, slow, "error.api.server")
    for command in (("queue", "retry", "--all"), ("conflicts", "resolve", conflict, "--theirs")):
        before = store.read_now(other_writers.figures)
        assert run(*command).code == 0
        assert store.read_now(other_writers.figures) != before


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_all_count_alike_what_waits_for_a_person(run: Run, store: Store, lang: str) -> None:
    """A refusal, one of a fact, a key used twice, a flag, a disagreement, and what nobody can know."""
    part, other = shelf(store)
    expected = [edit(store, part, REFUSED, price=99_00)]
    expected.append(edit(store, part, Result(status="key_reuse", seq=8), price=98_00))
    expected.append(edit(store, part, Result(status="applied_flagged", seq=9, version=2, flags=("x",)), price=97_00))
    disagree(store, other, "name", "فلتر بوش", "فلتر مان")
    expected.append(store.read_now(conflicts.pending)[0].change_id)
    for answer in (single_writes.UNCONFIRMED, single_writes.UNCLEAR_STOCK, "error.api.invalid"):
        store.run_now(inventory.adjust, part.id, whole(-1), "broken")
        (change,) = store.run_now(outbox.claim, "inventory")
        store.run_now(single_writes.wait_for_person, change.change_id, answer)
        expected.append(change.change_id)
    store.run_now(inventory.adjust, part.id, whole(-1), "not yet sent")

    listed = run("queue", "--lane", "attention", "--json").json
    assert [one["id"] for one in listed] == expected
    status = run("status", "--json", lang=lang)
    assert status.json["queue"]["attention"] == len(expected) == store.read_now(queue.count, "attention")
    assert store.read_now(queue.count) == len(run("queue", "--json").json) == len(expected) + 1
    said = run("status", lang=lang).out.splitlines()
    assert strings.tn("status.attention", len(expected)) in said
    lines = run("queue", "--lane", "attention", lang=lang).out.splitlines()
    assert sum(line.lstrip()[:1].isdigit() for line in lines) == len(expected)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_a_change_says_of_itself_that_it_was_sent_or_that_it_was_not(run: Run, store: Store, lang: str) -> None:
    part, _ = shelf(store)
    store.run_now(transports.switch, "inventory", "lists")

    def said(change_id: str) -> list[bool]:
        out = run("queue", "show", change_id, lang=lang).out
        sentences = (t("queue.time.first", at="").split("{")[0], t("queue.time.last", at=""), t("queue.time.never"))
        return [sentence.strip(" :⁦⁩") in out for sentence in sentences]

    store.run_now(transports.switch, "inventory", "lists")
    store.run_now(inventory.adjust, part.id, whole(-1), "broken")
    claimed = store.run_now(single_writes.claim, "inventory")
    assert claimed is not None
    change_id = claimed.change.change_id
    assert said(change_id) == [True, False, False]
    store.run_now(single_writes.put_off, claimed, 60.0)
    assert said(change_id) == [False, False, True], "another one had to go first"
    store.run_now(attention.retry, change_id)
    claimed = store.run_now(single_writes.claim, "inventory")
    assert claimed is not None
    store.run_now(single_writes.wait_local, claimed, "error.api.missing_route")
    assert store.read_now(queue.get, change_id).lane == "local"
    assert said(change_id) == [False, False, True], "a server without a call for it was sent nothing"


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_what_a_quotation_and_a_lost_sale_say_is_said_in_words(store: Store, run: Run, lang: str) -> None:
    """A day of the wire and a code of the protocol stood there."""
    part = store.run_now(inventory.create, PartDraft(name="بوجيه", part_number="NGK-7", price=95_50), whole(4))
    cart = add_line(store.run_now(sales.open_cart), part)
    end = store.read_now(quotations.usual_end)
    options = {"valid_until": end, "cashier": "c", "device_id": "d", "rules": TaxRules()}
    store.run_now(quotations.quote, cart, **options)
    store.run_now(lost_sales.note, "too_dear", whole(3), part_id=part.id, cashier="c")
    ids = {row.kind: row.id for row in store.read_now(queue.page, "", None, 0, 99)}
    quoted = run("queue", "show", ids["quotation"], lang=lang).out
    assert (shown.day(end) in quoted, end in quoted) == (True, False)
    lost = run("queue", "show", ids["lost_sale"], lang=lang).out
    assert (t("lost_sale.too_dear") in lost, "too_dear" in lost) == (True, False)
    assert part.draft.name in lost
