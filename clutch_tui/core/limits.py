"""How long and how large the fields of the shop's records may be, for forms, imports and whatever else writes them.

A text that is longer would be refused by the server hours later, far from whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping

MAX_MONEY = 9_999_999_999
"""The highest price of one thing, in minor units: a scanned barcode in a price field is refused by it."""
MAX_QUANTITY = 999_999
BEST_RATING = 5

LINE, NOTE, PHONE, ADDRESS_OF_PICTURE = 200, 4000, 40, 2000

LONGEST: Mapping[str, Mapping[str, int]] = {
    "item": {
        "name": LINE,
        "name_en": LINE,
        "part_number": LINE,
        "barcode": LINE,
        "oem_number": LINE,
        "category": LINE,
        "brand": LINE,
        "car_brand": LINE,
        "car_model": LINE,
        "year": LINE,
        "location": LINE,
        "supplier": LINE,
        "description": NOTE,
        "image_url": ADDRESS_OF_PICTURE,
    },
    "customer": {
        "name": LINE,
        "phone": PHONE,
        "email": LINE,
        "address": NOTE,
        "customer_type": LINE,
        "car_brand": LINE,
        "car_model": LINE,
        "car_year": LINE,
        "car_plate": LINE,
    },
    "supplier": {
        "name": LINE,
        "contact_person": LINE,
        "phone": PHONE,
        "email": LINE,
        "address": NOTE,
        "payment_terms": LINE,
    },
}
"""Characters (code points) of each text, by the type of record and the field."""
