"""The key of an encrypted database: 256 random bits, or those that argon2 makes of a passphrase.

People meet it in two forms. Its name (`7F3K-Q2MD`) says which key is meant and gives nothing away. Its recovery
text is the key itself, for paper: thirteen groups of five letters and digits, the fifth of each being a check,
so that whoever types it in is told which group is wrong.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from ..errors import ShopError

SIZE = 32
"""Bytes of a key."""

GROUPS, DATA = 13, 4
"""Groups of a recovery text, and how many signs of each carry the key: 52 signs of five bits are 256 bits and four
that check the whole."""

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no letter that is mistaken for a digit when it is read from paper."""
_MISTAKEN = str.maketrans("OIL", "011")
_LEAST_PASSPHRASE = 8


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one guess by argon2id: rounds, KiB of memory, lanes. Kept beside the salt: a key that was made at
    yesterday's cost must be made at the same cost tomorrow."""

    rounds: int = 3
    memory: int = 64 * 1024
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class CipherKey:
    """One key. Its bytes show in no `repr` and so in no traceback or log."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != SIZE:
            raise ValueError(f"a key has {SIZE} bytes")

    @classmethod
    def random(cls) -> Self:
        return cls(secrets.token_bytes(SIZE))

    @classmethod
    def from_passphrase(cls, passphrase: str, salt: bytes, cost: Cost) -> Self:
        """The key that a person's words make; a fifth of a second on purpose. The same words on another keyboard
        (composed letters, Arabic digits, a blank at the end) make the same key."""
        from argon2.low_level import Type, hash_secret_raw

        typed = _western(unicodedata.normalize("NFKC", passphrase)).strip()
        raw = hash_secret_raw(typed.encode(), salt, cost.rounds, cost.memory, cost.lanes, hash_len=SIZE, type=Type.ID)
        return cls(raw)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """A key as its owner has it: a recovery text, or 64 hexadecimal digits. Raises `ShopError`
        `error.key.mistyped` with the group that is wrong, or `error.key.not_a_key` for something else."""
        signs = "".join(sign for sign in _western(text) if sign.isalnum()).upper()
        if len(signs) == 2 * SIZE and all(sign in "0123456789ABCDEF" for sign in signs):
            return cls(bytes.fromhex(signs))
        return cls(_from_groups(signs.translate(_MISTAKEN)))

    @property
    def sql(self) -> str:
        """The key as SQLCipher takes it: raw, so that nothing has to be derived at a start."""
        return f"x'{self.raw.hex()}'"

    @property
    def name(self) -> str:
        """Return what this key is called, for people and files. It gives nothing away."""
        digest = hashlib.blake2b(self.raw, digest_size=5, person=b"clutch-tui key").digest()
        signs = _encoded(int.from_bytes(digest), 8)
        return f"{signs[:4]}-{signs[4:]}"

    @property
    def recovery(self) -> str:
        """The key itself as text for paper: whoever reads it can read the database."""
        signs = _encoded(int.from_bytes(self.raw) << 4 | _whole_check(self.raw), GROUPS * DATA)
        groups = (signs[at : at + DATA] for at in range(0, len(signs), DATA))
        return "-".join(group + _check(n, group) for n, group in enumerate(groups, 1))


def check_passphrase(passphrase: str) -> None:
    """Raise `ShopError` `error.key.short_passphrase` for words that are guessed sooner than argon2 can help."""
    if len(passphrase.strip()) < _LEAST_PASSPHRASE:
        raise ShopError("error.key.short_passphrase", least=_LEAST_PASSPHRASE)


def _from_groups(signs: str) -> bytes:
    size = DATA + 1
    if len(signs) != GROUPS * size or not all(sign in _SIGNS for sign in signs):
        raise ShopError("error.key.not_a_key", groups=GROUPS, size=size)
    number = 0
    for n in range(1, GROUPS + 1):
        group, check = signs[(n - 1) * size : n * size - 1], signs[n * size - 1]
        if _check(n, group) != check:
            raise ShopError("error.key.mistyped", group=n, groups=GROUPS)
        for sign in group:
            number = number * len(_SIGNS) + _SIGNS.index(sign)
    raw = (number >> 4).to_bytes(SIZE)
    if _whole_check(raw) != number & 0xF:
        raise ShopError("error.key.not_a_key", groups=GROUPS, size=size)
    return raw


def _check(n: int, group: str) -> str:
    """Luhn's sum in base 32 over the group's number and its signs: one wrong sign never passes, and neither do
    two groups in each other's place."""
    return _SIGNS[-sum(_folded(value, place) for place, value in enumerate(_values(n, group))) % len(_SIGNS)]


def _values(n: int, group: str) -> Iterable[int]:
    return (n, *(_SIGNS.index(sign) for sign in group))


def _folded(value: int, place: int) -> int:
    base = len(_SIGNS)
    if place % 2 == 0:
        return value
    return sum(divmod(value * 2, base))


def _whole_check(raw: bytes) -> int:
    return hashlib.sha256(raw).digest()[0] >> 4


def _encoded(number: int, length: int) -> str:
    signs = []
    for _ in range(length):
        number, value = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[value])
    return "".join(reversed(signs))


def _western(text: str) -> str:
    """Digits of any script as Western ones: which of them a keyboard gives depends on its layout."""
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)
