"""The greatest length and size of the fields of the shop's records, for forms, imports and whatever else writes them.

A text that is longer would be refused by the server hours later, far from whoever wrote it.
"""

from __future__ import annotations

from .quantity import whole

MAX_MONEY = 9_999_999_999
"""The highest price of one thing, in minor units: a scanned barcode in a price field is refused by it."""
MAX_QUANTITY = whole(999_999)
BEST_RATING = 5

LINE, NOTE, PHONE, ADDRESS_OF_PICTURE = 200, 4000, 40, 2000
"""Characters (code points) of a line of text, a note, a telephone number and the address of a picture."""
