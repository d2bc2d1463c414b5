"""The line at the top of every screen: where one is, what the connection does, what is still unsent."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t, tn
from clutch_tui.ui.status import Status
from clutch_tui.ui.widgets.words import MORE

_TONES = {
    "connected": "$text-success",
    "limited": "$text-warning",
    "offline": "$text-error",
    "signed_out": "$text-warning",
    "not_signed_in": "$text-warning",
    "cut": "$text-warning",
    "alone": "$text-muted",
    "starting": "$text-muted",
}


class StatusStrip(Widget):
    """Title of the screen, overall state and since when, unsent changes and their age, what needs a person."""

    DEFAULT_CSS = """
    StatusStrip { dock: top; height: 1; width: 1fr; background: $panel; color: $foreground; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._status = Status()

    def show(self, status: Status) -> None:
        before = self.render()
        self._status = status
        if not self.render().is_same(before):  # it is looked at every few seconds, and says the same for minutes
            self.refresh()

    def relabel(self) -> None:
        self.refresh()

    @property
    def text(self) -> str:
        return self.render().plain

    def render(self) -> Content:
        """All of it in words where the terminal is wide enough, else with figures for words, at last without since when
        the connection is as it is. What then has no room is left out whole, with a sign that there is more; what asks
        for nothing goes last, since that is the end."""
        room = self.size.width
        ways = (("  |  ", self._in_words()), (" | ", self._in_figures()), (" | ", self._in_figures(since=False)))
        lines = [Content(between).join(parts) for between, parts in ways]
        fitting = next((line for line in lines if not room or line.cell_length <= room), None)
        if fitting is not None:
            return fitting
        between, parts = ways[-1]
        while len(parts) > 1 and Content(between).join(parts).cell_length + len(MORE) > room:
            parts = parts[:-1]
        return Content(between).join(parts) + Content(MORE)

    def _in_figures(self, *, since: bool = True) -> list[Content]:
        status, now = self._status, self._status.now
        state = "• " + t(f"connection.overall.{status.overall}")
        if since and status.since is not None and now is not None:
            state += " " + shown.short_age(status.since, now)
        parts = [Content.styled(t(self._title), "bold $primary"), Content.styled(state, _TONES[status.overall])]
        if status.skew:
            parts.append(Content.styled(t("status.clock", clock=shown.clock(status.skew)), "bold $text-error"))
        if status.orders:
            parts.append(Content.styled(t("status.short.orders", n=status.orders), "bold $accent"))
        if status.unsent:
            age = shown.short_age(status.oldest_at, now) if status.oldest_at is not None and now is not None else "-"
            parts.append(Content.styled(t("status.short.unsent", n=status.unsent, age=age), "$text-warning"))
        if status.attention:
            parts.append(Content.styled(t("status.short.attention", n=status.attention), "bold $text-error"))
        if status.stranded:
            parts.append(Content.styled(t("status.short.stranded", n=status.stranded), "bold $text-error"))
        if status.missing:
            parts.append(Content.styled(t("status.short.missing", n=status.missing), "$text-warning"))
        if status.unread > status.orders:
            parts.append(Content.styled(t("status.short.unread", n=status.unread - status.orders), "$accent"))
        return parts

    def _in_words(self) -> list[Content]:
        status = self._status
        tone = _TONES[status.overall]
        parts: list[Content] = [
            Content.styled(t(self._title), "bold $primary"),
            Content.styled("• " + t(f"connection.overall.{status.overall}"), tone),
        ]
        if status.since is not None and status.now is not None:
            parts[-1] += Content.styled(" " + shown.age(status.since, status.now), "$text-muted")
        if status.skew:
            parts.append(Content.styled(t("status.clock", clock=shown.clock(status.skew)), "bold $text-error"))
        if status.orders:
            parts.append(Content.styled(tn("status.orders", status.orders), "bold $accent"))
        if status.unsent:
            parts.append(Content.styled(tn("status.unsent", status.unsent), "$text-warning"))
            if status.oldest_at is not None and status.now is not None:
                age = shown.age(status.oldest_at, status.now)
                parts[-1] += Content.styled(" " + t("status.oldest", age=age), "$text-muted")
        if status.attention:
            parts.append(Content.styled(tn("status.attention", status.attention), "bold $text-error"))
        if status.stranded:
            parts.append(Content.styled(tn("status.stranded", status.stranded), "bold $text-error"))
        if status.missing:
            parts.append(Content.styled(tn("difference.set_aside", status.missing), "$text-warning"))
        if status.local:
            parts.append(Content.styled(tn("status.local", status.local), "$text-muted"))
        if status.unread > status.orders:
            parts.append(Content.styled(tn("status.unread", status.unread - status.orders), "$accent"))
        return parts
