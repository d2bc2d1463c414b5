"""A slice of the simulation for every run of the tests; `python -m tests.simulation` runs as much as one likes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from clutch_tui.core.sync import replica
from tests.simulation import directed, stage, sweep
from tests.simulation.changing import ChangingWorld
from tests.simulation.mutants import MUTANTS, planted
from tests.simulation.network import Message
from tests.simulation.outcome import run
from tests.simulation.plain import PlainWorld

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", range(0, 4, 2))
def test_whatever_happens_nothing_is_lost_or_doubled(first: int) -> None:
    for seed in range(first, first + 2):  # `--ci` runs these and many more
        assert run(seed).violation is None, f"python -m tests.simulation --first {seed} --seeds 1 --trace"


def test_a_server_without_sync_gets_every_receipt_once() -> None:
    for seed in (0, 1, 30053, 30140, 30150):
        told = f"python -m tests.simulation --world plain --first {seed} --seeds 1 --trace"
        assert run(seed, kind=PlainWorld).violation is None, told


def test_a_server_that_loses_its_sync_calls_and_has_them_again_loses_and_doubles_nothing() -> None:
    for seed in (9, 71, 173):
        told = f"python -m tests.simulation --world changing --first {seed} --seeds 1 --trace"
        assert run(seed, kind=ChangingWorld).violation is None, told


def test_a_seed_is_one_run_and_the_same_run_again() -> None:
    first, other, again = run(3), run(4), run(3)
    assert first.trace == again.trace != other.trace
    assert len(first.lines) > 50


def test_a_seed_is_the_same_run_in_another_process_with_another_order_of_hashes() -> None:
    script = "from tests.simulation.outcome import run\nprint([run(seed).trace for seed in (3,)])"
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        ).stdout.strip()
        for hashes in ("1", "2")
    }
    assert told == {str([run(seed).trace for seed in (3,)])}


def test_every_mistake_can_be_planted_in_the_code_as_it_is() -> None:
    for name in MUTANTS:
        with planted(name):
            assert name


@pytest.mark.parametrize(("story", "every"), [("a_new_part", 240), ("many_sales_at_once", 80)])
def test_a_till_may_die_at_any_write(story: str, every: int) -> None:
    told = list(sweep.sweep(story, every=every))
    assert len(told) > 5
    assert [one for one in told if one[2] is not None] == []


def test_a_row_that_nobody_can_read_may_be_on_its_way_when_the_faults_end() -> None:
    async def act(on: stage.Stage) -> None:
        await on.open()
        part_id = directed.parts(on.first)[0]
        change_id = on.server.touch_part(on.rng, part_id)
        assert change_id is not None
        on.books.enter_foreign(change_id, on.server.deeds[on.server.life][change_id])
        on.weather.order("unreadable", directed.INVENTORY, on.first.name)
        served, handle = asyncio.Event(), on.server.handle

        async def watched(message: Message) -> tuple[int, dict[str, str], bytes]:
            answer = await handle(message)
            if (message.path, message.sender) == (directed.INVENTORY, on.first.name):
                served.set()
            return answer

        with patch.object(on.server, "handle", watched):
            await served.wait()
            assert on.first.sql("SELECT record_id FROM set_aside") == []
            await on.end()

    played = stage.play(act, empty=False, without_sync=False, mutant=None)
    assert played.violation is None
    assert played.counts["unreadable"] == 1


QUICK = ("no_ledger", "pend_on_ack")
"""Mutants that the first seeds find; `--ci` looks for most of them, `--mutants` for all."""


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_mistake_is_found(name: str) -> None:
    assert any(run(seed, mutant=name).violation for seed in range(20))


def test_a_mutant_is_gone_after_its_run() -> None:
    before = replica._answer
    with planted("pend_on_ack"):
        assert replica._answer is not before
    assert replica._answer is before
    assert directed.SCENARIOS.keys() <= MUTANTS.keys()


CHEAP = (
    "checkout_ignores_discount",
    "confirmed_elsewhere",
    "count_beside_other_books",
    "credit_return_sign",
    "deposit_not_used",
    "deposit_pays_debt",
    "exchange_becomes_cash",
    "exchange_off_no_account",
    "exchange_torn",
    "expense_unsaid",
    "forfeit_moves_nothing",
    "level_of_everybody_first",
    "lineage_keeps_prefix",
    "lost_sale_rewritten",
    "lost_sales_swept",
    "no_fsync",
    "no_guard",
    "not_offered_sold",
    "other_part_sold",
    "own_drawer_twice",
    "price_rules_do_not_wait",
    "price_rules_swept",
    "recall_reprices",
    "reference_unsaid",
    "reference_unread",
    "reopen_keeps_covered",
    "reopen_shows_theirs",
    "return_over_refund",
    "second_use_unflagged",
    "slow_same_first",
    "sold_after_void",
    "special_orders_swept",
    "sweep_own",
    "unasked_balance",
    "unknown_is_answer",
    "unknown_part_ends",
    "unread_row_is_here",
    "unsent_is_unknown",
)
"""Scenarios for every run of the tests; `--ci` plays them all."""


@pytest.mark.parametrize("name", CHEAP)
def test_what_few_seeds_show_a_scenario_does(name: str) -> None:
    assert directed.play(name, planted=False) is None
    assert directed.play(name, planted=True) is not None
