"""Monitor: what is served, how fast, and whether it still fits what the model was trained on."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from textual import on

from lineside.console.commands import Command
from lineside.console.deeds import asking
from lineside.console.ports import Question
from lineside.console.reads.monitoring import SPANS_S, View, read
from lineside.console.screens.base.area import Targets
from lineside.console.screens.monitor_room import WALKED, MonitorRoom
from lineside.console.text import Line, Span, safe
from lineside.console.views.monitor import drift, episodes, multiples
from lineside.console.views.monitor import endpoints as views
from lineside.console.widgets.charts import scores
from lineside.console.widgets.charts.heatmap import Heatmap
from lineside.console.widgets.graphs.sheet import Walked
from lineside.console.widgets.tables.rows import ListRows
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.windows import WindowRow
from lineside.store.states import AlertState

_OPEN = frozenset({AlertState.PENDING, AlertState.FIRING})

_PANELS = {"sheet": "drift", "heat": "drift", "latency": "latency", "traffic": "traffic"}
"""What prints the numbers of a part."""

_GRID_S = 0.5
"""Seconds between two looks at the grid, at least."""


class MonitorArea(MonitorRoom):
    """Endpoints above, alerts under them, then the chosen endpoint: latency, witnesses, distributions."""

    NAME = "monitor"
    _awaited: int | None = None  # an alert that the cursor goes to once it is read

    def main(self) -> Table[Any]:
        return self.alerts if self.focused is self.alerts else self.endpoints

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        look, home, known = self._look, self.store.home, self._known
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
        if self._awaited is not None and self.alerts.go_to(self._awaited):
            self._awaited = None
        self.put_in_place(view)
        self.draw(view)
        if not self._look.deep:
            self.ask_again(deep=True)

    def _kept(self, rows: Sequence[EndpointRow]) -> Sequence[EndpointRow]:
        """The endpoints whose name, model or state holds the filter's text."""
        text = self.filter_text.lower()
        return [e for e in rows if text in f"{e.name} {e.model or ''} {e.state} {e.adapter}".lower()]

    def inside(self) -> bool:
        return super().inside() or self._look.grid or bool(self._zoomed)

    def out(self) -> bool:
        if self._look.grid:
            self.ask_again(grid=False)
            return True
        if self._zoomed:
            self.zoom(None)
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
            self.ask_again(endpoint_id=row.id, window=None)

    def _alert_moved(self) -> None:
        """The sheet shows the window that the alert is about."""
        row = self.alerts.current
        if row is not None and self.focused is self.alerts:
            self._show_window(row.window_id)

    def cmd_enter(self) -> None:
        if self._zoomed in WALKED:
            self.zoom(None)
        elif self.walked:
            self._look_closer()
        else:
            self.zoom(None)
            self.sheet.focus()

    def _look_closer(self) -> None:
        """Out of the window what went most wrong, else its columns: large, beside the sheet."""
        watch = self.watched
        if watch is not None and watch.worst:
            self.zoom("worst")
        elif watch is not None and watch.detail:
            self.zoom("distribution")
        else:
            self.notify("no window was measured yet: there is nothing to look at closer", markup=False)

    @on(Walked.Step)
    def _stepped(self, step: Walked.Step) -> None:
        watch = self.watched
        if watch is None or watch.window is None:
            return
        if step.right:
            self._to_window(step.right, lambda _: True)
        else:
            names = drift.features(watch)
            score = drift.score_of(watch, self._feature)
            at = names.index(score.feature) if score and score.feature in names else 0
            self._feature = names[max(0, min(len(names) - 1, at + step.down))] if names else None
            self.redraw()

    @on(Heatmap.Moved)
    def _cell_chosen(self, message: Heatmap.Moved) -> None:
        grid = message.heatmap.grid
        if grid is not None:
            self._feature = grid.rows[message.row]
            self.ask_again(window=int(grid.columns[message.column]))

    def _to_window(self, step: int, wanted: Any) -> None:
        """The next window in that direction that is wanted and was measured."""
        watch = self.watched
        if watch is None or watch.window is None:
            return
        numbers = [w.number for w in watch.windows if w.state == "MEASURED" and wanted(w)]
        ahead = [n for n in numbers if (n - watch.window.number) * step > 0]
        if ahead:
            self.ask_again(window=min(ahead) if step > 0 else max(ahead))

    def cmd_next_window(self) -> None:
        self._next_problem(1)

    def cmd_previous_window(self) -> None:
        self._next_problem(-1)

    def _next_problem(self, step: int) -> None:
        if self.walked:
            self._to_window(step, self._troubled)
        elif step > 0:
            self.main().cmd_next_problem()
        else:
            self.main().cmd_previous_problem()

    def _troubled(self, window: WindowRow) -> bool:
        drop = float(self.watched.settings.get("metric_drop", 0.05)) if self.watched else 0.05
        return bool(window.columns_fired) or scores.fell(window, drop)

    def cmd_span(self) -> None:
        at = SPANS_S.index(self._look.span_s)
        self.ask_again(span_s=SPANS_S[(at + 1) % len(SPANS_S)])

    def select(self, target: int | str) -> None:
        """An endpoint's number, `alert:3`, `window:7` or `deployment:1`."""
        kind, _, number = str(target).partition(":")
        if kind == "alert" and number.isdigit():
            self.alerts.focus()
            if self.alerts.go_to(int(number)) and self.alerts.current is not None:
                self._show_window(self.alerts.current.window_id)
            else:
                self._awaited = int(number)
                self.ask_again(alert_id=self._awaited)
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
            self.ask_again(window=window.number)

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
        if self.walked and self.watched and self.watched.window:
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
        panel = _PANELS.get(pane or "")
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
