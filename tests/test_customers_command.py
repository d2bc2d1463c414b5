"""`clutch-tui customers`: the same customers, debts and payments as on the screens, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import cart, customers, inventory, sales
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Customer, CustomerDraft, PartDraft, Payment, TaxRules
from clutch_tui.text.strings import t
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys, "customers") as run:
        yield run


@pytest.fixture
def hassan(store: Store) -> Customer:
    """A customer who owes a hundred and fifty pounds."""
    return owing(store, "حسن", "01001234567", 150)


def owing(store: Store, name: str, phone: str, pounds: int) -> Customer:
    def sell() -> Customer:
        part = inventory.create(PartDraft(name="طلمبة", part_number=f"WP-{phone}", price=pounds * 100), whole(9))
        customer = customers.create(CustomerDraft(name=name, phone=phone))
        made = cart.with_customer(cart.add_line(sales.open_cart(), part), customer)
        sales.checkout(made, (Payment("credit", pounds * 100),), cashier="c", device_id="d", rules=TaxRules())
        return customer

    made: Customer = store.run_now(sell)
    return made


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_customers_are_found_by_name_and_telephone(run: Run, hassan: Customer, lang: str) -> None:
    for text in ("حسن", "0100 123 4567", "+201001234567"):
        found = run("find", text, lang=lang)
        assert (found.code, found.out.count("\n")) == (0, 1)
        assert "150.00" in found.out
    assert run("find", "منى", lang=lang).out.strip() == t("common.no_match")
    (row,) = run("find", "حسن", "--json").done
    assert (row["id"], row["balance"]) == (hassan.id, 150_00)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_debtors_are_named_with_the_sum(run: Run, store: Store, hassan: Customer, lang: str) -> None:
    owing(store, "منى", "01111111111", 700)
    said = run("debtors", lang=lang).out
    assert said.index("منى") < said.index("حسن")
    assert "850.00" in said.splitlines()[-1]
    listed = run("debtors", "--json").done
    assert listed["total"] == {
        "owed": 850_00,
        "up_to_30": 850_00,
        "up_to_60": 0,
        "up_to_90": 0,
        "older": 0,
        "oldest_days": 0,
    }
    assert [one["name"] for one in listed["debtors"]] == ["منى", "حسن"]
    assert t("debt.none") in run("debtors", "nobody").out


def test_more_debtors_than_one_piece_are_all_counted(run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from clutch_tui.commands import customers as command

    for n in range(5):
        owing(store, f"ع{n}", f"0100000000{n}", 10 + n // 2)
    monkeypatch.setattr(command, "AT_ONCE", 2)
    listed = run("debtors", "--json").done
    assert (len(listed["debtors"]), listed["total"]["owed"]) == (5, (10 + 10 + 11 + 11 + 12) * 100)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_the_statement_is_the_paper_of_the_screen(run: Run, hassan: Customer, lang: str) -> None:
    said = run("statement", "حسن", lang=lang)
    assert said.code == 0
    assert t("statement.title") in said.out
    assert "150.00" in said.out
    told = run("statement", hassan.id, "--json").done
    assert (told["balance"], told["before"], len(told["entries"])) == (150_00, 0, 1)
    assert [sale["unpaid"] for sale in told["unpaid"]] == [150_00]


def test_a_payment_takes_the_debt_down_once(run: Run, store: Store, hassan: Customer) -> None:
    paid = run("pay", "01001234567", "50.5", "--note", "نقدي", "--json").done
    assert (paid["amount"], paid["balance"], paid["method"]) == (50_50, 99_50, "cash")
    assert store.read_now(customers.get, hassan.id).balance == 99_50
    assert t("payment.title") in run("pay", "حسن", "9.50", "--method", "visa").out
    assert store.read_now(customers.get, hassan.id).balance == 90_00


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("pay", "حسن", "0"), 1),
        (("pay", "حسن", "-5"), 2),
        (("pay", "حسن", "many"), 2),
        (("pay", "حسن", "200"), 1),
        (("pay", "حسن", "10", "--method", "credit"), 2),
        (("pay", "nobody", "10"), 1),
        (("pay", "", "10"), 1),
        (("statement", "nobody"), 1),
        (("statement", "حسن", "--days", "-1"), 2),
        (("add", "  "), 1),
    ],
    ids=str,
)
def test_nonsense_is_refused_and_changes_nothing(
    run: Run, store: Store, hassan: Customer, arguments: tuple[str, ...], code: int
) -> None:
    said = run(*arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err
    assert store.read_now(customers.get, hassan.id).balance == 150_00
    assert store.read_now(customers.count, "") == 1


def test_more_than_is_owed_is_taken_where_somebody_says_so(run: Run, store: Store, hassan: Customer) -> None:
    assert run("pay", "حسن", "200", "--beyond-debt").code == 0
    assert store.read_now(customers.get, hassan.id).balance == -50_00


def test_a_text_that_several_fit_names_them_but_a_whole_name_is_sure(run: Run, store: Store, hassan: Customer) -> None:
    owing(store, "حسن علي", "01222222222", 20)
    said = run("pay", "01", "5")
    assert said.code == 1
    said = run("pay", "علي", "5")
    assert said.code == 0
    owing(store, "منى علي", "01333333333", 20)
    said = run("pay", "علي", "5")
    assert said.code == 1
    assert "حسن علي" in said.err
    assert "منى علي" in said.err
    assert run("pay", "حسن", "5").code == 0, "nobody else is called just that"
    assert store.read_now(customers.get, hassan.id).balance == 145_00


def test_a_customer_without_a_telephone_is_not_taken_for_any_name(run: Run, store: Store, hassan: Customer) -> None:
    """The telephone number of a name is none, and none was also theirs: the money went to the wrong account."""
    other = owing(store, "حسن علي", "", 20)
    owing(store, "علي حسن", "01222222222", 20)
    said = run("pay", "علي", "5")
    assert (said.code, store.read_now(customers.get, other.id).balance) == (1, 20_00)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_a_customer_is_added(run: Run, store: Store, lang: str) -> None:
    assert run("add", "أم أحمد", "--phone", "01001234567", lang=lang).code == 0
    made = run("add", "علي", "--json").done
    assert store.read_now(customers.get, made["id"]).draft.name == "علي"
    assert store.read_now(customers.count, "") == 2
