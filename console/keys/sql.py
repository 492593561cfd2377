"""What works in SQL."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = (
    Command(id="sql.query", keys=("e", "i"), title="write the query", footer="query", group="move"),
    Command(id="sql.examples", keys=("x",), title="start from an example", footer="examples"),
    Command(id="sql.again", keys=("r",), title="ask again", footer="again"),
    Command(id="sql.record", keys=("enter", "d"), title="the row as a record", footer="record"),
    Command(id="sql.views", keys=("o",), title="what can be asked: views and their columns", footer="views"),
)
