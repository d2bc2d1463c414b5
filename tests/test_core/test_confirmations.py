"""What a server without marks is asked about: it must still know what it has confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import inventory
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import confirmations, replica
from clutch_tui.core.types import PartDraft
from tests.fresh_store import open_new


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_new(tmp_path / "shop.db", inline=True) as one:
        part = one.run_now(inventory.create, PartDraft(name="فلتر", price=1000), whole(5))
        for _ in range(260):
            one.run_now(inventory.adjust, part.id, ONE, "found")
        while sent := one.run_now(outbox.claim, "inventory"):
            results = {change.change_id: Result("applied", change.n, mark=None) for change in sent}
            here = one.read_now(replica.pull_state, "inventory")
            page = PullPage("e-1", (), sent[-1].n, False, None, here.cursor, here.snapshot)
            one.run_now(replica.receive, "inventory", "e-1", results, page)
        yield one


def test_the_newest_are_asked_about_and_some_of_the_older(store: Store) -> None:
    asked = store.read_now(confirmations.to_ask_about)
    assert len(asked) == len(set(asked))
    assert confirmations.NEWEST + 50 < len(asked) <= confirmations.NEWEST + confirmations.OLDER


def test_what_is_not_known_any_more_goes_up_again_in_an_epoch_of_the_same_name(store: Store) -> None:
    asked = store.read_now(confirmations.to_ask_about)
    assert store.run_now(confirmations.heard, asked, asked) == "known"
    assert store.run_now(confirmations.heard, asked, asked[1:]) == "lost"
    store.run_now(replica.doubt_epoch)
    here = store.read_now(replica.pull_state, "inventory")
    assert (here.epoch, here.cursor, here.snapshot) == ("e-1", 0, True)
    assert store.read_now(confirmations.to_ask_about) == ()  # all of it is offered: nothing is confirmed now


def test_one_silence_tells_nothing_and_ends_nothing(store: Store) -> None:
    asked = store.read_now(confirmations.to_ask_about)
    assert store.run_now(confirmations.heard, asked, ()) == "silent"
    assert store.read_now(confirmations.to_ask_about) == asked
    assert store.run_now(confirmations.heard, asked, asked[:1]) == "lost"  # it answers, and has lost the others


def test_silence_of_a_server_that_has_answered_tells_that_all_is_lost(store: Store) -> None:
    asked = store.read_now(confirmations.to_ask_about)
    assert store.run_now(confirmations.heard, asked, asked) == "known"
    assert store.run_now(confirmations.heard, asked, ()) == "lost"


def test_a_server_that_tells_marks_is_not_asked(store: Store) -> None:
    here = store.read_now(replica.pull_state, "inventory")
    page = PullPage("e-1", (), here.cursor + 1, False, None, here.cursor, False, mark="a1")
    store.run_now(replica.receive, "inventory", "e-1", {}, page)
    assert store.read_now(confirmations.to_ask_about) == ()
