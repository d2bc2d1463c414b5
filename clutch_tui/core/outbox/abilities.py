"""The server's abilities beyond version 1 of the protocol, as it has said itself, and the form in which a fact goes up
to one that does not know its kind.

A kind of version 2 is declared in `LATER` and nowhere else. It goes up as itself to a server that names it; otherwise
in the words of version 1, where it has such words and the server takes them; otherwise it waits here (`local`) until
the server learns. The form is frozen at the first send, like all of a change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from .. import state
from ..clock import from_text, to_text
from ..database import db
from ..database.statement import Statement, given
from ..quantity import is_whole
from ..records.customer import DocumentTable
from ..records.sync import OutboxTable, PullPageTable
from . import additions, halves, transports
from .messages import Change
from .precedence import LATER_TYPES, MOVELESS

VERSION = 2
"""The newest version of the protocol that this program speaks."""

EVERY, AGAIN = timedelta(hours=1), timedelta(minutes=5)
"""How long what the server has said is believed without asking again, and how long where it could not be asked."""

SILENT_FOR = timedelta(hours=1)
"""The time after which a server that has never come to an answer about its version is taken for one of version 1."""

_UNKNOWN = "UNKNOWN_KIND"
"""The code of a server's that does not know a kind, whatever it has named before."""

_ONE = OutboxTable.change_id == given("change_id")
_FORM = Statement(OutboxTable.select(OutboxTable.form).where(_ONE))
_PAYLOAD = Statement(OutboxTable.select(OutboxTable.payload).where(_ONE))
_FREEZE = Statement(OutboxTable.update(form=given("form")).where(_ONE))
_KEEP_HERE = Statement(OutboxTable.update(lane="local", not_before=None).where(_ONE, OutboxTable.answered_at.is_null()))
_LET_LOCAL_ON = Statement(
    OutboxTable.update(lane="fast", last_error="").where(
        OutboxTable.lane == "local", OutboxTable.answered_at.is_null(), OutboxTable.kind == given("kind")
    )
)
_LET_TYPE_ON = Statement(
    OutboxTable.update(lane="fast", last_error="").where(
        OutboxTable.lane == "local", OutboxTable.answered_at.is_null(), OutboxTable.type == given("type")
    )
)
_KEEP_TYPE_HERE = Statement(
    OutboxTable.update(lane="local", not_before=None).where(
        OutboxTable.lane.in_(("fast", "slow")), OutboxTable.answered_at.is_null(), OutboxTable.type == given("type")
    )
)
_NEVER_SENT = Statement(
    OutboxTable.select(OutboxTable.change_id, OutboxTable.type, OutboxTable.kind, OutboxTable.payload).where(
        OutboxTable.lane == "local", OutboxTable.answered_at.is_null(), OutboxTable.first_sent_at.is_null()
    )
)
_LET_ON = Statement(OutboxTable.update(lane="fast", last_error="").where(_ONE))
_LOCAL_SALE = Statement(
    OutboxTable.select(OutboxTable.n).where(
        (OutboxTable.type == "sale") & (OutboxTable.record_id == given("sale_id")),
        OutboxTable.kind.in_(("sale", "exchange")),
        OutboxTable.lane == "local",
        OutboxTable.answered_at.is_null(),
    )
)
_DROP_STAGED = Statement(PullPageTable.delete().where(PullPageTable.channel == given("channel")))
_OWN_VOID = Statement(
    DocumentTable.select().where(
        DocumentTable.about == given("payment_id"), DocumentTable.kind == "payment_void", DocumentTable.own == 1
    )
)


@dataclass(frozen=True, slots=True)
class Form:
    """A fact in other words: the kind, type and body under which it is sent."""

    kind: str
    type: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Later:
    """A kind of fact of version 2, or (`is_kind` false) a type of record, or what it adds to a kind of version 1, which
    goes up to every server. `channel` is the one whose rows tell of it, and were read without it before; `form` says
    the fact in version 1, None where that has no words for it, or more than one change of them (`in_halves`)."""

    channel: str | None
    form: Callable[[Mapping[str, Any]], Form] | None = None
    is_kind: bool = True
    in_halves: bool = False


def _negative_payment(payload: Mapping[str, Any]) -> Form:
    """A payment that is taken back, as a payment the other way. Read from our own paper: the payment may be another
    till's, and may have left with a server that was restored."""
    paper = _OWN_VOID.first(payment_id=payload["payment_id"])
    body = {"customer_id": paper["customer_id"], "amount": -paper["amount"], "method": paper["method"]}
    return Form("payment", "payment", {**body, "note": payload["reason"]})


def _plain_quote(payload: Mapping[str, Any]) -> Form:
    """A quote as every server takes it: of what can be had, its price alone. The brand and the day stand in the words
    to the customer."""
    offered = [line for line in payload["lines"] if line.get("available") != "no"]
    lines = [{name: line[name] for name in ("item_name", "quantity", "price")} for line in offered]
    about = ((line["item_name"], filter(None, (line.get("brand"), line.get("available")))) for line in offered)
    said = [f"{name}: {', '.join(words)}" for name, rest in about if (words := list(rest))]
    return Form(
        "quote", "order", {**payload, "lines": lines, "notes": "; ".join(filter(None, (payload["notes"], *said)))}
    )


LATER: dict[str, Later] = {
    "payment_void": Later("sales", _negative_payment),
    "exchange": Later("sales", in_halves=True),
    **dict.fromkeys((*MOVELESS, "deposit_forfeit"), Later("sales")),
    **dict.fromkeys(LATER_TYPES, Later("inventory", is_kind=False)),
    "quote": Later("orders", is_kind=False),
    "quote_line": Later("orders", is_kind=False),
    "return_without_receipt": Later("sales", is_kind=False),
    "unit": Later("inventory", is_kind=False),
    "fraction": Later(None, is_kind=False),
    **dict.fromkeys(additions.NAMES, Later("sales", is_kind=False)),
}
LATER_FIELDS = ("unit", "decimals")
"""The fields of a part that only a server knows which names `unit`."""


# --- what the server says ------------------------------------------------------------------------------


def protocol() -> int:
    """The version in which this server is spoken to."""
    return min(VERSION, state.number("server.protocol", 1))


def knows(name: str) -> bool:
    """Tell whether the server has named this kind or ability, or shown it."""
    return name in _named() or (name == "fraction" and state.number("server.fraction") == _SHOWN)


_SHOWN, _REFUSED = 1, 2
"""What is known of fractions at a server that does not name them: that a row of its own holds one, or that it takes
none all the same."""


def hear_fraction(items: Iterable[Mapping[str, Any]]) -> None:
    """Learn from rows of items: a server that shows a fraction in one takes them, too, whatever it has named, as long
    as it has refused none."""
    if all(is_whole(item.get("stock_quantity", 0)) for item in items) or knows("fraction"):
        return
    if state.number("server.fraction") != _REFUSED:
        state.put("server.fraction", _SHOWN)
        _let_whole_on()


def _named() -> set[str]:
    return set((state.get("server.records") or "").split())


def is_due() -> bool:
    """Tell whether the server is to be asked what it knows."""
    at = state.get("server.asked_at")
    return at is None or not timedelta() <= db.now() - from_text(at) < EVERY


def learn(version: int, names: Iterable[str]) -> None:
    """Store what the server has said. What waited for it goes up, and what its rows held and could not be read is
    fetched once more: those rows lie behind the cursor."""
    before, now = _named(), set(names) & LATER.keys() if version > 1 else set()
    state.put("server.protocol", version)
    state.put("server.records", " ".join(sorted(now)))
    state.put("server.asked_at", db.now_text())
    state.forget("server.silent_since")
    for name in sorted(now - before):
        if (channel := LATER[name].channel) is not None:
            _DROP_STAGED.run(channel=channel)  # the first pages of a pull lack what its last would have
            if state.get(f"{channel}.epoch") is not None:
                state.put(f"{channel}.renew", 1)
        state.forget(f"refused.{name}")
        if name in LATER_TYPES:
            _LET_TYPE_ON.run(type=name)
        else:
            _LET_LOCAL_ON.run(kind=name)
    for type in set(LATER_TYPES) - now:
        _KEEP_TYPE_HERE.run(type=type)
    if now - before:
        _let_whole_on()


def _let_whole_on() -> None:
    """Try once more what has never been sent because the server had no words for some of it."""
    for row in _NEVER_SENT.rows():
        change_id, kind = row["change_id"], row["kind"]
        if kind in ("void", "return", "exchange", "update") or needs(row["type"], kind, json.loads(row["payload"])):
            _LET_ON.run(change_id=change_id)


def has_spoken() -> bool:
    """Tell whether the server was ever heard about its version."""
    return state.get("server.protocol") is not None


def says_nothing() -> None:
    """The server has answered, and named no version: what it has said before holds for a while, and one that has never
    named any speaks version 1."""
    if not has_spoken():
        learn(1, ())
    state.put("server.asked_at", to_text(db.now() - EVERY + AGAIN))


def no_answer() -> None:
    """The server came to no answer: what it has said before holds for a while. One that was never heard is asked again
    in the next round, until its silence has lasted for `SILENT_FOR`."""
    if has_spoken():
        says_nothing()
        return
    since = state.get("server.silent_since")
    silence = timedelta(-1) if since is None else db.now() - from_text(since)
    if silence >= SILENT_FOR:
        says_nothing()
    elif silence < timedelta():  # the first time, or a clock that was set back
        state.put("server.silent_since", db.now_text())


def fall_back() -> bool:
    """The server does not take this version any more: speak version 1 until it says otherwise. False where that is
    spoken already."""
    if protocol() == 1:
        return False
    learn(1, ())
    return True


def forget() -> None:
    """Another server, or a restored one, may know less: it is asked again."""
    state.forget("server.asked_at")
    state.forget("server.fraction")


# --- the form of a change ------------------------------------------------------------------------------


def needs(type: str, kind: str, payload: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that a server must know to take a change of a kind of version 1 as it stands: `fraction` where
    a quantity is none of whole units, `unit` where a part says its own."""
    names = {"unit"} if type == "item" and kind in ("create", "update") and _says_unit(kind, payload) else set()
    if not all(map(is_whole, quantities_in(kind, payload))):
        names.add("fraction")
    return frozenset(names)


def _says_unit(kind: str, payload: Mapping[str, Any]) -> bool:
    """Tell whether a request is about a part's unit: of a new part, whether that is another than a piece."""
    return any(payload.get(name) if kind == "create" else name in payload for name in LATER_FIELDS)


def quantities_in(kind: str, payload: Mapping[str, Any]) -> Iterator[int]:
    """The quantities that a change says, in thousandths."""
    if kind == "cash":  # what was counted there is money
        return
    for name in ("delta", "counted", "expected", "stock_quantity", "min_stock"):
        if isinstance(value := payload.get(name), int):
            yield value
    for document in halves.documents(payload):
        for line in (*(document.get("items") or ()), *(document.get("lines") or ())):
            yield line["quantity"]


def must_wait(type: str) -> bool:
    """Tell whether what is asked of a record of this type waits here: the server was heard, and does not know such.
    Nothing of it is sent before what was asked first, so that all of it waits."""
    return type in LATER_TYPES and has_spoken() and not knows(type)


def unsaid(change: Change) -> frozenset[str]:
    """Return the fields of a request for which this server has no words."""
    if change.type != "item" or change.kind not in ("create", "update"):
        return frozenset()
    fields = set() if knows("unit") else {name for name in LATER_FIELDS if name in change.payload}
    if not is_whole(change.payload.get("min_stock", 0)) and not knows("fraction"):
        fields.add("min_stock")
    return frozenset(fields)


def _is_unsaid(change: Change) -> bool:
    """Tell whether this server has no words for a fact or a quantity in it, or does not know the sale that it is
    about."""
    if change.payload.get("without_receipt") and (not knows("return_without_receipt") or transports.by_lists("sales")):
        return True
    if change.kind in ("void", "return", "exchange"):
        first = halves.documents(change.payload)[0]
        if _LOCAL_SALE.first(sale_id=first.get("sale_id") or first.get("return_of")) is not None:
            return True
    return not all(map(is_whole, quantities_in(change.kind, change.payload))) and not knows("fraction")


def keep_here(change_id: str) -> None:
    """Let a change wait here until the server knows what it says."""
    _KEEP_HERE.run(change_id=change_id)


def freeze(change: Change) -> bool:
    """Choose the form in which a change goes up, at its first send. False where this server has no words for it: then
    it stays here; and for as long as nothing was heard of what it knows: in the words of version 1 a fact says less,
    such as that a payment back is about the payment that another till takes back, too."""
    if change.type in LATER_TYPES and not knows(change.type):
        if has_spoken():
            keep_here(change.change_id)
        return False
    later = LATER.get(change.kind)
    if change.kind not in MOVELESS and _is_unsaid(change):
        keep_here(change.change_id)
        return False
    if change.kind == "quote":
        return _freeze_quote(change)
    if later is None or not later.is_kind or knows(change.kind):
        return _put_in_words(change)
    if later.in_halves and not transports.by_lists("sales"):
        return has_spoken() and transports.of("sales") is not None
    if later.form is None or state.get(f"refused.{change.kind}") is not None:
        keep_here(change.change_id)
        return False
    if not has_spoken():
        return False
    _FREEZE.run(change_id=change.change_id, form=_written(later.form(change.payload)))
    return True


def first_words(change: Change) -> Change:
    """A change that is frozen just now, as it goes up first: of an exchange that this server does not know, the half
    that comes back. The other half comes after it in the queue."""
    return halves.split(change) if change.kind == halves.KIND and not knows(change.kind) else change


def _freeze_quote(change: Change) -> bool:
    """Choose the words in which a quote goes up, like those of a fact."""
    if knows("quote_line") or "lines" not in change.payload:
        return True
    form = _plain_quote(change.payload)
    if form.payload == change.payload:
        return True
    if not has_spoken():
        return False
    _FREEZE.run(change_id=change.change_id, form=_written(form))
    return True


def _put_in_words(change: Change) -> bool:
    """Freeze what version 2 adds to a fact of version 1 in the words that this server knows. False for as long as
    nothing was heard of what it knows."""
    unknown = {name for name in additions.said_by(change.kind, change.payload) if not knows(name)}
    if not unknown:
        return True
    if not (unknown <= additions.WORDLESS or has_spoken()):
        return False
    _FREEZE.run(change_id=change.change_id, form=_written(_plainly(change.kind, change.payload, unknown)))
    return True


def _plainly(kind: str, payload: Mapping[str, Any], unknown: Collection[str]) -> Form:
    return Form(kind, "cash" if kind == "cash" else "sale", additions.in_words(payload, unknown))


def in_form(change: Change) -> Change:
    """The change as it was frozen."""
    if change.kind not in LATER and not additions.said_by(change.kind, change.payload):
        return change
    form = _FORM.first(change_id=change.change_id)["form"]
    return replace(change, **json.loads(form)) if form else change


def reword(change_id: str, kind: str) -> bool:
    """The server knows a change under this id with another content: a fact that another copy of this disk has sent in
    its other form, before or after the server learned its kind. True where that form is sent now, once."""
    tried = f"reworded.{change_id}"
    payload = json.loads(_PAYLOAD.first(change_id=change_id)["payload"])
    form = _other_form(kind, payload)
    if form is None or state.get(tried) is not None:
        return False
    text = "" if _FORM.first(change_id=change_id)["form"] else _written(form)
    _FREEZE.run(change_id=change_id, form=text)
    state.put(tried, 1)
    return True


def _other_form(kind: str, payload: Mapping[str, Any]) -> Form | None:
    """A fact in the words of version 1, where those are others; None where it has only the one form."""
    if (later := LATER.get(kind)) is not None and later.form is not None:
        return later.form(payload)
    said = additions.said_by(kind, payload)
    return _plainly(kind, payload, said) if said else None


def _written(form: Form) -> str:
    return json.dumps(asdict(form), ensure_ascii=False)


def is_too_fine(change_id: str, kind: str, code: str) -> bool:
    """Tell whether a server that does not name fractions may have refused a change, with this code, for one in it: it
    has gone back, or shows what it does not take. From then on none goes there until it names them."""
    if code != "VALIDATION" or "fraction" in _named():
        return False
    payload = json.loads(_PAYLOAD.first(change_id=change_id)["payload"])
    if all(map(is_whole, quantities_in(kind, payload))):
        return False
    state.put("server.fraction", _REFUSED)
    return True


def refused(change_id: str, kind: str, code: str) -> bool:
    """The server has refused a fact with this code; True where that was about the form and not about the fact, which
    may go up in another. From then on what was refused in the words of version 1 stays here until the server knows
    it, and what was sent as itself, to a server that had gone back meanwhile, goes in those words, or waits here."""
    if kind not in LATER:
        return is_too_fine(change_id, kind, code)
    if _FORM.first(change_id=change_id)["form"]:
        state.put(f"refused.{kind}", 1)
        return True
    named = _named()
    if kind in named and code != _UNKNOWN:
        return False
    state.put("server.records", " ".join(sorted(named - {kind})))
    return True


def is_unknown(type: str, code: str) -> bool:
    """Tell whether a server has refused, with this code, what was asked of a record of a type that it knows no more: it
    has gone back. What is asked of such waits here from then on."""
    if type not in LATER_TYPES or code != _UNKNOWN:
        return False
    state.put("server.records", " ".join(sorted(_named() - {type})))
    _KEEP_TYPE_HERE.run(type=type)
    return True
