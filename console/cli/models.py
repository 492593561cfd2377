"""`lineside register`, `models`, `promote`, `promotions`, `rollback`: from a run to a champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number

if TYPE_CHECKING:
    from lineside.store.queries.evidence import ApprovalRow, GateRow


@click.command()
@click.argument("run")
@click.argument("name")
@json_option
@pass_session
def register(session: Session, run: str, name: str, as_json: bool) -> None:
    """Register the model of RUN as the next version of model NAME."""
    from lineside.store.queries import runs

    answer = session.ask("models.register", run=runs.find(session.read(), run).id, name=name)
    output.one(answer, [f"{answer['model']}@v{answer['version']}"], as_json=as_json)


@click.group()
def models() -> None:
    """Registered models and their versions."""


@models.command("ls")
@json_option
@pass_session
def ls(session: Session, as_json: bool) -> None:
    """List every version of every model."""
    from lineside.store.queries import models as query

    columns: Columns = {
        "model": "model", "version": lambda v: f"v{v.number}",
        "aliases": lambda v: " ".join(v.aliases) or "–",
        "status": "status", "hold-out": lambda v: number(v.holdout), "run": "run_id",
        "created": lambda v: moment(v.created_us), "by": "created_by",
    }  # fmt: skip
    output.rows(
        query.versions(session.read()), columns, as_json=as_json,
        empty="no models yet; register a run's with: lineside register RUN NAME",
    )  # fmt: skip


@models.command()
@click.argument("version", metavar="NAME@VERSION")
@json_option
@pass_session
def show(session: Session, version: str, as_json: bool) -> None:
    """Show one version: where it came from, its package, who held which alias when."""
    from lineside.store.queries import aliases
    from lineside.store.queries import models as query

    db = session.read()
    row = query.find_version(db, version)
    history = aliases.history(db, row.model_id)
    lines = [
        f"{row.model}@v{row.number}  {row.status}  {' '.join(row.aliases)}",
        f"  from run {row.run_id}, registered {moment(row.created_us)} by {row.created_by}",
        f"  hold-out {number(row.holdout)}",
        *(
            f"  {h.alias}: v{h.number} from {moment(h.from_us)} to {moment(h.to_us)} by {h.by}"
            for h in history
        ),
    ]
    output.one({"version": row, "aliases": history}, lines, as_json=as_json)


@click.command()
@click.argument("version", metavar="NAME@VERSION")
@click.option("--to", "alias", required=True, metavar="ALIAS")
@click.option("--reason", default="", help="Why; break-glass will not go without one.")
@click.option(
    "--break-glass", is_flag=True, help="Apply now, without approval; red until a second person ratifies."
)
@json_option
@pass_session
def promote(session: Session, version: str, alias: str, reason: str, break_glass: bool, as_json: bool) -> int:
    """Ask for VERSION to become ALIAS: gates first, then people."""
    from lineside.store.queries import models as query
    from lineside.store.queries import promotions as asked

    db = session.read()
    row = query.find_version(db, version)
    answer = session.ask(
        "promotions.request", model=row.model, version=row.number, alias=alias, reason=reason,
        break_glass=break_glass or None, wait_s=300,
    )  # fmt: skip
    found = asked.get(db, answer["request"])
    output.one(found, _packet(session, found.id), as_json=as_json)
    return 3 if found.state == "CHECKS_FAILED" else 0


@click.group()
def promotions() -> None:
    """Promotion requests: evidence, gates, approvals."""


@promotions.command("ls")
@json_option
@pass_session
def ls_promotions(session: Session, as_json: bool) -> None:
    """List requests, newest first."""
    from lineside.store.queries import promotions as query

    columns: Columns = {
        "request": "id", "version": lambda p: f"{p.model}@v{p.number}", "to": "alias", "state": "state",
        "asked by": "requested_by", "asked": lambda p: moment(p.created_us), "why": "reason",
    }  # fmt: skip
    output.rows(
        query.recent(session.read()), columns, as_json=as_json,
        empty="nobody asked for a promotion yet; ask with: lineside promote NAME@VERSION --to ALIAS",
    )  # fmt: skip


@promotions.command("show")
@click.argument("request", type=int)
@json_option
@pass_session
def show_promotion(session: Session, request: int, as_json: bool) -> None:
    """Show the packet of one request: gates with their numbers, approvals, what is pinned."""
    from lineside.store.queries import evidence
    from lineside.store.queries import promotions as query

    db = session.read()
    packet = {
        "request": query.get(db, request),
        "gates": evidence.gates(db, request),
        "approvals": evidence.approvals(db, request),
    }
    output.one(packet, _packet(session, request), as_json=as_json)


@promotions.command()
@click.argument("request", type=int)
@click.option("--reason", default="")
@pass_session
def approve(session: Session, request: int, reason: str) -> None:
    """Approve a request that somebody else made."""
    session.ask("promotions.approve", request=request, reason=reason, wait_s=120)
    _say_packet(session, request)


@promotions.command()
@click.argument("request", type=int)
@click.option("--reason", required=True)
@pass_session
def reject(session: Session, request: int, reason: str) -> None:
    """Reject a request; the reason is kept."""
    session.ask("promotions.reject", request=request, reason=reason)
    _say_packet(session, request)


@promotions.command()
@click.argument("request", type=int)
@pass_session
def withdraw(session: Session, request: int) -> None:
    """Take back a request of one's own."""
    session.ask("promotions.withdraw", request=request)
    _say_packet(session, request)


@promotions.command()
@click.argument("request", type=int)
@click.option("--reason", default="")
@pass_session
def ratify(session: Session, request: int, reason: str) -> None:
    """Stand behind what somebody else applied by break-glass."""
    session.ask("promotions.ratify", request=request, reason=reason)
    _say_packet(session, request)


@click.command()
@click.argument("model")
@click.option("--alias", required=True)
@click.option("--reason", default="")
@json_option
@pass_session
def rollback(session: Session, model: str, alias: str, reason: str, as_json: bool) -> None:
    """Give ALIAS of MODEL back to the version that held it before."""
    answer = session.ask("alias.rollback", model=model, alias=alias, reason=reason, wait_s=120)
    output.one(answer, [f"{model}@{alias} is v{answer['version']} again"], as_json=as_json)


def _say_packet(session: Session, request: int) -> None:
    for line in _packet(session, request):
        output.words(line)


def _packet(session: Session, request: int) -> list[str]:
    """The request with its evidence, for eyes."""
    from lineside.store.queries import evidence
    from lineside.store.queries import promotions as query

    db = session.read()
    row = query.get(db, request)
    head = f"request {row.id}: {row.model}@v{row.number} → {row.alias}  {row.state}"
    return [
        head + (f" ({row.outcome})" if row.outcome else ""),
        f"  asked by {row.requested_by}, {moment(row.created_us)}" + _because(row.reason),
        *(_gate(found) for found in evidence.gates(db, row.id)),
        *(_verdict(said) for said in evidence.approvals(db, row.id)),
    ]


def _gate(found: GateRow) -> str:
    return f"  {'✓' if found.passed else '✗'} {found.gate}: {found.observed}; required {found.required}"


def _verdict(said: ApprovalRow) -> str:
    stamp = f" [{said.stamp}]" if said.stamp else ""
    return f"  {said.verdict} by {said.actor}, {moment(said.at_us)}{stamp}{_because(said.reason)}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
