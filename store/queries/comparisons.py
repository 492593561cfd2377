"""Several runs side by side: what differs, and how much is the same."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.store.errors import NotFound
from lineside.store.queries import inputs
from lineside.store.queries.params import params, tags
from lineside.store.queries.summaries import summaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing the runs were asked about, with one answer per run."""

    kind: str  # "context", "data", "param", "metric", "tag", "artifact"
    key: str
    values: tuple[str | None, ...]  # None: that run has no such thing

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Runs side by side."""

    run_ids: tuple[int, ...]
    same: int  # how many things are equal in all of them
    rows: tuple[Difference, ...]  # only what differs
    equal: tuple[Difference, ...]  # the rest, for those who ask


_CONTEXT = "select context, dropped from run where id = :id"

_ARTIFACTS = "select path, digest from artifact where run_id = :run_id order by path"

_KINDS = ("context", "data", "param", "metric", "tag", "artifact")
PASSING = frozenset({"pid", "started_us", "datasets", "drops", "gaps"})  # differs always, says nothing
_RECORDED = {"code/changes.patch": "changes", "environment/packages.txt": "packages"}
"""Files that the SDK keeps: how a run came about, not what it made."""


def compare(db: sqlite3.Connection, run_ids: Sequence[int]) -> Comparison:
    """What differs between runs: code and command, data, params, last metrics, tags, files.

    Raises:
        NotFound: one of them does not exist.
    """
    sides = [_facts(db, run_id) for run_id in run_ids]
    keys = sorted({key for side in sides for key in side}, key=lambda key: (_KINDS.index(key[0]), key[1]))
    rows = [
        Difference(kind=kind, key=key, values=tuple(side.get((kind, key)) for side in sides))
        for kind, key in keys
    ]
    differing = tuple(row for row in rows if row.differs)
    equal = tuple(row for row in rows if not row.differs)
    return Comparison(run_ids=tuple(run_ids), same=len(equal), rows=differing, equal=equal)


def _facts(db: sqlite3.Connection, run_id: int) -> dict[tuple[str, str], str]:
    """All that can be said of one run, as text by (kind, key)."""
    row = db.execute(_CONTEXT, {"id": run_id}).fetchone()
    if row is None:
        raise NotFound("run", run_id)
    context = {key: value for key, value in json.loads(row["context"]).items() if key not in PASSING}
    facts = {("context", key): _text(value) for key, value in context.items()}
    if row["dropped"]:
        facts["context", "points not written"] = str(row["dropped"])
    for name, number in inputs.of_run(db, run_id):
        facts["data", name] = f"@{number}"
    facts |= {("param", key): value for key, value in params(db, run_id).items()}
    facts |= {("metric", line.metric): f"{line.last_value:.6g}" for line in summaries(db, run_id)}
    facts |= {("tag", key): value for key, value in tags(db, run_id).items()}
    for file in db.execute(_ARTIFACTS, {"run_id": run_id}):
        if file["path"] in _RECORDED:
            key = "context", _RECORDED[file["path"]]
            facts[key] = " ".join(filter(None, [facts.get(key), file["digest"][:8]]))
        else:
            facts["artifact", file["path"]] = file["digest"][:12]
    return facts


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
