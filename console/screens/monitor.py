"""Monitor: what is served, how fast, and whether it still fits what the model was trained on."""

import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from lineside.console.commands import Command
from lineside.console.deeds import asking
from lineside.console.ports import Question
from lineside.console.reads.monitoring import SPANS_S, Look, View, Watch, read
from lineside.console.reads.scrapes import Scrapes
from lineside.console.screens.base.area import Area, Targets
from lineside.console.text import Line, Span, safe
from lineside.console.views.monitor import episodes, multiples
from lineside.console.views.monitor import monitor as views
from lineside.console.widgets.charts.plot import Plot
from lineside.console.widgets.graphs.sheet import Walked
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.tables.rows import ListRows
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.windows import WindowRow
from lineside.store.states import AlertState

_OPEN = frozenset({AlertState.PENDING, AlertState.FIRING})
_ENDPOINTS, _ALERTS = 5, 8
"""Endpoints and alerts may take one row in so many; the rest is for what they are about."""

_WIDE, _TALL = 150, 36
"""From so many columns on three panes stand side by side; from so many rows on there is room for all six."""

_PANES = ("latency", "sheet", "distribution", "traffic", "worst", "episode")
_SPANS = {"latency": 3, "sheet": 10, "distribution": 5, "traffic": 3, "worst": 5, "episode": 4}
"""Of ten rows of the wide screen."""

_GRID_S = 0.5
"""Seconds between two looks at the grid, at least."""


class MonitorArea(Area[View]):
    """Endpoints above, alerts under them, then the chosen endpoint: latency, witnesses, distributions."""

    NAME = "monitor"
    DEFAULT_CSS = """
    MonitorArea #verdict { height: 1; }
    MonitorArea #panes { height: 1fr; layout: grid; grid-size: 2; grid-columns: 2fr 3fr; grid-rows: 1fr; }
    MonitorArea #panes > * { width: 1fr; height: 1fr; }
    MonitorArea #all { height: 1fr; display: none; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._look = Look()
        self._feature: str | None = None
        self._zoomed: str | None = None
        self._measure = 0  # the one the grid shows where not all have room
        self._scrapes = Scrapes()
        self._drawn_at = 0.0

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            yield Table[EndpointRow](
                views.ENDPOINT_COLUMNS,
                empty="nothing is served yet: lineside serve NAME@ALIAS",
                id="endpoints",
            )
            yield Lines(id="verdict")
            yield Table[AlertRow](episodes.ALERT_COLUMNS, empty="no alert yet", header=False, id="alerts")
            with Container(id="panes"):
                yield Plot[View](views.latency, id="latency")
                yield Walked[View](self._draw_sheet, id="sheet")
                yield Drawing[View](self._draw_distribution, id="distribution")
                yield Plot[View](views.traffic, id="traffic")
                yield Drawing[View](views.worst, id="worst")
                yield Drawing[View](self._draw_episode, id="episode")
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

    def main(self) -> Table[Any]:
        return self.alerts if self.focused is self.alerts else self.endpoints

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        traffic = self.query_one("#traffic")
        return (
            ("e", "endpoints", self.endpoints),
            ("a", "alerts", self.alerts),
            ("l", "latency", self.query_one("#latency")),
            ("w", "windows and witnesses", self.sheet),
            *([("t", "traffic", traffic)] if traffic.display else []),
        )

    def _draw_sheet(self, view: View, width: int, height: int) -> list[Line]:
        return views.sheet(view, self._feature, width, height, focused=self.focused is self.sheet)

    def _draw_distribution(self, view: View, width: int, height: int) -> list[Line]:
        return views.distribution(view, self._feature, width, height)

    def _draw_episode(self, view: View, width: int, height: int) -> list[Line]:
        return episodes.episode(view, self.alerts.current, self.now, width, height)

    def _draw_grid(self, view: View, width: int, height: int) -> list[Line]:
        return multiples.grid(view, self._measure, self.now, width, height) if view.look.grid else []

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        look, home, known = self._look, self.store.home, self._scrapes
        return lambda db: read(db, home, look, known)

    def store_changed(self) -> None:
        """The grid is drawn anew twice a second at most, however often somebody commits."""
        if self._look.grid:
            self._rest_until = max(self._rest_until, self._drawn_at + _GRID_S)
        super().store_changed()

    def empty(self, view: View) -> bool:
        return not view.endpoints and not view.alerts

    def show(self, view: View) -> None:
        now, named = self.now, episodes.several(view.alerts)
        self._drawn_at = time.monotonic()
        self.endpoints.show(
            ListRows[EndpointRow](
                self._kept(view.endpoints),
                key=lambda e: e.id,
                cells=lambda e: views.endpoint_cells(
                    e, view.latency.get(e.id, ()), now, view.alarms.get(e.id, ())
                ),
                problem=lambda e: e.state != "ok",
            )
        )
        self.alerts.show(
            ListRows[AlertRow](
                view.alerts,
                key=lambda a: a.id,
                cells=lambda a: episodes.alert_cells(a, view.retrains.get(a.id), now, named=named),
                problem=lambda a: a.state in _OPEN,
            )
        )
        self._arrange(view)
        if not view.look.grid:
            self.query_one("#verdict", Lines).set([views.verdict(view, now, self.app.size.width)])
        self._draw(view)
        if not self._look.deep:
            self._ask_again(deep=True)

    def _kept(self, rows: Sequence[EndpointRow]) -> Sequence[EndpointRow]:
        """The endpoints whose name, model or state holds the filter's text."""
        text = self.filter_text.lower()
        return [e for e in rows if text in f"{e.name} {e.model or ''} {e.state} {e.adapter}".lower()]

    def _ask_again(self, **changed: Any) -> None:
        fields = {name: getattr(self._look, name) for name in Look.__slots__}
        self._look = Look(**{**fields, **changed})
        self.reload()

    @property
    def watched(self) -> Watch | None:
        return self.view.chosen.watch if self.view and self.view.chosen else None

    # -- the arrangement ---------------------------------------------------------------------------

    def _draw(self, view: View) -> None:
        """Every pane in sight; one that is hidden shows nothing, so that it holds nothing old."""
        beside = self.query_one("#panes").display
        for pane in (*self.query(Drawing), *self.query(Plot)):
            if pane.display and (beside or pane.id == "all"):
                pane.show(view)
            else:
                pane.set([])

    def _arrange(self, view: View) -> None:
        """Tables as high as their rows, up to their share; or one pane alone."""
        self.query_one("#all").display = self._look.grid
        self.query_one("#verdict").display = (
            not self._look.grid and self._zoomed is None and len(self.endpoints.rows) > 0
        )
        high = max(8, self.size.height - 4)
        most = {"endpoints": high // _ENDPOINTS, "alerts": max(high // _ALERTS, 3 if high >= 20 else 1)}
        sizes = {"endpoints": len(self.endpoints.rows), "alerts": len(view.alerts)}
        for pane in ("endpoints", "alerts"):
            widget = self.query_one(f"#{pane}")
            widget.display = self._zoomed in (None, pane) and sizes[pane] + (pane == "endpoints") > 0
            widget.display = widget.display and not self._look.grid
            rows = max(1, min(sizes[pane], most[pane])) + (pane == "endpoints")
            widget.styles.height = "1fr" if self._zoomed == pane else rows
        self._arrange_panes()

    def _arrange_panes(self) -> None:
        """Three columns where there is room, else two; of six panes those that have room."""
        panes = self.query_one("#panes")
        panes.display = not self._look.grid and self._zoomed not in ("endpoints", "alerts")
        width, height = self.size
        wide, tall = width >= _WIDE and height >= _TALL, height >= _TALL
        instead = self.focused is self.alerts and not tall  # of latency: what the alert is about
        shown = {p for p in _PANES if tall or p not in ("traffic", "episode")}
        shown = {"episode", "sheet"} if instead else shown
        shown = shown if self._zoomed is None else {self._zoomed}
        alone = len(shown) == 1
        for pane in _PANES:
            widget = self.query_one(f"#{pane}")
            widget.display = pane in shown
            widget.styles.row_span = _SPANS[pane] if wide and not alone else 1
        panes.styles.grid_size_columns = 1 if alone else 3 if wide else 2
        panes.styles.grid_size_rows = 1 if alone else 10 if wide else -(-len(shown) // 2)
        halves = "1fr 1fr" if instead else "2fr 3fr"
        panes.styles.grid_columns = "1fr" if alone else "1fr 1fr 1fr" if wide else halves

    def on_resize(self) -> None:
        super().on_resize()
        if self.view is not None:
            self._arrange(self.view)
            self.query_one("#verdict", Lines).set([views.verdict(self.view, self.now, self.app.size.width)])

    def on_descendant_focus(self) -> None:
        if self.view is not None:
            self._arrange(self.view)
            self.call_after_refresh(self._redraw)

    def cmd_zoom(self) -> None:
        here = self.focused.id if self.focused is not None else None
        self._zoom(None if self._zoomed else here if here in _PANES else self.main().id)

    def cmd_side_by_side(self) -> None:
        """All endpoints beside each other; where not every measure has room, the next one."""
        view = self.view
        if self._look.grid and view is not None and len(multiples.measures(view, self._measure)) == 1:
            self._measure += 1
            if self._measure < len(multiples.MEASURES):
                self._redraw()
                self.refresh_frame()
                return
        self._measure = 0
        self._ask_again(grid=not self._look.grid)

    def _zoom(self, pane: str | None) -> None:
        self._zoomed = pane
        if self.view is not None:
            self._arrange(self.view)
            self.call_after_refresh(self._redraw)

    def out(self) -> bool:
        if self._look.grid:
            self._ask_again(grid=False)
            return True
        if self._zoomed:
            self._zoom(None)
            return True
        if self.focused is not self.endpoints:
            self.endpoints.focus()
            return True
        return False

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self, message: Table.Moved) -> None:
        if message.table is self.alerts:
            self._alert_moved()
        else:
            self._endpoint_moved()

    def _endpoint_moved(self) -> None:
        row = self.endpoints.current
        if row is not None and row.id != self._look.endpoint_id:
            self._feature = None
            self._ask_again(endpoint_id=row.id, window=None)

    def _alert_moved(self) -> None:
        """The sheet shows the window that the alert is about."""
        row = self.alerts.current
        if row is not None and self.focused is self.alerts:
            self._show_window(row.window_id)

    def cmd_enter(self) -> None:
        if self.focused is self.sheet:
            self._zoom("worst" if self._zoomed != "worst" else None)
        else:
            self.sheet.focus()

    @on(Walked.Step)
    def _stepped(self, step: Walked.Step) -> None:
        watch = self.watched
        if watch is None or watch.window is None:
            return
        if step.right:
            self._to_window(step.right, lambda _: True)
        else:
            names = views.features(watch)
            score = views.score_of(watch, self._feature)
            at = names.index(score.feature) if score and score.feature in names else 0
            self._feature = names[max(0, min(len(names) - 1, at + step.down))] if names else None
            self._redraw()

    def _to_window(self, step: int, wanted: Any) -> None:
        """The next window in that direction that is wanted and was measured."""
        watch = self.watched
        if watch is None or watch.window is None:
            return
        numbers = [w.number for w in watch.windows if w.state == "MEASURED" and wanted(w)]
        ahead = [n for n in numbers if (n - watch.window.number) * step > 0]
        if ahead:
            self._ask_again(window=min(ahead) if step > 0 else max(ahead))

    def _redraw(self) -> None:
        if self.view is not None:
            self._draw(self.view)

    def cmd_next_window(self) -> None:
        self._next_problem(1)

    def cmd_previous_window(self) -> None:
        self._next_problem(-1)

    def _next_problem(self, step: int) -> None:
        if self.focused is self.sheet:
            self._to_window(step, self._troubled)
        elif step > 0:
            self.main().cmd_next_problem()
        else:
            self.main().cmd_previous_problem()

    def _troubled(self, window: WindowRow) -> bool:
        from lineside.console.widgets.charts.scores import fell

        drop = float(self.watched.settings.get("metric_drop", 0.05)) if self.watched else 0.05
        return bool(window.columns_fired) or fell(window, drop)

    def cmd_span(self) -> None:
        at = SPANS_S.index(self._look.span_s)
        self._ask_again(span_s=SPANS_S[(at + 1) % len(SPANS_S)])

    def select(self, target: int | str) -> None:
        """An endpoint's number, `alert:3`, `window:7` or `deployment:1`."""
        kind, _, number = str(target).partition(":")
        if kind == "alert" and number.isdigit():
            self.alerts.focus()
            self.alerts.go_to(int(number))
            if self.alerts.current is not None:
                self._show_window(self.alerts.current.window_id)
        elif kind == "window" and number.isdigit():
            self.sheet.focus()
            self._show_window(int(number))
        elif kind == "deployment" and number.isdigit():
            rows = self.view.endpoints if self.view else ()
            self.endpoints.go_to(next((e.id for e in rows if e.deployment_id == int(number)), None))
        else:
            rows = self.view.endpoints if self.view else ()
            self.endpoints.go_to(next((e.id for e in rows if e.name == target), target))

    def _show_window(self, id: int | None) -> None:
        """The sheet goes to the window of that key, where it is among those on show."""
        watch = self.watched
        window = next((w for w in watch.windows if w.id == id), None) if watch else None
        if window is not None:
            self._ask_again(window=window.number)

    # -- the frame ---------------------------------------------------------------------------------

    def crumb(self) -> tuple[Line, Line]:
        here: list[Span] = [(" Monitor", "bold")]
        if self._look.grid and self.view is not None:
            shown = multiples.measures(self.view, self._measure)
            here += [(" › ", "dim"), ("side by side, " + " ".join(m.name for m in shown), "")]
            return here, views.summary(self.view, width=self.app.size.width)
        row = self.endpoints.current if self.is_mounted else None
        if row is not None:
            here += [(" › ", "dim"), (safe(row.name), "")]
        if self.watched is not None and self.watched.window is not None:
            here += [(" › ", "dim"), (f"window {self.watched.window.number}", "")]
        return here, views.summary(self.view, width=self.app.size.width) if self.view else []

    def targets(self) -> Targets:
        chosen = self.view.chosen if self.view else None
        if chosen is None:
            return {}
        found: dict[str, int | str | None] = {"endpoint": chosen.endpoint.id, "job": chosen.job_id}
        if chosen.swaps:
            found["model"] = chosen.swaps[-1].version_id
        if chosen.endpoint.deployment_id is not None:
            found["lineage"] = f"deployment:{chosen.endpoint.deployment_id}"
        if self.focused is self.sheet and self.watched and self.watched.window:
            found["lineage"] = f"window:{self.watched.window.id}"
        alert = self.alerts.current if self.focused is self.alerts else None
        if alert is not None and self.view is not None:
            retrain = self.view.retrains.get(alert.id)
            found |= {"lineage": f"alert:{alert.id}"}
            found |= {"run": retrain.run_id, "data": retrain.dataset_version_id} if retrain else {}
        return found

    def copies(self) -> Mapping[str, str]:
        alert = self.alerts.current if self.focused is self.alerts else None
        if alert is not None:
            command = f"lineside view alert {alert.id} --once"
            return {"command": command, "id": alert.uid, "value": alert.title}
        row = self.endpoints.current
        if row is None:
            return {}
        pane = self.focused.id if self.focused is not None else None
        panel = {"sheet": "drift", "latency": "latency", "traffic": "traffic"}.get(pane or "")
        shown = f"{panel} {shlex.quote(row.name)}" if panel else "endpoints"
        command = f"lineside view {shown} --once"
        return {"command": command, "id": row.uid, "value": f"{row.name} {row.state} {row.url}"}

    # -- doing -------------------------------------------------------------------------------------

    def offers(self, command: Command) -> bool:
        return any(alert.state in _OPEN for alert in self.alerts.chosen())

    def _open_alerts(self) -> list[AlertRow]:
        return [alert for alert in self.alerts.chosen() if alert.state in _OPEN]

    def cmd_acknowledge(self) -> None:
        self.propose(asking.acknowledge(self._open_alerts()))

    def cmd_silence(self) -> None:
        self.propose(asking.silence(self._open_alerts()))
