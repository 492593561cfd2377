"""What works in Data."""

from lineside.console.commands import Command, deed

COMMANDS = (
    Command(id="data.enter", keys=("enter",), title="into the columns; the column alone", footer="columns"),
    Command(id="data.compare", keys=("x",), title="against the marked version, and back",
            footer="compare"),
    Command(id="data.zoom", keys=("z",), title="this pane alone, and back", footer="zoom"),
    deed("data.add", "n", "add a file as data"),
)  # fmt: skip
