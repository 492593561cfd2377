"""What every verb starts from: the home it means, a read-only connection, a way to ask the runner."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lineside.store import homes
from lineside.store.errors import Usage
from lineside.store.homes import Home

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """One command line's view of the world."""

    home: Home
    acting_as: str | None

    @classmethod
    def of(cls, home: Path | None, *, acting_as: str | None) -> "Session":
        return cls(homes.locate(home), acting_as)

    def read(self) -> sqlite3.Connection:
        """A read-only connection; the process is short, so nobody closes it but its end."""
        from lineside.store.db import reader

        conn = reader(self.home)
        click.get_current_context().call_on_close(conn.close)
        return conn

    def bring_up(self) -> None:
        """Make the home where there is none, and start its runner where none is up."""
        from lineside.jobs import commands

        homes.create(self.home)
        commands.ensure_runner(self.home)

    def ask(self, verb: str, /, *, key: str | None = None, wait_s: float = 60.0, **args: Any) -> Json:
        """Ask the runner, starting one when none is up."""
        from lineside.jobs import commands

        self.bring_up()
        given = {name: value for name, value in args.items() if value is not None}
        return commands.ask(self.home, verb, given, key=key, acting_as=self.acting_as, timeout_s=wait_s)


pass_session = click.make_pass_decorator(Session)


def here() -> Path:
    """The folder this command was given in.

    Raises:
        Usage: it was deleted under the shell.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise Usage("the folder you are in is gone", hint="cd to one that exists") from error
