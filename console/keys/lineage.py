"""What works in Lineage."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
