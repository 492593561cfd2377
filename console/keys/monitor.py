"""What works in Monitor."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
