"""The deeds that more than one area offers: said the same way wherever they are asked for."""

import os
import sqlite3
from collections.abc import Callable, Sequence

from lineside.console.deeds.deed import Ask, Deed
from lineside.console.format import plural
from lineside.console.reads.needs import why
from lineside.console.text import Line, Span, fit, safe, width_of
from lineside.jobs.context import Json
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.evidence import GateRow
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.promotions import PromotionRow

Decision = Callable[[PromotionRow, Sequence[GateRow]], Deed]
Making = Callable[[sqlite3.Connection, int], Deed]
"""Reads the newest state of the thing with that number, and asks about it."""


def approve(request: PromotionRow, gates: Sequence[GateRow]) -> Deed:
    """Approve a promotion, with what the gates observed in front of one's eyes."""
    name = f"{request.model} v{request.number}"
    return Deed(
        title=f"Approve {safe(name)} → {safe(request.alias)}?",
        lines=[*_asked(request), *gate_lines(gates)],
        asks=[
            Ask(
                verb="promotions.approve",
                args={"request": request.id},
                said=f"approved: {name} → {request.alias}",
            )
        ],
        yes="approve",
    )


def reject(request: PromotionRow, gates: Sequence[GateRow]) -> Deed:
    """Reject a promotion; the reason is kept with it."""
    name = f"{request.model} v{request.number}"
    return Deed(
        title=f"Reject {safe(name)} → {safe(request.alias)}?",
        lines=[*_asked(request), *gate_lines(gates)],
        asks=[Ask(verb="promotions.reject", args={"request": request.id}, said=f"rejected: {name}")],
        reason="reason",
        reason_needed=True,
        yes="reject",
    )


def withdraw(request: PromotionRow) -> Deed:
    """Take back one's own request."""
    name = f"{request.model} v{request.number} → {request.alias}"
    return Deed(
        title=f"Withdraw request {request.id}, {safe(name)}?",
        asks=[Ask(verb="promotions.withdraw", args={"request": request.id}, said=f"withdrawn: {name}")],
        yes="withdraw it",
    )


def ratify(request: PromotionRow) -> Deed:
    """The second person's word on a break-glass promotion."""
    name = f"{request.model} v{request.number}"
    return Deed(
        title=f"Ratify {safe(name)} → {safe(request.alias)}, applied by break-glass?",
        lines=_asked(request),
        asks=[Ask(verb="promotions.ratify", args={"request": request.id}, said=f"ratified: {name}")],
        typed=name.replace(" ", "@"),
        yes="ratify",
    )


def _asked(request: PromotionRow) -> list[Line]:
    said: list[Span] = [(safe(request.requested_by), "bold"), (" asks", "")]
    if request.reason:
        said.append((f": {safe(request.reason)}", "dim"))
    return [said]


def gate_lines(gates: Sequence[GateRow]) -> list[Line]:
    """Each gate with its verdict and what was observed."""
    return [
        [("✓ " if gate.passed else "✗ ", "ok" if gate.passed else "bad"), (f"{safe(gate.gate)}  ", ""),
         (safe(gate.observed), "dim")]
        for gate in gates
    ]  # fmt: skip


def acknowledge(alerts: Sequence[AlertRow]) -> Deed:
    """Say that one has seen it and is on it."""
    return Deed(
        title=f"Acknowledge {plural(len(alerts), 'alert')}?",
        lines=[[("◆ ", "drift"), (safe(f"{a.subject}: {a.title}"), "")] for a in alerts],
        asks=[Ask(verb="alerts.ack", args={"alert": a.id}, said=f"alert {a.id}: yours") for a in alerts],
        yes="it is mine",
    )


def silence(alerts: Sequence[AlertRow], *, hours: float = 24.0) -> Deed:
    """No more of this for a day."""
    return Deed(
        title=f"Silence {plural(len(alerts), 'alert')} for {hours:.0f} hours?",
        lines=[[("◆ ", "drift"), (safe(f"{a.subject}: {a.title}"), "")] for a in alerts],
        asks=[
            Ask(verb="alerts.silence", args={"alert": a.id, "hours": hours}, said=f"alert {a.id}: silent")
            for a in alerts
        ],
        yes="silence",
    )


def on_jobs(
    verb: str,
    jobs: Sequence[JobRow],
    *,
    title: str,
    said: str,
    yes: str,
    note: str = "",
    more: Json | None = None,
) -> Deed:
    """The same thing asked of one or more jobs."""
    what = f"job {jobs[0].id} {safe(jobs[0].name)}" if len(jobs) == 1 else plural(len(jobs), "job")
    names = max(width_of(safe(job.name)) for job in jobs[:12])
    lines: list[Line] = [
        [(f"{job.id:>5}  ", "bold"), (fit(safe(job.name), names), ""), (f"  {job.state}", "dim"),
         (f"  {safe(why(job.cause, job.detail))}" if job.state == "FAILED" else "", "bad")]
        for job in jobs[:12]
    ]  # fmt: skip
    if len(jobs) > 12:
        lines.append([(f"       and {len(jobs) - 12} more", "dim")])
    return Deed(
        title=f"{title} {what}?",
        lines=[*(lines if len(jobs) > 1 else []), *([[(note, "dim")]] if note else [])],
        asks=[
            Ask(verb=verb, args={"job": job.id, **(more or {})}, said=f"job {job.id}: {said}") for job in jobs
        ],
        yes=yes if len(jobs) == 1 else yes.replace(" it", f" all {len(jobs)}"),
    )


def cancel(jobs: Sequence[JobRow]) -> Deed:
    return on_jobs("jobs.cancel", jobs, title="Cancel", said="asked to stop", yes="cancel it",
                   note="running ones get SIGTERM and their grace time")  # fmt: skip


def retry(jobs: Sequence[JobRow]) -> Deed:
    """The same job, a new attempt; with this shell's environment, as the first one had its submitter's."""
    more = {"env": dict(os.environ)}
    return on_jobs("jobs.retry", jobs, title="Run again", said="queued again", yes="run it again", more=more)


def hold(jobs: Sequence[JobRow]) -> Deed:
    return on_jobs("jobs.hold", jobs, title="Hold", said="held", yes="hold it")


def release(jobs: Sequence[JobRow]) -> Deed:
    return on_jobs("jobs.release", jobs, title="Release", said="back in the queue", yes="release it")


def move(jobs: Sequence[JobRow], *, to: str) -> Deed:
    said = f"at the {to} of the queue"
    return on_jobs(
        "jobs.move", jobs, title=f"To the {to} of the queue:", said=said, yes="move it", more={"to": to}
    )
