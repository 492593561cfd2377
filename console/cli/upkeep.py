"""Care of a home: `lineside backup`, `restore`, `gc`."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import amount
from lineside.store.clock import now
from lineside.store.homes import Home

_CALLED = {"object": ("object", "objects"), "scrap": ("leftover", "leftovers"),
           "version": ("unpacked version", "unpacked versions"), "outbox": ("outbox", "outboxes"),
           "attempt": ("attempt", "attempts"), "spool": ("spool", "spools"),
           "segment": ("segment", "segments")}  # fmt: skip
"""Kinds of garbage, in people's words."""


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@pass_session
def backup(session: Session, path: Path, as_json: bool) -> int:
    """Copy the home to the new folder PATH while everything goes on.

    Files that never change are linked where PATH lies on the same disk, and copied elsewhere.
    """
    from lineside.store import backups

    made = backups.back_up(session.home, path, at=now())
    told = {"path": str(path.absolute()), "made_us": made.made_us, "files": len(made.files),
            "bytes": made.bytes, "schema": made.schema, "missing": made.missing}  # fmt: skip
    lines = [f"backup at {path}: {len(made.files):,} files, {amount(made.bytes)}"]
    output.one(told, [*lines, *_missing(made.missing)], as_json=as_json)
    return 1 if made.missing else 0


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@pass_session
def restore(session: Session, path: Path, as_json: bool) -> int:
    """Make the new home --home from the backup at PATH; every file is checked against its digest.

    Jobs that ran are FAILED there, jobs that waited are held: the old home may still be alive.
    """
    import os

    from lineside.jobs import peers, restoring
    from lineside.store.actors import Actor, Role

    uid = os.getuid()
    actor = Actor(uid=uid, name=peers.name_of(uid), role=Role.ADMIN)
    done = restoring.restore(path, session.home, actor, at=now())
    lines = [
        f"restored {done.home} as of {moment(done.made_us)}: {done.files:,} files, {amount(done.bytes)}",
        *_missing(done.missing),
        *([f"{len(done.lost)} jobs ran then and do not run here"] if done.lost else []),
        *([f"{len(done.held)} jobs waited and are held: lineside jobs release JOB"] if done.held else []),
        f"the audit chain holds: {done.audit_rows} rows"
        if done.audit_broken is None
        else f"the audit chain was BROKEN at row {done.audit_broken} already when the backup was made",
    ]
    output.one(done, lines, as_json=as_json)
    return 0 if done.audit_broken is None else 3


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and how much that frees; delete nothing.")
@click.option("--older-than", type=click.FloatRange(min=0), metavar="DAYS",
              help="Also logs and folders of attempts that ended so long ago.")  # fmt: skip
@json_option
@pass_session
def gc(session: Session, dry_run: bool, older_than: float | None, as_json: bool) -> int:
    """Delete what nothing needs. Only an admin may; anybody may ask for --dry-run.

    Whatever a row names stays: files of datasets, runs and model versions, what promotions pinned and the
    audit trail quotes. So does every object that was touched in the last six hours.
    """
    db = session.read()  # says in words what is no home, before a runner would make one of it
    if dry_run:
        return _promise(session.home, db, older_than, as_json)
    done = session.ask("upkeep.gc", older_than_days=older_than, wait_s=3600.0)
    kept = [f"kept {one['path']}: {one['why']}" for one in done["kept"]]
    more = done["kept_count"] - len(kept)
    output.one(done, [_sum(done["kinds"], done["bytes"], "freed")], as_json=as_json)
    for line in [*kept, *([f"kept {more:,} more"] if more else [])]:
        output.words(line)
    return 1 if done["failed_count"] else 0


def _promise(home: Home, db: sqlite3.Connection, older_than: float | None, as_json: bool) -> int:
    """What the runner would delete, found without it."""
    from collections import Counter

    from lineside.store import garbage

    plan = garbage.survey(home, garbage.facts(home, db), at=now(), older_than_days=older_than)
    kinds = Counter(item.kind for item in plan.items)
    told = {"count": len(plan.items), "bytes": plan.bytes, "kinds": kinds, "items": plan.items}
    if as_json:
        output.one(told, [], as_json=True)
        return 0
    columns: Columns = {"what": lambda item: _called(item.kind, 1), "frees": lambda item: amount(item.bytes),
                        "path": "path", "why": "why"}  # fmt: skip
    output.rows(plan.items, columns, as_json=False, empty="there is nothing to delete")
    if plan.items:
        output.words(
            f"{_sum(kinds, plan.bytes, 'would be freed')}. To delete it: lineside gc{_again(older_than)}"
        )
    return 0


def _called(kind: str, number: int) -> str:
    return _CALLED[kind][number != 1]


def _again(older_than: float | None) -> str:
    return f" --older-than {older_than:g}" if older_than is not None else ""


def _sum(kinds: Mapping[str, int], size: int, word: str) -> str:
    parts = ", ".join(f"{number:,} {_called(kind, number)}" for kind, number in sorted(kinds.items()))
    return f"{amount(size)} {word}: {parts}" if parts else "there is nothing to delete"


def _missing(paths: list[str]) -> list[str]:
    words = [f"missing in the home itself: {path}" for path in paths[:10]]
    return [*words, f"and {len(paths) - 10:,} more; look with: lineside doctor"] if len(paths) > 10 else words
