"""What works in Jobs."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
