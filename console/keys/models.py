"""What works in Models."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
