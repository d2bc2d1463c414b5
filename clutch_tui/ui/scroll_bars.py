"""Scroll bars where reading ends: at the left of every widget that scrolls, on a screen from right to left.

Textual puts the vertical bar at the right, which is where an Arabic line begins: the bar touched the first letter
of every row. The rooms of bar and content change places here, for all widgets at once, since Textual's own lists
and containers scroll as well as ours: the bar's region, the region of what is scrolled, the lines of a widget that
draws its own, the children of one that does not, and the place from which the mouse is counted.

Names of Textual used here that its documentation does not promise: `Widget._arrange_scrollbars`,
`_get_scrollable_region`, `scrollbar_gutter`, `arrange`, and `textual.widget.StylesCache`, which frames the lines of
a widget. Each is pinned by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from textual import widget as textual_widget
from textual._styles_cache import StylesCache
from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import DockArrangeResult
from textual.strip import Strip
from textual.widget import Widget

from clutch_tui.ui.turned_lines import turned

RTL_CLASS = "-rtl"
"""The class of an app whose screens run from right to left."""

_region_beside_bars = Widget._get_scrollable_region
_arrange_bars = Widget._arrange_scrollbars
_arrange_children = Widget.arrange


def left_bar(widget: Widget) -> int:
    """Return how many cells at the left of `widget` its vertical scroll bar takes; none while it stands at the
    right."""
    cells = widget.scrollbar_size_vertical
    return cells if cells and widget.is_scrollable and widget.app.has_class(RTL_CLASS) else 0


def install_scroll_bars() -> None:
    """Let every app of this process that has the class `-rtl` show its bars at the left; before its first widget."""
    vars(textual_widget)["StylesCache"] = FramedBesideBar
    for name, ours in {
        "scrollbar_gutter": property(_bars_around),
        "_get_scrollable_region": _scrollable_region,
        "_arrange_scrollbars": _place_bars,
        "arrange": _place_children,
    }.items():
        setattr(Widget, name, ours)


class FramedBesideBar(StylesCache):
    """Frames a widget's lines with the bar's room before them: what is drawn begins beside it.

    A frame of the screen asks all widgets around a changed line for their lines; one of which nothing has changed
    gives those of the last time, instead of looking at each of them.
    """

    _left = 0
    _turn: Callable[[Strip], Strip] | None = None
    _last: tuple[object, list[Strip]] = (None, [])

    def set_dirty(self, *regions: Region) -> None:
        self._last = (None, [])
        super().set_dirty(*regions)

    def clear(self) -> None:
        self._last = (None, [])
        super().clear()

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        rtl = widget.app.has_class(RTL_CLASS)
        asked = (crop, widget.region.size, rtl, *widget.get_line_filters())
        if self._last[0] == asked:
            return self._last[1]
        self._turn = turned(widget) if rtl else None
        if (left := left_bar(widget)) != self._left:
            self._left = left
            self.clear()
        lines = super().render_widget(widget, crop)
        self._last = (asked, lines)
        return lines

    def render(self, *framed: Any, **how: Any) -> list[Strip]:
        if self._left:
            width, height = how["content_size"]
            how["content_size"] = Size(width - self._left, height)
            how["padding"] += Spacing(0, 0, 0, self._left)
        if (turn := self._turn) is not None:
            *before, line, filters, title, subtitle = framed
            room = how["content_size"].width
            framed = (*before, lambda y: turn(line(y).adjust_cell_length(room)), filters, title, subtitle)
        return super().render(*framed, **how)


def _bars_around(widget: Widget) -> Spacing:
    left = left_bar(widget)
    return Spacing(0, widget.scrollbar_size_vertical - left, widget.scrollbar_size_horizontal, left)


def _scrollable_region(widget: Widget, region: Region) -> Region:
    beside = _region_beside_bars(widget, region)
    return _mirrored(beside, region) if left_bar(widget) else beside


def _place_bars(widget: Widget, region: Region) -> Iterable[tuple[Widget, Region]]:
    placed = _arrange_bars(widget, region)
    return [(bar, _mirrored(where, region)) for bar, where in placed] if left_bar(widget) else placed


def _mirrored(region: Region, within: Region) -> Region:
    return region.at_offset((within.x + within.right - region.right, region.y))


def _place_children(widget: Widget, size: Size, optimal: bool = False) -> DockArrangeResult:
    """Move children aside as they are drawn; in their own room, which decides how far one can scroll, they stay."""
    arranged = _arrange_children(widget, size, optimal)
    if not (left := left_bar(widget)) or not arranged.placements:
        return arranged
    aside = Offset(left, 0)
    return replace(
        arranged,
        placements=[
            placement
            if placement.overlay or placement.absolute
            else placement._replace(offset=placement.offset + aside)
            for placement in arranged.placements
        ],
        _spatial_map=None,
    )
