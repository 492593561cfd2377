"""What works in Lineage."""

from lineside.console.commands import Command

COMMANDS = (
    Command(id="lineage.enter", keys=("enter",), title="draw around this node", footer="around it"),
    Command(
        id="lineage.home", keys=("home", "0"), title="back to the node it is drawn around", footer="root"
    ),
    Command(id="lineage.next_problem", keys=("n",), title="next that fails or fires", footer="problem",
            group="move"),
    Command(id="lineage.previous_problem", keys=("N",), title="previous one", group="move"),
    Command(id="lineage.only_up", keys=("u",), title="only what it came from, and back", footer="only ◂"),
    Command(id="lineage.only_down", keys=("d",), title="only what came of it, and back", footer="only ▸"),
    Command(id="lineage.unfold", keys=("e",), title="show folded siblings, fold them again"),
    Command(id="lineage.zoom", keys=("z",), title="the drawing alone, and back"),
    Command(id="lineage.look", keys=("o",), title="open the node in its own area", footer="open"),
)  # fmt: skip
