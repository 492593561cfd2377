"""`lineside run` and `lineside jobs`: start work, and look after it."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineside.console.cli import output
from lineside.console.cli.following import follow_job
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.planning import family, parking
from lineside.console.cli.runs import pairs
from lineside.console.cli.session import Json, Session, pass_session

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
@click.option("--gpus", type=int, help="GPUs to bind; a job that asks for none sees none.")
@click.option("--cpus", type=int, help="CPU slots to take.")
@click.option("--param", "params", multiple=True, metavar="K=V", help="Set a parameter of the pipeline.")
@click.option("--priority", default=50, show_default=True, help="Higher goes first.")
@click.option("--after", multiple=True, type=int, metavar="JOB", help="Start when this job has succeeded.")
@click.option("--time-limit", type=float, metavar="SECONDS")
@click.option("--watch", multiple=True, metavar="RULE", help="Such as 'nan(loss) stop' or 'stall 600'.")
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
    answer = session.ask("jobs.submit", jobs=bare, env=dict(os.environ))
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
    wanted = {key: asked[key] for key in ("gpus", "cpus", "priority") if asked[key] is not None}
    return [
        {
            "name": asked["name"] or Path(words[0]).name,
            "argv": list(words),
            "cwd": os.getcwd(),
            "env": dict(os.environ),
            "params": pairs(asked["params"]),  # type: ignore[arg-type]
            "after": [{"job": job} for job in asked["after"]],  # type: ignore[attr-defined]
            "time_limit_s": asked["time_limit"],
            **wanted,
        }
    ], [""]


def _pipeline(
    session: Session, words: tuple[str, ...], asked: dict[str, object]
) -> tuple[list[Json], list[str]]:
    """The jobs of a pipeline, and what is known of each beforehand."""
    from lineside.console.cli import pipelines

    chosen = _chosen(words, asked)
    session.bring_up()
    with parking(session):
        specs, verdicts = pipelines.planned(session, words[0], chosen)
    after = [{"job": job} for job in asked["after"]]  # type: ignore[attr-defined]
    specs = [{**spec, "after": [*spec.get("after", []), *after]} for spec in specs]
    return specs, [f"  {pipelines.said(verdict)}" for verdict in verdicts]


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
    changes = {key: asked[key] for key in ("gpus", "cpus", "priority") if asked[key] is not None}
    if asked["time_limit"] is not None:
        changes["time_limit_s"] = asked["time_limit"]
    return Chosen(
        params=pairs(asked["params"]), first=asked["first"], alone=asked["alone"], force=asked["force"],
        changes=changes,
    )  # fmt: skip


@click.group()
def jobs() -> None:
    """Jobs: the queue, and what became of it."""


@jobs.command("ls")
@click.option("--limit", default=50, show_default=True)
@json_option
@pass_session
def ls(session: Session, limit: int, as_json: bool) -> None:
    """List jobs, newest first; a waiting one says why."""
    from lineside.store.queries import jobs as query

    columns: Columns = {
        "job": "id", "state": "state", "pri": "priority", "name": "name", "by": "submitted_by",
        "gpus": "gpus",
        "submitted": lambda j: moment(j.submitted_us), "ended": lambda j: moment(j.ended_us), "run": "run_id",
        "why": "reason",
    }  # fmt: skip
    output.rows(
        query.recent(session.read(), limit=limit), columns, as_json=as_json,
        empty="no jobs yet; start one with: lineside run -- CMD",
    )  # fmt: skip


@jobs.command()
@click.argument("job")
@json_option
@pass_session
def show(session: Session, job: str, as_json: bool) -> None:
    """Show one job and each of its attempts."""
    from lineside.store.queries import jobs as query

    db = session.read()
    row = query.find(db, job)
    attempts = query.attempts(db, row.id)
    lines = [
        f"job {row.id} {row.name}  {row.state}" + (f": {row.reason}" if row.reason else ""),
        f"  {' '.join(json.loads(query.command(db, row.id).argv))}",
        *(f"  attempt {a.number}: {moment(a.started_us)} to {moment(a.ended_us)}  {a.cause or 'running'}"
          + (f", {a.detail}" if a.detail else "") for a in attempts),
    ]  # fmt: skip
    output.one({"job": row, "attempts": attempts}, lines, as_json=as_json)


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
    @click.argument("job", nargs=-1, required=True)
    @pass_session
    def command(session: Session, job: tuple[str, ...]) -> None:
        from lineside.store.queries import jobs as query

        db = session.read()
        for row in [query.find(db, text) for text in job]:
            env = dict(os.environ) if verb == "retry" else None  # the first one was forgotten at the end
            session.ask(f"jobs.{verb}", job=row.id, env=env)
            output.words(f"job {row.id} {said}")

    return click.command(verb, help=f"{verb.capitalize()} one or more jobs.")(command)


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
