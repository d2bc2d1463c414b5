"""The colours. Everything on a screen takes them from here through theme variables, by what they mean."""

from __future__ import annotations

from textual.theme import Theme

# Textual's own muted and disabled colours are "auto": a widget's style sheet knows what to make of that, a piece of
# text that a widget colours by itself is drawn in plain white. Hence colours by name in each theme.
DARK = Theme(
    name="clutch-dark",
    primary="#4fb3bf",
    secondary="#7aa2d6",
    accent="#e8b04b",
    warning="#e8b04b",
    error="#ef6b6b",
    success="#77c47a",
    foreground="#e6e6e6",
    background="#10151a",
    surface="#151c22",
    panel="#1f2932",
    dark=True,
    variables={"text-muted": "#9fabb3", "text-disabled": "#71808a"},
)

LIGHT = Theme(
    name="clutch-light",
    primary="#00677d",
    secondary="#2f5d9b",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3261e",
    success="#1d6b32",
    foreground="#14191d",
    background="#f4f5f2",
    surface="#ffffff",
    panel="#e2e6e4",
    dark=False,
    variables={"text-muted": "#535e64", "text-disabled": "#7d888d"},
)

SIXTEEN = Theme(
    name="clutch-16",
    primary="#00ffff",
    secondary="#c0c0c0",
    accent="#ffff00",
    warning="#ffff00",
    error="#ff0000",
    success="#00ff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000080",
    dark=True,
    variables={
        "primary-muted": "#000080",
        "text-muted": "#c0c0c0",
        "text-disabled": "#c0c0c0",
        "text-success": "#00ff00",
        "text-warning": "#ffff00",
        "text-error": "#ff0000",
        "text-primary": "#00ffff",
        "text-accent": "#ffff00",
        "block-cursor-background": "#00ffff",
        "block-cursor-foreground": "#000000",
    },
)
"""Only colours that a terminal with sixteen of them really has, so that nothing is rounded onto its ground."""

THEMES = (DARK, LIGHT, SIXTEEN)


def suitable(wanted: str, color_system: str | None) -> str:
    """The theme to start with: what the settings say, or the plain one where the terminal has few colours."""
    if color_system in ("standard", "windows"):
        return SIXTEEN.name
    return wanted if wanted in {theme.name for theme in THEMES} else DARK.name
