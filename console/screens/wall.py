"""The wall: what needs you, and everything else at a glance."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus
from textual.geometry import Size
from textual.widget import Widget

from lineside.console.commands import Command
from lineside.console.deeds import asking
from lineside.console.deeds.deed import Deed
from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import traces, visits, walls
from lineside.console.reads.needs import Need
from lineside.console.reads.walls import Wall
from lineside.console.screens.base.area import Area, Targets
from lineside.console.text import Line, heading, safe
from lineside.console.views.wall import big as wallbig
from lineside.console.views.wall import wall as drawing
from lineside.console.views.wall.plan import Rect, plan
from lineside.console.views.wall.wall import Scene
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.panel import Panel, Row
from lineside.console.widgets.tables.rows import Cell, Column, ListRows
from lineside.console.widgets.tables.table import Table
from lineside.jobs.devices.gpus import Gpu
from lineside.store.queries import alerts, evidence, jobs, promotions

_COLUMNS = (
    Column(key="word", title="", priority=1, value=lambda need: need.word),
    Column(key="text", title="", priority=1, max=200, min=20, grow=True),
    Column(key="at", title="", priority=2, align=">", value=lambda need: need.at_us),
    Column(key="next", title="", priority=1),
)
_DOES: Mapping[str, tuple[str, ...]] = {
    "wall.approve": ("approve",), "wall.reject": ("approve",), "wall.ratify": ("ratify",),
    "wall.acknowledge": ("alert",), "wall.silence": ("alert",), "wall.retry": ("failed",),
}  # fmt: skip
"""Which kinds of need a command behind `.` is for."""


@dataclass(frozen=True, slots=True)
class View:
    """The wall with the curves of what trains, and how busy the GPUs were with it."""

    wall: Wall
    curves: Mapping[int, Sequence[float | None]]
    loads: Mapping[str, Sequence[float | None]]


PANELS = ("gpus", "ends", "jobs", "since", "kept", "recent")
LETTERS: Mapping[str, tuple[str, str]] = {
    "gpus": ("g", "GPUs"), "ends": ("e", "endpoints"), "jobs": ("j", "jobs"),
    "recent": ("r", "recent runs"), "since": ("s", "since you left"), "kept": ("m", "models and data"),
}  # fmt: skip
_MINUTE_S = 60.0


class WallArea(Area[View]):
    """Area 1."""

    NAME: ClassVar[str] = "wall"
    DEFAULT_CSS = """
    WallArea #room { height: 1fr; layout: vertical; }
    WallArea #room > * { position: absolute; }
    WallArea #big { display: none; height: 1fr; }
    WallArea.-big #big { display: block; }
    WallArea.-big #room, WallArea.-big #titlebar, WallArea.-big #crumb, WallArea.-big #footer,
    WallArea.-big #story { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._left = visits.last(store.home)
        self._looks: dict[str, list[float | None]] = {}
        self._seen: tuple[Gpu, ...] = ()
        self._plan: Mapping[str, Rect] = {}
        self._demo = store.home.demo
        self._drawn_for: Size | None = None

    def body(self) -> ComposeResult:
        with Container(id="room", classes="content"):
            yield Lines([[]], id="needs-head")
            yield Table[Need](_COLUMNS, id="needs", header=False, empty="✓ nothing waits for anybody")
            for name in PANELS:
                yield Panel(id=name)
        yield Drawing[Scene](wallbig.draw, id="big")

    def on_mount(self) -> None:
        if self.console_app.settings.layout.get("start") == "wall:big":
            self.add_class("-big")
        self.set_interval(_MINUTE_S, self._minute)

    def _minute(self) -> None:
        """A clock on the wall goes on by itself."""
        if self.is_current and self.has_class("-big") and not self.console_app.paused:
            self.reload()

    def main(self) -> Table[Need]:
        return self.query_one("#needs", Table)

    def question(self) -> Question[View]:
        at, left, home, first = self.now, self._left, self.store.home, self.view is None

        def read(db: sqlite3.Connection) -> View:
            wall = walls.read(db, at=at, left=left, brief=first)
            if first:
                return View(wall, {}, {})
            return View(wall, traces.curves(db, home, wall), traces.loads(db, home, wall))

        return read

    def empty(self, view: View) -> bool:
        wall = view.wall
        seen = (wall.needs, wall.working, wall.waiting, wall.endpoints, wall.events, wall.before, wall.recent)
        return not any(seen) and not self.console_app.runner.gpus

    def show(self, view: View) -> None:
        view = replace(view, wall=drawing.with_runner(view.wall, self.console_app.runner))
        wall, me = view.wall, self.me
        self._drawn_for = self.app.size
        scene = self._scene(view)
        self._arrange(scene)
        told = str(len(wall.needs)) if wall.needs else ""

        def cells(need: Need) -> list[Cell]:
            return drawing.need_cells(need, me, wall.at_us)

        head = self.query_one("#needs-head", Lines)
        rect = self._plan.get("needs")
        width = rect.width if rect else self.app.size.width
        head.set([heading("NEEDS YOU", width, right=told, style="head ask" if wall.needs else "head")])
        needs = [need for need in drawing.in_order(wall.needs, me) if self._wanted(need)]
        self.main().show(ListRows[Need](needs, key=lambda n: n.key, cells=cells))
        for name, fill in drawing.fills(scene).items():
            self.query_one(f"#{name}", Panel).show(fill)
        self.query_one("#big", Drawing).show(scene)

    def _wanted(self, need: Need) -> bool:
        """Whether it holds every word of the filter."""
        text = f"{need.word} {need.text} {need.by}".lower()
        return all(word in text for word in self.filter_text.lower().split())

    def _scene(self, view: View) -> Scene:
        runner = self.console_app.runner
        self._remember(runner.gpus)
        return Scene(
            wall=view.wall, me=self.me, gpus=runner.gpus, gpu_words=runner.gpu_words, slots=runner.slots,
            curves=view.curves, loads={**self._looks, **view.loads},
        )  # fmt: skip

    def _remember(self, gpus: tuple[Gpu, ...]) -> None:
        """What a GPU did while one looked: all there is of one that no job of ours has."""
        if gpus is self._seen:
            return
        self._seen = gpus
        for gpu in gpus:
            self._looks[gpu.uuid] = [*self._looks.get(gpu.uuid, [])[-239:], gpu.util]

    def _arrange(self, scene: Scene) -> None:
        """Put every panel where the plan has it; nothing is laid out again while the plan stays."""
        size = self.app.size
        story = int(self.console_app.story is not None)
        self.query_one("#story").display = bool(story)
        fresh = plan(size.width, max(2, size.height - 3 - story), drawing.wanted(scene))
        if fresh == self._plan:
            return
        self._plan = fresh
        for name in ("needs", *PANELS):
            self._place(name, fresh.get(name))

    def _place(self, name: str, rect: Rect | None) -> None:
        widget = self.query_one(f"#{name}")
        widget.display = rect is not None
        if name == "needs":
            self.query_one("#needs-head").display = rect is not None
        if rect is None:
            return
        if name == "needs":
            _put(self.query_one("#needs-head"), Rect(rect.x, rect.y, rect.width, 1))
            rect = Rect(rect.x, rect.y + 1, rect.width, rect.height - 1)
        _put(widget, rect)

    def on_resize(self) -> None:
        """The frame is drawn by the handler of `Area`, which Textual calls too."""
        if self.view is not None and self.app.size != self._drawn_for:
            self.show(self.view)

    def crumb(self) -> tuple[Line, Line]:
        home = self.store.home
        demo = [(" demo ", "reverse ask")] if self._demo else []
        runner = self.console_app.runner
        role = f" ({runner.me.role.name.lower()})" if runner.me.role is not None else ""
        right: Line = [
            (runner.words, "warn" if runner.up and runner.problems else "ok" if runner.up else "bad"),
            (" · you: ", "dim"),
            (safe(runner.me.name), ""),
            (role, "dim"),
        ]
        return [(f" {safe(_host())}", "bold"), (f"  {safe(str(home.path))} ", "dim"), *demo], right

    @on(Table.Moved)
    def _moved(self) -> None:
        self.refresh_frame()

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        shown = [(*LETTERS[name], self.query_one(f"#{name}")) for name in PANELS if name in self._plan]
        return [("n", "needs you", self.main()), *shown]

    @on(Panel.Entered)
    def _entered(self) -> None:
        self.cmd_open()

    @on(DescendantFocus)
    def _focus_moved(self) -> None:
        self.refresh_frame()

    def _need(self) -> Need | None:
        """The need that keys are about: none while a panel beside has the focus."""
        return None if isinstance(self.focused, Panel) else self.main().current

    def _row(self) -> Row | None:
        return self.focused.current if isinstance(self.focused, Panel) else None

    def select(self, target: int | str) -> None:
        """`big` is the wall for a screen on a wall."""
        if target == "big":
            self.add_class("-big")
        else:
            super().select(target)

    def out(self) -> bool:
        if self.has_class("-big"):
            self.remove_class("-big")
            self.main().focus()
            return True
        if isinstance(self.focused, Panel):
            self.main().focus()
            return True
        return False

    def cmd_zoom(self) -> None:
        self.toggle_class("-big")
        self.main().focus()

    def scopes(self) -> tuple[str, ...]:
        return (self.NAME, "everywhere") if self.has_class("-big") else super().scopes()

    def targets(self) -> Targets:
        row = self._row()
        if row is not None and row.goes is not None and isinstance(row.goes[1], int):
            kind = {"jobs": "job", "runs": "run", "monitor": "endpoint"}.get(row.goes[0])
            return {kind: row.goes[1]} if kind else {}
        need = self._need()
        if need is None:
            return {}
        promotion = f"promotion:{need.id}" if need.model else None
        lineage = promotion or (f"alert:{need.id}" if need.kind == "alert" else None)
        return {
            "run": need.run_id, "job": need.id if need.kind == "failed" else None, "model": promotion,
            "lineage": lineage or (f"run:{need.run_id}" if need.run_id else None),
            "endpoint": need.target if need.kind == "alert" else None,
        }  # fmt: skip

    def copies(self) -> Mapping[str, str]:
        need = self._need()
        if need is None:
            return {"command": "lineside view wall"}
        shows = {
            "failed": f"lineside jobs show {need.id}", "alert": "lineside alerts ls",
            "runner": "lineside doctor",
        }  # fmt: skip
        command = shows.get(need.kind, f"lineside promotions show {need.id}")
        return {"command": command, "id": str(need.id), "value": f"{need.word} {need.text}"}

    def offers(self, command: Command) -> bool:
        need = self._need()
        return need is not None and need.kind in _DOES.get(command.id, ())

    def says(self, command: Command) -> str:
        need = self.main().current
        return f"{command.title}: {safe(need.model)}" if need is not None and need.model else command.title

    def cmd_open(self) -> None:
        row, need = self._row(), self._need()
        if row is not None and row.goes is not None:
            self.console_app.go(*row.goes)
        elif need is not None and need.kind == "failed":
            self.console_app.go("jobs", f"log:{need.id}")
        elif need is not None and need.kind == "parked":
            self.console_app.go("jobs", "schedules")
        elif need is not None and need.kind == "runner":
            words = f"{need.text}\n\nit says what to do: y copies the command"
            self.notify(words, title="runner", severity="warning", markup=False)
        elif need is not None:
            self.console_app.go(need.area, need.target)

    # -- doing ------------------------------------------------------------------------------------

    def cmd_approve(self) -> None:
        self._decide(asking.approve)

    def cmd_reject(self) -> None:
        self._decide(asking.reject)

    def _decide(self, make: "asking.Decision") -> None:
        need = self.main().current
        if need is not None:
            read = self.store.read
            self.propose(
                make(
                    read(lambda db: promotions.get(db, need.id)), read(lambda db: evidence.gates(db, need.id))
                )
            )

    def cmd_ratify(self) -> None:
        self._one(lambda db, id: asking.ratify(promotions.get(db, id)))

    def cmd_acknowledge(self) -> None:
        self._one(lambda db, id: asking.acknowledge([alerts.find(db, id)]))

    def cmd_silence(self) -> None:
        self._one(lambda db, id: asking.silence([alerts.find(db, id)]))

    def cmd_retry(self) -> None:
        self._one(lambda db, id: asking.retry([jobs.get(db, id)]))

    def _one(self, make: "asking.Making") -> None:
        need = self.main().current
        if need is not None:
            deed: Deed = self.store.read(lambda db: make(db, need.id))
            self.propose(deed)

    def on_unmount(self) -> None:
        visits.leave(self.store.home, at=self.now)


def _put(widget: Widget, rect: Rect) -> None:
    widget.styles.offset = (rect.x, rect.y)
    widget.styles.width, widget.styles.height = rect.width, rect.height


def _host() -> str:
    import socket

    return socket.gethostname()
