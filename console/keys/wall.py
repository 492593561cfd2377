"""What works in Wall."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
