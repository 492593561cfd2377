"""Runs: a leaderboard, below it the chart of what is marked; a comparison, or one run, over both."""

import shlex
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from lineside.console.format import count
from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import leaderboard
from lineside.console.reads.charts import Look
from lineside.console.reads.leaderboard import Leaderboard, RunLine
from lineside.console.screens.area import Targets
from lineside.console.screens.choosing import choose_or_type
from lineside.console.screens.run import OpenedRun, Opening, TabStop
from lineside.console.screens.run_deeds import RunDeeds
from lineside.console.text import Line, Span, clip, heading, plain, safe
from lineside.console.views import comparisons
from lineside.console.views import groups as grouped
from lineside.console.views import run as opening
from lineside.console.views import runs as drawing
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.page import Page
from lineside.console.widgets.plot import Plot
from lineside.console.widgets.rows import Cell, PagedRows
from lineside.console.widgets.table import Table
from lineside.console.widgets.window import ALL, Plotted, Window
from lineside.store import bests
from lineside.store.queries.groups import GroupRow

GROW_S = 0.5
_WIDE, _TALL = 140, 38
"""Cells from which facts stand beside the chart; rows from which small charts stand below it."""

_NARROW = 100
_SMALL = 40
"""Small charts at most."""


class RunsArea(RunDeeds):
    """Area 2."""

    NAME: ClassVar[str] = "runs"
    DEFAULT_CSS = """
    RunsArea #runs { height: 5; }
    RunsArea #below, RunsArea #page, RunsArea #opened { height: 1fr; }
    RunsArea #left { width: 1fr; }
    RunsArea #chart { height: 1fr; }
    RunsArea #multiples { height: 0; }
    RunsArea #beside { width: 62; display: none; }
    RunsArea.-wide #beside { display: block; }
    RunsArea #differ { height: 1; display: none; }
    RunsArea.-several #differ { display: block; }
    RunsArea #page, RunsArea #opened { display: none; }
    RunsArea.-paged #page { display: block; }
    RunsArea.-paged #below, RunsArea.-paged #differ, RunsArea.-zoomed #runs { display: none; }
    RunsArea.-opened #opened { display: block; }
    RunsArea.-opened #runs, RunsArea.-opened #below, RunsArea.-opened #differ { display: none; }
    RunsArea.-opened #page { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._board: Leaderboard | None = None
        self._rows: PagedRows[RunLine] | None = None
        self._pane = "chart"  # "detail", "compare", "every" (all of the comparison), "small" (all metrics)
        self._opened: int | None = None
        self._log_y = False

    def body(self) -> ComposeResult:
        yield Table[Any]((), id="runs", empty="no run is like that: esc takes the filter away")
        with Horizontal(id="below"):
            with Vertical(id="left"):
                yield Plot[Leaderboard](self._draw, id="chart")
                yield Drawing[Leaderboard](self._draw_small, id="multiples")
            yield Page[Leaderboard](self._draw_beside, id="beside")
        yield Drawing[Leaderboard](self._draw_differ, id="differ")
        yield Page[Leaderboard](self._draw_page, id="page", head=2)
        yield OpenedRun(self.store.home, id="opened")

    def on_mount(self) -> None:
        self.set_interval(GROW_S, self._grow)

    def _grow(self) -> None:
        if self.is_current and self._opened is not None and not self.console_app.paused:
            self._run().grow()

    def _run(self) -> OpenedRun:
        return self.query_one("#opened", OpenedRun)

    def _plot(self) -> Plot[Leaderboard]:
        return self.query_one("#chart", Plot)

    # -- reading ----------------------------------------------------------------------------------

    def question(self) -> Question[Leaderboard]:
        table = self.main()
        current = self._run_of(table.current_key)
        charted = [run for key in table.marks if (run := self._run_of(key)) is not None]
        if not charted and current is not None:
            charted = [current]
        wide = self.app.size.width >= _WIDE and self._pane == "chart"
        asked = replace(
            self._asked, where=self.filter_text, seen=tuple(self._seen()), charted=tuple(charted[:8]),
            beside=current if wide or self._pane == "detail" else None,
            opened=self._opened, compared=self._pane in ("compare", "every"), small=self._smalls(),
            points=self.view is not None,
        )  # fmt: skip
        home, known = self.store.home, None if self.whole else self._board

        def read(db: sqlite3.Connection) -> Leaderboard:
            return leaderboard.read(db, home, asked, known=known)

        return read

    def _smalls(self) -> int:
        """How many small charts there is room for."""
        if self._pane == "small":
            return _SMALL
        size = self.app.size
        return 6 if size.height >= _TALL and self._pane == "chart" and size.width >= _NARROW else 0

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
            columns = drawing.columns(view, narrow=self.app.size.width < _NARROW)
            self.main().show(self._rows, columns=columns, sort=view.asked.sort)
        self._fit(view)
        self._plot().show(view)
        for id in ("multiples", "beside", "differ", "page"):
            self.query_one(f"#{id}", Drawing).show(view)
        if view.opened is not None:
            self._run().show(Opening(
                detail=view.opened, look=view.asked.look, log_y=self._log_y, me=self.me, now=self.now
            ))  # fmt: skip
        if view.asked.points and not set(view.asked.seen) >= set(self._seen()):
            self.reload(whole=False)  # rows came into sight that have no curve yet

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

    def on_resize(self) -> None:
        super().on_resize()
        if self.view is not None:
            self._fit(self.view)
            self.reload(whole=False)

    def _fetch(self, ids: Sequence[int]) -> Mapping[int, RunLine]:
        board = self._board
        assert board is not None
        return self.store.read(lambda db: leaderboard.page(db, ids, board.column))

    def _cells(self, line: RunLine) -> list[Cell]:
        board = self._board
        assert board is not None
        return drawing.cells(line, board, self.me, now=self.now, narrow=self.app.size.width < _NARROW)

    # -- drawing ----------------------------------------------------------------------------------

    def _letters(self) -> dict[int, str]:
        """Run → the letter of its mark."""
        marks = self.main().marks.items()
        return {run: letter for key, letter in marks if (run := self._run_of(key)) is not None}

    def _draw(self, view: Leaderboard, width: int, height: int, window: Window) -> Plotted:
        return drawing.chart_lines(
            view, self._letters(), width, height, window, log_y=self._log_y, now=self.now,
            focused=self._plot().has_focus,
        )  # fmt: skip

    def _draw_small(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        if not view.small or height < 3:
            return []
        from lineside.console.views import multiples

        return multiples.fitting(
            view.small, view.asked.look, self._letters(), width, height, log_y=self._log_y
        )

    def _draw_beside(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        if view.beside is None:
            return []
        focused = self.query_one("#beside").has_focus
        lines = opening.facts(view.beside, self.me, width - 1, now=self.now, focused=focused)
        return [clip([("│", "rule"), *line], width) for line in lines]

    def _draw_differ(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        found = view.comparison
        return [] if found is None else [drawing.differ_line(found, self._letters(), width)]

    def _draw_page(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        focused = self.query_one("#page").has_focus
        if self._pane in ("compare", "every"):
            every = self._pane == "every"
            return comparisons.lines(view, self._letters(), width, every=every, focused=focused)
        if self._pane == "detail" and view.beside is not None:
            return opening.facts(view.beside, self.me, width, now=self.now, focused=focused)
        if self._pane == "small":
            return self._all_metrics(view, width, height)
        return []

    def _all_metrics(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        from lineside.console.views import multiples

        every = {view.charted: view.lines, **view.small} if view.lines else view.small
        head = heading("ALL METRICS", width, right=f"{len(every)} · a one · esc")
        if not every:
            return [head, [], [("  no number was logged", "dim")]]
        letters = self._letters()
        return [
            head, *multiples.lines(every, view.asked.look, letters, width, height - 1, log_y=self._log_y)
        ]  # fmt: skip

    def crumb(self) -> tuple[Line, Line]:
        view = self.view
        left: list[Span] = [(" Runs", "bold")]
        if self._opened is not None and view is not None and view.opened is not None:
            run = view.opened.run
            return [*left, (" › ", "dim"), (f"{run.id} {safe(run.name)}", "accent")], [drawing.status(run)]
        if self.filter_text:
            left += [(" › / ", "dim"), (safe(self.filter_text), "accent")]
        if view is None:
            return left, []
        if view.problem:
            return [*left, ("  ", ""), (safe(view.problem.splitlines()[0]), "bad")], []
        marks = len(self.main().marks)
        if view.groups is not None:
            return [*left, (" › by ", "dim"), (safe(view.groups.key), "accent")], grouped.in_sum(view.groups)
        shown = f"{count(len(view.ids))} of {count(view.total)}" if self.filter_text else count(view.total)
        right: list[Span] = [(shown, ""), (" runs", "dim")]
        right += [(" · ", "dim"), (f"{count(view.failed)} failed", "bad")] if view.failed else []
        right += [(" · ", "dim"), (f"{marks} marked", "accent")] if marks else []
        return left, right

    @on(Table.Moved)
    @on(Table.Marked)
    def _moved(self) -> None:
        self.refresh_frame()
        self.reload(whole=False)

    @on(Plot.Viewed, "#chart")
    def _viewed(self, event: Plot.Viewed) -> None:
        """Read the stretch that is looked at as finely as there is room for it."""
        window = event.window
        within = (window.x0, window.x1) if window.x0 is not None and window.x1 is not None else None
        if within != self._asked.look.within:
            self._look(replace(self._asked.look, within=within))

    # -- what g, y and the wall need ------------------------------------------------------------------

    def select(self, target: int | str) -> None:
        """Somebody came here with `g`: out of what is opened, to this run."""
        self._close()
        super().select(target)

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
            if tab == "metrics" and metric:
                return ["lineside", "runs", "chart", id, "--metric", metric, *self._looked()]
            return ["lineside", "runs", "show", id]
        marked = [str(run) for run in self._letters()]
        if self._pane in ("compare", "every") and len(marked) > 1:
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
        named = [view.column.title, *view.params] if view is not None and view.metric else []
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
            return [panels[0], ("p", _PANES[self._pane], self.query_one("#page"))]
        beside = self.query_one("#beside")
        return [*panels, ("d", "the run in words", beside)] if beside.display else panels

    def out(self) -> bool:
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
        if pane == "chart" and self.query_one("#page").has_focus:
            self.main().focus()
        self.query_one("#page", Page).cmd_top()
        self.reload(whole=False)
        self.query_one("#page", Page).redraw()

    def cmd_open(self) -> None:
        if self._opened is not None:
            self._run().enter()
            return
        row = self.main().current
        if isinstance(row, GroupRow):
            self._open_group(row)
        elif row is not None:
            self._opened = row.run.id
            self.reload(whole=False)
            self.add_class("-opened")
            self._run().go(opening.TABS[0])

    def _close(self) -> None:
        if self._opened is not None:
            self._opened = None
            self.remove_class("-opened")
            self.main().focus()
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
        self._show_pane({"compare": "every", "every": "chart"}.get(self._pane, "compare"))

    def cmd_all(self) -> None:
        self._show_pane("chart" if self._pane == "small" else "small")

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")
        if self.has_class("-zoomed"):
            self.query_one("#chart" if self._pane == "chart" else "#page").focus()
        else:
            self.main().focus()

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
        if view.groups is not None:
            self._choose_group_sort()
            return
        keys = ["created", "id", "status", "name", "author", "duration"]
        keys += [f"metric:{view.column.title}"] if view.metric else []
        keys += [f"param:{key}" for key in view.params]
        choose_or_type(self, "sort by", keys, self._sort, hint="min(loss), -acc@best(loss)")

    def _sort(self, key: str) -> None:
        """The same key again turns the order round."""
        self.store.read(lambda db: bests.check(db, key))
        if key.startswith("-"):  # typed: the way was said
            self._set(sort=key)
            return
        falling = key if self._asked.sort == "-" + key else "-" + key
        rising_first = key.startswith(("param:", "name", "status", "author", "metric:"))
        turned = {key: "-" + key, "-" + key: key}.get(self._asked.sort, key if rising_first else falling)
        self._set(sort=turned)


_LETTERS = {"overview": "v"}
"""Of the tabs that cannot have their first one."""

_PANES = {
    "detail": "the run in words", "compare": "compare", "every": "compare", "small": "all metrics",
}  # fmt: skip


def _failed(line: RunLine) -> bool:
    return line.run.status == "FAILED"
