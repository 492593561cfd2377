"""What works in Audit."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
