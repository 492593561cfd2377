"""`lineside` without a verb: the console, or what to do when there is nothing to show yet."""

from collections.abc import Mapping
from typing import Any

import click

from lineside.console.cli.session import Session
from lineside.console.terminal import opening

_WELCOME = """\
There is no lineside home at {path} yet.

  lineside demo         see the whole loop on real data: train, approve, serve, drift, retrain
  lineside init         start a project in this folder, and a home for its runs
  lineside --help       all verbs
"""


def open_or_welcome(ctx: click.Context, flags: Mapping[str, Any]) -> int:
    """Open the console where there is a home and a terminal; otherwise say what to do.

    Mostly otherwise: `console/__main__.py` opens it sooner where both are there and no verb is.
    """
    session: Session = ctx.obj
    if not session.home.db.exists():
        click.echo(_WELCOME.format(path=session.home.path), err=True)
        return 1
    if not opening.drawable():
        click.echo(ctx.get_help())
        return 2
    from lineside.console.terminal.start import open_console

    return open_console(session.home, acting_as=session.acting_as, flags=flags, starts=True)
