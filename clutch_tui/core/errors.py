"""The errors of a shop's rules, as keys for whoever has sentences. Imports nothing: every start needs it."""

from __future__ import annotations


class ShopError(Exception):
    """Something that the shop's rules do not allow. `key` names a sentence, `args` fill its places.

    As a text it is its key alone: the values are a customer's name, a part's price, and a traceback goes into a file.
    """

    def __init__(self, key: str, **args: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = args
