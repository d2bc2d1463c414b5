"""The memory of a shop's database beside its records: the sync state, the shop's own settings, its lineage.

A lineage is the identity of this database's outbox. It is new whenever the file was restored or cloned, so
that its change numbers never collide with those that an older copy has sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from clutch_tui.text import shop_time

from . import money
from .clock import from_text
from .database import db
from .database.statement import Statement, given, put_by_key
from .records.sync import SettingTable, SyncStateTable
from .types import TaxRules

_STATE = Statement(SyncStateTable.select(SyncStateTable.value).where(SyncStateTable.name == given("name")))
_PUT_STATE = put_by_key(SyncStateTable)
_FORGET_STATE = Statement(SyncStateTable.delete().where(SyncStateTable.name == given("name")))
_RECEIPT_NUMBER = Statement(
    SyncStateTable.select().where(SyncStateTable.name.in_(("receipt_prefix", "receipt_counter")))
)
_SETTING = Statement(SettingTable.select().where(SettingTable.name == given("name")))
_PUT_SETTING = put_by_key(SettingTable)

_PREFIX_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters that are not mistaken for digits when a receipt number is read out over the telephone."""


def get(name: str) -> str | None:
    """A text of the sync state, None where it was never set."""
    value = _STATE.value(name=name)
    return None if value is None else str(value)


def put(name: str, value: str | int) -> None:
    _PUT_STATE.run(name=name, value=str(value))


def forget(name: str) -> None:
    _FORGET_STATE.run(name=name)


def number(name: str, default: int = 0) -> int:
    """A whole number of the sync state."""
    value = get(name)
    return default if value is None else int(value)


def lineage() -> str:
    """The identity of this database's outbox; made when first asked for. Only inside a write."""
    value = get("lineage")
    if value is None:
        value = renew_lineage()
    return value


def renew_lineage() -> str:
    """Begin a new lineage with a receipt prefix of its own: for a new database and for one that was cloned."""
    value = db.new_id()
    put("lineage", value)
    put("receipt_prefix", _prefix(value))
    put("receipt_counter", 0)
    put("payment_counter", 0)
    put("quotation_counter", 0)
    put("special_order_counter", 0)
    return value


def _prefix(lineage_id: str) -> str:
    # derived from the identity and not drawn, so that a run with given identities repeats itself exactly
    n = int(lineage_id.replace("-", "")[-12:], 16)
    letters = ""
    for _ in range(4):
        n, k = divmod(n, len(_PREFIX_ALPHABET))
        letters += _PREFIX_ALPHABET[k]
    return letters


def next_receipt_number() -> str:
    """The next number to print, e.g. `KXT-000123`. It is for people; it identifies nothing."""
    lineage()
    known = {row["name"]: row["value"] for row in _RECEIPT_NUMBER.rows()}
    counter = int(known["receipt_counter"]) + 1
    put("receipt_counter", counter)
    return f"{known['receipt_prefix']}-{counter:06d}"


def next_payment_number() -> str:
    """The next number of a paper about an account, e.g. `KXT-P00012`: it is never a sale's."""
    lineage()
    counter = number("payment_counter") + 1
    put("payment_counter", counter)
    return f"{get('receipt_prefix')}-P{counter:05d}"


def next_quotation_number() -> str:
    """The next number of a quotation, e.g. `KXT-Q00012`: it is never a sale's."""
    lineage()
    counter = number("quotation_counter") + 1
    put("quotation_counter", counter)
    return f"{get('receipt_prefix')}-Q{counter:05d}"


def next_special_order_number() -> str:
    """The next number of a special order, e.g. `KXT-S00012`: it is never a sale's."""
    lineage()
    counter = number("special_order_counter") + 1
    put("special_order_counter", counter)
    return f"{get('receipt_prefix')}-S{counter:05d}"


_RECEIPT_DIGITS = re.compile("[0-9]{1,9}")
"""More digits, or others, were printed by no till of ours, whatever stands before them."""


def bump_receipt_counter(seen: Iterable[str]) -> None:
    """Let the counter jump past the receipt numbers of our own prefix that came with a pull."""
    if (prefix := get("receipt_prefix")) is None:
        return
    ours = f"{prefix}-"
    digits = (receipt.removeprefix(ours) for receipt in seen if receipt.startswith(ours))
    highest = max((int(text) for text in digits if _RECEIPT_DIGITS.fullmatch(text)), default=0)
    if highest > number("receipt_counter"):
        put("receipt_counter", highest)


# --- settings ------------------------------------------------------------------------------------------


def setting(name: str, default: Any = None) -> Any:
    """A JSON value that the shop's server told us (`shop.profile`) or this terminal remembers."""
    row = _SETTING.first(name=name)
    return default if row is None else json.loads(row["value"])


def setting_with_age(name: str) -> tuple[Any, datetime | None]:
    """A setting and when it was fetched; (None, None) where it was never fetched."""
    row = _SETTING.first(name=name)
    if row is None:
        return None, None
    return json.loads(row["value"]), from_text(row["fetched_at"]) if row["fetched_at"] else None


def put_setting(name: str, value: Any) -> None:
    _PUT_SETTING.run(name=name, value=json.dumps(value, ensure_ascii=False, default=str), fetched_at=db.now_text())


def business_day() -> str:
    """The day on which the shop books what happens now: the date at its own place, YYYY-MM-DD."""
    return shop_time.local(db.now(), timezone()).date().isoformat()


def timezone() -> str:
    """The zone of the shop's own time: what its server has told, or else the configuration."""
    return str(setting("timezone", shop_time.USUAL))


def tax_rules() -> TaxRules:
    """The tax rules in force: those that the shop's server or the settings screen stored last."""
    stored = setting("tax_rules")
    return TaxRules(**stored) if stored else TaxRules()


def put_tax_rules(rules: TaxRules) -> None:
    put_setting(
        "tax_rules",
        {
            "rate": rules.rate,
            "prices_include_tax": rules.prices_include_tax,
            "cash_rounding": rules.cash_rounding,
        },
    )


def begin(*, rate: int, prices_include_tax: bool, cash_rounding: int, timezone: str) -> None:
    """Take the configuration's rules for what the shop's server has not told; the smallest coin is always the
    configuration's. `rate` in basis points. For each start and whenever these settings are saved."""
    rules = _rules_to_begin_with(rate, prices_include_tax, cash_rounding)
    if rules != tax_rules() or setting("tax_rules") is None:
        put_tax_rules(rules)
    if setting("timezone") != (place := _zone_to_begin_with(timezone)):
        put_setting("timezone", place)


def has_begun(*, rate: int, prices_include_tax: bool, cash_rounding: int, timezone: str) -> bool:
    """Tell whether `begin` would write nothing: then whoever only reads need not wait for those who write."""
    return (
        _rules_to_begin_with(rate, prices_include_tax, cash_rounding) == tax_rules()
        and setting("tax_rules") is not None
        and setting("timezone") == _zone_to_begin_with(timezone)
    )


def server_sets_tax() -> bool:
    """Tell whether the shop's server has told its tax rate: it is the same for every terminal of the shop then, and
    what the configuration says of tax counts for nothing."""
    return (setting("shop.settings") or {}).get("tax_rate") is not None


def _zone_to_begin_with(timezone: str) -> str:
    return str((setting("shop.settings") or {}).get("timezone") or timezone)


def _rules_to_begin_with(rate: int, prices_include_tax: bool, cash_rounding: int) -> TaxRules:
    known = tax_rules() if server_sets_tax() else TaxRules(rate, prices_include_tax)
    return TaxRules(known.rate, known.prices_include_tax, cash_rounding)


def credit_limit() -> int | None:
    """Up to what a customer may owe, in minor units, where the shop's server says it."""
    limit = (setting("shop.settings") or {}).get("credit_limit")
    return limit if isinstance(limit, int) else None


def learn_shop(profile: dict[str, Any] | None, settings: dict[str, Any] | None) -> None:
    """Keep what the server said about the shop. Its tax rules are in force from the next sale on."""
    if profile is not None:
        put_setting("shop.profile", profile)
    if settings is None:
        return
    put_setting("shop.settings", settings)
    if settings.get("timezone"):
        put_setting("timezone", settings["timezone"])
    if settings.get("tax_rate") is not None:
        rules = tax_rules()
        rate = money.hundredths(Decimal(str(settings["tax_rate"])))
        put_tax_rules(TaxRules(rate, bool(settings.get("prices_include_tax", True)), rules.cash_rounding))
