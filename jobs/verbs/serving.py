"""What a person does with model servers of ours: start one, stop one."""

import re
import socket
import sqlite3
import sys
from pathlib import Path

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.execution import queue
from lineside.jobs.serving import tokens
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Conflict, NotFound, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, deployments, endpoints
from lineside.store.queries.deployments import TargetRow

HOST = "127.0.0.1"
_LOOK_S = 1.0
"""Our own server's metrics page costs next to nothing: look at it every second."""
_NAME = re.compile(r"(?=.*[^0-9])[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@verb("serving.serve", role=Role.OPERATOR)
async def serve(ctx: Context, actor: Actor, args: Json) -> Json:
    """Start a server that follows `model`@`alias`: {"deployment", "id", "url", "port", "job"}."""
    target = deployments.named_target(
        ctx.db, model=arguments.text(args, "model"), alias=arguments.text(args, "alias")
    )
    name = arguments.text(args, "name", default=target.model)
    if not _NAME.fullmatch(name):
        raise Usage(f"{name!r} cannot name a deployment", hint="letters, digits, dot, dash, underscore")
    _not_foreign(ctx.db, name)
    port = _free_port(ctx.db, args.get("port"))
    tokens.ensure(_folder(ctx.home, name))
    answer = await ctx.write(lambda db: _start(db, ctx.home, actor, target, name=name, port=port))
    ctx.wake()
    return answer


@verb("serving.stop", role=Role.OPERATOR)
async def stop(ctx: Context, actor: Actor, args: Json) -> Json:
    """End the server of deployment `name`, after its last answer."""
    row = deployments.find(ctx.db, arguments.text(args, "name"))
    if row.job_id is None or row.state in ("STOPPED", "FAILED"):
        raise Conflict(f"deployment {row.name!r} is {row.state}", hint="start it with: lineside serve")
    return {"deployment": row.name, "job": row.job_id, "state": await queue.cancel(ctx, row.job_id, actor)}


def _start(
    db: sqlite3.Connection, home: Home, actor: Actor, what: TargetRow, *, name: str, port: int
) -> Json:
    """The deployment, its endpoint and its service job, in one transaction."""
    at = now()
    id = deployments.create(db, what, name=name, host=HOST, port=port, by=actor.label, at=at)
    url = deployments.get(db, id).url
    endpoints.upsert(
        db, name=name, adapter="lineside", url=url, period_s=_LOOK_S, deployment_id=id,
        model_id=what.model_id, alias=what.alias, by=actor.label, at=at,
    )  # fmt: skip
    (submitted,) = queue.submit(db, actor, [_job(home, name=name, model=what.model, port=port)], at)
    deployments.attach(db, id, job_id=submitted.job_id)
    told = {"deployment": name, "id": id, "url": url, "port": port, "job": submitted.job_id}
    detail = {**told, "model": what.model, "alias": what.alias}
    audit.append(db, actor, "serving.serve", subject=("deployment", id), detail=detail, at=at)
    return told


def _job(home: Home, *, name: str, model: str, port: int) -> Json:
    """The service job: it takes no slot, and starts again when something kills it."""
    argv = [
        sys.executable, "-P", "-m", "lineside.jobs.serving", "--name", name, "--model", model,
        "--folder", str(_folder(home, name)), "--host", HOST, "--port", str(port),
        "--payloads", str(home.payloads / f"{name}.sp"),
    ]  # fmt: skip
    return {
        "name": f"serve {name}", "kind": "service", "argv": argv, "cwd": str(home.path), "cpus": 0,
        "retry_max": 5, "retry_on": ["signal", "oom_host", "lost"],
    }  # fmt: skip


def _folder(home: Home, name: str) -> Path:
    folder = home.serving / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _not_foreign(db: sqlite3.Connection, name: str) -> None:
    """Refuse to take over the name of an endpoint that is not ours."""
    try:
        endpoint = endpoints.find(db, name)
    except NotFound:
        return
    if endpoint.deployment_id is None:
        raise Conflict(f"endpoint {name!r} is a foreign server", hint="choose another name with --name")


def _free_port(db: sqlite3.Connection, wanted: object) -> int:
    """The port asked for, when it is free; any free one when none was asked for.

    Raises:
        Refused: something listens there, or a deployment of ours is to.
    """
    if wanted is not None and (
        not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted < 65536
    ):
        raise Usage(f"port must be a number from 1 to 65535, not {wanted!r}")
    taken = {row.port: row.name for row in deployments.unfinished(db)}
    if wanted and wanted in taken:
        raise Refused(
            f"port {wanted} is taken by deployment {taken[wanted]!r}", hint="choose another with --port"
        )
    while (port := _bindable(wanted or 0)) in taken:
        pass
    return port


def _bindable(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            hint = "choose another with --port, or leave it out for a free one"
            raise Refused(f"port {port} cannot be had: {error.strerror}", hint=hint) from error
        return int(probe.getsockname()[1])
