"""What works in every chart that has the keys."""

from lineside.console.commands import Command

COMMANDS: tuple[Command, ...] = ()
