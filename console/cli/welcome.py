"""`lineside` without a verb: the console, or what to do when there is nothing to show yet."""

import sys

import click

from lineside.console.cli.session import Session

_WELCOME = """\
There is no lineside home at {path} yet.

  lineside demo         see the whole loop on real data: train, approve, serve, drift, retrain
  lineside init         start a project in this folder, and a home for its runs
  lineside --help       all verbs
"""


def open_or_welcome(ctx: click.Context) -> int:
    """Open the console where there is a home and a terminal; otherwise say what to do."""
    session: Session = ctx.obj
    if not session.home.db.exists():
        click.echo(_WELCOME.format(path=session.home.path), err=True)
        return 1
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help())
        return 2
    from lineside.console.start import open_console
    from lineside.jobs import commands

    commands.ensure_runner(session.home)
    return open_console(session.home, acting_as=session.acting_as)
