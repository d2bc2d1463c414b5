"""Keys and their words: the bindings that every screen has, and how a key is written on the screen.

A binding's description is a catalogue key, translated when it is drawn; its `id` is what a person names to
give it another key. Bindings of a single screen stand in that screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.binding import ActiveBinding, Binding
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from clutch_tui.text.format import RLM
from clutch_tui.text.strings import has, is_rtl, t

MODES = (
    "sales",
    "inventory",
    "orders",
    "customers",
    "suppliers",
    "queue",
    "notifications",
    "insights",
    "connection",
    "settings",
    "performance",
    "updates",
    "sign_in",
)
"""The screens in the order of the menu, whose digit leads to one of the first ten, 0 to the tenth. Alt and that digit
goes there straight where the terminal tells it from Esc and the digit (`read_keys`): what is shown is the menu's."""

OVER_TILL = ("quotations", "special_orders", "lost_sales", "price_rules", "drawer")
"""What lies over the till and has a place in the menu all the same."""

GLOBAL = [
    Binding("f1", "help", "app.help", id="app.help", priority=True),
    Binding("f9", "menu", "app.menu", id="app.menu", priority=True),
    Binding("f12", "language", "app.language", id="app.language", priority=True),
    Binding("ctrl+l", "repaint", "app.repaint", show=False, id="app.repaint", priority=True),
    Binding("ctrl+o", "offline", "app.offline", show=False, id="app.offline", priority=True),
    Binding("ctrl+r", "sync", "app.sync", show=False, id="app.sync", priority=True),
    Binding("ctrl+t", "line", "app.line", id="app.line", priority=True),
    Binding("ctrl+q", "quit", "app.quit", show=False, id="app.quit", priority=True),
    *(
        Binding(
            f"alt+{n % 10}",
            f"mode('{mode}')",
            f"mode.{mode}",
            show=False,
            key_display=f"F9 {n % 10}",
            id=f"mode.{mode}",
            priority=True,
        )
        for n, mode in enumerate(MODES[:10], 1)
    ),
]


_EVERYWHERE = frozenset({"escape", *(binding.key for binding in GLOBAL)})
_EDITING = frozenset(
    f"{held}{key}"
    for held, keys in {
        "": ("left", "right", "home", "end", "backspace", "delete"),
        "ctrl+": ("left", "right", "backspace", "delete", *"wufkaexcvzy"),
        "shift+": ("left", "right", "home", "end"),
    }.items()
    for key in keys
)


_MOVING = frozenset(["up", "down", "pageup", "pagedown", "home", "end", "ctrl+home", "ctrl+end", "left", "right"])


def is_everywhere(key: str) -> bool:
    """Tell whether a key means the same whatever row is marked: it leaves, or belongs to the app."""
    return key in _EVERYWHERE


def is_moving(key: str) -> bool:
    """Tell whether a key only goes to another row."""
    return key in _MOVING


def is_typing(key: Key, focused: Widget | None) -> bool:
    """Tell whether a key writes in the field that has the focus, whatever the list below shows."""
    return isinstance(focused, Input) and (key.is_printable or key.key in _EDITING)


_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "delete": "Del",
    "insert": "Ins",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "plus": "+",
    "minus": "-",
    "asterisk": "*",
    "slash": "/",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def shown_key(binding: Binding) -> str:
    """The key of a binding as a person finds it on the keyboard."""
    if binding.key_display:
        return binding.key_display
    words = binding.key.split(",")[0].split("+")
    return "+".join(_NAMES.get(word, word.capitalize() if len(word) > 1 else word.upper()) for word in words)


def active_nodes(screen: Screen[Any]) -> Iterator[ActiveBinding]:
    """Our own bindings that work on a screen now, each once, the innermost first. Textual's have no id."""
    seen: set[str] = set()
    for active_binding in screen.active_bindings.values():
        binding = active_binding.binding
        if binding.id and binding.id not in seen and has(binding.description):
            seen.add(binding.id)
            yield active_binding


def active(screen: Screen[Any]) -> Iterator[tuple[Binding, bool]]:
    """The same as bindings, with whether each can be done now."""
    return ((active_binding.binding, active_binding.enabled) for active_binding in active_nodes(screen))


def word(binding: Binding) -> str:
    """Return what a binding does, in the language of the screen."""
    return t(binding.description)


def help_lines(screen: Screen[Any]) -> list[str]:
    """Return what can be typed on a screen, every key with its word (those that the key bar shows first), what marks
    mean."""
    bindings = sorted((binding for binding, _ in active(screen)), key=lambda binding: not binding.show)
    typed = [t(key) for key in getattr(screen, "TYPED", ())]
    mark = RLM if is_rtl() else ""  # else a Latin word would be read before its key
    marks = [t(key) for key in getattr(screen, "MARKS", ())]
    straight = [] if not any(binding.key.startswith("alt+") for binding in bindings) else [t("keys.alt_digit")]
    return [*typed, *(f"{shown_key(binding):<10}{mark}{word(binding)}" for binding in bindings), *straight, *marks]
