"""Lineage: where a thing came from and what came of it, walked with the arrow keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from shlex import quote
from typing import Any, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from lineside.console.format import plural
from lineside.console.ports import Question
from lineside.console.reads.ancestry import View, Wish, is_wrong, matching, read
from lineside.console.screens.base.area import Targets
from lineside.console.screens.base.following import Following
from lineside.console.text import Line, Span, safe
from lineside.console.views import lineage as views
from lineside.console.widgets.graphs import dag
from lineside.console.widgets.graphs.layout import Spot
from lineside.console.widgets.graphs.nodes import Notes
from lineside.console.widgets.graphs.sheet import Walked
from lineside.console.widgets.lines import Drawing
from lineside.store.queries.lineage import Node

_AREAS: Mapping[str, tuple[str, str]] = {
    "run": ("runs", "{}"), "model_version": ("models", "{}"), "promotion": ("models", "promotion:{}"),
    "dataset_version": ("data", "{}"), "deployment": ("monitor", "deployment:{}"),
    "window": ("monitor", "window:{}"), "alert": ("monitor", "alert:{}"),
}  # fmt: skip
"""Kind of node → the area that shows it, and what it is called there."""


class LineageArea(Following[View | None]):
    """The drawing above, the chosen node with all its arrows below."""

    NAME = "lineage"
    DEFAULT_CSS = """
    LineageArea #graph { height: 1fr; }
    LineageArea #node { height: 7; }
    LineageArea.-zoomed #node { display: none; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._wish = Wish()
        self._past: list[tuple[Wish, Spot | None]] = []
        self._chosen: Spot | None = None
        self._notes: Notes | None = None  # of the view that is drawn
        self._eye: Spot | None = None  # what stands in the middle of the drawing
        self._lit: Spot | None = None  # where the cursor rested last, while it moves
        self._coming: Node | None = None  # to be chosen when the next answer is there

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
        self.graph.focus()

    @property
    def here(self) -> Spot | None:
        """The chosen spot, or the root where the chosen one is gone."""
        if not self.view:
            return None
        return self._chosen if self._chosen in self.view.plan.y else self.view.plan.root

    def _draw(self, view: View, width: int, height: int) -> list[Line]:
        """A step within sight leaves the drawing where it is; what stands out follows when it rests."""
        here = self.here or view.plan.root
        draw = partial(
            views.canvas, view, here, self.now, width, height, focused=self.graph.has_focus, known=self._notes
        )
        eye = self._eye if self._eye in view.plan.y else here
        drawn = draw(eye=eye, lit=self._lit if self._lit in view.plan.y else here)
        if here not in drawn.calm and eye != here:
            self._lit = eye = here
            drawn = draw(eye=here)
        self._eye = eye
        return drawn.lines

    def _draw_node(self, view: View, width: int, height: int) -> list[Line]:
        return views.node(view, self.here or view.plan.root, self.now, width, height)

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View | None]:
        wish = replace(self._wish, most=max(5, (self.size.height - 14) // 5))
        return lambda db: read(db, wish)

    def empty(self, view: View | None) -> bool:
        return view is None

    def show(self, view: View | None) -> None:
        self.view = view
        self._notes = views.notes(view, self.now) if view is not None else None
        self.query_one("#node").styles.height = 6 if self.size.height < 36 else 8
        if view is not None and self._coming is not None and self._coming in view.plan.words:
            self._chosen = self._spot(view, self._coming)
        self._coming = None
        for drawing in self.query(Drawing):
            drawing.display = view is not None and not (drawing.id == "node" and self.has_class("-zoomed"))
            if view is not None:
                drawing.show(view)

    def _spot(self, view: View, node: Node) -> Spot | None:
        return view.plan.of(node) if any(s.node == node for s in view.plan.y) else None

    def _go(self, root: str) -> None:
        """Draw around another node; `esc` comes back."""
        if self.view is not None:
            self._past.append((self._wish, self._chosen))
        self._wish, self._chosen = Wish(root=root), None
        self.reload()

    def filtered(self, text: str) -> None:
        """`/` goes to a node whose name holds the text; one that is not drawn is drawn around."""
        self.filter_text = ""
        self.graph.focus()
        word = text.strip().lower()
        if not word or self.view is None:
            return
        plan = self.view.plan
        hits = list(matching(plan, lambda label: word in label.lower()))
        here = self.here.node if self.here else None
        if hits:
            after = hits[hits.index(here) + 1 :] if here in hits else hits
            self._choose(plan.of((after or hits)[0]))
        else:
            self._go(text.strip())

    def select(self, target: int | str) -> None:
        """`run:812`, or anything that names a node."""
        if self._wish.root != str(target):
            self._go(str(target))
        self.graph.focus()

    def out(self) -> bool:
        if self.has_class("-zoomed"):
            self.cmd_zoom()
            return True
        if not self._past:
            return False
        self._wish, self._chosen = self._past.pop()
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
        if spot == self.here:
            return
        self._lit, self._chosen = self._lit or self.here, spot
        self.graph.redraw()
        self.follow()

    def followed(self) -> None:
        """What is known of the node, and what may be done to it."""
        self._lit = None
        for drawing in self.query(Drawing):
            drawing.redraw()
        self.refresh_frame()

    def cmd_enter(self) -> None:
        """Around the node; what is folded is shown."""
        if self.here is None or self.view is None:
            return
        if self.here.node in self.view.folds:
            self.cmd_unfold()
        elif self.here.node == self.view.plan.root.node:
            self.cmd_look()
        else:
            self._go(f"{self.here.node.kind}:{self.here.node.id}")

    def cmd_unfold(self) -> None:
        """Show the folded siblings; where nothing is folded under the cursor, fold all again."""
        view, here = self.view, self.here
        if view is None or here is None:
            return
        behind = view.folds.get(here.node)
        if behind is None and not self._wish.opened:
            self.notify("nothing is folded here", severity="warning", markup=False)
            return
        opened = self._wish.opened | {behind.family} if behind else frozenset()
        self._wish = replace(self._wish, opened=opened)
        self._coming = behind.rows[0].node if behind else view.plan.root.node
        self.reload()

    def cmd_only_up(self) -> None:
        self._only(up=True, down=not self._wish.down)

    def cmd_only_down(self) -> None:
        self._only(up=not self._wish.up, down=True)

    def _only(self, *, up: bool, down: bool) -> None:
        """One side of the root, and both again."""
        self._wish = replace(self._wish, up=up, down=down)
        self.reload()

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")
        self.show(self.view)

    def cmd_look(self) -> None:
        """The area that shows this kind of thing."""
        if self.here is None or self.here.node.kind not in _AREAS:
            self.notify("it has no area of its own", severity="warning", markup=False)
            return
        area, name = _AREAS[self.here.node.kind]
        target = name.format(self.here.node.id)
        self.console_app.go(area, int(target) if target.isdigit() else target)

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
        wrong = [s for s in (*order[at + 1 :], *order[:at]) if is_wrong(plan.words[s.node])]
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
        return left, self._sum(self.view)

    def _sum(self, view: View) -> Line:
        """`28 nodes · 3 problems: n`, and which side is shown."""
        wrong = sum(is_wrong(row) for row in view.graph.nodes)
        folded = sum(len(f.rows) for f in view.folds.values())
        out: list[Span] = [(f"{view.whole} nodes", "dim")]
        if folded:
            out.append((f", {folded} folded", "dim"))
        if not (view.wish.up and view.wish.down):
            out.append((" · only what came of it" if view.wish.down else " · only what it came from", "warn"))
        if wrong:
            out += [(" · ", "dim"), (plural(wrong, "problem"), "bold bad"), (": ", "dim"), ("n", "key")]
        return out

    def targets(self) -> Targets:
        if self.here is None or self.here.node.kind == "fold":
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
        side = "" if self._wish.up and self._wish.down else " --up" if self._wish.up else " --down"
        return {
            "command": f"lineside lineage {quote(name)}{side}",
            "id": f"{row.kind}:{row.id}",
            "value": row.label,
        }
