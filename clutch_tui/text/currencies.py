"""The writing of currencies beside the pound of Egypt: what CLDR says of them, as far as it is anything unusual.

A copy of a table, since the library that has it is larger than the whole program; the tests hold it against that.
"""

from __future__ import annotations

_OTHER_PLACES = {
    0: """ADP AFN ALL BIF BYR CLP COP DJF ESP GNF HUF IDR IQD IRR ISK ITL JPY KMF KPW KRW LAK LBP LUF MGA MGF MMK MRO
        PYG RWF SLL SOS STD SYP TMM TRL UGX UYI VND VUV XAF XOF XPF YER ZMK ZWD""",
    3: "BHD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
PLACES = {code: places for places, codes in _OTHER_PLACES.items() for code in codes.split()}
"""How many digits the minor unit has where that is not two."""
ARABIC = {
    "AED": "د.إ.",
    "AUD": "AU$",
    "BHD": "د.ب.",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "DZD": "د.ج.",
    "EGP": "ج.م.",
    "EUR": "€",
    "GBP": "UK£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "IQD": "د.ع.",
    "IRR": "ر.إ.",
    "JOD": "د.أ.",
    "JPY": "JP¥",
    "KRW": "₩",
    "KWD": "د.ك.",
    "LBP": "ل.ل.",
    "LYD": "د.ل.",
    "MAD": "د.م.",
    "MRU": "أ.م.",
    "MXN": "MX$",
    "NZD": "NZ$",
    "OMR": "ر.ع.",
    "QAR": "ر.ق.",
    "SAR": "ر.س.",
    "SDD": "د.س.",
    "SDG": "ج.س.",
    "SYP": "ل.س.",
    "THB": "฿",
    "TND": "د.ت.",
    "TWD": "NT$",
    "USD": "US$",
    "VND": "₫",
    "XAF": "FCFA",
    "XCD": "EC$",
    "XCG": "Cg.",
    "XOF": "F\u202fCFA",
    "XPF": "CFPF",
    "XXX": "¤",
    "YER": "ر.ي.",
}
"""The sign in Arabic where it is not the code itself; directional marks are the business of whoever writes it."""
