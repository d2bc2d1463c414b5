"""The bare things with a terminal: what Textual costs by itself. Run as a script, with one word.

`hello` is the smallest app there is; `input` one field; `till` a field over a table of parts, twice, as a
person writes it who has read Textual's tutorial: two screens, `Input`, `DataTable`, `Footer`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from textual.screen import Screen

PARTS = 1_400


def hello() -> App[None]:
    from textual.widgets import Static

    class Hello(App[None]):
        def compose(self):  # type: ignore[no-untyped-def]
            yield Static("Hello")

    return Hello()


def field() -> App[None]:
    from textual.widgets import Input

    class Field(App[None]):
        def compose(self):  # type: ignore[no-untyped-def]
            yield Input(placeholder="Search")

    return Field()


def till() -> App[None]:
    from textual.binding import Binding

    class Till(App[None]):
        BINDINGS = [  # noqa: RUF012
            Binding("f1", "switch_mode('sales')", "Sales", priority=True),
            Binding("f2", "switch_mode('inventory')", "Inventory", priority=True),
        ]
        MODES = {"sales": lambda: _listing("Sales"), "inventory": lambda: _listing("Inventory")}  # noqa: RUF012
        DEFAULT_MODE = "sales"

    return Till()


def _listing(title: str) -> Screen[None]:
    from textual.screen import Screen
    from textual.widgets import DataTable, Footer, Input, Static

    from clutch_tui.core.quantity import to_units
    from tests.bench.parts import parts

    rows = [
        (
            part["name"],
            part["part_number"],
            part["car_model"],
            str(to_units(part["stock_quantity"])),
            f"{part['price'] / 100:.2f}",
        )
        for part in parts(PARTS)
    ]

    class Listing(Screen[None]):
        def compose(self):  # type: ignore[no-untyped-def]
            yield Static(title)
            yield Input(placeholder="Search")
            table: DataTable[str] = DataTable(cursor_type="row")
            table.add_columns("Name", "Number", "Car", "Stock", "Price")
            table.add_rows(rows)
            yield table
            yield Footer()

        def on_mount(self) -> None:
            self.query_one(Input).focus()

        def on_input_changed(self, event: Input.Changed) -> None:
            """Show the first fifty that hold the text, as a search does."""
            table = self.query_one(DataTable)
            table.clear()
            table.add_rows([row for row in rows if event.value in row[0]][:50])

    return Listing()


if __name__ == "__main__":
    {"hello": hello, "input": field, "till": till}[sys.argv[1]]().run()
