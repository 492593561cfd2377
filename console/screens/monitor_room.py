"""The room of Monitor: which parts are in sight, where they stand, what is drawn in each."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from lineside.console.ports import Actions, Store
from lineside.console.reads.measured import Known
from lineside.console.reads.monitoring import Look, View, Watch
from lineside.console.screens.base.area import Area
from lineside.console.text import Line
from lineside.console.views.monitor import drift, endpoints, episodes, multiples, predictions, series
from lineside.console.views.monitor.plan import PANES, TABLES, Wanted, plan
from lineside.console.views.wall.plan import Rect
from lineside.console.widgets.charts.heatmap import Heatmap
from lineside.console.widgets.charts.plot import Plot
from lineside.console.widgets.graphs.sheet import Walked
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.endpoints import EndpointRow

Columns = Callable[[View, "str | None", int, int], list[Line]]
"""Draws the columns of a window: view, the chosen column, width, height."""

WALKED = ("heat", "worst", "distribution")
"""What is zoomed out of the sheet, and left for it."""

_STORY = 40
"""Columns that an episode is measured in before its pane has a width."""


class Room(Container):
    """Its parts stand where they are put; tells when it has another size."""

    DEFAULT_CSS = "Room { height: 1fr; layout: vertical; } Room > * { position: absolute; }"

    @dataclass
    class Resized(Message):
        """There is more or less room."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class MonitorRoom(Area[View]):
    """What the monitor area knows of its parts."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._look = Look()
        self._feature: str | None = None
        self._zoomed: str | None = None
        self._measure = 0  # the one the grid shows where not all have room
        self._known = Known()
        self._drawn_at = 0.0
        self._plan: Mapping[str, Rect] = {}
        self._drawings: dict[Columns, tuple[object, list[Line]]] = {}

    def body(self) -> ComposeResult:
        with Room(id="body"):
            yield Table[EndpointRow](
                endpoints.ENDPOINT_COLUMNS,
                empty="nothing is served yet: lineside serve NAME@ALIAS",
                id="endpoints",
            )
            yield Lines([[]], id="verdict")
            yield Table[AlertRow](episodes.ALERT_COLUMNS, empty="no alert yet", header=False, id="alerts")
            yield Walked[View](self._draw_sheet, id="sheet")
            yield Plot[View](series.latency, id="latency")
            yield Plot[View](series.traffic, id="traffic")
            yield Drawing[View](self._draw_distribution, id="distribution")
            yield Drawing[View](self._draw_history, id="history")
            yield Drawing[View](predictions.worst, id="worst")
            yield Drawing[View](predictions.confusion, id="confusion")
            yield Drawing[View](self._draw_episode, id="episode")
            yield Heatmap(id="heat")
            yield Drawing[View](self._draw_grid, id="all")

    # -- parts -------------------------------------------------------------------------------------

    @property
    def endpoints(self) -> Table[EndpointRow]:
        return self.query_one("#endpoints", Table)

    @property
    def alerts(self) -> Table[AlertRow]:
        return self.query_one("#alerts", Table)

    @property
    def sheet(self) -> Walked[View]:
        return self.query_one("#sheet", Walked)

    @property
    def heat(self) -> Heatmap:
        return self.query_one("#heat", Heatmap)

    @property
    def walked(self) -> bool:
        """Whether the arrows walk windows and columns."""
        return self.focused in (self.sheet, self.heat)

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        named = (
            ("e", "endpoints", "endpoints"), ("a", "alerts", "alerts"), ("l", "latency", "latency"),
            ("w", "windows and witnesses", "sheet"), ("t", "traffic", "traffic"),
        )  # fmt: skip
        return [(letter, title, self.query_one(f"#{id}")) for letter, title, id in named if id in self._plan]

    @property
    def watched(self) -> Watch | None:
        return self.view.chosen.watch if self.view and self.view.chosen else None

    # -- drawing -----------------------------------------------------------------------------------

    def _draw_sheet(self, view: View, width: int, height: int) -> list[Line]:
        return drift.sheet(view, self._feature, width, height, focused=self.focused is self.sheet)

    def _draw_distribution(self, view: View, width: int, height: int) -> list[Line]:
        return self._drawn_once(drift.distribution, view, width, height)

    def _draw_history(self, view: View, width: int, height: int) -> list[Line]:
        return self._drawn_once(drift.history, view, width, height)

    def _drawn_once(self, draw: Columns, view: View, width: int, height: int) -> list[Line]:
        """Histograms stay as they are while no window is measured: the same are not drawn twice a second."""
        watch = view.chosen.watch if view.chosen else None
        told = (watch.windows, watch.window, watch.detail, watch.past) if watch else None
        key = (told, self._feature, width, height)
        known = self._drawings.get(draw)
        if known is None or known[0] != key:
            known = self._drawings[draw] = (key, draw(view, self._feature, width, height))
        return known[1]

    def _draw_episode(self, view: View, width: int, height: int) -> list[Line]:
        return episodes.episode(view, self.told_alert(view), self.now, width, height)

    def _draw_grid(self, view: View, width: int, height: int) -> list[Line]:
        return multiples.grid(view, self._measure, self.now, width, height) if view.look.grid else []

    def told_alert(self, view: View) -> AlertRow | None:
        """The alert whose story is told: the one under the cursor, else one of the chosen endpoint's."""
        if self.focused is self.alerts or view.chosen is None:
            return self.alerts.current
        own = view.alarms.get(view.chosen.endpoint.id, ())
        return next(iter(own), None) or self.alerts.current

    def draw(self, view: View) -> None:
        """Every part in sight; one that is hidden shows nothing, so that it holds nothing old."""
        self._drawn_at = time.monotonic()
        for pane in (*self.query(Drawing), *self.query(Plot)):
            if pane.display:
                pane.show(view)
            else:
                pane.set([])
        verdict = self.query_one("#verdict", Lines)
        verdict.set([endpoints.verdict(view, self.now, self.app.size.width) if verdict.display else []])
        if self.heat.display:
            grid, head = drift.heat_map(view)
            self.heat.show(grid, head)
        else:
            self.heat.set([])

    def redraw(self) -> None:
        if self.view is not None:
            self.draw(self.view)

    # -- the arrangement ---------------------------------------------------------------------------

    def put_in_place(self, view: View) -> None:
        """Put every part where the plan has it; nothing is laid out again while the plan stays."""
        fresh = self._planned(view)
        if fresh == self._plan:
            return
        self._plan = fresh
        for name in (*TABLES, *PANES, "heat", "all"):
            widget, rect = self.query_one(f"#{name}"), fresh.get(name)
            widget.display = rect is not None
            if rect is not None:
                widget.styles.offset = (rect.x, rect.y)
                widget.styles.width, widget.styles.height = rect.width, rect.height
        self.call_after_refresh(self.redraw)

    def _planned(self, view: View) -> Mapping[str, Rect]:
        size = self.query_one("#body").size
        width = size.width or self.app.size.width
        height = size.height or max(2, self.app.size.height - 3 - int(self.console_app.story is not None))
        focus = self.focused.id if self.focused is not None else None
        alone = "all" if self._look.grid else self._zoomed or ""
        return plan(width, height, self._wanted(view), focus=focus or "", zoomed=alone)

    def _wanted(self, view: View) -> Wanted:
        """How many rows of each there are."""
        chosen = view.chosen
        watch = chosen.watch if chosen else None
        alert = self.told_alert(view)
        story = episodes.episode(view, alert, self.now, _STORY, 99) if alert is not None else ()
        return Wanted(
            endpoints=len(self.endpoints.rows), alerts=len(view.alerts), watched=watch is not None,
            scrapes=len(chosen.scrapes) if chosen else 0, episode=len(story),
            features=len(drift.features(watch)) if watch else 0,
            worst=len(watch.worst or ()) if watch else 0, pictured=bool(watch and watch.image),
            classes=len(watch.confusion.classes) if watch and watch.confusion else 0,
            windows=len(watch.past) if watch else 0,
        )  # fmt: skip

    @on(Room.Resized)
    def _has_other_room(self, message: Room.Resized) -> None:
        message.stop()
        if self.view is not None:
            self.put_in_place(self.view)
            self.redraw()

    def on_descendant_focus(self) -> None:
        if self.view is not None:
            self.put_in_place(self.view)
            self.call_after_refresh(self.redraw)

    # -- one part alone ----------------------------------------------------------------------------

    def cmd_zoom(self) -> None:
        if self._zoomed:
            self.zoom(None)
        elif self.walked:
            self.zoom("heat")
        else:
            here = self.focused.id if self.focused is not None else None
            self.zoom(here if here in (*PANES, "alerts") else "endpoints")

    def zoom(self, part: str | None) -> None:
        """Look at that part alone, or at all of them again."""
        before, self._zoomed = self._zoomed, part
        if self.view is None:
            return
        self.put_in_place(self.view)
        if part == "heat":
            self.draw(self.view)
            self._stand_on_chosen()
            self.heat.focus()
        elif before in WALKED:
            self.sheet.focus()

    def _stand_on_chosen(self) -> None:
        """The heat map's cursor goes to the column and the window that are chosen."""
        watch = self.watched
        score = drift.score_of(watch, self._feature) if watch else None
        if watch is not None and watch.window is not None and score is not None:
            self.heat.stand(score.feature, str(watch.window.number))

    def cmd_side_by_side(self) -> None:
        """All endpoints beside each other; where not every measure has room, the next one."""
        view = self.view
        shown = multiples.measures(view, self._measure) if self._look.grid and view is not None else ()
        if shown:
            self._measure += len(shown)
            if self._measure < len(multiples.MEASURES):
                self.redraw()
                self.refresh_frame()
                return
        self._measure = 0
        self.ask_again(grid=not self._look.grid)

    def ask_again(self, **changed: Any) -> None:
        fields = {name: getattr(self._look, name) for name in Look.__slots__}
        self._look = Look(**{**fields, **changed})
        self.reload()
