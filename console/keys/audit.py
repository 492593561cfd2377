"""What works in Audit."""

from lineside.console.commands import Command

COMMANDS = (
    Command(id="audit.check", keys=("c",), title="check the whole chain now", footer="check"),
    Command(id="audit.enter", keys=("enter",), title="the thing it was done to", footer="look"),
)
