"""The sentences that click says by itself, in the language that is spoken: usage, wrong options, missing values.

click asks gettext for its sentences under its own English ones. Arabic has them in a catalogue of their own
(`locales/ar/LC_MESSAGES/click.po`); English needs none.
"""

from __future__ import annotations

import gettext
import os

from clutch_tui.text import strings

DOMAIN = "click"


def speak() -> None:
    """Let click say its sentences in the current language. gettext takes it from the variable `LANGUAGE`, of which
    nothing else in this program makes use."""
    gettext.bindtextdomain(DOMAIN, strings.LOCALES)
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = strings.language()
