"""What works in SQL."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
