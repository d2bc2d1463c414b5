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
    primary="#55ffff",
    secondary="#aaaaaa",
    accent="#ffff55",
    warning="#ffff55",
    error="#ff5555",
    success="#55ff55",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#0000aa",
    dark=True,
    variables={
        "primary-muted": "#0000aa",
        "text-muted": "#aaaaaa",
        "text-disabled": "#aaaaaa",
        "text-success": "#55ff55",
        "text-warning": "#ffff55",
        "text-error": "#ff5555",
        "text-primary": "#55ffff",
        "text-accent": "#ffff55",
        "block-cursor-background": "#55ffff",
        "block-cursor-foreground": "#000000",
    },
)
"""Only colours that a terminal with sixteen of them really has (as on a VGA card, to which Rich rounds), so that
nothing is rounded onto its ground."""

SIXTEEN_LIGHT = Theme(
    name="clutch-16-light",
    primary="#0000aa",
    secondary="#000000",
    accent="#0000aa",
    warning="#aa0000",
    error="#aa0000",
    success="#0000aa",
    foreground="#000000",
    background="#aaaaaa",
    surface="#aaaaaa",
    panel="#ffffff",
    dark=False,
    variables={
        "primary-muted": "#ffffff",
        "text-muted": "#000000",
        "text-disabled": "#000000",
        "text-success": "#0000aa",
        "text-warning": "#aa0000",
        "text-error": "#aa0000",
        "text-primary": "#0000aa",
        "text-accent": "#0000aa",
        "block-cursor-background": "#0000aa",
        "block-cursor-foreground": "#ffffff",
    },
)
"""Black, blue and red alone: the others cannot be read on grey, the brightest ground that a Linux console has."""

COLOURLESS = Theme(
    name="clutch-colourless",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    success="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    boost="#000000",
    dark=True,
    variables={
        "primary-muted": "#000000",
        "text-muted": "#ffffff",
        "text-disabled": "#ffffff",
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
    },
)
"""For terminals without colours: `plain_lines.Colourless` draws its white grounds reversed."""

THEMES = (DARK, LIGHT, SIXTEEN, SIXTEEN_LIGHT)
"""What a person can choose."""

_BRIGHT = {LIGHT.name, SIXTEEN_LIGHT.name}


def suitable(wanted: str, color_system: str | None, *, colourless: bool = False) -> str:
    """The theme to start with: what the settings say, or its plain sister where the terminal has few colours."""
    if colourless:
        return COLOURLESS.name
    if color_system in ("standard", "windows"):
        return (SIXTEEN_LIGHT if wanted in _BRIGHT else SIXTEEN).name
    return wanted if wanted in {theme.name for theme in THEMES} else DARK.name
