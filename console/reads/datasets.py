"""The data area as one read: versions, and the columns of the one under the cursor against another one."""

import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.console.reads.changes import Change, changes, telling
from lineside.store.queries import datasets, histories, lineage
from lineside.store.queries.datasets import Column, ColumnProfile, FileRow, VersionRow
from lineside.store.queries.lineage import EdgeRow, Node, NodeRow

_USERS = 40
_KEPT = 64
PAST = 12
"""Versions before the chosen one that a column is followed through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Another thing that a version came from, or that came of it."""

    relation: str
    row: NodeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One version in detail."""

    version: VersionRow
    files: Sequence[FileRow]
    against: VersionRow | None  # what it is compared with; None: it is the first
    changes: Sequence[Change]  # what has to be seen first
    past: Sequence[tuple[VersionRow, Sequence[ColumnProfile]]]  # itself and those before it, newest first
    came_from: Sequence[Tie]
    led_to: Sequence[Tie]
    measured: bool = True  # False: only names and types of its columns are known

    @property
    def profile(self) -> list[ColumnProfile]:
        """Its columns in their order."""
        found = sorted((c for c in self.changes if c.now), key=lambda c: c.place)
        return [c.now for c in found if c.now]

    @property
    def before(self) -> list[ColumnProfile]:
        """The columns of what it is compared with."""
        found = sorted((c for c in self.changes if c.before), key=lambda c: c.place)
        return [c.before for c in found if c.before]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole area at one moment."""

    versions: Sequence[VersionRow]  # newest first within a dataset
    chosen: Chosen | None


class Profiles:
    """The profiles read last, by version: a version never changes, so its profile is parsed once."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Sequence[ColumnProfile]] = OrderedDict()

    def of(self, db: sqlite3.Connection, version_id: int) -> Sequence[ColumnProfile]:
        """Every column of a version."""
        found = self._known.get(version_id)
        if found is None:
            found = datasets.profile(db, version_id)
            self._known[version_id] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found


def read(
    db: sqlite3.Connection,
    *,
    version_id: int | None,
    against: int | None = None,
    profiles: Profiles,
    known: Sequence[VersionRow] | None = None,
) -> View:
    """Everything the area shows, from one moment.

    Args:
        version_id: the version whose columns are shown; None: the newest.
        against: what it is compared with; None: the version before it.
        profiles: what was parsed before.
        known: the versions as they were read last; as none ever changes, they are kept until one is added.
    """
    newest = max((v.id for v in known), default=0) if known else -1
    versions = known if known and newest == histories.newest_data(db) else datasets.versions(db)
    here = next((v for v in versions if v.id == version_id), versions[0] if versions else None)
    chosen = _chosen(db, here, versions, against, profiles) if here else None
    return View(versions=versions, chosen=chosen)


def _chosen(
    db: sqlite3.Connection,
    version: VersionRow,
    versions: Sequence[VersionRow],
    against: int | None,
    profiles: Profiles,
) -> Chosen:
    line = [v for v in versions if v.dataset_id == version.dataset_id and v.number <= version.number]
    before = line[1] if len(line) > 1 else None
    if against is not None and against != version.id:
        before = next((v for v in versions if v.id == against), before)
    known = profiles.of(db, version.id)
    now = known or [_unmeasured(column) for column in version.columns]
    found = changes(now, profiles.of(db, before.id) if before else [])
    came, led = _ties(db, Node("dataset_version", version.id))
    return Chosen(
        version=version, files=datasets.files(db, version.id), against=before,
        changes=sorted(found, key=lambda c: telling(c, version)),
        past=[(v, profiles.of(db, v.id)) for v in line[:PAST]], came_from=came, led_to=led,
        measured=bool(known),
    )  # fmt: skip


def _unmeasured(column: Column) -> ColumnProfile:
    """A column of which only name and type are known."""
    return ColumnProfile(
        name=column.name, dtype=column.dtype, rows=0, nulls=0, nans=0, infinite=0, distinct=0, min=None,
        max=None, mean=None, std=None, quantiles={}, edges=(), counts=(), top=(),
    )  # fmt: skip


def _ties(db: sqlite3.Connection, node: Node) -> tuple[list[Tie], list[Tie]]:
    """What lies one arrow away, to either side."""
    graph = lineage.around(db, node, limit=_USERS)
    words = {row.node: row for row in graph.nodes}

    def tie(edge: EdgeRow, other: Node) -> list[Tie]:
        return [Tie(relation=edge.relation, row=words[other])] if other in words else []

    came = [t for e in graph.edges if (e.dst_kind, e.dst_id) == node
            for t in tie(e, Node(e.src_kind, e.src_id))]  # fmt: skip
    led = [t for e in graph.edges if (e.src_kind, e.src_id) == node
           for t in tie(e, Node(e.dst_kind, e.dst_id))]  # fmt: skip
    return came, led
