"""The records of a shop: one module each, which declares what a person may write, the table, and how it is found.

What the schema really is, the migrations say; a test, the start and `doctor` compare both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import (
    customer,
    journal,
    lost_sale,
    order,
    part,
    price_rule,
    quotation,
    sale,
    script_key,
    special_order,
    supplier,
    sync,
)
from .customer import CustomerDraft
from .declaration import Field, fields_of
from .part import PartDraft
from .price_rule import PriceRuleDraft
from .supplier import SupplierDraft
from .table import SHARED, Folded, Table

__all__ = [
    "EDITABLE",
    "RECORDS",
    "TABLES",
    "CustomerDraft",
    "PartDraft",
    "PriceRuleDraft",
    "RecordType",
    "SupplierDraft",
    "Table",
    "journal",
    "lost_sale",
    "policy_fields",
    "quotation",
    "script_key",
    "special_order",
    "sync",
]


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of record that the server keeps too.

    `name` is the protocol's word for it, `channel` the pull that brings it. `columns` are those that hold what the
    server says, without `id`; `keys` are folded here. `keys_of` makes the keys of a record in core names.
    """

    name: str
    channel: str
    table: Any
    keys_of: Callable[[Mapping[str, Any]], dict[str, str]]
    draft: type | None = None
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def table_name(self) -> str:
        return str(self.table._meta.table_name)

    @property
    def fields(self) -> Mapping[str, Field]:
        """Return what a person may write, by name; nothing where only facts change it."""
        return fields_of(self.draft) if self.draft is not None else {}


def _record(
    name: str,
    channel: str,
    table: type[Table],
    keys_of: Callable[[Mapping[str, Any]], dict[str, str]],
    draft: type | None = None,
) -> RecordType:
    columns = {column.name: column for column in table._meta.sorted_fields}
    return RecordType(
        name,
        channel,
        table,
        keys_of,
        draft,
        tuple(
            column_name
            for column_name, column in columns.items()
            if column_name not in ("id", "pk") and not isinstance(column, Folded)
        ),
        tuple(column_name for column_name, column in columns.items() if isinstance(column, Folded)),
    )


RECORDS: Mapping[str, RecordType] = {
    record.name: record
    for record in (
        _record("item", "inventory", part.PartTable, part.keys_of, PartDraft),
        _record("price_rule", "inventory", price_rule.PriceRuleTable, price_rule.keys_of, PriceRuleDraft),
        _record("customer", "customers", customer.CustomerTable, customer.keys_of, CustomerDraft),
        _record("supplier", "suppliers", supplier.SupplierTable, supplier.keys_of, SupplierDraft),
        _record("order", "orders", order.OrderTable, order.keys_of),
        _record("sale", "sales", sale.SaleTable, sale.keys_of),
    )
}
EDITABLE: Mapping[str, RecordType] = {name: record for name, record in RECORDS.items() if record.draft is not None}


def _below(table: type[Table]) -> Iterator[type[Table]]:
    for subclass in table.__subclasses__():
        if subclass not in SHARED:
            yield subclass
        yield from _below(subclass)


TABLES: tuple[type[Table], ...] = tuple(_below(Table))


def policy_fields() -> frozenset[str]:
    """The names of fields that a conflict can be about."""
    return frozenset(name for record in EDITABLE.values() for name in record.fields)
