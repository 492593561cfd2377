"""`lineside schedules`: what starts a pipeline by itself, and what it started."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.runs import pairs
from lineside.console.cli.session import Json, Session, pass_session
from lineside.console.views.jobs.schedules import last_words, state_words, when_words
from lineside.store.clock import SECOND, Micros, now
from lineside.store.errors import Usage
from lineside.store.queries.schedules import FiringRow, ScheduleRow

SHOWN = 5
"""How many coming times `show` prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One time at which a schedule will fire, on two walls."""

    at_us: Micros
    utc: str
    local: str


@click.group()
def schedules() -> None:
    """Schedules: pipelines that start by the clock, on new data or on a push."""


@schedules.command("ls")
@json_option
@pass_session
def ls(session: Session, as_json: bool) -> None:
    """List schedules: when each fires next, and what it did last."""
    from lineside.store.queries import schedules as query

    columns: Columns = {
        "name": "name", "when": when_words, "next": lambda s: moment(s.next_us), "last": last_words,
        "at": lambda s: moment(s.last_us), "state": state_words, "owner": "owner", "project": "project",
    }  # fmt: skip
    output.rows(
        query.listed(session.read()), columns, as_json=as_json,
        empty='no schedules yet; add one with: lineside schedules add NAME "30 2 * * *" PIPELINE',
    )  # fmt: skip


@schedules.command()
@click.argument("name")
@click.option("--firings", default=10, show_default=True, help="How many of the last firings.")
@json_option
@pass_session
def show(session: Session, name: str, firings: int, as_json: bool) -> None:
    """Show one schedule: its next five times in UTC and its own zone, its last firings and their jobs."""
    from lineside.jobs.schedules import planners
    from lineside.store.queries import schedules as query

    db = session.read()
    row = query.find(db, name)
    times, fired = _coming(row), query.firings(db, row.id, limit=firings)
    env, argv = planners.unpacked(row.argv)
    found = {"schedule": row, "argv": argv, "env": env, "next": times, "firings": fired}
    output.one(found, _lines(row, argv, times, fired), as_json=as_json)


@schedules.command()
@click.argument("name")
@click.argument("words", nargs=-1, required=True, metavar='["CRON"] PIPELINE')
@click.option("--every", metavar="TIME", help="Instead of a cron line: 90s, 15m, 6h, 1d.")
@click.option("--on-data", metavar="NAME", help="Instead: each new version of a dataset.")
@click.option("--on-push", metavar="BRANCH", help="Instead: each push, told by: lineside init --hooks")
@click.option("--param", "params", multiple=True, metavar="K=V", help="Set a parameter of the pipeline.")
@click.option("--tz", default="UTC", show_default=True, help="The zone of the cron line: Europe/Berlin.")
@click.option("--catch-up", default="latest", show_default=True, help="Of missed times: latest, all, none.")
@click.option(
    "--overlap", default="skip", show_default=True, help="While the last runs: skip, queue, replace."
)
@json_option
@pass_session
def add(
    session: Session, /, name: str, words: tuple[str, ...], params: tuple[str, ...], as_json: bool,
    **asked: Any,
) -> None:  # fmt: skip
    """Start a pipeline of ./lineside.toml by a cron line, an interval, new data or a push."""
    kind, spec, pipeline = _timing(words, asked)
    entry = _entry(name, kind, spec, pipeline, pairs(params), asked)
    answer = session.ask("schedules.add", **entry)
    from lineside.store.queries import schedules as query

    times = _coming(query.find(session.read(), name))[:1]
    said = f"next {_said(times[0])}" if times else {"dataset": "waits for new versions"}.get(kind, "waits")
    output.one(answer, [f"schedule {name}: {said}"], as_json=as_json)


@schedules.command()
@click.argument("name", required=False)
@click.option("--key", help="What fires only once: a commit, a ticket; a second call with it does nothing.")
@click.option("--branch", help="Instead of NAME: all that wait for a push of this branch; needs --key.")
@click.option("--folder", help="With --branch: only schedules of projects in this folder.")
@json_option
@pass_session
def fire(
    session: Session, name: str | None, key: str | None, branch: str | None, folder: str | None, as_json: bool
) -> None:
    """Fire a schedule now."""
    if (name is None) == (branch is None) or (branch is not None and key is None):
        raise click.UsageError("name one schedule, or say --branch BRANCH --key COMMIT")
    if branch is not None:
        answer = session.ask("schedules.pushed", branch=branch, commit=key, folder=folder)
        fired = answer["fired"]
    else:
        answer = session.ask("schedules.fire", schedule=name, key=key)
        fired = [answer]
    output.one(answer, [_of_firing(each) for each in fired] or ["nothing waits for it"], as_json=as_json)


def _change(verb: str, said: str, help: str) -> click.Command:
    @click.argument("name", nargs=-1, required=True)
    @json_option
    @pass_session
    def command(session: Session, name: tuple[str, ...], as_json: bool) -> None:
        answers = [session.ask(f"schedules.{verb}", schedule=each) for each in name]
        output.one(answers, [f"schedule {each} {said}" for each in name], as_json=as_json)

    return click.command(verb, help=help)(command)


for _verb, _said_then, _help in (
    ("rm", "is removed; what it started stays", "Remove schedules; what they started stays."),
    ("pause", "is paused", "Keep schedules from firing; what falls due meanwhile is not made up for."),
    ("resume", "fires again", "Let paused or parked schedules fire again, from now on."),
):
    schedules.add_command(_change(_verb, _said_then, _help))


def _timing(words: Sequence[str], asked: Json) -> tuple[str, str, str]:
    """Kind, spec and pipeline."""
    given = {"interval": asked["every"], "dataset": asked["on_data"], "push": asked["on_push"]}
    chosen = {kind: spec for kind, spec in given.items() if spec is not None}
    if len(chosen) + (len(words) == 2) != 1 or len(words) > 2:
        hint = 'lineside schedules add NAME "30 2 * * 1-5" PIPELINE   or --every 6h, --on-data D, --on-push B'
        quotes = (
            "put the cron line in quotes" if len(words) > 2 else "say once when it fires, and one pipeline"
        )
        raise Usage(quotes, hint=hint)
    if not chosen:
        return "cron", words[0], words[1]
    ((kind, spec),) = chosen.items()
    return kind, spec, words[0]


def _entry(
    name: str, kind: str, spec: str, pipeline: str, params: dict[str, str], asked: Json
) -> dict[str, Any]:
    """What `schedules.add` takes; this folder's project has to have that pipeline with these params."""
    from lineside.console.cli.project import FILE, project_folder
    from lineside.jobs.projects import pipelines, project
    from lineside.jobs.schedules import planners

    folder = project_folder()
    pipelines.check(project.read(folder / FILE), pipeline, params)
    argv = planners.command(sys.executable, pipeline, params)
    packed = planners.packed(planners.captured(os.environ), argv)
    return {
        "name": name, "kind": kind, "spec": spec, "folder": str(folder), "argv": packed,
        "time_zone": asked["tz"], "catch_up": asked["catch_up"], "overlap": asked["overlap"],
    }  # fmt: skip


def _coming(row: ScheduleRow) -> list[Coming]:
    """The next five times; none of one that does not go by time, is paused or parked."""
    from lineside.jobs.schedules import timings, wallclock

    if row.next_us is None:
        return []
    timing = timings.of(row)
    assert timing is not None
    utc, zone = wallclock.zone("UTC"), wallclock.zone(row.time_zone)
    return [
        Coming(at_us=at, utc=_wall(at, utc), local=_wall(at, zone))
        for at in islice(timings.coming(timing, Micros(max(now(), row.next_us - 1))), SHOWN)
    ]


def _wall(at: Micros, zone: Any) -> str:
    from lineside.jobs.schedules import wallclock

    return wallclock.shown(at // SECOND, zone, floating=False).replace("T", " ")


def _said(time: Coming) -> str:
    return f"{time.utc} UTC" + (f", {time.local} there" if time.local != time.utc else "")


def _lines(
    row: ScheduleRow, argv: Sequence[str], times: Sequence[Coming], fired: Sequence[FiringRow]
) -> list[str]:
    """The schedule as a person reads it."""
    words = argv[argv.index("run") :] if "run" in argv else argv
    state = state_words(row)
    return [
        f"{row.name}: {when_words(row)}  →  lineside {' '.join(words)}",
        f"  in {row.folder} as {row.owner}; catch-up {row.catch_up}, overlap {row.overlap}",
        *([f"  {state}"] if state else []),
        *(f"  next {time.utc} UTC   {time.local} {row.time_zone}" for time in times),
        *(f"  {moment(each.at_us)}  {each.due}  {each.outcome}" + _job(each) for each in fired),
    ]


def _job(fired: FiringRow) -> str:
    return f", job {fired.job_id} {fired.job_state}" if fired.job_id is not None else ""


def _of_firing(answer: Json) -> str:
    job = f", job {answer['job']}" if answer["job"] is not None else ""
    before = "" if answer["fired"] else "had fired before: "
    return f"schedule {answer['schedule']}: {before}{answer['outcome']}{job}"
