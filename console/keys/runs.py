"""What works in Runs."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
