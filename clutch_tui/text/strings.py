"""Every sentence of the program: a key in, the words of the current language out.

    t("sales.paid", total=money(15000))      one sentence
    tn("queue.unsent", 3)                    its plural form; `{n}` is the number, drawn by the digits setting

The catalogues are GNU gettext files under `locales/`, the message ids are dotted keys. What Arabic lacks is
said in English, what both lack is said as its key, and a test walks the source so that neither happens in a
release. Call `t` when something is drawn, never while a module is imported: a string kept in a class body
freezes the language (keep the key there instead).

Importing this module is cheap; a catalogue is opened with the first sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from clutch_tui.text.catalogue import Catalogue
from clutch_tui.text.digits import Digits, show_digits, show_number

Language = Literal["ar", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

LOCALES = Path(__file__).with_name("locales")


class _Voice:
    """The language that is spoken now; one for the process, as there is one terminal."""

    __slots__ = ("digits", "language")

    def __init__(self) -> None:
        self.language: Language = "ar"
        self.digits: Digits = "western"


_voice = _Voice()


class _Args(dict[str, object]):
    """Arguments of one sentence; a missing one leaves its `{name}` to be seen instead of a crash.

    Sentences report errors: one that fails for want of an argument would hide the error it was to report.
    """

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def use(language: Language, digits: Digits = "western") -> None:
    """Speak `language` from now on, with these digits (English keeps western ones).

    Nothing that is already drawn changes: the app redraws itself after calling this.

    Raises:
        ValueError: there is no catalogue for `language`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no catalogue for language {language!r}; there are {', '.join(LANGUAGES)}")
    _voice.language = language
    _voice.digits = digits if language == "ar" else "western"


def language() -> Language:
    """Return the language that `t` speaks now."""
    return _voice.language


def digits() -> Digits:
    """Return the digits in which numbers are drawn now."""
    return _voice.digits


def is_rtl() -> bool:
    """Return whether screens run from right to left now."""
    return _voice.language == "ar"


def t(key: str, /, **args: object) -> str:
    """Return the sentence of `key`; an `int` argument is drawn in the digits of the setting."""
    sentence = _catalogue(_voice.language).sentence(key)
    return sentence.format_map(_shown(args)) if args else sentence


def tn(key: str, n: int, /, **args: object) -> str:
    """Return the form of `key` that fits `n` (Arabic has six); `{n}` in it is `n` with grouping."""
    sentence = _catalogue(_voice.language).form(key, n)
    return sentence.format_map(_shown(args) | {"n": show_number(f"{n:,}", _voice.digits)})


def has(key: str) -> bool:
    """Return whether any catalogue knows `key`: a server's error name may have no sentence of its own."""
    return _catalogue(_voice.language).sentence(key) != key


def in_every_language(key: str) -> tuple[str, ...]:
    """Return the sentence of `key` in each language, the order being that of `LANGUAGES`."""
    return tuple(_catalogue(language).sentence(key) for language in LANGUAGES)


def keys_saying(word: str) -> tuple[str, ...]:
    """Return the keys whose sentence holds a word of the search (folded as by `fold`) in the language that is spoken:
    what is stored by its key can then be found by what a person reads."""
    return tuple(key for key, sentence in _folded(_voice.language) if word in sentence)


@lru_cache(maxsize=len(LANGUAGES))
def _folded(language: Language) -> tuple[tuple[str, str], ...]:
    """Every sentence as a search sees it, without its places."""
    from clutch_tui.text.fold import fold

    sentences = ((key, re.sub(r"\{\w*\}", " ", sentence)) for key, sentence in _catalogue(language).sentences())
    return tuple((key, fold(sentence)) for key, sentence in sentences)


def _shown(args: Mapping[str, object]) -> _Args:
    return _Args(
        (name, show_digits(str(value), _voice.digits) if type(value) is int else value) for name, value in args.items()
    )


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: Language) -> Catalogue:
    """Open a catalogue once; English stands in for what the other language lacks."""
    path = LOCALES / language / "LC_MESSAGES" / "clutch.mo"
    return Catalogue(path, _catalogue("en") if language != "en" else None)
