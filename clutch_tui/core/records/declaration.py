"""The declaration of a record: each field once, with everything that is known of it.

A record's editable fields are the fields of a frozen dataclass, its draft. What `text`, `note`, `code`, `money` and
their like say of a field beside its type is what tables, forms, searches, imports, limits and conflict policies are
derived from:

    @dataclass(frozen=True, slots=True)
    class SupplierDraft:
        name: str = text("common.name", missing="error.field.empty", keys=(Key(fold, "name_key"),))

    @editable(SupplierDraft)
    class SupplierTable(Table):
        id = TextField(primary_key=True)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast

from peewee import IntegerField, TextField

from ..limits import ADDRESS_OF_PICTURE, LINE, MAX_MONEY, MAX_QUANTITY, NOTE
from ..money import WHOLE
from ..quantity import NOTHING
from ..search_words import joined
from .table import Table, count
from .table import text as text_column

Kind = Literal["text", "choice", "money", "percent", "number", "quantity"]

Fold = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Key:
    """One way in which a field is found: its value, folded, is among the record's words, and stands in `column` as
    well where lists are sorted by it or codes are looked up in it. `again` folds what the key before it made."""

    fold: Fold
    column: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """The declaration of a field that a person may write.

    `label` is the sentence key of its word, `maximum` the characters of a text, the greatest number, money in minor
    units, a percentage in hundredths, or a quantity in thousandths. `missing` is the sentence key where it must not be
    empty. `headings` are the words over its column in price lists, in both languages, separated by `|`. `on_form` says
    whether a person writes it on a form: pictures come from elsewhere."""

    kind: Kind
    label: str
    maximum: int
    keys: tuple[Key, ...] = ()
    headings: str = ""
    missing: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """The values that the server knows, each with the sentence key of its word; others are shown as they are."""
    is_code: bool = False
    """Whether it is printed on the part, so that it may be scanned in."""
    is_one_line: bool = True
    on_form: bool = True

    def column(self) -> TextField | IntegerField:
        """The column of a table that holds it."""
        return text_column() if self.kind in ("text", "choice") else count()


_DECLARED = "declared"


def _field(default: str | int, declared: Field) -> Any:
    return dataclasses.field(default=default, metadata={_DECLARED: declared})


def text(label: str, *, maximum: int = LINE, **more: Any) -> Any:
    """Declare one line of text."""
    return _field("", Field("text", label, maximum, **more))


def note(label: str, *, maximum: int = NOTE, **more: Any) -> Any:
    """Declare a text that may have several lines."""
    return _field("", Field("text", label, maximum, is_one_line=False, **more))


def code(label: str, *keys: Key, **more: Any) -> Any:
    """Declare a number or barcode that is printed on the part."""
    return _field("", Field("text", label, LINE, keys, is_code=True, **more))


def choice(label: str, choices: tuple[tuple[str, str], ...], **more: Any) -> Any:
    """Declare a text that is one of a few."""
    return _field("", Field("choice", label, LINE, choices=choices, **more))


def money(label: str, **more: Any) -> Any:
    """Declare money, in minor units."""
    return _field(0, Field("money", label, MAX_MONEY, **more))


def percent(label: str, **more: Any) -> Any:
    """Declare a percentage, in hundredths: 1250 is 12.5 %."""
    return _field(0, Field("percent", label, WHOLE, **more))


def number(label: str, *, maximum: int, **more: Any) -> Any:
    """Declare a whole number that is neither money nor a quantity."""
    return _field(0, Field("number", label, maximum, **more))


def quantity(label: str, **more: Any) -> Any:
    """Declare a quantity of goods, in thousandths of the part's unit."""
    return _field(NOTHING, Field("quantity", label, MAX_QUANTITY, **more))


def picture(label: str, **more: Any) -> Any:
    """Declare the address of a picture, which nobody types."""
    return _field("", Field("text", label, ADDRESS_OF_PICTURE, on_form=False, **more))


def fields_of(draft: type) -> Mapping[str, Field]:
    """The declared fields of a draft, by name, in the order of their declaration."""
    return _known(draft)


@cache
def _known(draft: Hashable) -> Mapping[str, Field]:
    return {field.name: field.metadata[_DECLARED] for field in dataclasses.fields(cast(Any, draft))}


D = TypeVar("D")


def draft_from(draft: type[D], row: Any) -> D:
    """Read a draft out of a row that has its columns by name."""
    return draft(**{name: row[name] for name in fields_of(draft)})


T = TypeVar("T", bound=type[Table])


def editable(draft: type) -> Callable[[T], T]:
    """Give a table the columns of a draft, behind those that stand in its class."""

    def add(table: T) -> T:
        for name, field in fields_of(draft).items():
            table._meta.add_field(name, field.column())
        return table

    return add


def keys_from(draft: type) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """Make the function that folds a record's key columns and `words` out of its fields.

    It is called for every row of a pull, so it costs microseconds. A missing field counts as empty. Where several
    fields have the same key column, the first that is not empty stands in it.
    """
    declared = fields_of(draft).items()
    # most fields have one key and no column: they are folded in one go
    plain = tuple((name, field.keys[0].fold) for name, field in declared if _is_plain(field))
    others = tuple(
        (name, tuple((key.fold, key.column, key.again) for key in field.keys))
        for name, field in declared
        if field.keys and not _is_plain(field)
    )
    columns = tuple(dict.fromkeys(column for _, keys in others for _, column, _ in keys if column))

    def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
        get, made = record.get, dict.fromkeys(columns, "")
        words = []
        for name, keys in others:
            if value := get(name):
                folded = value
                for fold, column, again in keys:
                    folded = fold(folded if again else value)
                    words.append(folded)
                    if column and not made[column]:
                        made[column] = folded
        words += [fold(value) for name, fold in plain if (value := get(name))]
        made["words"] = joined(words)
        return made

    return keys_of


def _is_plain(field: Field) -> bool:
    return len(field.keys) == 1 and not field.keys[0].column
