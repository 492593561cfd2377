"""The wall: what needs you, and everything else at a glance."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from lineside.console import asking
from lineside.console.commands import Command
from lineside.console.deeds import Deed
from lineside.console.format import clock
from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import visits, walls
from lineside.console.reads.needs import Need
from lineside.console.reads.walls import Wall
from lineside.console.screens.area import Area, Targets
from lineside.console.text import Line, heading, safe
from lineside.console.views import wall as drawing
from lineside.console.views.wall import Scene
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.rows import Cell, Column, ListRows
from lineside.console.widgets.table import Table
from lineside.store.clock import Micros
from lineside.store.queries import alerts, evidence, jobs, promotions

_COLUMNS = (
    Column(key="word", title="", priority=1),
    Column(key="text", title="", priority=1, grow=True, max=200, min=20),
    Column(key="at", title="", priority=2, align=">"),
)
_DOES: Mapping[str, tuple[str, ...]] = {
    "wall.approve": ("approve",), "wall.reject": ("approve",), "wall.ratify": ("ratify",),
    "wall.acknowledge": ("alert",), "wall.silence": ("alert",), "wall.retry": ("failed",),
}  # fmt: skip
"""Which kinds of need a command behind `.` is for."""


@dataclass(frozen=True, slots=True)
class View:
    """The wall with the curves of what trains."""

    wall: Wall
    curves: Mapping[int, Sequence[float | None]]


class WallArea(Area[View]):
    """Area 1."""

    NAME: ClassVar[str] = "wall"
    DEFAULT_CSS = """
    WallArea #needs { height: 1; }
    WallArea #needs-head { height: 1; }
    WallArea #rest { height: 1fr; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._left = visits.last(store.home)

    def body(self) -> ComposeResult:
        yield Lines([[]], id="needs-head")
        yield Table[Need](_COLUMNS, id="needs", header=False, empty="✓ nothing waits for anybody")
        yield Drawing[Scene](drawing.draw, id="rest")

    def main(self) -> Table[Need]:
        return self.query_one("#needs", Table)

    def question(self) -> Question[View]:
        at, left, home, first = self.now, self._left, self.store.home, self.view is None

        def read(db: sqlite3.Connection) -> View:
            wall = walls.read(db, at=at, left=left)
            training = {w.job.run_id: w.metric.metric for w in wall.working if w.metric and w.job.run_id}
            if first or not training:
                return View(wall, {})
            from lineside.console.reads.curves import sparks

            return View(wall, sparks(db, home, training))

        return read

    def show(self, view: View) -> None:
        wall = view.wall
        self._make_room(len(wall.needs))
        width = self.app.size.width
        told = str(len(wall.needs)) if wall.needs else ""

        def cells(need: Need) -> list[Cell]:
            return self._cells(need, wall.at_us)

        self.query_one("#needs-head", Lines).set(
            [heading("NEEDS YOU", width, right=told, style=self._tone(wall))]
        )
        self.main().show(ListRows[Need](wall.needs, key=lambda n: n.key, cells=cells))
        runner = self.console_app.runner
        scene = Scene(
            wall=wall,
            me=self.me,
            gpus=runner.gpus,
            gpu_words=runner.gpu_words,
            slots=runner.slots,
            curves=view.curves,
        )
        self.query_one("#rest", Drawing).show(scene)

    @staticmethod
    def _tone(wall: Wall) -> str:
        return "head ask" if wall.needs else "head"

    def _make_room(self, count: int) -> None:
        """As many rows as there are needs, but never more than a third of the screen."""
        rows = max(1, min(count, self.app.size.height // 3))
        table = self.main()
        if table.styles.height is None or table.styles.height.value != rows:
            table.styles.height = rows

    def _cells(self, need: Need, at: Micros) -> list[Cell]:
        word = (f"{need.mark[0]} {need.word}", need.mark[1])
        text = safe(need.text)
        if self.me.is_me(need.by) and need.kind == "approve":
            text += " (you: another person decides)"
        return [word, text, (clock(need.at_us, now=at), "dim")]

    def crumb(self) -> tuple[Line, Line]:
        home = self.store.home
        demo = [(" demo ", "reverse ask")] if home.demo else []
        runner = self.console_app.runner
        role = f" ({runner.me.role.name.lower()})" if runner.me.role is not None else ""
        right: Line = [
            (runner.words, "ok" if runner.up else "bad"),
            (" · you: ", "dim"),
            (safe(runner.me.name), ""),
            (role, "dim"),
        ]
        return [(f" {safe(_host())}", "bold"), (f"  {safe(str(home.path))} ", "dim"), *demo], right

    @on(Table.Moved)
    def _moved(self) -> None:
        self.refresh_frame()

    def targets(self) -> Targets:
        need = self.main().current
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
        need = self.main().current
        if need is None:
            return {}
        shows = {"failed": f"lineside jobs show {need.id}", "alert": "lineside alerts ls"}
        command = shows.get(need.kind, f"lineside promotions show {need.id}")
        return {"command": command, "id": str(need.id), "value": f"{need.word} {need.text}"}

    def offers(self, command: Command) -> bool:
        need = self.main().current
        return need is not None and need.kind in _DOES.get(command.id, ())

    def says(self, command: Command) -> str:
        need = self.main().current
        return f"{command.title}: {safe(need.model)}" if need is not None and need.model else command.title

    def cmd_open(self) -> None:
        need = self.main().current
        if need is not None:
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


def _host() -> str:
    import socket

    return socket.gethostname()
