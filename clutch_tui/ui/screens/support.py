"""The support file and debug mode, which the screens for support have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.screen import Screen

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ShowText

if TYPE_CHECKING:
    from clutch_tui.support.bundle import Section
    from clutch_tui.ui.app import ClutchApp


class Supporting(Screen[None]):
    """Beside a `ShopScreen`: `action_bundle` and `action_debug`."""

    if TYPE_CHECKING:

        @property
        def app(self) -> ClutchApp: ...  # type: ignore[override]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "bundle":
            return True if self.app.services.make_bundle is not None else None
        return super().check_action(action, parameters)

    @work(group="bundle", exclusive=True, exit_on_error=False)
    async def action_bundle(self) -> None:
        """Write the file that support asks for, and say where it is and what it holds."""
        if (make := self.app.services.make_bundle) is None:
            return
        self.notify(t("support.gathering"))
        path = self.app.services.exports / f"clutch-support-{stamp()}.zip"
        sections = await make(path)
        await self.app.push_screen_wait(ShowText("support.written", lambda: contents(path, sections)))

    @work(group="debug", exclusive=True, exit_on_error=False)
    async def action_debug(self) -> None:
        debug = not self.app.settings.log.debug
        await self.app.set_debug(debug)
        self.notify(t("support.debug_on" if debug else "support.debug_off"))


def stamp() -> str:
    """The present moment as it is put into the name of a file."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def contents(path: Path, sections: tuple[Section, ...]) -> list[str]:
    """A support file and what is inside, in words; what could not be had is named with its reason."""
    lines = [shown.isolate(str(path)), ""]
    for section in sections:
        word = t(f"support.section.{section.name}")
        if section.missing:
            reason = t(section.key) if section.key else shown.name(section.missing)
            lines.append(t("support.missing", section=word, reason=reason))
        else:
            lines.append(t("support.inside", section=word, size=shown.number(section.size / 1000, 1)))
    return [*lines, "", t("support.sent_to")]
