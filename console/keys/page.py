"""What works in a page that is longer than its pane: one run in words, a comparison."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = (
    Command(id="page.down", keys=("down", "j"), title="one line down", group="move"),
    Command(id="page.up", keys=("up", "k"), title="one line up", group="move"),
    Command(id="page.page_down", keys=("pagedown", "ctrl+f"), title="page down", group="move"),
    Command(id="page.page_up", keys=("pageup", "ctrl+b"), title="page up", group="move"),
    Command(id="page.top", keys=("home", "g g"), title="to the top", group="move"),
    Command(id="page.bottom", keys=("end", "G"), title="to the end", group="move"),
)
