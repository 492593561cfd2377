"""The lineage area as one read: what surrounds a node, many siblings folded, laid out, with its figures."""

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from lineside.console.format import glyph
from lineside.console.widgets.graphs.fold import Family, Fold, fold
from lineside.console.widgets.graphs.layout import Plan, place
from lineside.store.queries import datasets, lineage, models, runs, traces
from lineside.store.queries.lineage import Graph, Node, NodeRow
from lineside.store.queries.traces import TraceRow

NODES = 500
"""A lineage is read up to so many nodes."""

_WRONG = frozenset({"bad", "drift", "ask"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be drawn."""

    root: str | None = None  # None: what serves now, or the newest thing there is
    up: bool = True
    down: bool = True
    most: int = 6  # siblings beside each other
    opened: frozenset[Family] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A lineage around one root, laid out."""

    graph: Graph  # as drawn: with folds
    plan: Plan
    folds: Mapping[Node, Fold]
    traces: Mapping[Node, TraceRow]
    whole: int  # nodes, the folded ones too
    wish: Wish


def read(db: sqlite3.Connection, wish: Wish) -> View | None:
    """Everything the area shows, from one moment; None: nothing has a lineage yet."""
    node = lineage.resolve(db, wish.root) if wish.root else newest(db)
    if node is None:
        return None
    whole = lineage.around(db, node, up=wish.up, down=wish.down, limit=NODES)
    graph, folds = fold(whole, most=wish.most, opened=wish.opened, is_wrong=is_wrong)
    figures = traces.of_nodes(db, [row.node for row in graph.nodes])
    return View(
        graph=graph, plan=place(graph), folds=folds, traces=figures, whole=len(whole.nodes), wish=wish
    )


def newest(db: sqlite3.Connection) -> Node | None:
    """What a person most likely wants to see first: the version that serves, else the newest thing."""
    versions = models.versions(db)
    held = [v for v in versions if v.aliases]
    if held or versions:
        return Node("model_version", (held or versions)[0].id)
    data = datasets.versions(db)
    if data:
        return Node("dataset_version", data[0].id)
    started = runs.recent(db, limit=1, offset=0)
    return Node("run", started[0].id) if started else None


def is_wrong(row: NodeRow) -> bool:
    """Did it fail, does it fire, does it ask for somebody?"""
    return (row.kind != "retrain" and glyph(row.state)[1] in _WRONG) or row.state == "FAILED"


def matching(plan: Plan, test: Callable[[str], bool]) -> Collection[Node]:
    """The nodes whose names pass, in the order of the drawing."""
    spots = sorted((s for s in plan.y if s.real), key=lambda s: (s.depth, plan.y[s]))
    return [s.node for s in spots if test(plan.words[s.node].label)]
