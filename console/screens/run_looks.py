"""How the leaderboard and its chart are looked at, where one goes from a run, and what prints the same."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from lineside.console.overlays.choosing import choose_or_type
from lineside.console.ports import Actions, Store
from lineside.console.reads import leaderboard
from lineside.console.reads.charts import Look
from lineside.console.reads.leaderboard import Asked, Leaderboard, RunLine
from lineside.console.screens.base import arranging
from lineside.console.screens.base.area import Targets
from lineside.console.screens.deeds.runs import RunDeeds
from lineside.console.screens.run import OpenedRun, TabStop
from lineside.console.text import plain
from lineside.console.views.runs import orders
from lineside.console.views.runs import run as opening
from lineside.console.views.runs import runs as drawing
from lineside.console.widgets.charts.plot import Plot
from lineside.console.widgets.charts.window import ALL
from lineside.console.widgets.tables.rows import Cell
from lineside.console.widgets.tables.table import Table
from lineside.store import bests
from lineside.store.errors import Usage

COMPARED = ("compare", "every")
"""The panes of a comparison: what differs, and all of it."""


_LETTERS = {"overview": "v"}
"""Of the tabs that cannot have their first one."""

_PANES = {
    "detail": "the run in words", "compare": "compare", "every": "compare", "small": "all metrics",
}  # fmt: skip


class RunLooks(RunDeeds):
    """What the runs area knows of looking."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._pane = "chart"  # "detail", "compare", "every" (all of the comparison), "small" (all metrics)
        self._opened: int | None = None
        self._log_y = False
        self._curve = 0  # cells of a curve in the table; 0: as is usual
        self._board: Leaderboard | None = None

    @property
    def pair(self) -> tuple[int, int] | None:
        """The two that are compared text by text; None: fewer than two are marked."""
        raise NotImplementedError

    def _run(self) -> OpenedRun:
        return self.query_one("#opened", OpenedRun)

    def _plot(self) -> Plot[Any]:
        return self.query_one("#chart", Plot)

    def _marks(self) -> dict[int, str]:
        """Run → the letter of its mark."""
        marks = self.main().marks.items()
        return {run: letter for key, letter in marks if (run := self._run_of(key)) is not None}

    def _letters(self) -> dict[int, str]:
        """Run → its letter on charts and in a comparison, where one that is not marked may stand in."""
        marks = self._marks()
        return self._stand_ins(marks) if self._pane in COMPARED and len(marks) < 2 else marks

    def _stand_ins(self, marks: Mapping[int, str]) -> dict[int, str]:
        """Two to compare: the marked or else the row under the cursor, with that row or else the best."""
        row, best = self._run_of(self.main().current_key), self._board.best if self._board else None
        runs = list(dict.fromkeys(run for run in (*marks, row, best) if run is not None))[:2]
        letters = [*marks.values(), *(letter for letter in "ab" if letter not in marks.values())]
        return dict(zip(runs, letters, strict=False))

    def _cells(self, line: RunLine) -> list[Cell]:
        board = self._board
        assert board is not None
        return drawing.cells(line, board, self.me, now=self.now, width=self.app.size.width,
                             curve=self._curve)  # fmt: skip

    # -- what g and y need --------------------------------------------------------------------------

    def targets(self) -> Targets:
        line = self._current()
        if line is None:
            return {}
        id = line.run.id
        version, data = self.store.read(lambda db: leaderboard.kin(db, id))
        return {"job": line.run.job_id, "lineage": f"run:{id}", "model": version, "data": data}

    def copies(self) -> Mapping[str, str]:
        line = self._current()
        if line is None:
            return self._group_copies()
        return {"command": shlex.join(self._command(line)), "id": line.run.uid, "value": self._row_text(line)}

    def _command(self, line: RunLine) -> list[str]:
        """What prints on the command line what is looked at here."""
        view, id = self.view, str(line.run.id)
        if self._opened is not None:
            tab, metric = self._run().tab, self._run().metric
            if tab == "output" and line.run.job_id is not None:
                return ["lineside", "jobs", "logs", str(line.run.job_id)]
            if tab == "system" and metric:
                return ["lineside", "runs", "chart", id, "--metric", metric, "--x", "relative"]
            if tab == "metrics" and metric:
                return ["lineside", "runs", "chart", id, "--metric", metric, *self._looked()]
            return ["lineside", "runs", "show", id]
        marked = [str(run) for run in self._letters()]
        if self.has_class("-diffing") and self.pair is not None:
            return ["lineside", "runs", "compare", *map(str, self.pair), "--code"]
        if self._pane in COMPARED and len(marked) > 1:
            return ["lineside", "runs", "compare", *marked]
        if view is not None and (marked or self._plot().has_focus):
            runs = marked[:8] or [id]
            return ["lineside", "runs", "chart", *runs, "--metric", view.charted, *self._looked()]
        return ["lineside", "runs", "show", id] if self._pane == "detail" else self._listed()

    def _looked(self) -> list[str]:
        look = self._asked.look
        words = ["--x", look.x] if look.x != "step" else []
        words += ["--smooth", f"{look.smooth:g}"] if look.smooth else []
        words += ["--branch", str(look.branch)] if look.branch is not None else []
        return [*words, "--log"] if self._log_y else words

    def _listed(self) -> list[str]:
        """The leaderboard: its filter, its order, its metric and params."""
        view = self.view
        words = ["lineside", "runs", "ls"]
        words += ["--where", self.filter_text] if self.filter_text else []
        words += ["--sort", self._asked.sort] if self._asked.sort != "-created" else []
        if view is None or not view.metric:
            return words
        params = [f"param:{key}" if key in view.metrics else key for key in view.params]
        named = [view.column.title, *params]
        return [*words, "--columns", ",".join(named)] if named else words

    def _row_text(self, line: RunLine) -> str:
        row = self._cells(line)
        return "\t".join(plain([c if isinstance(c, tuple) else (c, "")]) for c in row)

    def panels(self) -> Sequence[tuple[str, str, Any]]:
        if self._opened is not None:
            run, tabs = self._run(), opening.TABS
            return [(_LETTERS.get(tab, tab[0]), tab, TabStop(partial(run.go, tab))) for tab in tabs]
        panels = [("r", "runs", self.main()), ("p", "chart", self.query_one("#chart"))]
        if self._pane != "chart":
            pane = self.query_one("#gallery" if self._pane == "small" else "#page")
            return [panels[0], ("p", _PANES[self._pane], pane)]
        beside = self.query_one("#beside")
        return [*panels, ("d", "the run in words", beside)] if beside.display else panels

    # -- keys ---------------------------------------------------------------------------------------

    def cmd_log(self) -> None:
        self._log_y = not self._log_y
        self._plot().redraw()
        self.reload(whole=False)

    def cmd_axis(self) -> None:
        self._plot().view(ALL)
        self._look(self._asked.look.along_next())

    def cmd_smooth(self) -> None:
        self._look(self._asked.look.smoother())

    def cmd_branch(self) -> None:
        openings = max((line.openings for line in self.view.lines), default=1) if self.view else 1
        if openings == 1 and self._asked.look.branch is None:
            self.notify("it was begun once: there is no older branch", markup=False)
        else:
            self._look(self._asked.look.older(openings))

    def _look(self, look: Look) -> None:
        self._asked = replace(self._asked, look=look)
        self.reload(whole=False)

    def cmd_metric(self) -> None:
        names = self.view.metrics if self.view else ()
        hint = "min(loss), acc@best(loss)"
        choose_or_type(self, "metric", names, self._set_metric, hint=hint)

    def _set_metric(self, text: str) -> None:
        self.store.read(lambda db: leaderboard.chosen(db, text))
        self._set(metric=text)

    def cmd_sort(self) -> None:
        view = self.view
        if view is None:
            return
        if self._opened is not None:
            table = self._run().table
            if table is not None:
                arranging.choose_sort(self, table)
            return
        if view.groups is not None:
            self._choose_group_sort()
            return
        found = drawing.sortable(view, width=self.app.size.width)
        title, keys = f"sort runs, now {orders.said(view.asked.sort)}", [column.key for column in found]
        choose_or_type(
            self, title, keys, self._sort,
            hint="min(loss), -acc@best(loss)",
            letters=arranging.letters_for([column.title for column in found]),
            said=[arranging.titled(column, view.asked.sort) for column in found],
        )  # fmt: skip

    def sort_by(self, table: Table[Any], key: str) -> bool:
        """By a click on a header, or as it was at the last sitting."""
        if table is not self.main() or (self.view is not None and self.view.groups is not None):
            return False
        try:
            self.store.read(lambda db: bests.check(db, key or Asked().sort))
        except Usage:
            return False
        self._set(sort=key or Asked().sort)
        return True

    def _sort(self, key: str) -> None:
        """The same key again turns the order round."""
        self.store.read(lambda db: bests.check(db, key))
        if not key.startswith("-"):  # else it was typed: the way was said
            key = {key: "-" + key, "-" + key: key}.get(self._asked.sort, orders.first(key))
        arranging.order(self, self.main(), key)
