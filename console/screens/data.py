"""Data: every version of every dataset, its columns and their shapes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from lineside.console.commands import Command
from lineside.console.deeds import Answer, Ask, Deed, FormField
from lineside.console.ports import Question
from lineside.console.reads.datasets import View, read
from lineside.console.screens.area import Area, Targets
from lineside.console.text import Line, Span, safe
from lineside.console.views import data as views
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.rows import ListRows
from lineside.console.widgets.table import Table
from lineside.store.queries.datasets import ColumnProfile, VersionRow

_CARD_ROWS, _PORTRAIT_CELLS = 8, 22


class DataArea(Area[View]):
    """Versions above, the chosen one's columns under them, the chosen column below."""

    NAME = "data"
    DEFAULT_CSS = """
    DataArea #columns { height: 1fr; margin-top: 1; }
    DataArea #lower { height: 8; }
    DataArea #card { width: 1fr; }
    DataArea #portrait { width: 22; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._version: int | None = None
        self._zoomed = False

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            yield Table[VersionRow](
                views.VERSION_COLUMNS, empty="no data yet: lineside data add NAME PATH", id="versions"
            )
            yield Table[ColumnProfile](
                views.COLUMN_COLUMNS, empty="its columns were not profiled", id="columns"
            )
            with Horizontal(id="lower"):
                yield Drawing[View](self._draw_card, id="card")
                yield Drawing[View](self._draw_portrait, id="portrait")

    # -- parts -------------------------------------------------------------------------------------

    @property
    def versions(self) -> Table[VersionRow]:
        return self.query_one("#versions", Table)

    @property
    def columns(self) -> Table[ColumnProfile]:
        return self.query_one("#columns", Table)

    def main(self) -> Table[Any]:
        return self.columns if self.focused is self.columns else self.versions

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        return (("v", "versions", self.versions), ("c", "columns", self.columns))

    def _draw_card(self, view: View, width: int, height: int) -> list[Line]:
        return views.card(view, self.columns.current, width, height)

    def _draw_portrait(self, view: View, width: int, height: int) -> list[Line]:
        return views.portrait(view.chosen, width, height) if view.chosen else []

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        version = self._version
        return lambda db: read(db, version_id=version)

    def empty(self, view: View) -> bool:
        return not view.versions

    def show(self, view: View) -> None:
        now, named, chosen = self.now, self.me.named, view.chosen
        text = self.filter_text.lower()
        inside = self.focused is self.columns
        versions = [v for v in view.versions if inside or text in f"{v.label} {v.target or ''}".lower()]
        profile = [c for c in (chosen.profile if chosen else ()) if not inside or text in c.name.lower()]
        self.versions.show(
            ListRows[VersionRow](
                versions, key=lambda v: v.id, cells=lambda v: views.version_cells(v, now, named)
            )
        )
        if chosen is not None:
            self.columns.show(
                ListRows[ColumnProfile](
                    profile,
                    key=lambda c: c.name,
                    cells=lambda c: views.column_cells(c, chosen),
                    problem=lambda c: c.nulls + c.nans > 0,
                )
            )
        self._arrange(view)
        for drawing in self.query(Drawing):
            drawing.show(view)

    def _arrange(self, view: View) -> None:
        most = max(3, (self.size.height - 4) // 4)
        self.versions.styles.height = 1 + max(1, min(len(view.versions), most))
        self.versions.display = not self._zoomed
        lower = self.query_one("#lower")
        lower.display = not self._zoomed
        lower.styles.height = _CARD_ROWS if self.size.height >= 30 else _CARD_ROWS - 1
        picture = bool(view.chosen and views.portrait(view.chosen, _PORTRAIT_CELLS, _CARD_ROWS))
        self.query_one("#portrait").display = picture

    def on_resize(self) -> None:
        super().on_resize()
        if self.view is not None:
            self._arrange(self.view)

    def cmd_zoom(self) -> None:
        self._zoomed = not self._zoomed
        if self._zoomed:
            self.columns.focus()
        if self.view is not None:
            self._arrange(self.view)

    def out(self) -> bool:
        if self._zoomed:
            self.cmd_zoom()
            return True
        if self.focused is self.columns:
            self.versions.focus()
            return True
        return False

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self, message: Table.Moved) -> None:
        row = message.table.current
        if isinstance(row, VersionRow) and row.id != self._version:
            self._version = row.id
            self.reload()
        for drawing in self.query(Drawing):
            drawing.redraw()

    @on(Table.Opened)
    def cmd_enter(self) -> None:
        if self.focused is self.columns:
            self.cmd_zoom()
        else:
            self.columns.focus()

    def select(self, target: int | str) -> None:
        """A version's number in the table."""
        self.versions.focus()
        self.versions.go_to(target)

    # -- the frame ---------------------------------------------------------------------------------

    def crumb(self) -> tuple[Line, Line]:
        here: list[Span] = [(" Data", "bold")]
        chosen = self.view.chosen if self.view else None
        if chosen is not None:
            here += [(" › ", "dim"), (safe(chosen.version.label), "")]
        if self.is_mounted and self.focused is self.columns and self.columns.current:
            here += [(" › ", "dim"), (safe(self.columns.current.name), "")]
        return here, views.summary(self.view) if self.view else []

    def targets(self) -> Targets:
        chosen = self.view.chosen if self.view else None
        if chosen is None:
            return {}
        runs = [row.id for row in chosen.led_to if row.kind == "run"]
        return {
            "data": chosen.version.id,
            "lineage": f"dataset_version:{chosen.version.id}",
            "run": runs[-1] if runs else None,
        }

    def copies(self) -> Mapping[str, str]:
        row = self.versions.current
        if row is None:
            return {}
        return {"command": f"lineside data show {row.label}", "id": row.uid, "value": row.digest}

    # -- doing -------------------------------------------------------------------------------------

    def offers(self, command: Command) -> bool:
        return True

    def cmd_add(self) -> None:
        self.propose(
            Deed(
                title="Add a CSV or Parquet file as data",
                fields=[
                    FormField(
                        key="name", label="name", hint="the dataset's; a new content is its next version"
                    ),
                    FormField(key="path", label="file", hint="on this machine"),
                    FormField(key="target", label="target", hint="the column to predict; may stay empty"),
                ],
                asks=[],
                then=_added,
                yes="add it",
            )
        )


def _added(answer: Answer) -> list[Ask]:
    """The path as this console understands it; what stayed empty is not said."""
    said = {key: value.strip() for key, value in answer.values.items() if value.strip()}
    if "path" in said:
        said["path"] = str(Path(said["path"]).expanduser().absolute())
    return [Ask(verb="data.add", args=said, said=f"added: {said.get('name', '')}")]
