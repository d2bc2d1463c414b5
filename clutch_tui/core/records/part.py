"""A part: what a person may write of it, its table, and the tables through which a pull of many parts comes in."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import AutoField, BooleanField, IntegerField, TextField

from clutch_tui.text.fold import fold, fold_number

from .. import codes, units
from ..database.statement import insert
from ..quantity import DECIMALS
from ..search_words import bare, fold_often
from .declaration import Key, choice, code, editable, keys_from, money, note, number, picture, quantity, text
from .table import Folded, Table, Tracked, count

_NAME_KEY, _WORDS, _OFTEN = Key(fold, "name_key"), Key(fold), Key(fold_often)


@dataclass(frozen=True, slots=True)
class PartDraft:
    """The fields of a part that a person may write. Stock moves by `inventory.adjust`, never by an edit. Codes are
    found as they are written and without their punctuation: `06L 115` is `06L115` as well."""

    name: str = text(
        "part.name_ar",
        missing="error.part.server_wants_name",
        keys=(_NAME_KEY,),
        headings="""اسم | اسم الصنف | صنف | اسم القطعة | قطعة | اسم المنتج | منتج | بيان | بند | اسم بالعربي | اسم عربي
        | اسم بالعربية | name | item | item name | part name | product | product name | arabic name | name ar""",
    )
    name_en: str = text(
        "part.name_en",
        keys=(Key(fold_often, "name_key"),),
        headings="""اسم بالانجليزي | اسم انجليزي | اسم بالانجليزية | اسم english | english name | name en
        | name english | english""",
    )
    part_number: str = code(
        "part.number",
        _WORDS,
        Key(bare, "number_key", again=True),
        headings="""رقم القطعة | رقم الصنف | كود | كود الصنف | كود القطعة | رقم البارت | بارت نمبر | رقم الجزء | رقم
        | part number | part no | part num | part | p/n | code | item code | item number | item no | sku | reference
        | ref | number | part code | product code""",
    )
    barcode: str = code(
        "part.barcode",
        Key(fold_number),
        Key(codes.barcode_key, "barcode_key"),
        headings="باركود | رقم الباركود | كود الباركود | bar code | barcode no | ean | ean13 | upc | gtin",
    )
    oem_number: str = code(
        "part.oem",
        _WORDS,
        Key(bare, "oem_key", again=True),
        headings="""رقم الوكالة | رقم اصلي | رقم oem | oem | oem number | oem no | oe number | original number
        | رقم المصنع | الرقم البديل | cross reference""",
    )
    price: int = money(
        "part.price",
        headings="""سعر | سعر البيع | سعر القطاعي | سعر المستهلك | سعر الوحدة | سعر بيع | بيع | price | selling price
        | sale price | sales price | unit price | retail price | retail""",
    )
    cost: int = money(
        "part.cost",
        headings="""تكلفة | سعر الشراء | سعر شراء | سعر التكلفة | شراء | cost | cost price | unit cost | purchase price
        | buying price | purchase cost""",
    )
    unit: str = choice(
        "part.unit",
        units.CHOICES,
        headings="وحدة | الوحدة | وحدة القياس | وحدة البيع | unit | uom | unit of measure | sales unit",
    )
    decimals: int = number(
        "part.decimals",
        maximum=DECIMALS,
        headings="كسور | خانات عشرية | منازل عشرية | decimals | decimal places | quantity decimals",
    )
    min_stock: int = quantity(
        "part.min_stock",
        headings="""حد ادنى | حد الطلب | اقل كمية | حد ادنى للمخزون | حد اعادة الطلب | نقطة اعادة الطلب | min
        | minimum | min stock | minimum stock | min qty | reorder level | reorder point""",
    )
    location: str = text(
        "part.place",
        keys=(_OFTEN,),
        headings="مكان | رف | موقع | مكان التخزين | رقم الرف | location | shelf | bin | place | rack | bin location",
    )
    category: str = text(
        "part.category",
        keys=(_OFTEN,),
        headings="فئة | تصنيف | قسم | نوع | مجموعة | نوع القطعة | category | group | type | section | department",
    )
    brand: str = text(
        "part.brand",
        keys=(_OFTEN,),
        headings="""ماركة | شركة | مصنع | شركة مصنعة | براند | ماركة القطعة | brand | manufacturer | maker
        | part brand""",
    )
    car_brand: str = text(
        "part.car_brand",
        keys=(_OFTEN,),
        headings="""سيارة | ماركة السيارة | نوع السيارة | عربية | نوع العربية | ماركة العربية | car | car brand | make
        | car make | vehicle | vehicle make""",
    )
    car_model: str = text(
        "part.car_model",
        keys=(_OFTEN,),
        headings="موديل | موديل السيارة | طراز | موديل العربية | model | car model | vehicle model",
    )
    year: str = text(
        "part.year",
        keys=(_OFTEN,),
        headings="سنة | سنة الصنع | سنة الموديل | سنوات | سنين | year | years | model year | car year",
    )
    supplier: str = text(
        "part.supplier", keys=(_OFTEN,), headings="مورد | اسم المورد | supplier | vendor | supplier name"
    )
    description: str = note(
        "part.description",
        headings="وصف | ملاحظات | تفاصيل | ملاحظة | description | notes | note | remarks | details | comments",
    )
    image_url: str = picture("part.picture", headings="صورة | رابط الصورة | image | image url | photo | picture")


keys_of = keys_from(PartDraft)
"""Fold the key columns of a part, and all of its words: what the prefix and trigram indexes hold."""


@editable(PartDraft)
class PartTable(Tracked):
    """Parts. `pk` joins the full-text tables. `stock_quantity` is the server's figure at the inventory cursor; what is
    on the shelf adds the open rows of `stock_move`."""

    pk = AutoField()
    id = TextField(unique=True)
    stock_quantity = count()
    name_key = Folded()
    number_key = Folded()
    barcode_key = Folded()
    oem_key = Folded()
    words = Folded()

    class Meta:
        table_name = "part"


class PartNextTable(PartTable):
    """The parts of the present pull that are new or look otherwise: `part`, without its indexes."""

    class Meta:
        table_name = "part_next"


class PartSeenTable(Table):
    """The `pk` of the parts that the present pull has found as they are."""

    pk = IntegerField(primary_key=True)

    class Meta:
        table_name = "part_seen"


class StockMoveTable(Table):
    """Own movements. `open` until the inventory cursor has covered the change's result."""

    id = AutoField()
    part_id = TextField()
    change_id = TextField()
    sale_id = TextField(null=True)
    kind = TextField()
    delta = IntegerField()
    reason = TextField(default="")
    at = TextField()
    open = BooleanField(default=True)

    class Meta:
        table_name = "stock_move"


ADD_STOCK_MOVE = insert(StockMoveTable)
