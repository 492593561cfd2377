"""What stands below and over the leaderboard, drawn for the room there is."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lineside.console.reads.leaderboard import Leaderboard
from lineside.console.screens.run_frame import FramedRuns
from lineside.console.screens.run_looks import COMPARED
from lineside.console.text import Line, clip, heading, spread
from lineside.console.views.runs import comparisons
from lineside.console.views.runs import run as opening
from lineside.console.views.runs import runs as drawing
from lineside.console.widgets.charts.gallery import LEAST_HEIGHT
from lineside.console.widgets.charts.window import Plotted, Window

if TYPE_CHECKING:
    from lineside.store.series import Series


class RunPanes(FramedRuns):
    """The drawings of the runs area."""

    def _draw(self, view: Leaderboard, width: int, height: int, window: Window) -> Plotted:
        """The chart; in words what is known of a run whose points are not here."""
        if not view.lines and view.beside is not None and view.beside.metrics:
            return Plotted(rows=opening.facts(view.beside, self.me, width, now=self.now)[:height])
        return drawing.chart_lines(
            view, self._letters(), width, height, window, log_y=self._log_y, now=self.now,
            focused=self._plot().has_focus,
        )  # fmt: skip

    def _draw_small(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        if not view.small or height < 3:
            return []
        from lineside.console.views.runs import smallcharts

        return smallcharts.fitting(
            view.small, view.asked.look, self._letters(), width, height, log_y=self._log_y
        )

    def _draw_beside(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        if view.beside is None:
            return []
        focused = self.query_one("#beside").has_focus
        lines = opening.facts(view.beside, self.me, width - 1, now=self.now, focused=focused)
        lines += [[]] * (height - len(lines))
        return [clip([("│", "rule"), *line], width) for line in lines]

    def _draw_differ(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        found = view.comparison
        return [] if found is None else [drawing.differ_line(found, self._letters(), width)]

    def _draw_page(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        focused = self.query_one("#page").has_focus
        if self._pane in COMPARED:
            every = self._pane == "every"
            beside = self.has_class("-charted")
            lines = comparisons.lines(view, self._letters(), width - 2 * beside, every=every, focused=focused)
            lines += [[]] * (height - len(lines)) if beside else []
            return [spread(line, [("│", "rule")], width) for line in lines] if beside else lines
        if self._pane == "detail" and view.beside is not None:
            lines = opening.facts(view.beside, self.me, width, now=self.now, focused=focused)
            return [*lines, *self._charts_below(view, width, height - len(lines))]
        return []

    def _charts_below(self, view: Leaderboard, width: int, room: int) -> list[Line]:
        """What a run in words leaves of a big screen shows its curves."""
        if room < LEAST_HEIGHT or not (every := _every(view)):
            return []
        from lineside.console.views.runs import smallcharts

        return smallcharts.fitting(every, view.asked.look, self._letters(), width, room, log_y=self._log_y)

    def _draw_gallery(self, view: Leaderboard, width: int, height: int, chosen: str) -> list[Line]:
        every = _every(view)
        head = heading("ALL METRICS", width, right=f"{len(every)} · ↵ one alone · a esc back")
        if not every:
            return [head, [], [("  no number was logged", "dim")]]
        from lineside.console.views.runs import smallcharts

        look, letters = view.asked.look, self._letters()
        return [head, *smallcharts.lines(
            every, look, letters, width, height - 1, log_y=self._log_y, chosen=chosen
        )]  # fmt: skip


def _every(view: Leaderboard) -> "Mapping[str, Sequence[Series]]":
    """Metric → curves of the charted runs."""
    return {view.charted: view.lines, **view.small} if view.lines else view.small


def metrics_of(view: Leaderboard) -> list[str]:
    """The names in the gallery."""
    return list(_every(view))
