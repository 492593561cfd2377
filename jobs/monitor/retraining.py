"""From an alert to a new training, to a version, to a request that a person decides."""

import os
import sqlite3
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lineside.jobs.context import Context, Json
from lineside.jobs.execution import queue
from lineside.jobs.monitor import triggers
from lineside.jobs.projects import pipelines, project
from lineside.jobs.projects.declared import RetrainSpec
from lineside.jobs.projects.project import Project
from lineside.jobs.promotion import promotions, registration
from lineside.jobs.verbs import data
from lineside.store.actors import LINESIDE, Actor
from lineside.store.clock import SECOND, Micros, now
from lineside.store.errors import Conflict, LinesideError, NotFound, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import alerts, audit, datasets, lineage, monitors, projects, retrains, runs
from lineside.store.queries import promotions as requests
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.lineage import Node
from lineside.store.queries.projects import ProjectRow
from lineside.store.queries.retrains import RetrainRow
from lineside.store.states import RunStatus

_JOIN = "lineside.jobs.monitor.joining:join"
_ARTIFACT_WAIT_US = 60 * SECOND
"""How long after its end a run's model may still be on its way from the spool."""
_ENV = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One [retrain.NAME] and the project that declares it."""

    row: ProjectRow
    project: Project
    spec: RetrainSpec


async def tick(ctx: Context) -> bool:
    """Ask every trigger about every open alert, and take what was started one step further."""
    waiting, live = alerts.open_ones(ctx.db), retrains.live(ctx.db)
    if not waiting and not live:
        return True
    for trigger in declared(ctx.db):
        for alert in triggers.heard(waiting, trigger.spec):
            await _consider(ctx, trigger, alert)
        for retrain in live:
            if retrain.trigger_name == trigger.spec.name:
                await follow(ctx, trigger.spec, retrain)
    return False


def declared(db: sqlite3.Connection) -> list[Trigger]:
    """All triggers of all applied projects."""
    found = [(row, _parsed(row.text, row.name)) for row in projects.every(db)]
    return [
        Trigger(row=row, project=each, spec=spec) for row, each in found for spec in each.retrains.values()
    ]


@lru_cache(maxsize=8)
def _parsed(text: str, name: str) -> Project:
    """A project's text; the same one is asked for twice a second while an alert is open."""
    return project.parse(text, name=name)


async def _consider(ctx: Context, trigger: Trigger, alert: AlertRow) -> None:
    """Start, or say why not; say it once for each new window."""
    verdict = triggers.decide(ctx.db, trigger.spec, alert)
    if not verdict.new:
        return
    if verdict.reason is None:
        try:
            await start(ctx, LINESIDE, trigger, alert)
            return
        except (Refused, Usage, NotFound) as error:
            state, reason = ("SUPPRESSED" if isinstance(error, Refused) else "FAILED"), str(error)
    else:
        state, reason = "SUPPRESSED", verdict.reason
    if verdict.say:
        await ctx.write(lambda db: note(db, trigger.spec, alert, state=state, reason=reason, at=now()))


async def start(ctx: Context, actor: Actor, trigger: Trigger, alert: AlertRow) -> int:
    """Join the data and queue the pipeline on it, in one transaction with the row that says so.

    Raises:
        Refused: there is nothing new to learn from, or a retrain of this trigger is under way.
        Usage, NotFound: the project does not fit the trigger.
    """
    base = triggers.trained_on(ctx.db, alert)
    joined = await ctx.compute(
        _JOIN, home=str(ctx.home.path), monitor_id=alert.subject_id, version_id=base,
        recent_share=trigger.spec.recent_holdout,
    )  # fmt: skip
    made = await ctx.write(
        lambda db: _start(db, actor, trigger, alert, base=base, joined=joined, home=ctx.home, at=now())
    )
    ctx.wake()
    return made


def _start(
    db: sqlite3.Connection, actor: Actor, trigger: Trigger, alert: AlertRow, *, base: int, joined: Json,
    home: Home, at: Micros,
) -> int:  # fmt: skip
    spec, last = trigger.spec, retrains.last_started(db, trigger.spec.name)
    if last is not None and last.state in ("STARTED", "REGISTERED"):
        raise Refused(f"retrain {last.id} is under way", hint="look at it with: lineside retrain ls")
    version = datasets.NewVersion.of(joined["version"])
    name, origin = datasets.get(db, base).name, {"base": base, "windows": joined["windows"]}
    made = data.keep(home, db, actor, version, name=name, origin=origin, at=at)
    _link(db, Node("dataset_version", base), Node("dataset_version", made["version_id"]), "grew", at)
    for window in joined["added"]:
        _link(db, Node("window", window), Node("dataset_version", made["version_id"]), "joined", at)
    specs = pipelines.plan(
        trigger.project, spec.pipeline, params={f"data.{name}": str(made["version"])},
        datasets=datasets.by_name(db), home=home, python=sys.executable, folder=Path(trigger.row.folder),
        env={key: os.environ[key] for key in _ENV if key in os.environ}, stage=spec.stage,
    )  # fmt: skip
    done = queue.submit(db, actor, specs, at)
    stages = [each["stage"] for each in specs]
    job = done[stages.index(spec.stage) if spec.stage else -1]
    reason = f"{joined['train']} rows to learn from, {joined['recent']} kept to judge by"
    retrain = note(db, spec, alert, state="STARTED", reason=reason, dataset=made["version_id"],
                   job=job.job_id, by=actor, at=at)  # fmt: skip
    for each in done:
        if each.run_id is not None:
            _link(db, Node("retrain", retrain), Node("run", each.run_id), "started", at)
    return retrain


def note(
    db: sqlite3.Connection, spec: RetrainSpec, alert: AlertRow, *, state: str, reason: str,
    dataset: int | None = None, job: int | None = None, by: Actor = LINESIDE, at: Micros,
) -> int:  # fmt: skip
    """Write down what a trigger made of an alert, with its audit row; returns the retrain's number."""
    id = retrains.add(
        db, trigger=spec.name, alert_id=alert.id, state=state, reason=reason, dataset_version_id=dataset,
        job_id=job, at=at,
    )  # fmt: skip
    _link(db, Node("alert", alert.id), Node("retrain", id), "triggered", at)
    detail = {"trigger": spec.name, "alert": alert.id, "state": state, "reason": reason, "job": job}
    audit.append(db, by, f"retrain.{state.lower()}", subject=("retrain", id), detail=detail, at=at)
    return id


async def follow(ctx: Context, spec: RetrainSpec, retrain: RetrainRow) -> None:
    """One step of a retrain that is under way: trained → registered → requested."""
    try:
        if retrain.state == "STARTED":
            await _register(ctx, spec, retrain)
        else:
            await _request(ctx, spec, retrain)
    except Conflict:
        return  # somebody else is at it: look again
    except LinesideError as error:
        why = str(error)
        await ctx.write(lambda db: _fail(db, retrain, why, at=now()))


async def _register(ctx: Context, spec: RetrainSpec, retrain: RetrainRow) -> None:
    """Once the run has finished and its model has arrived, make it a version."""
    if retrain.run_id is None:
        raise Refused("its job made no run")
    run = runs.get(ctx.db, retrain.run_id)
    if run.status in (RunStatus.SCHEDULED, RunStatus.RUNNING):
        if why := triggers.ended_without_run(ctx.db, retrain):
            raise Refused(why)
        return
    if run.status != RunStatus.FINISHED:
        raise Refused(f"run {run.id} is {run.status}: {run.detail or run.cause or 'no reason given'}")
    if not triggers.has_model(ctx.db, run.id) and now() < (run.ended_us or 0) + _ARTIFACT_WAIT_US:
        return
    model = monitors.find(ctx.db, spec.monitor).model
    version_id = await registration.register(ctx, LINESIDE, run.id, model)
    await ctx.write(lambda db: retrains.move(db, retrain, "REGISTERED", version_id=version_id))


async def _request(ctx: Context, spec: RetrainSpec, retrain: RetrainRow) -> None:
    """Ask that the new version hold the alias; a person decides."""
    assert retrain.version_id is not None
    alert = alerts.find(ctx.db, retrain.alert_id)
    there = [
        r for r in requests.recent(ctx.db) if r.version_id == retrain.version_id and r.alias == spec.alias
    ]
    request = there[0] if there else await promotions.request(
        ctx, LINESIDE, retrain.version_id, alias=spec.alias,
        reason=f"retrain {retrain.id} after alert {alert.id}: {alert.title}",
    )  # fmt: skip
    await ctx.write(lambda db: _requested(db, retrain, request.id, at=now()))


def _requested(db: sqlite3.Connection, retrain: RetrainRow, promotion_id: int, *, at: Micros) -> None:
    retrains.move(db, retrain, "REQUESTED", promotion_id=promotion_id)
    _link(db, Node("retrain", retrain.id), Node("promotion", promotion_id), "asked", at)


def _fail(db: sqlite3.Connection, retrain: RetrainRow, why: str, *, at: Micros) -> None:
    retrains.move(db, retrain, "FAILED", reason=why)
    detail: dict[str, Any] = {"trigger": retrain.trigger_name, "reason": why}
    audit.append(db, LINESIDE, "retrain.failed", subject=("retrain", retrain.id), detail=detail, at=at)


def _link(db: sqlite3.Connection, src: Node, dst: Node, relation: str, at: Micros) -> None:
    lineage.link(db, src=src, dst=dst, relation=relation, at=at)
