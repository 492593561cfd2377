"""Lineage: which thing came from which. Edges are written with the change that makes them true.

Kinds of node: dataset_version run model_version promotion deployment window alert retrain.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

from lineside.store.clock import Micros
from lineside.store.errors import NotFound
from lineside.store.queries.numbers import number_in


class Node(NamedTuple):
    kind: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """A node with the words a person knows it by."""

    kind: str
    id: int
    label: str  # "digits@2", "run 12 network", "digit-reader@v3"
    state: str

    @property
    def node(self) -> Node:
        return Node(self.kind, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """`src` led to `dst`."""

    src_kind: str
    src_id: int
    dst_kind: str
    dst_id: int
    relation: str
    at_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What surrounds one node: nodes by distance, and the edges among them."""

    root: Node
    nodes: tuple[NodeRow, ...]
    edges: tuple[EdgeRow, ...]


_LINK = """
    insert into edge (src_kind, src_id, dst_kind, dst_id, relation, at_us)
    values (:src_kind, :src_id, :dst_kind, :dst_id, :relation, :at_us)
    on conflict do nothing
"""

_DOWN = """
    select src_kind, src_id, dst_kind, dst_id, relation, at_us from edge
     where src_kind = :kind and src_id = :id order by id
"""

_UP = """
    select src_kind, src_id, dst_kind, dst_id, relation, at_us from edge
     where dst_kind = :kind and dst_id = :id order by id
"""

_DESCRIBE = {
    "dataset_version": """
        select 'data:' || d.name || '@' || v.number as label, v.rows || ' rows' as state
          from dataset_version v join dataset d on d.id = v.dataset_id where v.id = :id""",
    "run": "select 'run ' || id || ' ' || name as label, status as state from run where id = :id",
    "model_version": """
        select m.name || '@v' || v.number as label, v.status as state
          from model_version v join model m on m.id = v.model_id where v.id = :id""",
    "promotion": """
        select 'request ' || p.id || ' → ' || p.alias as label, p.state as state
          from promotion p where p.id = :id""",
    "deployment": "select 'deployment ' || name as label, state from deployment where id = :id",
    "window": """
        select m.name || ' window ' || w.number as label, w.state as state
          from window w join monitor m on m.id = w.monitor_id where w.id = :id""",
    "alert": "select 'alert ' || id || ' ' || rule as label, state from alert where id = :id",
    "retrain": "select 'retrain ' || id || ' ' || trigger_name as label, state from retrain where id = :id",
}


def link(db: sqlite3.Connection, *, src: Node, dst: Node, relation: str, at: Micros) -> None:
    """Say that `src` led to `dst`; saying it twice changes nothing."""
    db.execute(
        _LINK,
        {"src_kind": src.kind, "src_id": src.id, "dst_kind": dst.kind, "dst_id": dst.id,
         "relation": relation, "at_us": at},
    )  # fmt: skip


def describe(db: sqlite3.Connection, node: Node) -> NodeRow:
    """The node in words.

    Raises:
        NotFound: no such kind, or no such row.
    """
    sql = _DESCRIBE.get(node.kind)
    row = db.execute(sql, {"id": node.id}).fetchone() if sql else None
    if row is None:
        raise NotFound(node.kind, node.id, hint="lineage takes a run, NAME@7, data:NAME@2 or a uid")
    return NodeRow(kind=node.kind, id=node.id, label=row["label"], state=row["state"])


def around(
    db: sqlite3.Connection, root: Node, *, up: bool = True, down: bool = True, limit: int = 500
) -> Graph:
    """All that `root` came from (`up`) and all that came from it (`down`), at most `limit` nodes."""
    nodes = {root: describe(db, root)}
    edges: dict[EdgeRow, None] = {}
    for sql, far, wanted in ((_UP, _src, up), (_DOWN, _dst, down)):
        if wanted:
            _walk(db, root, sql, far, nodes, edges, limit)
    return Graph(root=root, nodes=tuple(nodes.values()), edges=tuple(edges))


def _src(edge: EdgeRow) -> Node:
    return Node(edge.src_kind, edge.src_id)


def _dst(edge: EdgeRow) -> Node:
    return Node(edge.dst_kind, edge.dst_id)


def _walk(
    db: sqlite3.Connection,
    root: Node,
    sql: str,
    far: Callable[[EdgeRow], Node],
    nodes: dict[Node, NodeRow],
    edges: dict[EdgeRow, None],
    limit: int,
) -> None:
    """Breadth first, in one direction, adding to `nodes` and `edges`."""
    seen, front = {root}, [root]
    while front:
        reached: list[Node] = []
        for node in front:
            for row in db.execute(sql, {"kind": node.kind, "id": node.id}):
                edge = EdgeRow.of(row)
                other = far(edge)
                if other not in nodes and len(nodes) >= limit:
                    continue
                edges[edge] = None
                if other not in nodes:
                    nodes[other] = describe(db, other)
                if other not in seen:
                    seen.add(other)
                    reached.append(other)
        front = reached


_RESOLVE_VERSION = """
    select v.id from model_version v join model m on m.id = v.model_id
     where m.name = :name and v.number = :number
"""

_RESOLVE_ALIAS = """
    select a.version_id as id from alias_interval a join model m on m.id = a.model_id
     where m.name = :name and a.alias = :alias and a.to_us is null
"""

_RESOLVE_DATASET = """
    select v.id from dataset_version v join dataset d on d.id = v.dataset_id
     where d.name = :name and (:number is null or v.number = :number)
     order by v.number desc limit 1
"""

_RESOLVE_UID = """
    select 'run' as kind, id from run where uid = :uid union all
    select 'dataset_version', id from dataset_version where uid = :uid union all
    select 'model_version', id from model_version where uid = :uid union all
    select 'promotion', id from promotion where uid = :uid union all
    select 'deployment', id from deployment where uid = :uid union all
    select 'window', id from window where uid = :uid union all
    select 'alert', id from alert where uid = :uid
"""


def resolve(db: sqlite3.Connection, text: str) -> Node:
    """The node a person means: `812`, `run:812`, `NAME@7`, `NAME@v7`, `NAME@champion`, `data:NAME@2`, a uid.

    Raises:
        NotFound: nothing answers to that.
    """
    row = None
    kind, _, rest = text.partition(":")
    if kind == "data" and rest:
        name, _, tail = rest.partition("@")
        number = number_in(tail[1:] if tail[:1] == "v" else tail)
        if number is not None or tail in ("", "latest"):
            key = {"name": name, "number": number}
            row, kind = db.execute(_RESOLVE_DATASET, key).fetchone(), "dataset_version"
    elif (run := number_in(text)) is not None:
        return describe(db, Node("run", run)).node
    elif kind in _DESCRIBE and (id := number_in(rest)) is not None:
        return describe(db, Node(kind, id)).node
    elif "@" in text:
        name, _, tail = text.partition("@")
        number = number_in(tail[1:] if tail[:1] == "v" else tail)
        if number is not None:
            row = db.execute(_RESOLVE_VERSION, {"name": name, "number": number}).fetchone()
        else:
            row = db.execute(_RESOLVE_ALIAS, {"name": name, "alias": tail}).fetchone()
        kind = "model_version"
    elif row := db.execute(_RESOLVE_UID, {"uid": text}).fetchone():
        kind = row["kind"]
    if row is None:
        raise NotFound(
            "lineage node",
            text,
            hint="say a run (812), NAME@7, NAME@champion, data:NAME@2 or a uid",
        )
    return Node(kind, row["id"])
