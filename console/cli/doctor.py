"""`lineside doctor`: what is wrong with a home, and the next command."""

import itertools
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import amount
from lineside.store.clock import now

if TYPE_CHECKING:
    from lineside.store.doctor.findings import Finding

_TOLD = 8
"""Of one kind of finding, so many are printed; --json has all."""
_MARKS = {"ok": "✓ ok", "warning": "! warning", "problem": "✗ PROBLEM"}


@click.command()
@click.option("--quick", is_flag=True, help="Compare names and sizes only; read no file to its end.")
@json_option
@pass_session
def doctor(session: Session, quick: bool, as_json: bool) -> int:
    """Look at the home, say what is wrong and what to do; change nothing, start nothing.

    Works without a runner, and in a home where nothing else does. Exit 1 when there is a problem.
    """
    from lineside.jobs.doctor import examination

    began = time.monotonic()
    found: list[Finding] = []
    seen = _kept(examination.examine(session.home, at=now(), quick=quick), found)
    if as_json:
        list(seen)
    else:
        _show(seen)
    return _sum_up(session, found, time.monotonic() - began, as_json=as_json)


def _kept(findings: "Iterable[Finding]", found: "list[Finding]") -> "Iterator[Finding]":
    for finding in findings:
        found.append(finding)
        yield finding


def _show(findings: "Iterable[Finding]") -> None:
    """Each as soon as it is known."""
    for (subject, level), group in itertools.groupby(findings, key=lambda one: (one.subject, one.level)):
        for finding in itertools.islice(group, _TOLD):
            click.echo(output.clean(f"{_MARKS[level]:<10}{subject:<10} {finding.what}"))
            if finding.hint:
                click.echo(output.clean(f"{'':<21}→ {finding.hint}"))
        if more := sum(1 for _ in group):
            click.echo(f"{_MARKS[level]:<10}{subject:<10} and {more:,} more: lineside doctor --json")


def _sum_up(session: Session, found: "list[Finding]", took_s: float, *, as_json: bool) -> int:
    from lineside.store.doctor.findings import counted

    problems, warnings = (sum(one.level == level for one in found) for level in ("problem", "warning"))
    read = sum(one.read_bytes for one in found)
    told = {"home": str(session.home.path), "problems": problems, "warnings": warnings, "read_bytes": read,
            "took_s": round(took_s, 3), "findings": found}  # fmt: skip
    output.one(told, [], as_json=as_json)
    if not as_json:
        counts = f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}"
        words = counts if problems + warnings else "all is well"
        output.words(f"{words}; {amount(read)} read in {took_s:.1f} s")
    return 1 if problems else 0
