"""What a database remembers beside its records: lineage, receipt numbers, the shop's own settings."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from clutch_tui.core import state
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import TaxRules
from tests.test_core.shop import HandClock


def test_a_text_is_put_read_and_forgotten(store: Store) -> None:
    assert store.read_now(state.get, "epoch") is None
    store.run_now(state.put, "epoch", "e-1")
    store.run_now(state.put, "epoch", "e-2")
    assert store.read_now(state.get, "epoch") == "e-2"
    store.run_now(state.forget, "epoch")
    assert store.read_now(state.get, "epoch") is None
    assert store.read_now(state.number, "inventory.cursor", 7) == 7


def test_a_new_lineage_has_a_prefix_of_its_own_and_counts_from_one(store: Store) -> None:
    first = store.run_now(state.next_receipt_number)
    assert re.fullmatch(r"[A-HJ-NP-Z]{4}-000001", first)
    assert store.run_now(state.next_receipt_number) == first[:-1] + "2"
    store.run_now(state.renew_lineage)
    renewed = store.run_now(state.next_receipt_number)
    assert renewed.endswith("-000001")
    assert renewed.partition("-")[0] != first.partition("-")[0]


@pytest.mark.parametrize(
    ("seen", "following"), [("{}-000041", 42), ("{}-000000", 2), ("XYZ-999999", 2), ("{}-oops", 2), ("", 2), ("77", 2)]
)
def test_the_counter_jumps_past_what_a_pull_shows(store: Store, seen: str, following: int) -> None:
    prefix = store.run_now(state.next_receipt_number).partition("-")[0]
    store.run_now(state.bump_receipt_counter, [seen.format(prefix)])
    assert store.run_now(state.next_receipt_number) == f"{prefix}-{following:06d}"


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Africa/Cairo", datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "2026-11-23"),
        ("Africa/Cairo", datetime(2026, 11, 22, 21, 59, tzinfo=UTC), "2026-11-22"),
        ("America/New_York", datetime(2026, 11, 22, 3, 0, tzinfo=UTC), "2026-11-21"),
        ("Nowhere/Atall", datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "2026-11-22"),
    ],
)
def test_a_business_day_is_the_date_at_the_shop(
    store: Store, clock: HandClock, zone: str, moment: datetime, day: str
) -> None:
    clock.moment = moment
    store.run_now(state.put_setting, "timezone", zone)
    assert store.read_now(state.business_day) == day


def test_the_servers_tax_rules_win_over_the_configuration_and_the_coin_does_not(store: Store) -> None:
    def start(rate: int, coin: int) -> TaxRules:
        store.run_now(state.begin, rate=rate, prices_include_tax=True, cash_rounding=coin, timezone="Africa/Cairo")
        return store.read_now(state.tax_rules)

    assert start(1400, 25) == TaxRules(1400, True, 25)
    assert start(500, 25) == TaxRules(500, True, 25)
    store.run_now(state.learn_shop, None, {"tax_rate": 14.5, "prices_include_tax": False, "timezone": "Asia/Riyadh"})
    assert store.read_now(state.tax_rules) == TaxRules(1450, False, 25)
    assert start(0, 50) == TaxRules(1450, False, 50)
    assert store.read_now(state.setting, "timezone") == "Asia/Riyadh"


def test_where_the_server_names_no_time_zone_the_configurations_counts_from_the_next_start(store: Store) -> None:
    def start(timezone: str) -> str:
        rules = {"rate": 1400, "prices_include_tax": True, "cash_rounding": 25, "timezone": timezone}
        if not store.read_now(state.has_begun, **rules):
            store.run_now(state.begin, **rules)
        return str(store.read_now(state.setting, "timezone"))

    assert start("Africa/Cairo") == "Africa/Cairo"
    assert start("Asia/Riyadh") == "Asia/Riyadh"
    store.run_now(state.learn_shop, None, {"tax_rate": 14.0})
    assert store.read_now(state.setting, "timezone") == "Asia/Riyadh"
    assert start("Asia/Dubai") == "Asia/Dubai"
    store.run_now(state.learn_shop, None, {"timezone": "Africa/Cairo"})
    assert start("Asia/Dubai") == "Africa/Cairo"


def test_the_server_sets_the_tax_once_it_has_told_a_rate(store: Store) -> None:
    store.run_now(state.learn_shop, None, {"timezone": "Africa/Cairo"})
    assert not store.read_now(state.server_sets_tax)
    store.run_now(state.learn_shop, None, {"tax_rate": 14.0})
    assert store.read_now(state.server_sets_tax)


def test_a_setting_knows_its_age(store: Store, clock: HandClock) -> None:
    assert store.read_now(state.setting_with_age, "insights") == (None, None)
    store.run_now(state.put_setting, "insights", {"طلب": [1, 2]})
    assert store.read_now(state.setting_with_age, "insights") == ({"طلب": [1, 2]}, clock.now())
