"""The embedding levels of a paragraph: the Unicode Bidirectional Algorithm (UAX #9), revision 46.

Each function is one group of its rules, and named so. Levels stand for directions: even runs from left to
right, odd from right to left, a number inside Arabic is one level above it. Held against every case of
BidiTest.txt and BidiCharacterTest.txt by the tests.

Character classes are the names that `unicodedata.bidirectional` returns ("L", "AL", "EN" ...).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import bidirectional, normalize

MAX_DEPTH = 125
MAX_OPEN_BRACKETS = 63

Classes = Sequence[str]

_ISOLATES = frozenset(("LRI", "RLI", "FSI"))
_EMBEDDINGS = frozenset(("LRE", "RLE", "LRO", "RLO"))
_REMOVED = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "BN"))  # rule X9
_NEUTRAL = frozenset(("B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"))  # "NI" in the rules
_STRONG = frozenset(("L", "R", "AL"))
_EXPLICIT = _ISOLATES | _EMBEDDINGS | {"PDI", "PDF"}
_AS_RIGHT = {"R": "R", "EN": "R", "AN": "R", "L": "L"}  # numbers count as R in N0, N1

_BRACKET_PAIRS = (
    # the angle brackets that every editor normalises away are written by number
    "()[]{}༺༻༼༽᚛᚜⁅⁆⁽⁾₍₎⌈⌉⌊⌋\u2329\u232a❨❩❪❫❬❭❮❯❰❱❲❳❴❵⟅⟆⟦⟧⟨⟩⟪⟫⟬⟭⟮⟯⦃⦄⦅⦆⦇⦈⦉⦊⦋⦌⦍⦐⦏⦎⦑⦒⦓⦔⦕⦖⦗⦘⧘⧙⧚⧛⧼⧽"
    "⸢⸣⸤⸥⸦⸧⸨⸩⹕⹖⹗⹘⹙⹚⹛⹜〈〉《》「」『』【】〔〕〖〗〘〙〚〛﹙﹚﹛﹜﹝﹞（）［］｛｝｟｠｢｣"
)
BRACKETS = tuple(zip(_BRACKET_PAIRS[::2], _BRACKET_PAIRS[1::2], strict=True))
# NFC makes the two angle brackets that Unicode holds equal one
_CLOSER_OF = {opener: normalize("NFC", closer) for opener, closer in BRACKETS}
_CLOSER = {closer: normalize("NFC", closer) for _, closer in BRACKETS}


class _Embedding(NamedTuple):
    """One entry of the directional status stack (X1)."""

    level: int
    override: str | None
    isolate: bool


def levels(text: str, base: int | None = None) -> tuple[list[int], int]:
    """Return the level of each character, and the paragraph's; `base` None means: by the first strong letter."""
    return class_levels([bidirectional(character) or "L" for character in text], base, text)


def class_levels(classes: Classes, base: int | None = None, text: str | None = None) -> tuple[list[int], int]:
    """Return the levels of characters of which only the classes are known; without `text`, no brackets pair."""
    if base is None:
        base = first_strong(classes) or 0
    present = frozenset(classes)
    result = [base] * len(classes)
    if present.isdisjoint(_EXPLICIT):
        types: list[str] = list(classes)
        sequences = [[i for i, kind in enumerate(classes) if kind != "BN"]]
    else:
        types = _resolve_explicit(classes, base, result)
        sequences = _isolating_run_sequences(classes, result, _match_isolates(classes))
    explicit = list(result)
    for sequence in sequences:
        if sequence:
            _resolve_sequence(_Sequence(text, classes, types, sequence, explicit, base), result)
    _level_removed(classes, base, result, present)
    _reset_whitespace(classes, base, result)
    return result, base


def order(resolved: Sequence[int]) -> list[int]:
    """Return the logical indices in visual order, from left to right (L2)."""
    result = list(range(len(resolved)))
    if not resolved:
        return result
    highest = max(resolved)
    lowest_odd = min((level for level in resolved if level & 1), default=highest + 1)
    for level in range(highest, lowest_odd - 1, -1):
        start = 0
        while start < len(result):
            end = start
            while end < len(result) and resolved[result[end]] >= level:
                end += 1
            if end > start:
                result[start:end] = result[start:end][::-1]
            start = end + 1
    return result


def first_strong(classes: Classes, start: int = 0, *, inside_isolate: bool = False) -> int | None:
    """Return the direction of the first strong character outside isolates (P2, P3); None if there is none."""
    depth = 0
    for kind in classes[start:]:
        if kind in _ISOLATES:
            depth += 1
        elif kind == "PDI":
            if depth:
                depth -= 1
            elif inside_isolate:
                return None
        elif depth == 0 and kind in _STRONG:
            return 0 if kind == "L" else 1
    return None


def _match_isolates(classes: Classes) -> dict[int, int]:
    """Pair isolate initiators with their PDI, both ways (BD9)."""
    matches: dict[int, int] = {}
    pending: list[int] = []
    for i, kind in enumerate(classes):
        if kind in _ISOLATES:
            pending.append(i)
        elif kind == "PDI" and pending:
            start = pending.pop()
            matches[start], matches[i] = i, start
    return matches


def _resolve_explicit(classes: Classes, base: int, result: list[int]) -> list[str]:
    """Give each character the level of its embedding (X1-X8); return the classes after overrides."""
    types = list(classes)
    stack = [_Embedding(base, None, False)]
    lost_isolates = lost_embeddings = open_isolates = 0
    for i, kind in enumerate(classes):
        if kind == "PDI":  # X6a closes before it is placed, all others are placed before they open or close
            if lost_isolates:
                lost_isolates -= 1
            elif open_isolates:
                lost_embeddings = 0
                while not stack.pop().isolate:
                    continue
                open_isolates -= 1
        top = stack[-1]
        result[i] = base if kind == "B" else top.level
        if top.override and kind != "B" and kind not in _REMOVED:
            types[i] = top.override
        if kind in _ISOLATES:  # X5a-X5c
            rtl = kind == "RLI" or (kind == "FSI" and first_strong(classes, i + 1, inside_isolate=True) == 1)
            level = _next_level(top.level, rtl)
            if level <= MAX_DEPTH and not lost_isolates and not lost_embeddings:
                open_isolates += 1
                stack.append(_Embedding(level, None, True))
            else:
                lost_isolates += 1
        elif kind in _EMBEDDINGS:  # X2-X5
            level = _next_level(top.level, kind[0] == "R")
            if level <= MAX_DEPTH and not lost_isolates and not lost_embeddings:
                stack.append(_Embedding(level, kind[0] if kind[2] == "O" else None, False))
            elif not lost_isolates:
                lost_embeddings += 1
        elif kind == "PDF" and not lost_isolates:  # X7
            if lost_embeddings:
                lost_embeddings -= 1
            elif not top.isolate and len(stack) > 1:
                stack.pop()
    return types


def _next_level(level: int, rtl: bool) -> int:
    return (level + 1) | 1 if rtl else (level + 2) & ~1


def _isolating_run_sequences(classes: Classes, resolved: Sequence[int], matches: dict[int, int]) -> list[list[int]]:
    """Join the level runs that an isolate interrupts (BD13, X9, X10)."""
    runs: list[list[int]] = []
    for i, kind in enumerate(classes):
        if kind in _REMOVED:
            continue
        if runs and resolved[runs[-1][-1]] == resolved[i]:
            runs[-1].append(i)
        else:
            runs.append([i])
    starting_at = {run[0]: run for run in runs}
    sequences = []
    for run in runs:
        if classes[run[0]] == "PDI" and run[0] in matches:
            continue  # it continues the sequence of its initiator
        sequence = list(run)
        while classes[sequence[-1]] in _ISOLATES and sequence[-1] in matches:
            sequence += starting_at[matches[sequence[-1]]]
        sequences.append(sequence)
    return sequences


class _Sequence:
    """One isolating run sequence: what the rules W1-I2 look at. `kinds` is what they change."""

    __slots__ = ("classes", "embedding", "end", "indices", "kinds", "level", "start", "text")

    def __init__(
        self,
        text: str | None,
        classes: Classes,
        types: Sequence[str],
        indices: list[int],
        explicit: Sequence[int],
        base: int,
    ) -> None:
        self.text = text
        self.classes = classes
        self.indices = indices
        self.kinds = [types[i] for i in indices]
        self.level = explicit[indices[0]]
        self.embedding = "R" if self.level & 1 else "L"
        first, last = indices[0], indices[-1]
        before = _neighbour(classes, explicit, first, -1, base)
        after = base if classes[last] in _ISOLATES else _neighbour(classes, explicit, last, 1, base)
        self.start = "R" if max(self.level, before) & 1 else "L"  # sos
        self.end = "R" if max(self.level, after) & 1 else "L"  # eos


def _neighbour(classes: Classes, explicit: Sequence[int], i: int, step: int, base: int) -> int:
    """Return the level of the next character that X9 leaves, or the paragraph's at its edge."""
    i += step
    while 0 <= i < len(classes):
        if classes[i] not in _REMOVED:
            return explicit[i]
        i += step
    return base


def _resolve_sequence(sequence: _Sequence, result: list[int]) -> None:
    present = frozenset(sequence.kinds)
    if "NSM" in present:
        _w1_marks(sequence)
    if "EN" in present or "AN" in present:
        _w2_w3_numbers_in_arabic(sequence)
        _w4_separators(sequence.kinds)
    elif "AL" in present:
        sequence.kinds = ["R" if kind == "AL" else kind for kind in sequence.kinds]
    if not present.isdisjoint(("ES", "ET", "CS")):
        _w5_w6_terminators(sequence.kinds)
    if "EN" in present:
        _w7_numbers_in_latin(sequence)
    if sequence.text is not None:
        _n0_brackets(sequence)
    _n1_n2_neutrals(sequence)
    _i1_i2_implicit(sequence, result)


def _w1_marks(sequence: _Sequence) -> None:
    kinds = sequence.kinds
    previous = sequence.start
    for k, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[k] = "ON" if previous in _ISOLATES or previous == "PDI" else previous
        previous = kinds[k]


def _w2_w3_numbers_in_arabic(sequence: _Sequence) -> None:
    """A western number after an Arabic letter behaves as an Arabic one; from then on AL is R."""
    kinds = sequence.kinds
    strong = sequence.start
    for k, kind in enumerate(kinds):
        if kind in _STRONG:
            strong = kind
            if kind == "AL":
                kinds[k] = "R"
        elif kind == "EN" and strong == "AL":
            kinds[k] = "AN"


def _w4_separators(kinds: list[str]) -> None:
    for k in range(1, len(kinds) - 1):
        kind, before = kinds[k], kinds[k - 1]
        joins = kind in ("ES", "CS") if before == "EN" else kind == "CS" and before == "AN"
        if joins and kinds[k + 1] == before:
            kinds[k] = before


def _w5_w6_terminators(kinds: list[str]) -> None:
    """Signs of currency and percent belong to the number they touch; those left over are neutral."""
    k = 0
    while k < len(kinds):
        if kinds[k] == "ET":
            end = k
            while end < len(kinds) and kinds[end] == "ET":
                end += 1
            touches = (k and kinds[k - 1] == "EN") or (end < len(kinds) and kinds[end] == "EN")
            kinds[k:end] = ["EN" if touches else "ON"] * (end - k)
            k = end
        else:
            if kinds[k] in ("ES", "CS"):
                kinds[k] = "ON"
            k += 1


def _w7_numbers_in_latin(sequence: _Sequence) -> None:
    kinds = sequence.kinds
    strong = sequence.start
    for k, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[k] = "L"


def _n0_brackets(sequence: _Sequence) -> None:
    """Both brackets of a pair take the direction of what they hold, or of what stands before them."""
    kinds = sequence.kinds
    for opening, closing in _bracket_pairs(sequence):
        inside = {_AS_RIGHT.get(kind) for kind in kinds[opening + 1 : closing]} - {None}
        if sequence.embedding in inside:
            direction = sequence.embedding
        elif inside:
            # only the opposite direction is inside: it holds if it stands before the pair as well
            before = (_AS_RIGHT.get(kinds[k]) for k in range(opening - 1, -1, -1))
            direction = next(filter(None, before), sequence.start)
        else:
            continue
        for k in (opening, closing):
            kinds[k] = direction
            k += 1
            while k < len(kinds) and sequence.classes[sequence.indices[k]] == "NSM":
                kinds[k] = direction
                k += 1


def _bracket_pairs(sequence: _Sequence) -> list[tuple[int, int]]:
    """Return the positions of paired brackets by their openers (BD16)."""
    text = sequence.text or ""
    pending: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for k, i in enumerate(sequence.indices):
        character = text[i]
        if sequence.kinds[k] != "ON":
            continue
        if character in _CLOSER_OF:
            if len(pending) == MAX_OPEN_BRACKETS:
                break
            pending.append((_CLOSER_OF[character], k))
        elif character in _CLOSER:
            closer = _CLOSER[character]
            for depth in range(len(pending) - 1, -1, -1):
                if pending[depth][0] == closer:
                    pairs.append((pending[depth][1], k))
                    del pending[depth:]
                    break
    return sorted(pairs)


def _n1_n2_neutrals(sequence: _Sequence) -> None:
    """Neutrals between equal directions take it, others the direction of the embedding."""
    kinds = sequence.kinds
    k = 0
    while k < len(kinds):
        if kinds[k] not in _NEUTRAL:
            k += 1
            continue
        end = k
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        before = _AS_RIGHT[kinds[k - 1]] if k else sequence.start
        after = _AS_RIGHT[kinds[end]] if end < len(kinds) else sequence.end
        kinds[k:end] = [before if before == after else sequence.embedding] * (end - k)
        k = end


def _i1_i2_implicit(sequence: _Sequence, result: list[int]) -> None:
    steps = {"L": 1, "R": 0, "AN": 1, "EN": 1} if sequence.level & 1 else {"L": 0, "R": 1, "AN": 2, "EN": 2}
    for i, kind in zip(sequence.indices, sequence.kinds, strict=True):
        result[i] = sequence.level + steps[kind]


def _level_removed(classes: Classes, base: int, result: list[int], present: frozenset[str]) -> None:
    """Give characters that X9 removes the level of what stands before them, so that they travel with it."""
    if present.isdisjoint(_REMOVED):
        return
    previous = base
    for i, kind in enumerate(classes):
        if kind in _REMOVED:
            result[i] = previous
        previous = result[i]


def _reset_whitespace(classes: Classes, base: int, result: list[int]) -> None:
    """Separators, and blanks before them or at the end of the line, stand in the paragraph's direction (L1)."""
    trailing = True
    for i in range(len(classes) - 1, -1, -1):
        kind = classes[i]
        if kind in ("B", "S"):
            result[i] = base
            trailing = True
        elif kind == "WS" or kind in _ISOLATES or kind == "PDI" or kind in _REMOVED:
            if trailing:
                result[i] = base
        else:
            trailing = False
