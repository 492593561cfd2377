"""A click group that knows its verbs by name and imports only the one that is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """`verbs` maps a verb to `module:attribute` inside `package`."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verbs, self._package = verbs, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._verbs:
            return None
        module, _, attribute = self._verbs[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"{self._package}.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._verbs:
            import difflib

            near = difflib.get_close_matches(args[0], self._verbs, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "See: lineside --help"
            raise click.UsageError(f"there is no verb {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)
