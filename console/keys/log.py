"""What works in a job's output."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = (
    Command(id="log.down", keys=("down", "j"), title="next line", group="move"),
    Command(id="log.up", keys=("up", "k"), title="previous line", group="move"),
    Command(id="log.page_down", keys=("pagedown", "ctrl+f"), title="page down", group="move"),
    Command(id="log.page_up", keys=("pageup", "ctrl+b"), title="page up", group="move"),
    Command(id="log.top", keys=("home", "g g"), title="first line", group="move"),
    Command(id="log.bottom", keys=("G", "end"), title="last line, and follow", footer="end", group="move"),
    Command(id="log.right", keys=("right", "l"), title="what long lines hold further right", group="move"),
    Command(id="log.left", keys=("left", "h"), title="back to the left", group="move"),
    Command(id="log.wrap", keys=("w",), title="long lines in several rows, or cut", footer="wrap"),
    Command(id="log.search", keys=("/",), title="look for words in all of it", footer="search"),
    Command(id="log.next_match", keys=("n",), title="next match", footer="next hit", group="move"),
    Command(id="log.previous_match", keys=("N",), title="previous match", group="move"),
)
