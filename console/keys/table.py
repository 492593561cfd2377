"""What works in every table."""

from lineside.console.commands import Command

COMMANDS = (
    Command(id="table.down", keys=("down", "j"), title="next row", group="move"),
    Command(id="table.up", keys=("up", "k"), title="previous row", group="move"),
    Command(id="table.page_down", keys=("pagedown", "ctrl+f"), title="page down", group="move"),
    Command(id="table.page_up", keys=("pageup", "ctrl+b"), title="page up", group="move"),
    Command(id="table.top", keys=("home", "g g"), title="first row", group="move"),
    Command(id="table.bottom", keys=("end", "G"), title="last row", group="move"),
    Command(id="table.right", keys=("right", "l"), title="more columns to the right", group="move"),
    Command(id="table.left", keys=("left", "h"), title="back to the left", group="move"),
    Command(id="table.mark", keys=("space",), title="mark the row: a, b, c, as on charts", group="mark"),
    Command(id="table.mark_range", keys=("v",), title="mark all from the last mark to here", group="mark"),
    Command(id="table.clear_marks", keys=("U",), title="clear all marks", group="mark"),
    Command(id="table.next_problem", keys=("n",), title="next match or problem", group="move"),
    Command(id="table.previous_problem", keys=("N",), title="previous match or problem", group="move"),
    Command(id="table.sort", keys=("s",), title="sort by a column; again: the other way", footer="sort"),
    Command(id="table.columns", keys=("c",), title="choose the columns and their order", footer="columns"),
    Command(id="table.wide", keys=("w",), title="all columns, or those that fit"),
)
