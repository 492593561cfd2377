"""`lineside audit`: who did what, and whether anybody changed the record of it."""

import sys

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Session, pass_session


@click.group()
def audit() -> None:
    """The audit trail: a hash chain over all that people and lineside did."""


@audit.command("ls")
@click.option("--limit", default=50, show_default=True)
@click.option("--who", help="Only what this person did.")
@click.option("--did", help="Only these verbs: promotions.approve, or promotions. for all of them.")
@click.option("--to", metavar="KIND[:ID]", help="Only what was done to these things: job, run:812.")
@click.option("--has", multiple=True, help="Only rows that hold this word.")
@json_option
@pass_session
def ls(
    session: Session, limit: int, who: str | None, did: str | None, to: str | None, has: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """List the newest rows."""
    from lineside.console.reads import trail

    columns: Columns = {
        "seq": "seq", "at": lambda r: moment(r.at_us), "who": "who", "verb": "verb",
        "subject": lambda r: f"{r.subject_kind} {r.subject_id or ''}", "detail": "detail",
    }  # fmt: skip
    terms = [f"{name}:{word}" for name, word in (("who", who), ("did", did), ("to", to)) if word]
    rows = trail.found(session.read(), [*terms, *has], limit=limit)
    output.rows(rows, columns, as_json=as_json, empty="nothing was done yet")


@audit.command()
@click.option("--head", metavar="SEQ:HASH", help="A head noted elsewhere: shows a tail that was cut off.")
@json_option
@pass_session
def verify(session: Session, head: str | None, as_json: bool) -> int:
    """Walk the chain; exit 3 and name the first row that was changed, removed or reordered."""
    from lineside.store.queries import audit as query

    noted = None
    if head:
        seq, _, digest = head.partition(":")
        if not seq.isdigit() or not digest:
            raise click.UsageError("--head takes SEQ:HASH, as audit verify prints it")
        noted = (int(seq), digest)
    verdict = query.verify(session.read(), head=noted)
    if verdict.broken_seq is None:
        lines = [f"the chain holds: {verdict.rows} rows, head {verdict.rows}:{verdict.head}"]
    else:
        lines = [f"BROKEN at row {verdict.broken_seq}: {verdict.reason}; {verdict.rows} rows before it hold"]
    output.one(verdict, lines, as_json=as_json)
    return 0 if verdict.broken_seq is None else 3


@audit.command()
@pass_session
def export(session: Session) -> None:
    """Print the whole chain as JSON lines."""
    import json

    from lineside.store.queries import audit as query

    for row in query.every(session.read()):
        sys.stdout.write(json.dumps(output.plain(row), ensure_ascii=False) + "\n")
