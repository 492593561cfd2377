"""Metric, param and tag names, stored once each and spoken of by number."""

import sqlite3

SYSTEM = "sys."
"""How the metrics begin that the runner measures; they are no answer to "what did this run log"."""

_ADD = "insert into name (kind, name) values (:kind, :name) on conflict do nothing"

_FIND = "select id from name where kind = :kind and name = :name"

_EVERY = "select name from name where kind = :kind order by name"

_OF_RUNS = """
    select distinct n.name
      from json_each(:runs) r
      join summary s on s.run_id = r.value
      join name n on n.id = s.metric_id
     order by n.name
"""


def number(db: sqlite3.Connection, kind: str, name: str) -> int:
    """The number of a name, given on first use."""
    known = find(db, kind, name)
    if known is None:
        db.execute(_ADD, {"kind": kind, "name": name})
        known = find(db, kind, name)
    assert known is not None
    return known


def find(db: sqlite3.Connection, kind: str, name: str) -> int | None:
    """The number of a name; None: nobody ever used it."""
    row = db.execute(_FIND, {"kind": kind, "name": name}).fetchone()
    return row["id"] if row else None


def every(db: sqlite3.Connection, kind: str) -> list[str]:
    """All names of one kind that this home has seen."""
    return [row["name"] for row in db.execute(_EVERY, {"kind": kind})]


def metrics(db: sqlite3.Connection, *, system: bool = False) -> list[str]:
    """All metrics that runs of this home logged; with `system`, those the runner measured too."""
    return _asked_for(every(db, "metric"), system)


def metrics_of(db: sqlite3.Connection, run_ids: list[int], *, system: bool = False) -> list[str]:
    """The metrics that at least one of these runs logged; with `system`, those the runner measured too."""
    return _asked_for([row["name"] for row in db.execute(_OF_RUNS, {"runs": str(run_ids)})], system)


def _asked_for(found: list[str], system: bool) -> list[str]:
    return [name for name in found if system or not name.startswith(SYSTEM)]
