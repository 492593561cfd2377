"""A plain Textual program with so many rows: `python textual_table.py ROWS`; with 0, nothing but a word."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Static

ROWS = int(sys.argv[1])
COLUMNS = ("id", "name", "status", "who", "m0", "m1", "m2", "p0", "took")


class Plain(App[None]):
    BINDINGS = [("q", "quit", "leave")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        if not ROWS:
            yield Static("READY")
            return
        yield DataTable(cursor_type="row")
        yield Static("READY")
        yield Footer()

    def on_mount(self) -> None:
        if ROWS:
            table: DataTable[str] = self.query_one(DataTable)
            table.add_columns(*COLUMNS)
            for n in range(ROWS):
                table.add_row(
                    str(n),
                    f"mlp try {n}",
                    "FINISHED",
                    "ana",
                    *(f"{n * k % 997 / 997:.4f}" for k in range(4)),
                    "48 m",
                )
            table.focus()


Plain().run()
