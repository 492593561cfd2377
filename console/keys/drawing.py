"""What works in a drawing that is walked: the sheet of windows, the lineage."""

from lineside.console.commands import Command

COMMANDS = (
    Command(id="drawing.left", keys=("left", "h"), title="one to the left", group="move"),
    Command(id="drawing.right", keys=("right", "l"), title="one to the right", group="move"),
    Command(id="drawing.up", keys=("up", "k"), title="one up", group="move"),
    Command(id="drawing.down", keys=("down", "j"), title="one down", group="move"),
)
