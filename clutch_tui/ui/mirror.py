"""Screens that run from right to left: what stands left in English stands right in Arabic.

Containers are mirrored as they are laid out, while the app has the class `-rtl`: children of `horizontal`,
`grid` and `vertical` layouts change sides, and so does `align-horizontal`. What a style sheet says about sides
by name (`dock`, `text-align`, `border-title-align`) is mirrored by `mirror.tcss` and rules beside it.

Names of Textual used here that its documentation does not promise: `textual.layouts.factory.LAYOUT_MAP`,
`Layout.arrange` with its argument `greedy`, which is False when a layout is only measured, and `App._registry`,
which holds the widgets of all screens, shown or not. Each is pinned by a test.
"""

from __future__ import annotations

from textual.app import App
from textual.geometry import Size, Spacing
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layouts.factory import LAYOUT_MAP
from textual.layouts.grid import GridLayout
from textual.layouts.horizontal import HorizontalLayout
from textual.layouts.vertical import VerticalLayout
from textual.screen import Screen
from textual.widget import Widget

from clutch_tui.ui.scroll_bars import RTL_CLASS


class MirroredHorizontal(HorizontalLayout):
    """Children in a row that begins at the right."""

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        return _mirror(parent, super().arrange(parent, children, size, greedy), size, greedy)


class MirroredVertical(VerticalLayout):
    """Children below each other; narrow ones stand at the right."""

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        return _mirror(parent, super().arrange(parent, children, size, greedy), size, greedy)


class MirroredGrid(GridLayout):
    """Cells in rows that begin at the right."""

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        return _mirror(parent, super().arrange(parent, children, size, greedy), size, greedy)


def install_layouts() -> None:
    """Let style sheets get the mirrored layouts by the usual names; before the first style sheet is read."""
    LAYOUT_MAP.update(horizontal=MirroredHorizontal, vertical=MirroredVertical, grid=MirroredGrid)


def set_direction(app: App[object], *, rtl: bool) -> None:
    """Mirror all screens of `app`, or set them back; at the start or at any time.

    Every container remembers its arrangement until a child asks for another. A change of class alone reaches
    only those whose styles it changes, which would leave the others mirrored.
    """
    app.set_class(rtl, RTL_CLASS)
    for node in list(app._registry):
        if isinstance(node, Screen):
            node.update_node_styles(animate=False)  # Textual styles none anew that another screen covers
        if isinstance(node, Widget):
            node.refresh(layout=True)


def _mirror(parent: Widget, placements: ArrangeResult, size: Size, greedy: bool) -> ArrangeResult:
    """Change sides within the room that the layout was given.

    `align-horizontal` is applied afterwards, as a shift to the right by what is left over: without it, the
    row must begin at the right edge now; centred, it stays where it is; at the right, it must come to stand left.
    Where there is too little room, and nothing scrolls, what does not fit is lost at the end of the row, not at its
    beginning.
    """
    if not greedy or not parent.app.has_class(RTL_CLASS):
        return placements  # only measured: a mirrored row would always claim its container's whole width
    flowing = [placement for placement in placements if not (placement.absolute or placement.overlay)]
    if not flowing:
        return placements
    used = max(placement.region.right + placement.margin.right for placement in flowing)
    spare = size.width - used
    if parent.styles.overflow_x != "hidden":
        spare = max(0, spare)  # nobody could scroll to what stands left of the first column
    shift = {"left": spare, "center": 0, "right": -spare}[parent.styles.align_horizontal]
    return [placement if placement.absolute else _mirror_placement(placement, used, shift) for placement in placements]


def _mirror_placement(placement: WidgetPlacement, width: int, shift: int) -> WidgetPlacement:
    region, margin = placement.region, placement.margin
    return placement._replace(
        region=region.at_offset((width - region.right + shift, region.y)),
        margin=Spacing(margin.top, margin.left, margin.bottom, margin.right),
    )
