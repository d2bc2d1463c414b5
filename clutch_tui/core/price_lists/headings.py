"""The headings of price lists, in Arabic and English, and which field of a part each of them means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clutch_tui.text.fold import fold, fold_number

_SPOKEN: dict[str, str] = {
    "part_number": """رقم القطعة | رقم الصنف | كود | كود الصنف | كود القطعة | رقم البارت | بارت نمبر | رقم الجزء | رقم
        | part number | part no | part num | part | p/n | code | item code | item number | item no | sku | reference
        | ref | number | part code | product code""",
    "barcode": "باركود | رقم الباركود | كود الباركود | bar code | barcode no | ean | ean13 | upc | gtin",
    "oem_number": """رقم الوكالة | رقم اصلي | رقم oem | oem | oem number | oem no | oe number | original number
        | رقم المصنع | الرقم البديل | cross reference""",
    "name": """اسم | اسم الصنف | صنف | اسم القطعة | قطعة | اسم المنتج | منتج | بيان | بند | اسم بالعربي | اسم عربي
        | اسم بالعربية | name | item | item name | part name | product | product name | arabic name | name ar""",
    "name_en": """اسم بالانجليزي | اسم انجليزي | اسم بالانجليزية | اسم english | english name | name en
        | name english | english""",
    "price": """سعر | سعر البيع | سعر القطاعي | سعر المستهلك | سعر الوحدة | سعر بيع | بيع | price | selling price
        | sale price | sales price | unit price | retail price | retail""",
    "cost": """تكلفة | سعر الشراء | سعر شراء | سعر التكلفة | شراء | cost | cost price | unit cost | purchase price
        | buying price | purchase cost""",
    "quantity": """كمية | رصيد | مخزون | عدد | كمية متاحة | رصيد المخزن | رصيد حالي | كمية حالية | رصيد المخزون
        | quantity | qty | stock | on hand | balance | count | stock quantity | qty on hand | available | in stock""",
    "min_stock": """حد ادنى | حد الطلب | اقل كمية | حد ادنى للمخزون | حد اعادة الطلب | نقطة اعادة الطلب | min
        | minimum | min stock | minimum stock | min qty | reorder level | reorder point""",
    "category": "فئة | تصنيف | قسم | نوع | مجموعة | نوع القطعة | category | group | type | section | department",
    "brand": """ماركة | شركة | مصنع | شركة مصنعة | براند | ماركة القطعة | brand | manufacturer | maker
        | part brand""",
    "car_brand": """سيارة | ماركة السيارة | نوع السيارة | عربية | نوع العربية | ماركة العربية | car | car brand | make
        | car make | vehicle | vehicle make""",
    "car_model": "موديل | موديل السيارة | طراز | موديل العربية | model | car model | vehicle model",
    "year": "سنة | سنة الصنع | سنة الموديل | سنوات | سنين | year | years | model year | car year",
    "location": "مكان | رف | موقع | مكان التخزين | رقم الرف | location | shelf | bin | place | rack | bin location",
    "supplier": "مورد | اسم المورد | supplier | vendor | supplier name",
    "description": "وصف | ملاحظات | تفاصيل | ملاحظة | description | notes | note | remarks | details | comments",
    "image_url": "صورة | رابط الصورة | image | image url | photo | picture",
}

FIELDS = tuple(_SPOKEN)
"""What a price list may say about a part: the fields of a draft, and `quantity` for what lies on the shelf."""

KNOWN_BY = ("part_number", "barcode", "name", "name_en")
"""Fields of which a list must have one, or nobody can tell what its rows are about."""

_NUMBERING = "م | مسلسل | ت | رقم مسلسل | # | no | sn | s/n | serial | sl | sl no | sr | sr no"
_BRACKETS = re.compile(r"[(\[（].*?[)\]）]")


def _key(heading: str) -> str:
    return "".join(fold_number(word.removeprefix("ال")) for word in fold(heading).split()) or fold(heading)


_MEANING = {_key(word): field for field, words in _SPOKEN.items() for word in words.split("|")}
_SERIAL = frozenset(_key(word) for word in _NUMBERING.split("|"))


def field_of(heading: str) -> str | None:
    """The field that a heading means, None for an unknown one.

    What stands in brackets counts only where the heading says nothing without it: `السعر (ج.م)` is a price,
    `الاسم (English)` is not the Arabic name.
    """
    return _MEANING.get(_key(heading)) or _MEANING.get(_key(_BRACKETS.sub(" ", heading)))


def is_numbering(heading: str) -> bool:
    """True for the column that only counts the rows."""
    return _key(heading) in _SERIAL


def columns(cells: Sequence[str]) -> dict[int, str]:
    """The field of each column that this row, read as headings, names; a field that is named twice counts at
    its first place."""
    found: dict[int, str] = {}
    for place, cell in enumerate(cells):
        field = field_of(cell) if cell else None
        if field is not None and field not in found.values():
            found[place] = field
    if not {"name", "name_en"} & set(found.values()):
        # many lists have nothing but a description to call their parts by
        found = {place: "name" if field == "description" else field for place, field in found.items()}
    return found


def examples() -> tuple[str, ...]:
    """One Arabic and one English heading for each field, for whoever has a file without any."""
    spoken = (tuple(word.strip() for word in words.split("|")) for words in _SPOKEN.values())
    return tuple(f"{words[0]} / {next(word for word in words if word.isascii())}" for words in spoken)
