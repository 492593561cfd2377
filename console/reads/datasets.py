"""The data area as one read: versions, and the columns of the one under the cursor."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.store.queries import datasets, lineage
from lineside.store.queries.datasets import ColumnProfile, FileRow, VersionRow
from lineside.store.queries.lineage import Node, NodeRow

_USERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One version in detail."""

    version: VersionRow
    files: Sequence[FileRow]
    profile: Sequence[ColumnProfile]
    before: Sequence[ColumnProfile]  # of the version before; empty for the first
    came_from: Sequence[NodeRow]
    led_to: Sequence[NodeRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole area at one moment."""

    versions: Sequence[VersionRow]  # newest first within a dataset
    chosen: Chosen | None


def read(db: sqlite3.Connection, *, version_id: int | None) -> View:
    """Everything the area shows, from one moment."""
    versions = datasets.versions(db)
    here = next((v for v in versions if v.id == version_id), versions[0] if versions else None)
    return View(versions=versions, chosen=_chosen(db, here, versions) if here else None)


def _chosen(db: sqlite3.Connection, version: VersionRow, versions: Sequence[VersionRow]) -> Chosen:
    older = [v for v in versions if v.dataset_id == version.dataset_id and v.number < version.number]
    node = Node("dataset_version", version.id)
    graph = lineage.around(db, node, limit=_USERS)
    words = {row.node: row for row in graph.nodes}
    sources = [Node(e.src_kind, e.src_id) for e in graph.edges if (e.dst_kind, e.dst_id) == node]
    users = [Node(e.dst_kind, e.dst_id) for e in graph.edges if (e.src_kind, e.src_id) == node]
    return Chosen(
        version=version,
        files=datasets.files(db, version.id),
        profile=datasets.profile(db, version.id),
        before=datasets.profile(db, older[0].id) if older else [],
        came_from=[words[n] for n in sources if n in words],
        led_to=[words[n] for n in users if n in words],
    )
