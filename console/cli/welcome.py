"""`lineside` without a verb: the console, or what to do when there is nothing to show yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lineside.console.cli.project import FILE, project_folder
from lineside.console.cli.session import Session
from lineside.console.terminal import opening
from lineside.store.errors import Usage

_WELCOME = """\
lineside keeps what you train, serve and watch in one home on this box. There is none yet at
  {path}

See it work first:
  lineside demo      opens the console on a model that is trained, approved, served, drifts and is
                     retrained before your eyes: minutes, real data, a home of its own, no network

Or begin with your own:
  lineside init      writes a lineside.toml here, makes the home and starts its runner

  lineside --help    all verbs
"""

_PROJECT = """\
{file} makes this a project, but the home that keeps its runs is not there yet:
  {path}

  lineside init      makes the home and starts its runner; {name} stays as it is
  lineside apply     then makes its monitors, endpoints, gates and schedules real
  lineside           then opens the console

  lineside demo      shows all of it on real data first, in a home of its own
  lineside --help    all verbs
"""


def _words(home: Path) -> str:
    """What to do where there is no home yet, in a project or not."""
    try:
        folder = project_folder()
    except Usage:
        return _WELCOME.format(path=home)
    return _PROJECT.format(file=folder / FILE, name=FILE, path=home)


def open_or_welcome(ctx: click.Context, flags: Mapping[str, Any]) -> int:
    """Open the console where there is a home and a terminal; otherwise say what to do.

    Mostly otherwise: `console/__main__.py` opens it sooner where both are there and no verb is.
    """
    session: Session = ctx.obj
    if not session.home.db.exists():
        click.echo(_words(session.home.path), err=True)
        return 1
    if not opening.drawable():
        click.echo(ctx.get_help())
        return 2
    from lineside.console.terminal.start import open_console

    opening.leave(open_console(session.home, acting_as=session.acting_as, flags=flags, starts=True))
