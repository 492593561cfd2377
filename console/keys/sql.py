"""What works in SQL."""

from lineside.console.commands import Command, deed
from lineside.store.actors import Role

COMMANDS: tuple[Command, ...] = (
    Command(id="sql.query", keys=("e", "i"), title="write the query", footer="write", group="move"),
    Command(id="sql.open", keys=("o",), title="start from a saved query or an example", footer="start from"),
    Command(id="sql.x_axis", keys=("x",), title="chart the answer; again: choose its x", footer="chart"),
    Command(id="sql.y_axis", keys=("m",), title="choose what the chart measures"),
    Command(id="sql.again", keys=("r",), title="ask again", footer="again"),
    Command(id="sql.record", keys=("enter", "d"), title="the row as a record", footer="record"),
    Command(id="sql.views", keys=("V",), title="views, saved queries and examples"),
    deed("sql.save", "s", "save the query under a name", role=Role.VIEWER),
    deed("sql.export", "e", "export the whole answer to a file", role=Role.VIEWER),
    deed("sql.forget", "f", "forget a saved query", role=Role.VIEWER),
)
