"""Lineage: where a thing came from and what came of it, walked with the arrow keys."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from lineside.console.format import glyph
from lineside.console.ports import Question
from lineside.console.screens.area import Area, Targets
from lineside.console.text import Line, Span, safe
from lineside.console.views import lineage as views
from lineside.console.views.lineage import View
from lineside.console.widgets import dag
from lineside.console.widgets.dag_layout import Spot, place
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.sheet import Walked
from lineside.store.queries import datasets, lineage, models, runs
from lineside.store.queries.lineage import Node, NodeRow

_NODES = 300
"""A lineage is drawn up to so many nodes."""

_WRONG = frozenset({"bad", "drift", "ask"})


class LineageArea(Area[View | None]):
    """The drawing above, the chosen node with all its arrows below."""

    NAME = "lineage"
    DEFAULT_CSS = """
    LineageArea #graph { height: 1fr; }
    LineageArea #node { height: 8; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._root: str | None = None  # None: what serves now, or the newest thing there is
        self._past: list[str] = []
        self._chosen: Spot | None = None

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            yield Walked[View](self._draw, id="graph")
            yield Drawing[View](self._draw_node, id="node")

    @property
    def graph(self) -> Walked[View]:
        return cast("Walked[View]", self.query_one("#graph", Walked))

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        return (("l", "lineage", self.graph),)

    def on_mount(self) -> None:
        super().on_mount()
        self.graph.focus()

    @property
    def here(self) -> Spot | None:
        """The chosen spot, or the root where the chosen one is gone."""
        if not self.view:
            return None
        return self._chosen if self._chosen in self.view.plan.y else self.view.plan.root

    def _draw(self, view: View, width: int, height: int) -> list[Line]:
        return views.canvas(view, self.here or view.plan.root, width, height, focused=self.graph.has_focus)

    def _draw_node(self, view: View, width: int, height: int) -> list[Line]:
        return views.node(view, self.here or view.plan.root, self.now, width, height)

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View | None]:
        root = self._root

        def look(db: sqlite3.Connection) -> View | None:
            node = lineage.resolve(db, root) if root else newest(db)
            if node is None:
                return None
            graph = lineage.around(db, node, limit=_NODES)
            return View(graph=graph, plan=place(graph))

        return look

    def empty(self, view: View | None) -> bool:
        return view is None

    def show(self, view: View | None) -> None:
        self.view = view
        for drawing in self.query(Drawing):
            drawing.display = view is not None
            if view is not None:
                drawing.show(view)

    def _go(self, root: str) -> None:
        """Draw around another node; `esc` comes back."""
        if self.view is not None:
            old = self.view.plan.root.node
            self._past.append(f"{old.kind}:{old.id}")
        self._root, self._chosen = root, None
        self.reload()

    def filtered(self, text: str) -> None:
        """`/` names the node to draw around: a run's number, NAME@champion, data:NAME@2."""
        if text.strip():
            self._go(text.strip())
        self.filter_text = ""
        self.graph.focus()

    def select(self, target: int | str) -> None:
        """`run:812`, or anything that names a node."""
        if self._root != str(target):
            self._go(str(target))
        self.graph.focus()

    def out(self) -> bool:
        if not self._past:
            return False
        self._root, self._chosen = self._past.pop(), None
        self.reload()
        return True

    # -- walking -----------------------------------------------------------------------------------

    @on(Walked.Step)
    def _stepped(self, step: Walked.Step) -> None:
        if self.view is None or self.here is None:
            return
        way: dag.Way = (
            ("right" if step.right > 0 else "left") if step.right else ("down" if step.down > 0 else "up")
        )
        self._choose(dag.step(self.view.plan, self.here, way))

    def _choose(self, spot: Spot) -> None:
        self._chosen = spot
        for drawing in self.query(Drawing):
            drawing.redraw()
        self.refresh_frame()

    def cmd_enter(self) -> None:
        if self.here is not None:
            self._go(f"{self.here.node.kind}:{self.here.node.id}")

    def cmd_home(self) -> None:
        if self.view is not None:
            self._choose(self.view.plan.root)

    def cmd_next_problem(self) -> None:
        self._seek(lambda after: after[0])

    def cmd_previous_problem(self) -> None:
        self._seek(lambda after: after[-1])

    def _seek(self, pick: Callable[[list[Spot]], Spot]) -> None:
        """The next node that failed, fires or asks, from left to right and round the end."""
        if self.view is None or self.here is None:
            return
        plan, here = self.view.plan, self.here
        order = sorted((s for s in plan.y if s.real), key=lambda s: (s.depth, plan.y[s]))
        at = order.index(here)
        wrong = [s for s in (*order[at + 1 :], *order[:at]) if _is_wrong(plan.words[s.node])]
        if wrong:
            self._choose(pick(wrong))

    # -- the frame ---------------------------------------------------------------------------------

    def crumb(self) -> tuple[Line, Line]:
        left: list[Span] = [(" Lineage", "bold")]
        if self.view is None or self.here is None:
            return left, []
        words, root = self.view.plan.words, self.view.plan.root
        left += [(" › ", "dim"), (safe(words[root.node].label), "")]
        if self.here != root:
            left += [(" › ", "dim"), (safe(words[self.here.node].label), "accent")]
        return left, [(f"{len(words)} nodes · {len(self.view.graph.edges)} arrows", "dim")]

    def targets(self) -> Targets:
        if self.here is None:
            return {}
        kind, id = self.here.node
        area = {"run": "run", "model_version": "model", "promotion": "model", "dataset_version": "data"}
        seen = {"deployment", "window", "alert"}
        named = id if kind in ("run", "model_version", "dataset_version") else f"{kind}:{id}"
        found: dict[str, int | str | None] = {"lineage": f"{kind}:{id}"}
        if kind in area:
            found[area[kind]] = named
        if kind in seen:
            found["endpoint"] = named
        return found

    def copies(self) -> Mapping[str, str]:
        if self.view is None or self.here is None:
            return {}
        row = self.view.plan.words[self.here.node]
        name = row.label if row.kind in ("model_version", "dataset_version") else f"{row.kind}:{row.id}"
        return {"command": f"lineside lineage {name}", "id": f"{row.kind}:{row.id}", "value": row.label}


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


def _is_wrong(row: NodeRow) -> bool:
    return glyph(row.state)[1] in _WRONG
