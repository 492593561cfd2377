"""`lineside view`: any panel of the console without a terminal."""

import shutil
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from lineside.console import panels
from lineside.console.cli import output
from lineside.console.cli.session import Session, pass_session
from lineside.console.panels import Asked, Panel, Shown
from lineside.console.ports import Me, user_name
from lineside.console.spoken import Spoken
from lineside.store.clock import now

PIPED = 100
"""Columns where nothing says how wide it is."""

_HEIGHT = 24


def _listed() -> str:
    rows = (f"{panel.name} {panel.args}".strip().ljust(34) + panel.title for panel in panels.PANELS.values())
    return "\b\nPanels:\n" + "\n".join("  " + row for row in rows)


@click.command(epilog=_listed())
@click.argument("panel")
@click.argument("args", nargs=-1)
@click.option("--once", is_flag=True, help="Print it; without this, a terminal opens the console there.")
@click.option("--plain", is_flag=True, help="As text (what --once prints when nothing else is said).")
@click.option("--json", "as_json", is_flag=True, help="The fields of its rows: one object or one array.")
@click.option("--svg", is_flag=True, help="As a picture, on stdout.")
@click.option("--width", type=click.IntRange(20, 1000), help=f"Columns; else the terminal's, or {PIPED}.")
@click.option("--height", type=click.IntRange(4, 1000), help="Lines of what fills its room, as charts do.")
@pass_session
def view(
    session: Session,
    panel: str,
    args: tuple[str, ...],
    once: bool,
    plain: bool,
    as_json: bool,
    svg: bool,
    width: int | None,
    height: int | None,
) -> int:
    """Show one panel of the console: `lineside view latency digits --once`."""
    found = panels.find(panel)
    if not (once or plain or as_json or svg) and sys.stdin.isatty() and sys.stdout.isatty():
        return _open(session, found, args)
    shown = found.ask(_asked(session, args))
    if as_json:
        output.one(shown.data, (), as_json=True)
    else:
        _print(found, shown, svg=svg, width=width, height=height)
    return 0


def _asked(session: Session, args: Sequence[str]) -> Asked:
    me = Me(name=session.acting_as or user_name(), role=None)
    return Asked(home=session.home, db=session.read(), args=args, now=now(), me=me)


def _print(panel: Panel, shown: Shown, *, svg: bool, width: int | None, height: int | None) -> None:
    from lineside.console.panels import printing

    size = shutil.get_terminal_size((PIPED, _HEIGHT)) if sys.stdout.isatty() else (PIPED, _HEIGHT)
    wide, high = width or size[0], height or size[1]
    lines = shown.draw(wide, high)
    made = printing.svg(lines, wide, f"lineside {panel.name}") if svg else printing.text(lines, wide)
    click.echo(made, nl=False)


def _open(session: Session, panel: Panel, args: Sequence[str]) -> NoReturn:
    """The console in that panel's area, with the cursor on what was named."""
    from lineside.console.terminal import opening
    from lineside.console.terminal.start import open_console

    session.read()
    said = " ".join(args)
    opening.leave(open_console(session.home, acting_as=session.acting_as, starts=True, at=_at(panel, said)))


def _at(panel: Panel, said: str) -> Spoken:
    """What is said behind a list's name filters it; behind one thing's name, it names it."""
    if not said:
        return Spoken(area=panel.area)
    if panel.args == "[FILTER]":
        return Spoken(area=panel.area, where=said)
    target = panel.target + said if panel.target else int(said) if said.isdigit() else said
    return Spoken(area=panel.area, target=target)
