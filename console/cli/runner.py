"""`lineside runner`: the one daemon of a home."""

import os
import sys

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option, moment
from lineside.console.cli.session import Json, Session, pass_session
from lineside.console.format import amount
from lineside.store import homes
from lineside.store.clock import Micros

_GRACES_S = 600.0
"""How long jobs may take to save themselves."""


@click.group()
def runner() -> None:
    """The runner: schedules, supervises, ingests, watches; outlives the console."""


@runner.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal; Ctrl-C stops it.")
@pass_session
def start(session: Session, foreground: bool) -> None:
    """Start the runner of this home."""
    from lineside.jobs import commands

    if foreground:
        homes.create(session.home)
        program = [sys.executable, "-m", "lineside.jobs.runner", "--home", str(session.home.path)]
        os.execv(sys.executable, [*program, "--foreground"])
    homes.create(session.home)
    commands.start_runner(session.home)
    info = commands.runner_info(session.home) or {}
    output.words(f"runner up, pid {info.get('pid')}, home {session.home.path}")


@runner.command()
@click.option("--jobs", "with_jobs", is_flag=True, help="First end all that runs or waits, services too.")
@pass_session
def stop(session: Session, with_jobs: bool) -> None:
    """Stop the runner; running jobs go on and are found again by the next one."""
    from lineside.jobs import commands

    was_up = commands.stop_runner(session.home, jobs=with_jobs, within_s=_GRACES_S if with_jobs else 30.0)
    how = "all jobs were ended" if with_jobs else "jobs that were running go on"
    output.words(f"runner stopped; {how}" if was_up else "no runner was up")


@runner.command()
@pass_session
def restart(session: Session) -> None:
    """Stop the runner and start one of this version; running jobs go on and notice nothing."""
    from lineside.jobs import commands

    commands.stop_runner(session.home)
    homes.create(session.home)
    pid = commands.start_runner(session.home)
    output.words(f"runner up, pid {pid}, home {session.home.path}")


@runner.command()
@json_option
@pass_session
def status(session: Session, as_json: bool) -> int:
    """Say whether the runner is up and does its rounds; exit 1 when it is down or one of them fails."""
    from lineside.jobs import commands
    from lineside.store.queries import settings

    info = commands.runner_info(session.home)
    if info is None:
        holder = commands.holder(session.home)
        line = "no runner is up; start one with: lineside runner start"
        if holder is not None:
            line = f"the runner, pid {holder}, does not answer; ask why with: lineside doctor"
        output.one({"up": False, "pid": holder}, [line], as_json=as_json)
        return 1
    line = (
        f"runner up, pid {info['pid']}, since {moment(Micros(info['started_us']))}, home {session.home.path}"
    )
    drain = settings.get(session.read(), settings.DRAIN)
    words = drain.value if drain else None
    lines = [line, *([f"{words}: nothing new starts; go on with: lineside runner undrain"] if words else [])]
    output.one({"up": True, **info, "drain": words}, [*lines, *_health(info)], as_json=as_json)
    return 1 if any(each["stale"] for each in info["rounds"]) else 0


def _health(info: Json) -> list[str]:
    """What it takes of the box, when each of its rounds last went well, and each that fails."""
    rounds = info["rounds"]
    ages = ", ".join(f"{each['name']} {each['age_s']:.1f}" for each in rounds)
    failing = [f"✗ {each['name']}: {each['words']}" for each in rounds if each["words"]]
    return [
        f"{amount(info['memory_bytes'])} of memory, {info['cpu_percent']:.2f} % of a core in the last minute",
        f"seconds since each round ended well: {ages}",
        *failing,
    ]


@runner.command()
@click.argument("reason", required=False, default="")
@pass_session
def drain(session: Session, reason: str) -> None:
    """Start nothing new; what runs goes on. Holds until `undrain`, restarts included."""
    answer = session.ask("runner.drain", reason=reason)
    running = answer["running"]
    jobs = f"still running: {', '.join(map(str, running))}" if running else "nothing runs"
    output.words(f"{answer['words']}: nothing new starts; {jobs}")


@runner.command()
@pass_session
def undrain(session: Session) -> None:
    """Let waiting jobs start again."""
    waiting = session.ask("runner.undrain")["waiting"]
    output.words(f"no longer drained; {waiting} job{'' if waiting == 1 else 's'} waiting")


@runner.command()
@click.option("--lines", default=50, show_default=True)
@pass_session
def logs(session: Session, lines: int) -> None:
    """Print the end of the runner's own log."""
    path = session.home.runner_log
    text = path.read_text(errors="replace").splitlines() if path.exists() else []
    for line in text[-lines:]:
        click.echo(output.clean(line))


@runner.command("unit")
@pass_session
def print_unit(session: Session) -> None:
    """Print a systemd unit for this home: lineside runner unit > ~/.config/systemd/user/lineside.service"""
    from lineside.console.cli.units import unit

    click.echo(unit(session.home.path.absolute()), nl=False)
