"""Every sentence that the program can say exists in both languages, and no sentence is left over."""

from __future__ import annotations

import ast
import io
import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from clutch_tui.text import strings
from clutch_tui.text.strings import LANGUAGES
from tests.test_text.key_families import FAMILIES, FREE, OPEN

PACKAGE = Path(strings.__file__).parents[1]
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
SPEAKING = {"t": 0, "tn": 0, "ShopError": 0, "ApiError": 0, "NumberError": 0, "ConfigError": 0, "Binding": 2}
KEY_ARGUMENTS = {"description", "tooltip_key", "title_key", "label_key"}


@dataclass(frozen=True, slots=True)
class Use:
    """A key in the source: whole, or the fixed head of one that is built."""

    key: str
    where: str
    built: bool = False


SOURCE = {language: PACKAGE / "text" / "locales" / language / "LC_MESSAGES" / "clutch.po" for language in LANGUAGES}


def catalogue(language: str) -> Catalog:
    with SOURCE[language].open("rb") as file:
        return read_po(file, locale=language)


CATALOGUES = {language: catalogue(language) for language in LANGUAGES}


def keys_of(language: str) -> dict[str, tuple[str, ...]]:
    """Return each key with its sentence or its plural forms."""
    found: dict[str, tuple[str, ...]] = {}
    for message in CATALOGUES[language]:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found[key] = message.string if isinstance(message.string, tuple) else (str(message.string),)
    return found


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def spoken(path: Path, tree: ast.Module) -> Iterator[Use]:
    """Yield what stands where a key must stand: first arguments of `t`, third ones of `Binding`, and so on."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        place = SPEAKING.get(name)
        candidates = [argument.value for argument in node.keywords if argument.arg in KEY_ARGUMENTS]
        if place is not None and len(node.args) > place:
            candidates.append(node.args[place])
        for candidate in candidates if place is not None else []:
            yield from _keys(candidate, f"{path.relative_to(PACKAGE.parent)}:{node.lineno}")


def _keys(node: ast.expr, where: str) -> Iterator[Use]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield Use(node.value, where)
    elif isinstance(node, ast.JoinedStr):
        head = node.values[0]
        fixed = str(head.value) if isinstance(head, ast.Constant) else ""
        yield Use(fixed, where, built=True)
    elif isinstance(node, ast.IfExp):
        yield from _keys(node.body, where)
        yield from _keys(node.orelse, where)


USES = [use for path, tree in sources() for use in spoken(path, tree)]
LITERALS = {
    node.value
    for _, tree in sources()
    for node in ast.walk(tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value)
}
FAMILY_KEYS = {head + value for head, values in FAMILIES.items() for value in values}
HEADS = set(FAMILIES) | OPEN


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_in_the_source_has_its_sentence(language: str) -> None:
    known = keys_of(language)
    missing = [f"{use.where}: {use.key}" for use in USES if not use.built and use.key not in known]
    missing += [f"key_families.py: {key}" for key in sorted(FAMILY_KEYS - set(known))]
    assert not missing, "no sentence for these keys:\n" + "\n".join(missing)


def test_every_built_key_belongs_to_a_declared_family() -> None:
    built = [use for use in USES if use.built and use.where.partition(":")[0] not in FREE]
    undeclared = [f"{use.where}: {use.key}…" for use in built if use.key not in HEADS]
    assert not undeclared, "declare these in tests/test_text/key_families.py:\n" + "\n".join(undeclared)


def test_no_sentence_is_left_over() -> None:
    said = LITERALS | FAMILY_KEYS
    unused = sorted(key for key in keys_of("en") if key not in said and not key.startswith(tuple(OPEN)))
    assert not unused, "nothing in the source says these:\n" + "\n".join(unused)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_has_two_sentences(language: str) -> None:
    """Of two the first was said: what was left out of a paste was called `Cut` and nothing else."""
    written = SOURCE[language].read_text("utf-8")
    keys = re.findall(r'^msgid "(.+)"$', written, re.MULTILINE)
    assert not [key for key, times in Counter(keys).items() if times > 1]


def test_both_languages_say_the_same_things() -> None:
    arabic, english = keys_of("ar"), keys_of("en")
    assert set(arabic) == set(english)
    for key, sentences in arabic.items():
        assert all(sentences), f"{key} is empty in Arabic"
        assert all(english[key]), f"{key} is empty in English"
        assert (len(sentences) > 1) == (len(english[key]) > 1), f"{key} has plural forms in one language only"
        said, meant = _placeholders(sentences), _placeholders(english[key])
        assert said | {"n"} == meant | {"n"}, f"{key}: Arabic fills {said}, English {meant}"


LITERAL = {"cli.option.ws_url"}
"""Sentences whose braces are what a person shall type."""


def test_a_sentence_is_given_what_it_names() -> None:
    """Of two branches that use one key each may name what it says in another way: the second is no sentence then."""
    sentences = keys_of("en")
    lacking = [
        (f"{path.relative_to(PACKAGE)}:{call.lineno}", key, missing)
        for path, tree in sources()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and (given := _given(call)) is not None
        for key in _plain_keys(call.args[:1])
        if (missing := _placeholders(sentences.get(key, ())) - given) and key not in LITERAL
    ]
    assert lacking == []


def _given(call: ast.Call) -> set[str] | None:
    """The names that a call gives its sentence; None for one that says none, or whose names cannot be read."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if SPEAKING.get(name) != 0 or any(keyword.arg is None for keyword in call.keywords):
        return None
    return {str(keyword.arg) for keyword in call.keywords} | ({"n"} if name == "tn" else set())


def _plain_keys(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        branches = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
        yield from (one.value for one in branches if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _placeholders(sentences: tuple[str, ...]) -> set[str]:
    return {name for sentence in sentences for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogues_are_up_to_date(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, CATALOGUES[language])
    compiled.seek(0)
    path = PACKAGE / "text" / "locales" / language / "LC_MESSAGES" / "clutch.mo"
    with path.open("rb") as file:
        kept = read_mo(file)
    assert [(m.id, m.string) for m in kept] == [(m.id, m.string) for m in read_mo(compiled)]
    assert kept.plural_expr == CATALOGUES[language].plural_expr


def test_arabic_sentences_are_arabic() -> None:
    names = {"app.language"}  # the other language's name is written in that language
    for key, sentences in keys_of("ar").items():
        for sentence in sentences:
            bare = re.sub(r"\{\w*\}", "", sentence)
            assert re.search("[\u0621-\u064a]", bare) or not re.search("[A-Za-z]{2}", bare) or key in names, (
                f"{key} is not Arabic: {sentence}"
            )
