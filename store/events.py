"""What the words in a spool change: run rows, params, tags, artifacts, data used, the verdict."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from lineside.store.clock import Micros
from lineside.store.objects import Stored
from lineside.store.queries import artifacts, inputs, lineage, runs
from lineside.store.queries.lineage import Node
from lineside.store.states import Cause, RunStatus

Event = Mapping[str, Any]

_GAPS = 20
"""Holes in a run's log that are told one by one; a run with more has other troubles."""
TEXT = "text:"
"""Begins what stands for the place of a file whose content is in its event."""
_DROPS = 20
_KINDS = frozenset({"file", "model", "checkpoint", "log"})
_CAUSES = {RunStatus.FINISHED: Cause.OK, RunStatus.FAILED: Cause.EXIT, RunStatus.KILLED: Cause.CANCELLED}


def begin(db: sqlite3.Connection, *, uid: str, author: str, said: tuple[Event, ...], at: Micros) -> int:
    """The run of a spool seen for the first time: the scheduled one, or a new one of the file's owner."""
    run_id = runs.find_uid(db, uid)
    start: Event = next((event for event in said if event.get("event") == "start"), {})
    if run_id is None:
        context = _table(start.get("context"))
        script = context.get("command", "").partition(" ")[0].rpartition("/")[2]
        parent = start.get("parent")
        run_id = runs.create(
            db,
            uid=uid,
            experiment=_text(start.get("experiment")) or "default",
            name=_text(start.get("name")) or script or uid[-8:],
            author=author,
            job_id=None,
            at=_moment(start, at),
            parent_id=runs.find_uid(db, parent) if isinstance(parent, str) else None,
            context=context,
        )
    _set_off(db, run_id, _moment(start, at))
    return run_id


def apply(
    db: sqlite3.Connection,
    run_id: int,
    said: tuple[Event, ...],
    *,
    adopted: Mapping[str, Stored],
    primary: bool,
    at: Micros,
) -> None:
    """Do what the events of one slice say, in order. A side spool may add, but says nothing of start or end.

    Args:
        adopted: the files that artifact events speak of, by their place.
    """
    for event in said:
        kind = _text(event.get("event"))
        if kind == "artifact":
            _artifact(db, run_id, event, adopted, at)
        elif kind in _CHANGES:
            _CHANGES[kind](db, run_id, event, at)
        elif kind in _OF_PRIMARY and primary:
            _OF_PRIMARY[kind](db, run_id, event, at)


def gap(db: sqlite3.Connection, run_id: int, *, spool: str, at_byte: int, lost: int | None, why: str) -> None:
    """Note on the run that something is missing in its log.

    Args:
        lost: bytes; None: nobody can know.
        why: "damaged", "torn", "deleted" or "replaced".
    """
    noted = runs.context(db, run_id).get("gaps", [])
    hole = {"spool": spool, "at_byte": at_byte, "lost_bytes": lost, "why": why}
    if len(noted) < _GAPS and hole not in noted:
        runs.set_context(db, run_id, {"gaps": [*noted, hole]})


def _start(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    _set_off(db, run_id, _moment(event, at))
    if event.get("resume") is True and runs.get(db, run_id).status in (RunStatus.FAILED, RunStatus.KILLED):
        runs.start(db, run_id, at=_moment(event, at))
    runs.set_context(db, run_id, _table(event.get("context")))


def _context(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    runs.set_context(db, run_id, _table(event.get("values")))


def _status(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    """The script's own verdict counts where no job has one to give."""
    row = runs.get(db, run_id)
    if row.job_id is not None or row.status != RunStatus.RUNNING:
        return
    said = _text(event.get("status")).upper()
    status = next((known for known in _CAUSES if known == said), RunStatus.FAILED)
    ended, detail = _moment(event, at), _text(event.get("detail"))
    runs.end(db, run_id, status=status, cause=_CAUSES[status], detail=detail, at=ended)


def _params(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    runs.put_params(db, run_id, _table(event.get("values")))


def _tags(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    values = event.get("values")
    gone = {key: None for key, value in values.items() if value is None} if isinstance(values, dict) else {}
    runs.put_tags(db, run_id, {**_table(values), **gone})


def _drop(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    """Points the script could not write: counted, and shown as a gap in its log."""
    points = event.get("points")
    if isinstance(points, int) and 0 < points < 2**40:
        runs.add_dropped(db, run_id, points)
        since, until = (
            event.get(key) if isinstance(event.get(key), int) else at for key in ("since_us", "until_us")
        )
        hole = {"points": points, "why": _text(event.get("why")), "since_us": since, "until_us": until}
        known = runs.context(db, run_id).get("drops", [])
        runs.set_context(db, run_id, {"drops": [*known[-(_DROPS - 1) :], hole]})


def _dataset(db: sqlite3.Connection, run_id: int, event: Event, at: Micros) -> None:
    """Data by name and version is a lineage edge when this home knows it; it is noted either way."""
    name, version, digest = (_text(event.get(key)) for key in ("name", "version", "digest"))
    noted = runs.context(db, run_id).get("datasets", [])
    fact = {"name": name, "version": version, "digest": digest, "role": _text(event.get("role"))}
    if fact not in noted:
        runs.set_context(db, run_id, {"datasets": [*noted, fact]})
    known = inputs.known(db, name, number=version.lstrip("@v"), digest=digest)
    if known is not None:
        relation = "trained" if fact["role"] in ("", "train") else fact["role"]
        src, dst = Node("dataset_version", known), Node("run", run_id)
        lineage.link(db, src=src, dst=dst, relation=relation, at=at)


def _artifact(
    db: sqlite3.Connection, run_id: int, event: Event, adopted: Mapping[str, Stored], at: Micros
) -> None:
    path, kind, place = (_text(event.get(key)) for key in ("path", "kind", "at"))
    if isinstance(event.get("text"), str):
        place = TEXT + path
    if place in adopted and path:
        kind = kind if kind in _KINDS else "file"
        artifacts.put(db, run_id, path=path, kind=kind, stored=adopted[place], at=at)
    else:
        lost = runs.context(db, run_id).get("lost_artifacts", [])
        runs.set_context(db, run_id, {"lost_artifacts": [*lost, path]})


_CHANGES: Mapping[str, Callable[[sqlite3.Connection, int, Event, Micros], None]] = {
    "params": _params,
    "tags": _tags,
    "drop": _drop,
    "dataset": _dataset,
}
_OF_PRIMARY: Mapping[str, Callable[[sqlite3.Connection, int, Event, Micros], None]] = {
    "start": _start,
    "context": _context,
    "status": _status,
}


def _set_off(db: sqlite3.Connection, run_id: int, at: Micros) -> None:
    """SCHEDULED → RUNNING; a run that has its verdict already keeps it."""
    if runs.get(db, run_id).status == RunStatus.SCHEDULED:
        runs.start(db, run_id, at=at)


def _moment(event: Event, otherwise: Micros) -> Micros:
    said = event.get("at_us")
    return Micros(said) if isinstance(said, int) and 0 < said < 2**62 else otherwise


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _table(value: object) -> dict[str, str]:
    """Names and texts, whatever the script put there; what is missing is left out."""
    if not isinstance(value, dict):
        return {}
    return {
        key: one if isinstance(one, str) else json.dumps(one) for key, one in value.items() if one is not None
    }
