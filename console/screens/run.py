"""One run, opened: an overview, its metrics, what it took of the machine, its files, its output."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from lineside.console.format import amount
from lineside.console.logs import LogFile
from lineside.console.ports import Me
from lineside.console.reads import opened
from lineside.console.reads.charts import Look
from lineside.console.reads.opened import Detail
from lineside.console.text import Line, heading, safe
from lineside.console.views.runs import artifacts, metrics
from lineside.console.views.runs import run as drawing
from lineside.console.views.runs.artifacts import Shown
from lineside.console.views.runs.run import TABS
from lineside.console.widgets.charts.gallery import Gallery
from lineside.console.widgets.charts.plot import Plot
from lineside.console.widgets.charts.window import ALL, Plotted, Window
from lineside.console.widgets.images.pictureview import PictureView
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.tables.rows import ListRows
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.log import Log
from lineside.console.widgets.texts.page import Page
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries.artifacts import ArtifactRow
from lineside.store.queries.names import SYSTEM
from lineside.store.queries.runs import SummaryRow

if TYPE_CHECKING:
    from textual import events

_FILES = 76
"""Cells of the list of files where it stands beside one of them."""

_GRID_FROM, _WIDE = 38, 130
"""Rows from which small charts stand below the facts; cells from which panes stand side by side."""


_SINCE = Look(x="relative")
_INTO = ("metrics", "system")
"""Tabs whose metric can be entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The run on show, and how its charts are looked at."""

    detail: Detail
    look: Look
    log_y: bool
    me: Me
    now: Micros


class OpenedRun(Vertical):
    """Five tabs; `show` may be called again and again with newer readings."""

    DEFAULT_CSS = """
    OpenedRun { height: 1fr; }
    OpenedRun #tabs { height: 1; }
    OpenedRun #facts { height: 1fr; }
    OpenedRun #grid { height: 0; }
    OpenedRun .tab { height: 1fr; }
    OpenedRun #metrics { height: 8; }
    OpenedRun #logged { height: auto; }
    OpenedRun #others { height: 0; }
    OpenedRun #curve, OpenedRun #text, OpenedRun #laid, OpenedRun #image { height: 1fr; width: 1fr; }
    OpenedRun #system, OpenedRun #measured { height: 1fr; width: 1fr; }
    OpenedRun #measured { display: none; }
    OpenedRun.-large #measured { display: block; }
    OpenedRun.-large #system { display: none; }
    OpenedRun #files { height: 8; }
    OpenedRun.-wide .tab { layout: horizontal; }
    OpenedRun.-wide #logged { height: 1fr; width: 84; }
    OpenedRun.-wide #others { height: 1fr; }
    OpenedRun.-wide #files { height: 1fr; width: 76; }
    OpenedRun.-close #files { display: none; }
    """

    def __init__(self, home: Home, *, id: str) -> None:
        super().__init__(id=id)
        self._home = home
        self._now: Opening | None = None
        self.tab = TABS[0]
        self._file: Shown | None = None
        self._output: LogFile | None = None

    def compose(self) -> ComposeResult:
        yield Drawing[Opening](self._draw_tabs, id="tabs")
        yield Page[Opening](self._draw_facts, id="facts")
        yield Drawing[Opening](self._draw_grid, id="grid")
        with Container(id="of-metrics", classes="tab"):
            with Vertical(id="logged"):
                yield Table[SummaryRow](metrics.COLUMNS, id="metrics", empty="no number was logged")
                yield Drawing[Opening](self._draw_grid, id="others")
            yield Plot[Opening](self._draw_curve, id="curve")
        with Container(id="of-system", classes="tab"):
            yield Gallery[Opening](self._draw_system, _measured, id="system")
            yield Plot[Opening](self._draw_measured, id="measured")
        with Container(id="of-files", classes="tab"):
            yield Table[ArtifactRow](
                artifacts.COLUMNS, id="files", empty="no files: lineside.log_artifact(PATH) keeps one"
            )
            yield Log(id="text")
            yield Page[Shown](self._draw_file, id="laid")
            yield PictureView(id="image")
        yield Log(id="output")

    # -- what the area says ---------------------------------------------------------------------------

    def expect(self, run: int) -> None:
        """This run is being read: until it is here, no other is taken for it."""
        if self._now is None or self._now.detail.run.id != run:
            self._now = None
            head = heading(f"RUN {run}", self.app.size.width, right="reading …")
            for id, lines in (("tabs", []), ("facts", [head]), ("grid", [])):
                self.query_one(f"#{id}", Drawing).set(lines)

    def show(self, found: Opening) -> None:
        """Another run, or newer readings of the same."""
        other = self._now is None or self._now.detail.run.id != found.detail.run.id
        self._now = found
        self.set_class(self.app.size.width >= _WIDE, "-wide")
        if other:
            self._file = self._output = None
            self.remove_class("-close")
            self.query_one("#measured", Plot).view(ALL)
        detail = found.detail
        self._of_metrics().show(
            ListRows[SummaryRow](detail.metrics, key=lambda row: row.metric, cells=metrics.cells)
        )
        self._of_files().show(
            ListRows[ArtifactRow](detail.artifacts, key=lambda row: row.id, cells=artifacts.cells)
        )
        self._of_metrics().fit(share=0.4)
        if self.has_class("-wide"):
            self._of_files().styles.height = "1fr"
        else:
            self._of_files().fit(share=0.4)
        self._fit_grid()
        self._arrange()
        for drawing_of in self.query(Drawing):
            if drawing_of.id != "laid":
                drawing_of.show(found)
        for id in ("curve", "measured"):
            self.query_one(f"#{id}", Plot).show(found)
        if other or self._file is None:
            self._preview()
        self._follow()

    def go(self, tab: str) -> None:
        """Show a tab, with the keys in it."""
        self.remove_class("-large")
        self.tab = tab
        self._arrange()
        if self._now is not None:
            self.query_one("#tabs", Drawing).redraw()
            self._follow()
            self._preview()
        self.call_after_refresh(self.focus_tab)

    def turn(self, step: int) -> None:
        """The tab before or after this one."""
        self.go(TABS[(TABS.index(self.tab) + step) % len(TABS)])

    def focus_tab(self) -> None:
        """The keys to what is walked in this tab."""
        first = {"overview": "#facts", "metrics": "#metrics", "system": "#system", "files": "#files",
                 "output": "#output"}[self.tab]  # fmt: skip
        self.query_one(first).focus()

    def enter(self) -> None:
        """Into what the row stands for: the curve, the file."""
        if self.tab == "metrics":
            self.query_one("#curve").focus()
        elif self.tab == "system" and self.metric:
            self.add_class("-large")
            self._of_system().redraw()
            self.call_after_refresh(self._of_system().focus)
        elif self.tab == "files" and self._file is not None:
            self.add_class("-close")
            inner = self.query_one("#text" if self.query_one("#text").display else "#laid")
            if inner.display:
                self.call_after_refresh(inner.focus)

    @property
    def leads(self) -> bool:
        """Whether `enter` leads into something."""
        return self.file is not None if self.tab == "files" else self.tab in _INTO and bool(self.metric)

    def out(self) -> bool:
        """From a file or a curve back to the list; False where there is nothing to leave."""
        focused = self.screen.focused
        inner = focused is not None and focused.id in ("curve", "text", "laid", "measured")
        if self.has_class("-close") or inner:
            self.remove_class("-close")
            self.remove_class("-large")
            self.call_after_refresh(self.focus_tab)
            return True
        return False

    def grow(self) -> None:
        """The output grows without anybody committing."""
        if self.tab == "output" and self.display:
            self.query_one("#output", Log).grow()

    @property
    def metric(self) -> str:
        """The metric under the cursor, or the chosen chart of the system; "": none."""
        if self.tab == "system":
            return self.query_one("#system", Gallery).current
        row = self._of_metrics().current
        return row.metric if row is not None else ""

    @property
    def table(self) -> Table[Any] | None:
        """The table of the tab on show."""
        tables: dict[str, Table[Any]] = {"metrics": self._of_metrics(), "files": self._of_files()}
        return tables.get(self.tab)

    @property
    def file(self) -> ArtifactRow | None:
        return self._of_files().current

    # -- inside -----------------------------------------------------------------------------------

    def _of_metrics(self) -> Table[SummaryRow]:
        return self.query_one("#metrics", Table)

    def _of_system(self) -> "Plot[Opening]":
        return self.query_one("#measured", Plot)

    def _of_files(self) -> Table[ArtifactRow]:
        return self.query_one("#files", Table)

    def _arrange(self) -> None:
        of = {"facts": "overview", "grid": "overview", "of-metrics": "metrics", "of-system": "system",
              "of-files": "files", "output": "output"}  # fmt: skip
        for id, tab in of.items():
            self.query_one(f"#{id}").display = tab == self.tab
        look = self._file.look if self._file is not None else artifacts.Look.TEXT
        shown = {artifacts.Look.TEXT: "text", artifacts.Look.IMAGE: "image"}.get(look, "laid")
        for id in ("text", "image", "laid"):
            self.query_one(f"#{id}").display = id == shown

    def _fit_grid(self) -> None:
        """Small charts below the facts, where the screen is tall enough for both."""
        height = self.app.size.height
        facts = len(self._facts(self.app.size.width))
        room = height - 5 - facts
        self.query_one("#grid").styles.height = room if height >= _GRID_FROM and room >= 9 else 0

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        if event.table.id == "files":
            self._preview()
        elif self._now is not None:
            self.query_one("#curve", Plot).view(ALL)
            self.query_one("#curve", Plot).redraw()

    def on_click(self, event: "events.Click") -> None:
        """A tab that is clicked is shown."""
        if self._now is not None and event.widget is self.query_one("#tabs"):
            tab = drawing.tab_at(self._now.detail, event.x)
            if tab is not None:
                self.go(tab)

    def _preview(self) -> None:
        """Read the file under the cursor in a thread, and show it."""
        file, home = self.file, self._home
        if file is None or self.tab != "files":
            self._file = None
            return

        def look() -> None:
            found = artifacts.shown(home, file)
            self.app.call_from_thread(self._seen, found)

        self.run_worker(look, thread=True, group="file", exit_on_error=False)

    def _seen(self, found: Shown) -> None:
        if self.file is None or found.file.id != self.file.id:
            return  # the cursor went on while it was read
        self._file = found
        self._arrange()
        if found.look is artifacts.Look.TEXT and found.path is not None:
            text = LogFile(found.path)
            while text.grow():
                pass
            log = self.query_one("#text", Log)
            log.show(text, title=safe(found.file.path))
            log.cmd_top()
        elif found.look is artifacts.Look.IMAGE:
            self.query_one("#image", PictureView).show(found.pixels, self._file_head(found), *found.lines)
        else:
            page = self.query_one("#laid", Page)
            page.show(found)
            page.cmd_top()

    def _follow(self) -> None:
        """The output of its job, as far as it has one."""
        if self._now is None or self.tab != "output":
            return
        log, job = self.query_one("#output", Log), self._now.detail.job
        path: Path | None = opened.log_of(self._home, job) if job is not None else None
        if path is not None and (self._output is None or self._output.path != path):
            self._output = LogFile(path)
        note = "it waits: there is no output yet" if job else "it was started outside the runner: no output"
        title = f"OUTPUT of job {job.id}" if job else "OUTPUT"
        log.show(self._output if path is not None else None, title=title, note=note if path is None else "")

    # -- drawing ----------------------------------------------------------------------------------

    def _draw_tabs(self, found: Opening, width: int, height: int) -> list[Line]:
        return [drawing.tab_line(found.detail, self.tab, width)]

    def _draw_facts(self, found: Opening, width: int, height: int) -> list[Line]:
        return drawing.facts(found.detail, found.me, width, now=found.now)

    def _facts(self, width: int) -> Sequence[Line]:
        return self._draw_facts(self._now, width, 0) if self._now is not None else []

    def _curves(self, found: Opening, *, system: bool) -> Mapping[str, Sequence[Any]]:
        return {
            name: lines for name, lines in found.detail.curves.items() if name.startswith(SYSTEM) == system
        }

    def _draw_grid(self, found: Opening, width: int, height: int) -> list[Line]:
        curves = self._curves(found, system=False)
        if not curves or height < 3:
            return []
        from lineside.console.views.runs import smallcharts

        return smallcharts.fitting(curves, found.look, {}, width, height, log_y=found.log_y)

    def _draw_system(self, found: Opening, width: int, height: int, chosen: str) -> list[Line]:
        curves = self._curves(found, system=True)
        if not curves:
            return drawing.measured_once(found.detail, width)
        from lineside.console.views.runs import smallcharts

        head = heading("SYSTEM", width, right="every two seconds · x since it began · ↵ one alone")
        return [head, *smallcharts.lines(curves, _SINCE, {}, width, height - 1, chosen=chosen)]

    def _draw_measured(self, found: Opening, width: int, height: int, view: Window) -> Plotted:
        focused = self._of_system().has_focus
        return metrics.curve(
            found.detail, self.metric, _SINCE, width, height, view, log_y=False, focused=focused
        )

    def _draw_curve(self, found: Opening, width: int, height: int, view: Window) -> Plotted:
        focused = self.query_one("#curve").has_focus
        return metrics.curve(
            found.detail, self.metric, found.look, width, height, view, log_y=found.log_y, focused=focused
        )

    def _draw_file(self, found: Shown, width: int, height: int) -> list[Line]:
        return [self._file_head(found), *artifacts.page(found, width)]

    def _file_head(self, found: Shown) -> Line:
        kind = Path(found.file.path).suffix.removeprefix(".") or found.file.kind
        listed = self.has_class("-wide") and not self.has_class("-close")
        width = self.size.width - (_FILES if listed else 0)
        return heading(safe(found.file.path), width, right=safe(f"{kind} · {amount(found.file.bytes)}"))


def _measured(found: Opening) -> list[str]:
    """What of the machine has a curve."""
    return [name for name in found.detail.curves if name.startswith(SYSTEM)]


class TabStop(Widget):
    """What `;` jumps to in place of a tab: it shows the tab instead of taking the keys itself."""

    def __init__(self, show: Callable[[], None]) -> None:
        super().__init__()
        self._show = show

    def focus(self, scroll_visible: bool = True) -> "TabStop":
        self._show()
        return self
