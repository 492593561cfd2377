"""What works where two texts stand side by side."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = (
    Command(id="diff.next_change", keys=("n",), title="next change", footer="next change", group="move"),
    Command(
        id="diff.previous_change", keys=("N",), title="change before", footer="change before", group="move"
    ),
    Command(id="diff.next_part", keys=("}",), title="next file or part", footer="next part", group="move"),
    Command(id="diff.previous_part", keys=("{",), title="file or part before", group="move"),
    Command(id="diff.down", keys=("down", "j"), title="one line down", group="move"),
    Command(id="diff.up", keys=("up", "k"), title="one line up", group="move"),
    Command(id="diff.page_down", keys=("pagedown", "ctrl+f"), title="page down", group="move"),
    Command(id="diff.page_up", keys=("pageup", "ctrl+b"), title="page up", group="move"),
    Command(id="diff.top", keys=("home", "g g"), title="to the top", group="move"),
    Command(id="diff.bottom", keys=("end", "G"), title="to the end", group="move"),
)
