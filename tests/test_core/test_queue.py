"""The queue as a person sees it: retry, correct, give up, and what is never given up."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from clutch_tui.core import accounts, aftersales, customers, inventory, journal, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.outbox.messages import Result
from clutch_tui.core.outbox.views import ChangeRow
from clutch_tui.core.quantity import NOTHING, Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import queue, replica
from clutch_tui.core.types import CustomerDraft, Part, PartDraft, Payment
from tests.test_core.shop import stock_shelf

REFUSED = Result(
    status="rejected", seq=7, code="VALIDATION", message="price: must be less", errors={"price": "must be less"}
)


def answer(store: Store, change_id: str, result: Result) -> ChangeRow:
    store.run_now(replica.new_epoch, "e-1")
    store.run_now(replica.deliver, {change_id: result}, "e-1")
    return store.read_now(queue.get, change_id)


def refuse_newest(store: Store, result: Result = REFUSED) -> ChangeRow:
    """Send everything; the server refuses the last change and takes the others."""
    sent = [change for channel in ("inventory", "sales", "rest") for change in store.run_now(outbox.claim, channel)]
    *others, last = sorted(sent, key=lambda change: change.n)
    for n, change in enumerate(others, 1):
        answer(store, change.change_id, Result(status="applied", seq=n, version=1))
    return answer(store, last.change_id, result)


def edited(store: Store) -> tuple[Part, ChangeRow]:
    """An edit of a part's price that the server has refused."""
    part = stock_shelf(store)["OF-200"]
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, price=99_00), seen=part))
    return part, refuse_newest(store)


def sell(store: Store, part: Part, quantity: int = 1) -> str:
    def sold() -> str:
        cart = carts.add_line(sales.open_cart(), part, whole(quantity))
        rules = state.tax_rules()
        total = carts.totals(cart, rules, "cash").total
        paid = (Payment("cash", total),)
        return sales.checkout(cart, paid, tendered=total, cashier="t", device_id="d", rules=rules).id

    return store.run_now(sold)


def listed(store: Store, lane: str = "") -> list[ChangeRow]:
    return list(store.read_now(queue.page, lane, None, 0, 100))


def test_a_refused_edit_is_corrected_and_replaced(store: Store) -> None:
    part, row = edited(store)
    assert (row.lane, row.status, row.code) == ("attention", "rejected", "VALIDATION")
    assert queue.may_edit(row)
    taken = store.read_now(queue.refused, row.id)
    assert (taken.fields["price"], taken.errors) == (99_00, {"price": "must be less"})
    after = store.run_now(lambda: queue.replace(taken, {**taken.fields, "price": 55_00}, actor="منى"))
    (change,) = store.run_now(outbox.claim, "inventory")
    assert (change.change_id, change.payload, change.base) == (after, {"price": 55_00}, {"price": part.version})
    assert store.read_now(inventory.get, part.id).draft.price == 55_00
    old = store.read_now(queue.detail, row.id)
    assert (old.row.lane, old.row.outcome, old.followed_by) == ("done", "replaced", change.n)
    assert old.payload == {"price": 99_00}
    with pytest.raises(ShopError, match="settled"):
        store.run_now(queue.replace, taken, taken.fields)


def test_a_correction_that_changes_nothing_says_so(store: Store) -> None:
    part, row = edited(store)
    taken = store.read_now(queue.refused, row.id)
    with pytest.raises(ShopError, match="no_change"):
        store.run_now(queue.replace, taken, asdict(part.draft))
    assert store.read_now(queue.get, row.id).lane == "attention"


def test_a_refused_new_part_goes_out_again_under_its_own_id(store: Store) -> None:
    made = store.run_now(inventory.create, PartDraft(name="مساعد", price=10_00), whole(4))
    sell(store, made)
    (create,) = [one for one in listed(store) if one.kind == "create"]
    store.run_now(outbox.claim, "inventory")
    row = answer(store, create.id, REFUSED)
    taken = store.read_now(queue.refused, row.id)
    assert taken.fields["stock_quantity"] == whole(4)
    store.run_now(queue.replace, taken, {**taken.fields, "name": "مساعد أمامي", "stock_quantity": whole(6)})
    (again,) = store.run_now(outbox.claim, "inventory")
    assert (again.kind, again.id) == ("create", made.id)
    assert (again.payload["name"], again.payload["stock_quantity"]) == ("مساعد أمامي", whole(6))
    part = store.read_now(inventory.get, made.id)
    assert (part.draft.name, part.stock) == ("مساعد أمامي", whole(5))


OIL = PartDraft(name="زيت", price=10_00, unit="LTR", decimals=1)


@pytest.mark.parametrize(
    ("first", "taken_up", "corrected", "on_shelf"),
    [
        (4_000, 4_000, 6_500, 5_500),
        (4_000, 4_000, 6_000, 5_000),
        (12_500, 12_500, 12_500, 11_500),
        (12_500, 12_500, 13_000, 12_000),
        (12_500, 12_500, 10_500, 9_500),
        (12_500, 12_500, 0, 0),
    ],
)
def test_the_first_stock_of_a_refused_part_is_corrected_in_fractions(
    store: Store, first: int, taken_up: int, corrected: int, on_shelf: int
) -> None:
    """The fraction is a fact of its own, and what was sold since stays sold."""
    made = store.run_now(inventory.create, OIL, Quantity(first))
    sell(store, made)
    (create,) = [one for one in listed(store) if one.kind == "create"]
    store.run_now(outbox.claim, "inventory")
    row = answer(store, create.id, REFUSED)
    taken = store.read_now(queue.refused, row.id)
    assert taken.fields["stock_quantity"] == taken_up
    again = store.run_now(queue.replace, taken, {**taken.fields, "name": "زيت ٢", "stock_quantity": corrected})
    assert (store.read_now(queue.get, again).kind, store.read_now(queue.get, row.id).outcome) == ("create", "replaced")
    asked = store.read_now(queue.detail, again).payload["stock_quantity"]
    assert asked in (NOTHING, corrected)
    assert asked % 1_000 == 0
    assert store.read_now(inventory.get, made.id).stock == on_shelf


def test_a_first_stock_in_fractions_is_for_what_is_sold_in_such(store: Store) -> None:
    made = store.run_now(inventory.create, PartDraft(name="مساعد", price=10_00), whole(4))
    row = refuse_newest(store)
    taken = store.read_now(queue.refused, row.id)
    with pytest.raises(ShopError, match=r"quantity\.pieces"):
        store.run_now(queue.replace, taken, {**taken.fields, "stock_quantity": Quantity(6_500)})
    assert store.read_now(queue.get, row.id).lane == "attention"
    assert store.read_now(inventory.get, made.id).stock == whole(4)


def audited(store: Store) -> list[dict[str, object]]:
    texts = store.read_now(lambda: db.execute("SELECT detail FROM audit ORDER BY id").fetchall())
    return [json.loads(text) for (text,) in texts]


def test_the_audit_says_units_of_what_is_made_again_and_given_up(store: Store) -> None:
    """It is never written anew: in one place it said units, in another thousandths of them."""
    store.run_now(abilities.learn, 2, ["unit", "fraction"])
    store.run_now(inventory.create, replace(OIL, min_stock=Quantity(1_500)), whole(4))
    row = refuse_newest(store)
    taken = store.read_now(queue.refused, row.id)
    store.run_now(queue.replace, taken, {**taken.fields, "name": "زيت ٢"})
    row = refuse_newest(store, REFUSED)
    store.run_now(queue.give_up, row.id)
    made, again, given_up = audited(store)
    for one in (made, again, given_up):
        assert (one["stock_quantity"], one["min_stock"]) == (4, "1.5")


def test_a_new_customer_that_is_tried_again_keeps_what_was_edited_since(store: Store) -> None:
    made = store.run_now(customers.create, CustomerDraft(name="منى", phone="1"))
    row = refuse_newest(store)
    store.run_now(lambda: customers.edit(made.id, replace(made.draft, address="القاهرة"), seen=made))
    (edit,) = store.run_now(outbox.claim, "rest")
    store.run_now(queue.retry, row.id)
    assert store.read_now(customers.get, made.id).draft.address == "القاهرة"
    answer(store, edit.change_id, Result("rejected", 0, code="NOT_FOUND"))
    (again,) = store.run_now(outbox.claim, "rest")
    assert (again.kind, again.id, again.payload["phone"]) == ("create", made.id, "1")
    assert again.payload["address"] == store.read_now(customers.get, made.id).draft.address == "القاهرة"


def test_the_form_for_a_refused_new_customer_holds_what_was_edited_since(store: Store) -> None:
    """It showed what was typed at first, and whoever saved it took his own edit back."""
    made = store.run_now(customers.create, CustomerDraft(name="منى", phone="1"))
    row = refuse_newest(store)
    store.run_now(lambda: customers.edit(made.id, replace(made.draft, address="القاهرة"), seen=made))
    taken = store.read_now(queue.refused, row.id)
    assert (taken.fields["address"], taken.fields["phone"]) == ("القاهرة", "1")
    store.run_now(queue.replace, taken, {**taken.fields, "phone": "01001234567"})
    assert store.read_now(customers.get, made.id).draft == replace(made.draft, address="القاهرة", phone="01001234567")


def test_a_refused_customer_is_corrected(store: Store) -> None:
    made = store.run_now(customers.create, CustomerDraft(name="منى", phone="1"))
    row = refuse_newest(store)
    taken = store.read_now(queue.refused, row.id)
    store.run_now(queue.replace, taken, {**taken.fields, "phone": "01001234567"})
    assert store.read_now(customers.get, made.id).draft.phone == "01001234567"
    assert [(one.kind, one.lane) for one in listed(store)] == [("create", "fast")]


def test_an_edit_that_is_given_up_leaves_the_record_and_stays_in_the_journal(store: Store) -> None:
    part, row = edited(store)
    store.run_now(lambda: queue.give_up(row.id, actor="منى"))
    assert listed(store) == []
    (kept,) = listed(store, "done")
    assert (kept.id, kept.outcome) == (row.id, "given_up")
    assert store.read_now(queue.count, "done") == 1
    assert store.read_now(inventory.get, part.id).draft.price == part.draft.price
    assert store.read_now(journal.verify_audit) is None


def test_a_new_part_that_is_given_up_leaves_the_list(store: Store) -> None:
    made = store.run_now(inventory.create, PartDraft(name="مساعد"), whole(4))
    row = refuse_newest(store)
    assert not store.read_now(inventory.get, made.id).deleted
    store.run_now(queue.give_up, row.id)
    assert store.read_now(inventory.get, made.id).deleted
    assert store.read_now(db.execute, "SELECT count(*) FROM base_record").fetchone() == (0,)


def test_a_customer_who_owes_cannot_be_given_up(store: Store) -> None:
    made = store.run_now(customers.create, CustomerDraft(name="منى"))
    row = refuse_newest(store)
    store.run_now(accounts.pay, made.id, 50_00, "cash", "", "t", beyond_debt=True)
    with pytest.raises(ShopError, match="owes"):
        store.run_now(queue.give_up, row.id)
    assert store.read_now(queue.get, row.id).lane == "attention"


def test_a_fact_is_never_given_up_whatever_the_server_said(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    sell(store, part)
    row = refuse_newest(store)
    assert (queue.may_give_up(row), queue.may_be_seen(row), queue.may_edit(row)) == (False, False, False)
    for deed, key in ((queue.give_up, "fact"), (queue.see, "not_seen"), (queue.refused, "settled")):
        with pytest.raises(ShopError, match=key):
            store.run_now(deed, row.id)
    assert queue.may_retry(row)
    store.run_now(queue.retry, row.id)
    (again,) = store.run_now(outbox.claim, "sales")
    assert (again.kind, again.id) == ("sale", row.record_id)


def test_what_is_unanswered_is_not_given_up(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, price=99_00), seen=part))
    (row,) = listed(store)
    with pytest.raises(ShopError, match="settled"):
        store.run_now(queue.give_up, row.id)


def test_a_refused_edit_that_is_tried_again_is_seen_again(store: Store) -> None:
    part, row = edited(store)
    assert store.read_now(inventory.get, part.id).draft.price == part.draft.price
    store.run_now(queue.retry, row.id)
    assert store.read_now(inventory.get, part.id).draft.price == 99_00
    assert store.read_now(queue.get, row.id).outcome == "resent"


def test_flags_name_what_they_are_about(store: Store) -> None:
    part = stock_shelf(store)["WP-100"]
    sell(store, part, 7)
    row = refuse_newest(store, Result(status="applied_flagged", seq=3, flags=("oversold",)))
    assert queue.may_be_seen(row)
    (short,) = store.read_now(queue.concerns, row.id)["oversold"]
    assert (short.name, short.number, short.stock) == (part.draft.name, "WP-100", whole(-2))
    store.run_now(queue.see, row.id)
    assert listed(store) == []
    twin = store.run_now(inventory.create, PartDraft(name="طلمبة تانية", part_number="WP-100"))
    row = refuse_newest(store, Result(status="applied_flagged", seq=4, version=1, flags=("duplicate_number",)))
    assert row.record_id == twin.id
    (other,) = store.read_now(queue.concerns, row.id)["duplicate_number"]
    assert other.name == part.draft.name


def test_a_flag_about_a_part_that_is_gone_names_it(store: Store) -> None:
    shelf = stock_shelf(store)
    gone, other = shelf["OF-200"], shelf["SP-300"]
    sale_id = sell(store, gone)
    store.run_now(lambda: inventory.delete(gone.id, seen=gone))
    (change,) = store.run_now(outbox.claim, "sales")
    answer(store, change.change_id, Result(status="applied_flagged", seq=3, flags=("deleted_part", "already_voided")))
    found = store.read_now(queue.concerns, change.change_id)
    assert [one.name for one in found["deleted_part"]] == [gone.draft.name]
    assert "already_voided" not in found
    assert other.stock == store.read_now(inventory.get, other.id).stock
    store.run_now(aftersales.void, sale_id, "غلطة", "t")


def test_a_change_tells_for_which_other_it_waits(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    first = store.run_now(lambda: inventory.edit(part.id, replace(part.draft, price=99_00), seen=part))
    store.run_now(lambda: inventory.edit(part.id, replace(first.draft, location="B-1"), seen=first))
    one, two = listed(store)
    assert store.read_now(queue.detail, one.id).waits_for is None
    assert store.read_now(queue.detail, two.id).waits_for == one.n


def test_retry_all_wakes_what_waits_for_a_time(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    sell(store, part)
    (row,) = listed(store)
    store.run_now(outbox.make_slow, row.id, "error.api.too_large")
    assert store.read_now(queue.get, row.id).due is not None
    assert store.run_now(queue.retry_all) == 1
    assert store.read_now(queue.get, row.id).due is None
    assert store.run_now(queue.retry_all) == 0


def test_a_change_is_found_by_its_number_too(store: Store) -> None:
    part, row = edited(store)
    assert store.read_now(queue.find, str(row.n)) == row == store.read_now(queue.find, row.id)
    for word in ("999", "9" * 40, "nothing", "", "-1", part.id):
        with pytest.raises(ShopError, match="gone"):
            store.read_now(queue.find, word)


def test_the_dump_holds_what_waits_and_nothing_else(store: Store) -> None:
    _, row = edited(store)
    sell(store, store.read_now(inventory.get, "part-1"))
    kept = store.read_now(queue.dump)
    assert [(one["change_id"] == row.id, one["kind"]) for one in kept] == [(True, "update"), (False, "sale")]
    assert kept[0]["result"]["errors"] == {"price": "must be less"}
    assert kept[1]["payload"]["items"][0]["quantity"] == 1
    store.run_now(queue.give_up, row.id)
    assert len(store.read_now(queue.dump)) == 1
