"""`lineside pipeline` and the pipeline half of `lineside run`: what would run, what is cached, and why."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option
from lineside.console.cli.project import FILE, project_folder
from lineside.console.cli.session import Json, Session, pass_session
from lineside.store.errors import NotFound

if TYPE_CHECKING:
    from lineside.jobs.projects.declared import PipelineSpec, Project
    from lineside.jobs.projects.freshness import Known, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a person asked of one pipeline."""

    params: Mapping[str, str]
    first: str | None = None  # --from
    alone: str | None = None  # --only
    force: bool = False
    changes: Mapping[str, Any] | None = None  # of every job: --gpus, --priority …


@click.group()
def pipeline() -> None:
    """Pipelines of ./lineside.toml."""


@pipeline.command("show")
@click.argument("name", required=False)
@json_option
@pass_session
def show_pipeline(session: Session, name: str | None, as_json: bool) -> None:
    """Draw the stages of a pipeline, what waits for what, and what is cached."""
    from lineside.jobs.projects import drawing, pipelines, project

    folder = project_folder()
    found = project.read(folder / FILE)
    specs = [pipelines.find(found, one) for one in ([name] if name else found.pipelines)]
    fates = {spec.name: _fates(session, found, folder, spec) for spec in specs}
    told = [_told(spec, fates[spec.name]) for spec in specs]
    lines = [line for spec in specs for line in drawing.show(spec, fates[spec.name]).splitlines()]
    output.one(told[0] if name else told, lines, as_json=as_json)


@pipeline.command("schema")
def schema() -> None:
    """Print the JSON Schema of lineside.toml, for editors."""
    from lineside.jobs.projects import schemas

    sys.stdout.write(json.dumps(schemas.schema(), indent=2) + "\n")


def planned(session: Session, name: str, chosen: Chosen) -> "tuple[list[Json], list[Verdict]]":
    """The jobs that running pipeline `name` means, and what is known of each beforehand.

    Raises:
        NotFound: no such pipeline or stage, or a file, a dataset or a command it needs.
    """
    from lineside.jobs.projects import freshness, pipelines, project
    from lineside.store.queries import datasets

    folder = project_folder()
    found = project.read(folder / FILE)
    if name not in found.pipelines:
        known = ", ".join(found.pipelines) or "none"
        raise NotFound("pipeline", name, hint=f"{FILE} has: {known}; a command goes behind --")
    jobs = pipelines.plan(
        found, name, params=chosen.params, home=session.home, python=sys.executable, folder=folder,
        datasets=datasets.by_name(session.read()) if session.home.db.exists() else {},
        env=dict(os.environ), first=chosen.first, alone=chosen.alone, force=chosen.force,
    )  # fmt: skip
    jobs = [{**job, **(chosen.changes or {})} for job in jobs]
    verdicts = freshness.judge(jobs, _known(session), os.environ)
    return freshness.prepared(jobs, verdicts), verdicts


def forecast(session: Session, name: str, chosen: Chosen, *, as_json: bool) -> None:
    """Print what running a pipeline would do, and do nothing."""
    _, verdicts = planned(session, name, chosen)
    columns: output.Columns = {"stage": "name", "would": word, "why": "reason", "key": short}
    output.rows(verdicts, columns, as_json=as_json, empty="nothing to run")


def word(verdict: "Verdict") -> str:
    """What would become of a job, in a word."""
    return {"run": "run", "cached": "cached", "open": "decide then"}[verdict.state]


def short(verdict: "Verdict") -> str | None:
    """Enough of a hash to tell it from others."""
    return verdict.key[:8] if verdict.key else None


def said(verdict: "Verdict") -> str:
    """One job of a plan in words."""
    key = f" ({short(verdict)})" if verdict.state == "cached" else ""
    return f"{verdict.name}: {word(verdict)}{key}: {verdict.reason}"


def _known(session: Session) -> "Known":
    """Earlier results, from the store as it is now; none in a home that has no store yet."""
    from lineside.store.queries import stages

    if not session.home.db.exists():
        return lambda pipeline, cell: ()
    db = session.read()

    def known(pipeline: str, cell: str) -> Sequence[Json]:
        rows = stages.newest(db, pipeline, cell)
        return [{"key": row.key, "job_id": row.job_id, "inputs": row.inputs, "outs": stages.outs_of(row)}
                for row in rows]  # fmt: skip

    return known


def _fates(session: Session, found: "Project", folder: Path, spec: "PipelineSpec") -> "list[Verdict]":
    """What would become of each job; nothing where a dataset is missing: it is drawn all the same."""
    from lineside.jobs.projects import freshness, pipelines
    from lineside.store.queries import datasets

    try:
        jobs = pipelines.plan(
            found, spec.name, params={}, home=session.home, python=sys.executable, folder=folder,
            datasets=datasets.by_name(session.read()) if session.home.db.exists() else {}, env={},
        )  # fmt: skip
    except NotFound:
        return []
    return freshness.judge(jobs, _known(session), os.environ, cheap=True)


def _told(spec: "PipelineSpec", verdicts: "Sequence[Verdict]") -> Json:
    """A pipeline as JSON: its stages, what each needs, and the fate of each of its jobs."""
    stages = [
        {
            "name": each.name,
            "cmd": each.cmd,
            "needs": list(spec.needs[each.name]),
            "deps": list(each.deps),
            "outs": list(each.outs),
            "jobs": [asdict(verdict) for verdict in verdicts if verdict.stage == each.name],
        }
        for each in spec.stages
    ]
    return {"name": spec.name, "params": dict(spec.params), "stages": stages}
