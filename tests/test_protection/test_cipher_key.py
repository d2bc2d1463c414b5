"""The key and the forms in which people meet it."""

from __future__ import annotations

import random

import pytest

from clutch_tui.core.database.cipher_key import GROUPS, CipherKey, Cost, check_passphrase
from clutch_tui.core.errors import ShopError

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHEAP = Cost(rounds=1, memory=8, lanes=1)


@pytest.mark.parametrize("raw", [bytes(32), b"\xff" * 32, random.Random(1).randbytes(32)])
def test_a_recovery_text_is_the_key_however_it_is_typed(raw: bytes) -> None:
    key = CipherKey(raw)
    text = key.recovery
    assert len(text.split("-")) == GROUPS
    arabic = text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    mistaken = text.replace("0", "o").replace("1", "l")
    for typed in (text, text.lower(), text.replace("-", " "), text.replace("-", ""), arabic, mistaken, raw.hex()):
        assert CipherKey.from_text(typed) == key


def test_every_single_mistake_is_found_in_its_group() -> None:
    text = CipherKey(random.Random(2).randbytes(32)).recovery
    for place, right in enumerate(text):
        for wrong in SIGNS.replace(right, "") if right != "-" else "":
            with pytest.raises(ShopError) as error:
                CipherKey.from_text(text[:place] + wrong + text[place + 1 :])
            assert error.value.key == "error.key.mistyped"
            assert error.value.values["group"] == place // 6 + 1


def test_groups_in_each_others_place_are_found() -> None:
    groups = CipherKey(random.Random(3).randbytes(32)).recovery.split("-")
    groups[2], groups[5] = groups[5], groups[2]
    with pytest.raises(ShopError, match="mistyped"):
        CipherKey.from_text("-".join(groups))


@pytest.mark.parametrize("text", ["", "12345", "ABCDE-" * 12, "كلمة السر بتاعتي", "g" * 64, "U" * 65])
def test_something_else_is_no_key(text: str) -> None:
    with pytest.raises(ShopError, match=r"not_a_key|mistyped"):
        CipherKey.from_text(text)


def test_a_key_shows_nowhere_by_itself() -> None:
    key = CipherKey(b"\xab" * 32)
    assert "ab" not in repr(key).lower().replace("cipherkey", "")
    assert key.name not in key.recovery
    assert CipherKey(b"\xac" * 32).name != key.name


def test_a_passphrase_makes_the_same_key_on_every_keyboard() -> None:
    key = CipherKey.from_passphrase("محل الأمانة 2026", b"s" * 16, CHEAP)
    assert CipherKey.from_passphrase(" محل الأمانة ٢٠٢٦ ", b"s" * 16, CHEAP) == key
    assert CipherKey.from_passphrase("محل الأمانة 2026", b"s" * 16, CHEAP) == key  # hamza typed apart
    assert CipherKey.from_passphrase("محل الأمانة 2027", b"s" * 16, CHEAP) != key
    assert CipherKey.from_passphrase("محل الأمانة 2026", b"t" * 16, CHEAP) != key


def test_a_guess_costs_what_the_standard_asks() -> None:
    """RFC 9106: argon2id with three rounds and 64 MiB where memory is dear."""
    assert Cost() == Cost(rounds=3, memory=65_536, lanes=4)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(ShopError, match="short_passphrase"):
        check_passphrase("  كلمة   ")
    check_passphrase("كلمة طويلة")
