"""The style sheet of the app, parsed once for each theme.

Textual parses all of it anew for every screen that is made, after throwing away what it remembered: twice
before the first frame, and once more for each screen that a person goes to. Only another theme's colours change
what comes out.

Private name of Textual used here: `Stylesheet._require_parse`. Pinned by a test.
"""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class SteadyStylesheet(Stylesheet):
    """Remembers what it has parsed until its variables change."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._in_force = variables or {}
        self._outdated = False

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._in_force:
            self._in_force = variables
            self._outdated = True
            super().set_variables(variables)

    def reparse(self) -> None:
        if self._outdated:
            super().reparse()
            self._outdated = False
        elif self._require_parse:
            self.parse()
