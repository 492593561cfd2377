"""What works in every chart that has the keys."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = (
    Command(id="plot.left", keys=("left", "h"), title="crosshair to the point before", group="move"),
    Command(id="plot.right", keys=("right", "l"), title="crosshair to the next point", group="move"),
    Command(
        id="plot.far_left", keys=("shift+left", "ctrl+left", "H"), title="crosshair far left", group="move"
    ),
    Command(
        id="plot.far_right", keys=("shift+right", "ctrl+right", "L"), title="crosshair far right",
        group="move",
    ),
    Command(id="plot.first", keys=("home", "^"), title="crosshair to the first point", group="move"),
    Command(id="plot.last", keys=("end", "$"), title="crosshair to the last point", group="move"),
    Command(id="plot.closer", keys=("+", "="), title="zoom in around the crosshair", group="zoom"),
    Command(id="plot.wider", keys=("-", "_"), title="zoom out", group="zoom"),
    Command(id="plot.pan_left", keys=("<", "pageup"), title="what lies to the left", group="zoom"),
    Command(id="plot.pan_right", keys=(">", "pagedown"), title="what lies to the right", group="zoom"),
    Command(id="plot.taller", keys=("up", "k"), title="values closer, around the crosshair", group="zoom"),
    Command(id="plot.flatter", keys=("down", "j"), title="values from farther off", group="zoom"),
    Command(id="plot.fit", keys=("*",), title="all values in sight again", group="zoom"),
    Command(id="plot.whole", keys=("0",), title="everything again", group="zoom"),
    Command(id="plot.out", keys=("escape",), title="crosshair off, zoom off, then out", group="move"),
)  # fmt: skip
