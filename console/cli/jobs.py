"""`lineside run` and `lineside jobs`: start work, and look after it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineside.console.cli import output, wishes
from lineside.console.cli.following import follow_job
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.planning import family, parking
from lineside.console.cli.runs import pairs
from lineside.console.cli.session import Json, Session, here, pass_session
from lineside.store.errors import Conflict
from lineside.store.states import JobState

if TYPE_CHECKING:
    from lineside.console.cli.pipelines import Chosen


class _Run(click.Command):
    """Remembers whether the words came behind `--`: a command then, a pipeline's name otherwise."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["command"] = "--" in args
        return super().parse_args(ctx, args)


@click.command(cls=_Run)
@click.argument("words", nargs=-1, required=True, metavar="PIPELINE | -- CMD…")
@click.option("--name", help="The job's name.")
@wishes.options
@click.option("--array", type=wishes.Indexes(), help="A job for each index; {index} in its command is it.")
@click.option("--param", "params", multiple=True, metavar="K=V", help="Set a parameter of the pipeline.")
@click.option(
    "--after", multiple=True, type=wishes.Needed(), help="When these have succeeded; :any, or ended."
)
@click.option("--watch", multiple=True, metavar="RULE", help="Such as 'nan(loss) stop' or 'stall 600'.")
@click.option("--key", help="Asked again with the same key, it answers the same and starts nothing.")
@click.option("--follow", is_flag=True, help="Print the output until it ends; exit as it does.")
@click.option("--from", "first", metavar="STAGE", help="This stage and all that need it; not what it needs.")
@click.option("--only", "alone", metavar="STAGE", help="This stage of the pipeline and no other.")
@click.option("--force", is_flag=True, help="Run even the stages whose results are there.")
@click.option("--dry-run", is_flag=True, help="Say what would run and what is cached, and why; run nothing.")
@json_option
@click.pass_context
def run(ctx: click.Context, /, words: tuple[str, ...], follow: bool, as_json: bool, **asked: object) -> int:
    """Run a pipeline of ./lineside.toml, or any command behind `--`."""
    session: Session = ctx.obj
    if asked["dry_run"] and not ctx.meta["command"]:
        return _forecast(session, words, asked, as_json=as_json)
    specs, said = _command(words, asked) if ctx.meta["command"] else _pipeline(session, words, asked)
    specs = [{**spec, "watch": [*spec.get("watch", []), *asked["watch"]]} for spec in specs]  # type: ignore[misc]
    ours = family(session)  # a planner job submits its stages as their parent
    bare = [{key: value for key, value in {**spec, **ours}.items() if key != "env"} for spec in specs]
    key: str | None = asked["key"]  # type: ignore[assignment]
    answer = session.ask("jobs.submit", jobs=bare, env=dict(os.environ), key=key)
    said = said if len(said) == len(answer["jobs"]) else [""] * len(answer["jobs"])
    lines = [
        f"job {j['job']}" + (f", run {j['run']}" if j["run"] else "") + words
        for j, words in zip(answer["jobs"], said, strict=True)
    ]
    output.one(answer["jobs"], lines, as_json=as_json)
    if not follow:
        return 0
    return max(follow_job(session, j["job"], sys.stdout) for j in answer["jobs"])


def _command(words: tuple[str, ...], asked: dict[str, object]) -> tuple[list[Json], list[str]]:
    """The one job of a command, with nothing to say about it."""
    if any(asked[key] for key in ("first", "alone", "force", "dry_run")):
        raise click.UsageError("--from, --only, --force and --dry-run are for pipelines, not for a command")
    array: tuple[list[int], int | None] | None = asked["array"]  # type: ignore[assignment]
    wanted = wishes.wanted(asked) | ({"indexes": array[0], "array_limit": array[1]} if array else {})
    return [
        {
            "name": asked["name"] or Path(words[0]).name,
            "argv": list(words),
            "cwd": str(here()),
            "env": dict(os.environ),
            "params": pairs(asked["params"]),  # type: ignore[arg-type]
            "after": _needs(asked),
            **wanted,
        }
    ], [""]


def _pipeline(
    session: Session, words: tuple[str, ...], asked: dict[str, object]
) -> tuple[list[Json], list[str]]:
    """The jobs of a pipeline, and what is known of each beforehand."""
    from lineside.console.cli import pipelines
    from lineside.console.cli.project import project_folder

    chosen = _chosen(words, asked)
    project_folder()  # where there is none, no home is made and no runner started
    session.bring_up()
    with parking(session):
        specs, verdicts = pipelines.planned(session, words[0], chosen)
    specs = [{**spec, "after": [*spec.get("after", []), *_needs(asked)]} for spec in specs]
    return specs, [f"  {pipelines.said(verdict)}" for verdict in verdicts]


def _needs(asked: dict[str, Any]) -> list[Json]:
    return [need for needs in asked["after"] for need in needs]


def _forecast(session: Session, words: tuple[str, ...], asked: dict[str, object], *, as_json: bool) -> int:
    from lineside.console.cli import pipelines

    pipelines.forecast(session, words[0], _chosen(words, asked), as_json=as_json)
    return 0


def _chosen(words: tuple[str, ...], asked: dict[str, Any]) -> "Chosen":
    """What was asked of a pipeline: which stages, which params, and what holds for every job."""
    from lineside.console.cli.pipelines import Chosen

    if len(words) != 1:
        raise click.UsageError("one pipeline at a time; a command goes behind --")
    if asked["first"] and asked["alone"]:
        raise click.UsageError("--from and --only contradict each other")
    if asked["array"]:
        raise click.UsageError("--array is for a command; a pipeline has matrix = { … }")
    return Chosen(
        params=pairs(asked["params"]), first=asked["first"], alone=asked["alone"], force=asked["force"],
        changes=wishes.wanted(asked),
    )  # fmt: skip


@click.group()
def jobs() -> None:
    """Jobs: the queue, and what became of it."""


@jobs.command("ls")
@click.option("--limit", default=50, show_default=True)
@click.option("--state", "states", multiple=True, type=click.Choice(list(JobState), case_sensitive=False))
@click.option("--who", help="Only what this person submitted.")
@click.option("--all", "unfolded", is_flag=True, help="A line for each job of an array.")
@json_option
@pass_session
def ls(
    session: Session, limit: int, states: tuple[str, ...], who: str | None, unfolded: bool, as_json: bool
) -> None:
    """List jobs, newest first; a waiting one says why. An array is one line, but in JSON."""
    from lineside.console.cli.folding import folded
    from lineside.store.queries import jobs as query

    each = unfolded or as_json or bool(states)
    db = session.read()
    found = query.listed(db, states=states, who=who, unfolded=each, limit=limit)
    empty = "no such jobs" if states or who else "no jobs yet; start one with: lineside run -- CMD"
    if as_json:
        output.rows(found, {}, as_json=True, empty=empty)
        return
    lines = [(str(row.id), row) for row in found] if each else folded(db, found)
    output.rows(lines, _COLUMNS, as_json=False, empty=empty)


_COLUMNS: Columns = {
    "job": lambda line: line[0], "state": lambda line: line[1].state,
    "pri": lambda line: str(line[1].priority), "name": lambda line: line[1].name,
    "by": lambda line: line[1].submitted_by, "gpus": lambda line: str(line[1].gpus),
    "submitted": lambda line: moment(line[1].submitted_us), "ended": lambda line: moment(line[1].ended_us),
    "run": lambda line: None if line[1].run_id is None else str(line[1].run_id),
    "why": lambda line: line[1].reason,
}  # fmt: skip


@jobs.command()
@click.argument("job")
@json_option
@pass_session
def show(session: Session, job: str, as_json: bool) -> None:
    """Show one job, all it asked for, each of its attempts, and what it had of the GPUs."""
    from lineside.console.cli import gpus
    from lineside.console.cli.folding import told
    from lineside.store.queries import jobs as query

    db = session.read()
    row = query.find(db, job)
    command, attempts = query.command(db, row.id), query.attempts(db, row.id)
    use, use_lines = gpus.use_of_job(session, row.id)
    found = {"job": row, "asked": command, "attempts": attempts, **use}
    output.one(found, [*told(row, command, attempts), *use_lines], as_json=as_json)


@jobs.command()
@click.argument("job")
@click.option("--follow", is_flag=True, help="Go on until it ends.")
@pass_session
def logs(session: Session, job: str, follow: bool) -> int:
    """Print the output of a job's newest attempt."""
    from lineside.console.cli.following import print_log
    from lineside.store.queries import jobs as query

    row = query.find(session.read(), job)
    return follow_job(session, row.id, sys.stdout) if follow else print_log(session.home, row, sys.stdout)


def _change(verb: str, said: str) -> click.Command:
    @click.argument("job", nargs=-1)
    @click.option("--array", type=int, metavar="JOB", help="All jobs of the array that begins with this one.")
    @pass_session
    def command(session: Session, job: tuple[str, ...], array: int | None) -> None:
        from lineside.console.cli.folding import meant

        if not job and array is None:
            raise click.UsageError("which jobs? a number, 57..64, or --array 57")
        env = dict(os.environ) if verb == "retry" else None  # the first one was forgotten at the end
        if array is not None:
            done = session.ask(f"jobs.{verb}", array=array, env=env)["jobs"]
            output.words(f"{len(done)} jobs of array {array}: each {said}")
        for row in reversed(meant(session.read(), job)):  # what waits is cancelled before it gets the room
            _one(session, verb, row.id, env, said, strict=".." not in "".join(job))

    return click.command(verb, help=f"{verb.capitalize()} one or more jobs, 57..64, or an array.")(command)


def _one(session: Session, verb: str, id: int, env: Json | None, said: str, *, strict: bool) -> None:
    """One job of those named; in a range, one that it cannot be done to is said and passed over."""
    try:
        answer = session.ask(f"jobs.{verb}", job=id, env=env)
    except Conflict as error:
        if strict:
            raise
        output.words(str(error))
    else:
        others = ", ".join(str(other) for other in answer.get("with", ()))
        output.words(f"job {id} {said}" + (f", and what was skipped for it: {others}" if others else ""))


for _verb, _said in {
    "cancel": "is being stopped", "retry": "is queued again", "hold": "is held", "release": "is queued",
}.items():  # fmt: skip
    jobs.add_command(_change(_verb, _said))


@jobs.command()
@click.argument("job")
@click.argument("priority", type=int)
@pass_session
def move(session: Session, job: str, priority: int) -> None:
    """Give a waiting job another priority; higher goes first."""
    from lineside.store.queries import jobs as query

    row = query.find(session.read(), job)
    session.ask("jobs.move", job=row.id, priority=priority)
    output.words(f"job {row.id} has priority {priority}")
