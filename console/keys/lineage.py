"""What works in Lineage."""

from lineside.console.commands import Command

COMMANDS = (
    Command(id="lineage.enter", keys=("enter",), title="draw the lineage of this node", footer="around it"),
    Command(
        id="lineage.home", keys=("home", "0"), title="back to the node it is drawn around", footer="root"
    ),
    Command(id="lineage.next_problem", keys=("n",), title="next node that failed or fires", group="move"),
    Command(id="lineage.previous_problem", keys=("N",), title="previous one", group="move"),
)
