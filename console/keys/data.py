"""What works in Data."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
