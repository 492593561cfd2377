"""What works in Audit."""

from lineside.console.commands import Command

COMMANDS = (
    Command(id="audit.enter", keys=("enter",), title="the thing it was done to", footer="look"),
    Command(id="audit.only", keys=("f",), title="only this person, verb or thing; again: all", footer="only"),
    Command(id="audit.check", keys=("V",), title="check the whole chain now", footer="check chain"),
    Command(id="audit.zoom", keys=("z",), title="the entry alone, and back"),
)
