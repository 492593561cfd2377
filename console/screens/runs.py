"""Runs: a leaderboard, below it the chart of what is marked; a comparison, or one run, over both."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import curves, leaderboard
from lineside.console.reads.leaderboard import Leaderboard, RunLine
from lineside.console.screens.run import OpenedRun, Opening
from lineside.console.screens.run_looks import COMPARED
from lineside.console.screens.run_panes import RunPanes, metrics_of
from lineside.console.views.runs import run as opening
from lineside.console.views.runs import runs as drawing
from lineside.console.widgets.charts.gallery import Gallery, needed
from lineside.console.widgets.charts.plot import Plot
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.tables.marks import marked
from lineside.console.widgets.tables.rows import Column, PagedRows
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.diffview import DiffView
from lineside.console.widgets.texts.page import Page
from lineside.store.errors import NotFound
from lineside.store.queries.groups import GroupRow

GROW_S = 0.5
_WIDE, _TALL = 140, 38
"""Cells from which facts stand beside the chart; rows from which small charts stand below it."""

_SMALL = 40
"""Small charts at most."""


class RunsArea(RunPanes):
    """Area 2."""

    NAME: ClassVar[str] = "runs"
    DEFAULT_CSS = """
    RunsArea #runs { height: 5; }
    RunsArea #below, RunsArea #opened, RunsArea #diff { height: 1fr; }
    RunsArea #left { width: 1fr; }
    RunsArea #chart { height: 1fr; }
    RunsArea #multiples { height: 0; }
    RunsArea #beside { width: 62; display: none; }
    RunsArea.-wide #beside { display: block; }
    RunsArea #differ { height: 1; display: none; }
    RunsArea.-several #differ { display: block; }
    RunsArea #page, RunsArea #gallery, RunsArea #opened, RunsArea #diff { display: none; }
    RunsArea #page, RunsArea #gallery { height: 1fr; width: 1fr; }
    RunsArea.-paged #page, RunsArea.-galleried #gallery { display: block; }
    RunsArea.-galleried #page { display: none; }
    RunsArea.-paged #left, RunsArea.-paged #beside, RunsArea.-paged #differ { display: none; }
    RunsArea.-paged.-charted #left { display: block; }
    RunsArea.-zoomed #runs, RunsArea.-alone #runs { display: none; }
    RunsArea.-opened #opened { display: block; }
    RunsArea.-opened #runs, RunsArea.-opened #below, RunsArea.-opened #differ { display: none; }
    RunsArea.-diffing #diff { display: block; }
    RunsArea.-diffing #runs, RunsArea.-diffing #below, RunsArea.-diffing #differ { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._rows: PagedRows[RunLine] | None = None
        self._closer: tuple[str, tuple[float, float]] | None = None  # of the opened run
        self._wanted: int | str | None = None  # a run that is gone to as soon as it is listed

    def body(self) -> ComposeResult:
        yield Table[Any]((), id="runs", empty="no run is like that: esc takes the filter away")
        with Horizontal(id="below"):
            yield Page[Leaderboard](self._draw_page, id="page", head=2)
            yield Gallery[Leaderboard](self._draw_gallery, metrics_of, id="gallery")
            with Vertical(id="left"):
                yield Plot[Leaderboard](self._draw, id="chart")
                yield Drawing[Leaderboard](self._draw_small, id="multiples")
            yield Page[Leaderboard](self._draw_beside, id="beside")
        yield Drawing[Leaderboard](self._draw_differ, id="differ")
        yield OpenedRun(self.store.home, id="opened")
        yield DiffView(id="diff")

    def on_mount(self) -> None:
        self.set_interval(GROW_S, self._grow)

    def _grow(self) -> None:
        if self.is_current and self._opened is not None and not self.console_app.paused:
            self._run().grow()

    # -- reading ----------------------------------------------------------------------------------

    def question(self) -> Question[Leaderboard]:
        table = self.main()
        current = self._run_of(table.current_key)
        charted = list(self._letters())
        if not charted and current is not None:
            charted = [current]
        wide = self.app.size.width >= _WIDE and self._pane == "chart"
        asked = replace(
            self._asked, where=self.filter_text, seen=tuple(self._seen()), charted=tuple(charted[:8]),
            beside=current if wide or self._pane == "detail" else None,
            opened=self._opened, closer=self._closer, small=self._smalls(),
            pair=self.pair if self._pane in COMPARED else None, points=self.view is not None,
        )  # fmt: skip
        home, known = self.store.home, None if self.whole else self._board
        if known is not None and known.asked.where != asked.where:
            known = None  # what was wrong with the filter that is typed is still wrong

        def read(db: sqlite3.Connection) -> Leaderboard:
            return leaderboard.read(db, home, asked, known=known)

        return read

    def _smalls(self) -> int:
        """How many small charts there is room for."""
        if self._pane == "small":
            return _SMALL
        size = self.app.size
        charted = self._pane in ("chart", "detail") or (self._pane in COMPARED and size.width >= _WIDE)
        return 6 if size.height >= _TALL and charted and size.width >= drawing.NARROW else 0

    def _seen(self) -> Sequence[int]:
        return [run for key in self.main().keys_in_sight() if (run := self._run_of(key)) is not None]

    def empty(self, view: Leaderboard) -> bool:
        return not view.total and not view.problem

    def show(self, view: Leaderboard) -> None:
        if self._rows is None or self._board is None or self._board.ids is not view.ids:
            self._rows = PagedRows[RunLine](view.ids, fetch=self._fetch, cells=self._cells, problem=_failed)
        self._board = view
        if view.groups is not None:
            self._show_groups(view, view.groups)
        else:
            columns = drawing.columns(view, width=self.app.size.width)
            self.main().show(self._rows, columns=columns, sort=view.asked.sort)
            self._stretch_curves(columns)
        self._fit(view)
        if self._wanted is not None and view.asked.where == self.filter_text:
            self.main().go_to(self._wanted)
            self._wanted = None
        self._plot().show(view)
        for id in ("multiples", "beside", "differ", "page", "gallery"):
            self.query_one(f"#{id}", Drawing).show(view)
        if view.opened is not None:
            self._run().show(Opening(
                detail=view.opened, look=view.asked.look, log_y=self._log_y, me=self.me, now=self.now
            ))  # fmt: skip
        if view.asked.points and not set(view.asked.seen) >= set(self._seen()):
            self.reload(whole=False)  # rows came into sight that have no curve yet

    def _stretch_curves(self, columns: Sequence[Column]) -> None:
        """As long as their column is: it takes the room that is left."""
        cells = self.main().cells_of("curve")
        if cells not in (0, self._curve) and self._rows is not None and self._board is not None:
            self._curve = cells
            self._asked = replace(self._asked, curve=max(curves.WIDTH, cells))
            self.main().show(self._rows, columns=columns, sort=self._board.asked.sort)

    def _fit(self, view: Leaderboard) -> None:
        """The table as high as it needs, the chart at least a third of the screen, small charts below it."""
        size = self.app.size
        self.set_class(size.width >= _WIDE, "-wide")
        self.set_class(view.comparison is not None, "-several")
        self.main().fit(share=0.4)
        below = size.height - 5 - len(self.main().rows) - 2
        below = max(below, int((size.height - 5) * 0.6))
        small = min(13, below // 3) if view.small and size.height >= _TALL else 0
        self.query_one("#multiples").styles.height = small
        crowded = self._pane == "small" and needed(len(metrics_of(view)), size.width) > below - 1
        self.set_class(crowded or (self._pane in COMPARED and size.height < _TALL), "-alone")

    def on_resize(self) -> None:
        if self.view is not None:
            self._fit(self.view)
            self.reload(whole=False)

    def _fetch(self, ids: Sequence[int]) -> Mapping[int, RunLine]:
        board = self._board
        assert board is not None
        return self.store.read(lambda db: leaderboard.page(db, ids, board.column))

    @on(Table.Moved)
    def _moved(self) -> None:
        self.refresh_frame()
        self.follow()

    @on(Table.Marked)
    def _marked(self) -> None:
        self.refresh_frame()
        self.reload(whole=False)

    @on(Plot.Viewed, "#chart")
    def _viewed(self, event: Plot.Viewed) -> None:
        """Read the stretch that is looked at as finely as there is room for it."""
        window = event.window
        within = (window.x0, window.x1) if window.x0 is not None and window.x1 is not None else None
        if within != self._asked.look.within:
            self._look(replace(self._asked.look, within=within))

    @on(Plot.Viewed, "#curve")
    def _viewed_opened(self, event: Plot.Viewed) -> None:
        window, metric = event.window, self._run().metric
        within = (window.x0, window.x1) if window.x0 is not None and window.x1 is not None else None
        closer = (metric, within) if within is not None else None
        if closer != self._closer:
            self._closer = closer
            self.reload(whole=False)

    # -- what g, y and the wall need ------------------------------------------------------------------

    def select(self, target: int | str) -> None:
        """Somebody came here for this run, whatever keeps it from being listed, or for what the words say."""
        self._close()
        if isinstance(target, str):
            self._come_for(target)
        elif self.main().go_to(target):
            return
        else:
            self._wanted = target
            self._levels.clear()
            self._look_at(group="", where="")

    def _come_for(self, words: str) -> None:
        """`run:812`: opened; `chart:` and `compare:`: the runs that follow, marked; else a filter."""
        kind, _, said = words.partition(":")
        if kind not in ("run", "chart", "compare"):
            self._levels.clear()
            self._look_at(group="", where=words)
            return
        try:
            ids = [run.id for run in self.store.read(lambda db: leaderboard.named(db, said))]
        except NotFound as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if kind == "run" and ids:
            self.select(ids[0])
            self._open(ids[0])
            return
        self.main().marks = marked({}, ids)
        metric = next((word.removeprefix("metric=") for word in said.split() if "metric=" in word), "")
        if metric:
            self._set_metric(metric)
        self._show_pane("chart" if kind == "chart" else "compare")

    def out(self) -> bool:
        if self.has_class("-diffing"):
            self._leave_diff()
            return True
        if self._opened is not None:
            if not self._run().out():
                self._close()
            return True
        if self.has_class("-zoomed"):
            self.remove_class("-zoomed")
            self.main().focus()
            return True
        if self._pane != "chart":
            self._show_pane("chart")
            return True
        if self._plot().has_focus or self.query_one("#beside").has_focus:
            self.main().focus()
            return True
        return self._leave_group()

    # -- looking ------------------------------------------------------------------------------------

    def _show_pane(self, pane: str) -> None:
        self._pane = pane
        self.set_class(pane != "chart", "-paged")
        self.set_class(pane == "small", "-galleried")
        self.set_class(pane in COMPARED and self.app.size.width >= _WIDE, "-charted")
        if self.view is not None:
            self._fit(self.view)
        page = self.query_one("#page")
        if pane in COMPARED or pane == "small":
            self.call_after_refresh((page if pane != "small" else self.query_one("#gallery")).focus)
        elif page.has_focus or not self.main().has_focus:
            self.main().focus()
        self.query_one("#page", Page).cmd_top()
        self.reload(whole=False)
        self.query_one("#page", Page).redraw()

    def cmd_open(self) -> None:
        if self._opened is not None:
            self._run().enter()
        elif self.query_one("#page").has_focus and self._pane in COMPARED:
            self.cmd_diff()
        elif (gallery := self.query_one("#gallery", Gallery)).has_focus and gallery.current:
            self._set_metric(gallery.current)
            self._show_pane("chart")
        else:
            self._open_row()

    def _open_row(self) -> None:
        row = self.main().current
        if isinstance(row, GroupRow):
            self._open_group(row)
        elif row is not None:
            self._open(row.run.id)

    def _open(self, run: int) -> None:
        self._opened = run
        self._run().expect(run)
        self.reload(whole=False)
        self.add_class("-opened")
        self._run().go(opening.TABS[0])

    def _close(self) -> None:
        if self._opened is not None:
            self._opened = self._closer = None
            self.remove_class("-opened")
            self.main().focus()
            self.reload(whole=False)

    def cmd_next_run(self) -> None:
        self._open_beside(1)

    def cmd_previous_run(self) -> None:
        self._open_beside(-1)

    def _open_beside(self, step: int) -> None:
        """The run below or above the opened one, in the same tab; where none is, the row."""
        rows = self.main().rows
        at = rows.index_of(self._opened) if self._opened is not None else None
        if at is None:
            (self.main().cmd_down if step > 0 else self.main().cmd_up)()
        elif not 0 <= at + step < len(rows):
            self.notify("there is no run " + ("below" if step > 0 else "above"), markup=False)
        else:
            self._opened, self._closer = cast(int, rows.key(at + step)), None
            self.main().go_to(self._opened)
            self.reload(whole=False)

    def cmd_next_pane(self) -> None:
        if self._opened is not None:
            self._run().turn(1)
        else:
            self.focus_next()

    def cmd_previous_pane(self) -> None:
        if self._opened is not None:
            self._run().turn(-1)
        else:
            self.focus_previous()

    def cmd_details(self) -> None:
        self._show_pane("chart" if self._pane == "detail" else "detail")

    def cmd_compare(self) -> None:
        """What differs, all of it, and the chart again."""
        self._close()
        pane = {"compare": "every", "every": "chart"}.get(self._pane, "compare")
        if pane == "compare" and len(self._marks()) < 2 and len(self._stand_ins(self._marks())) < 2:
            words = "nothing to compare it with: mark two with space, then x"
            self.notify(words, severity="warning", markup=False)
            return
        self._show_pane(pane)

    def cmd_all(self) -> None:
        self._show_pane("chart" if self._pane == "small" else "small")

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")
        if self.has_class("-zoomed"):
            self.query_one({"chart": "#chart", "small": "#gallery"}.get(self._pane, "#page")).focus()
        else:
            self.main().focus()

    def cmd_output(self) -> None:
        line = self._current()
        if self._opened is not None:
            self._run().go("output")
        elif line is not None and line.run.job_id is not None:
            self.console_app.go("jobs", f"log:{line.run.job_id}")
        else:
            self.notify(
                "this run has no job: it was started outside the runner", severity="warning", markup=False
            )


def _failed(line: RunLine) -> bool:
    return line.run.status == "FAILED"
