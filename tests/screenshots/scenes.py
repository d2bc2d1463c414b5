"""The pictures, in the order in which they are taken and shown: how to come to each from any screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clutch_tui.text.bidi import visual
from clutch_tui.text.strings import t
from tests.screenshots.shop import Shop, Stage


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture. `words` say what it shows: the first line of the docstring of `play`."""

    name: str
    stage: Stage
    play: Callable[[Shop], None]
    words: str


SCENES: list[Scene] = []
STAGE_WORDS: Mapping[Stage, str] = {
    "wide": ", wide",
    "offline": ": while the server is away",
    "lacking": ": at a server that lacks half of the endpoints",
}


def scene(name: str, *stages: Stage) -> Callable[[Callable[[Shop], None]], Callable[[Shop], None]]:
    """Add a scene; played in the order of this file, and for each stage. The first stage's picture has the plain
    name."""

    def add(play: Callable[[Shop], None]) -> Callable[[Shop], None]:
        words = (play.__doc__ or "").partition("\n")[0].rstrip(".")
        first, *others = stages or ("online",)
        SCENES.append(Scene(name, first, play, words))
        SCENES.extend(Scene(f"{name}-{stage}", stage, play, f"{words}{STAGE_WORDS[stage]}") for stage in others)
        return play

    return add


@scene("queue", "offline")
def _queue(shop: Shop) -> None:
    """What waits to be sent, and why."""
    shop.go("queue")


@scene("conflict", "offline")
def _conflict(shop: Shop) -> None:
    """A conflict with the server: one shelf, two places."""
    shop.go("queue")
    shop.open("f2", t("mode.conflicts"))


@scene("change", "offline")
def _change(shop: Shop) -> None:
    """All about one change in the queue."""
    shop.go("queue")
    shop.press("down", "down")
    shop.open("enter", t("queue.detail"))


@scene("correction", "offline")
def _correction(shop: Shop) -> None:
    """A new part that the server has refused, with its words beside the field."""
    shop.go("queue")
    shop.press("home", "down")
    shop.open("f3", "is required")


@scene("locked", "locked")
def _locked(shop: Shop) -> None:
    """A locked database, and a passphrase that is not the right one."""
    shop.type("محل الامانة", "our shop")
    shop.open("enter", "F8")


@scene("locked-recovery", "locked")
def _locked_recovery(shop: Shop) -> None:
    """The recovery key instead, with a mistake in one group."""
    shop.press("f6")
    shop.type("GSHPC-TZVG3-0FMGN-BMEH5-RFVSB-R3RWS-CD2WM-J00E5-V3QXH-H6E6B-NSZH1-XSKJ7-JB022")
    shop.open("enter", "13")


@scene("search")
def _search(shop: Shop) -> None:
    """Parts as one types."""
    shop.go("sales")
    shop.type("فلتر زيت", "oil filter")


@scene("sales", "online", "wide")
def _sales(shop: Shop) -> None:
    """The till, a sale being made."""
    shop.go("sales")
    if shop.terminal.shows(t("sales.cart_empty")):
        for arabic, english in (("فلتر زيت", "oil filter"), ("بوجيه", "spark plug"), ("تيل فرامل", "brake pads")):
            shop.type(arabic, english)
            shop.press("enter")
        shop.type("*2")
        shop.press("enter")
        shop.open("f5", t("sales.ask_discount"))
        shop.type("25")
        shop.press("enter")
        shop.open("f3", t("customer.pick_hint"))
        shop.press("down", "enter")


@scene("discount")
def _discount(shop: Shop) -> None:
    """Money off the line or the whole sale."""
    _sales(shop)
    shop.open("f5", t("sales.ask_discount"))


@scene("confirm")
def _confirm(shop: Shop) -> None:
    """A question before something is thrown away."""
    _sales(shop)
    shop.open("f10", t("dialog.hint.confirm"))


@scene("parked")
def _parked(shop: Shop) -> None:
    """Sales that are parked."""
    _sales(shop)
    shop.open("f6", t("dialog.hint.choose"))


@scene("choose-customer")
def _choose_customer(shop: Shop) -> None:
    """Choosing the customer of a sale."""
    shop.go("sales")
    shop.open("f3", t("customer.pick_hint"))


@scene("pay")
def _pay(shop: Shop) -> None:
    """Taking the money."""
    shop.go("sales")
    shop.open("f2", t("pay.title"))
    shop.type("5000")


@scene("receipt")
def _receipt(shop: Shop) -> None:
    """The receipt."""
    _sales(shop)
    shop.open("f2", t("pay.title"))
    shop.press("down", "down")
    shop.open("enter", t("receipt.hint"))


@scene("quotation")
def _quotation(shop: Shop) -> None:
    """The sale as a quotation: for whom, and until when."""
    _sales(shop)
    shop.open("f11", t("quotation.holds"))


@scene("quotations")
def _quotations(shop: Shop) -> None:
    """Quotations."""
    _quotation(shop)
    shop.open("enter", t("receipt.hint"))
    shop.press("enter")
    shop.open("f11", t("quotation.hint"))


@scene("past-sales")
def _past_sales(shop: Shop) -> None:
    """Past sales."""
    shop.go("sales")
    shop.open("f7", t("sale.hint"))


@scene("return")
def _return(shop: Shop) -> None:
    """A return."""
    _past_sales(shop)
    shop.open("f6", t("sale.goes_back_nothing"))
    shop.type("1")


@scene("exchange")
def _exchange(shop: Shop) -> None:
    """An exchange: what comes back, what goes out for it, and the difference."""
    _past_sales(shop)
    shop.open("f5", t("exchange.worth_nothing"))
    shop.press("f5")
    shop.open("enter", t("exchange.to_give", amount="").strip(": "))
    shop.type("فلتر هواء", "air filter")
    shop.press("enter")


@scene("drawer")
def _drawer(shop: Shop) -> None:
    """The drawer since it was last closed."""
    shop.go("sales")
    shop.open("ctrl+d", t("drawer.report"))


@scene("drawer-report")
def _drawer_report(shop: Shop) -> None:
    """What should be in the drawer, and why."""
    _drawer(shop)
    shop.open("f2", t("drawer.takings"))


@scene("inventory", "online", "wide")
def _inventory(shop: Shop) -> None:
    """The inventory."""
    shop.go("inventory")


@scene("part")
def _part(shop: Shop) -> None:
    """All that is known of a part."""
    shop.go("inventory")
    shop.type("فلتر زيت", "oil filter")
    shop.open("enter", t("part.title"))


@scene("customer")
def _customer(shop: Shop) -> None:
    """All that is known of a customer."""
    shop.go("customers")
    shop.open("enter", t("customer.title"))


@scene("part-form")
def _part_form(shop: Shop) -> None:
    """Editing a part."""
    shop.go("inventory")
    shop.type("فلتر زيت", "oil filter")
    shop.open("f3", t("inventory.edit"))


@scene("count")
def _count(shop: Shop) -> None:
    """Counting what lies on the shelf."""
    shop.go("inventory")
    shop.open("f5", t("dialog.hint.enter"))


@scene("part-history")
def _part_history(shop: Shop) -> None:
    """Moves of a part."""
    shop.go("inventory")
    shop.type("فلتر زيت", "oil filter")
    shop.open("f6", t("mode.part_history"))


@scene("orders")
def _orders(shop: Shop) -> None:
    """Orders from the marketplace."""
    shop.go("orders")


@scene("order")
def _order(shop: Shop) -> None:
    """One order."""
    shop.go("orders")
    shop.open("enter", t("order.title"))


@scene("quote")
def _quote(shop: Shop) -> None:
    """Answering an order with a quote."""
    shop.go("orders")
    shop.open("f3", t("order.valid_days"))


@scene("customers")
def _customers(shop: Shop) -> None:
    """Customers."""
    shop.go("customers")


@scene("customer-form")
def _customer_form(shop: Shop) -> None:
    """Editing a customer."""
    shop.go("customers")
    shop.open("f3", t("customer.edit"))


@scene("customer-history")
def _customer_history(shop: Shop) -> None:
    """A customer's account."""
    shop.go("customers")
    shop.type("ورشة النجم")
    shop.open("f6", t("mode.account"))


@scene("suppliers")
def _suppliers(shop: Shop) -> None:
    """Suppliers."""
    shop.go("suppliers")


@scene("insights", "online", "offline", "lacking")
def _insights(shop: Shop) -> None:
    """Insights of the server, with their age."""
    shop.go("insights")
    shop.press(*["down"] * 5)


@scene("connection", "online", "wide", "offline", "lacking")
def _connection(shop: Shop) -> None:
    """The connection, what works and since when."""
    shop.go("connection")
    if shop.stage != "offline" and shop.terminal.shows(t("endpoint.unknown")):
        shop.open("f2", t("connection.tested"), within=60)
        shop.terminal.wait_for(lambda terminal: not terminal.shows(t("connection.tested")))


@scene("log")
def _log(shop: Shop) -> None:
    """The connection's log."""
    shop.go("connection")
    shop.open("f3", t("mode.connection_log"))


@scene("log-entry")
def _log_entry(shop: Shop) -> None:
    """One request with its answer."""
    _log(shop)
    shop.press("down")
    shop.open("enter", t("log.entry"))


@scene("support")
def _support(shop: Shop) -> None:
    """The file for support, and what is in it."""
    shop.go("connection")
    shop.open("ctrl+e", t("support.written"), within=60)
    shop.terminal.wait_for(lambda terminal: not terminal.shows(t("support.gathering")))


@scene("performance", "online", "offline", "lacking")
def _performance(shop: Shop) -> None:
    """How fast the program is here, beside its budgets."""
    shop.go("performance")


@scene("services")
def _services(shop: Shop) -> None:
    """How fast the server answers, service by service."""
    shop.go("performance")
    shop.open("f8", "inventory.sync", within=30)


@scene("machine", "online", "offline", "lacking")
def _machine(shop: Shop) -> None:
    """Disk, database, network and terminal, tried one after the other."""
    shop.go("performance")
    shop.open("f5", t("trial.terminal"), within=60)
    shop.terminal.wait_for(lambda terminal: not terminal.shows(t("trial.doing", name=t("trial.terminal"))), 30)


@scene("upkeep")
def _upkeep(shop: Shop) -> None:
    """Putting the database in order."""
    shop.go("performance")
    shop.press("f6")


@scene("updates", "online", "offline", "lacking")
def _updates(shop: Shop) -> None:
    """Whether this is the newest version."""
    shop.go("updates")
    shop.press("f5")


@scene("notifications")
def _notifications(shop: Shop) -> None:
    """Notifications."""
    shop.backend.control("insights")
    shop.backend.control("order")
    shop.backend.control(
        "message", message="Stock-taking on Friday at 18:00", message_ar="الجرد السنوي يوم الجمعة الساعة 6 مساءً"
    )
    shop.go("notifications")
    words = "الجرد السنوي" if shop.language == "ar" else "Stock-taking"
    shop.see(words)
    shop.terminal.wait_for(lambda terminal: sum(visual(words) in line for line in terminal.screen.display) == 2, 30)


@scene("settings")
def _settings(shop: Shop) -> None:
    """Settings."""
    shop.go("settings")


@scene("sign-in")
def _sign_in(shop: Shop) -> None:
    """Signing in."""
    shop.go("sign_in")


@scene("menu")
def _menu(shop: Shop) -> None:
    """All screens."""
    shop.go("sales")
    shop.open("f9", t("dialog.hint.choose"))


@scene("help")
def _help(shop: Shop) -> None:
    """The keys of a screen."""
    shop.go("sales")
    shop.open("f1", t("dialog.hint.read"))


@scene("palette")
def _palette(shop: Shop) -> None:
    """The command palette."""
    shop.go("sales")
    shop.open("ctrl+p", t("app.help"))


@scene("toast", "offline")
def _toast(shop: Shop) -> None:
    """A toast over the inventory.

    Last of its stage, for the line stays cut.
    """
    shop.go("inventory")
    shop.press("ctrl+o")
