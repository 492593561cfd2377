"""Data: every version of every dataset, its columns and their shapes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from shlex import quote
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from lineside.console.deeds.deed import Answer, Ask, Deed, FormField
from lineside.console.ports import Question
from lineside.console.reads.changes import Change
from lineside.console.reads.datasets import Profiles, View, read
from lineside.console.screens.base.area import Targets
from lineside.console.screens.base.following import Following
from lineside.console.text import Line, Span, safe
from lineside.console.views.data import column as data_column
from lineside.console.views.data import data as views
from lineside.console.views.data import gallery
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.tables.rows import Cell, ListRows
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.datasets import VersionRow

_CARD_ROWS, _PORTRAIT_CELLS = 8, 22
_LOW = 18
"""On a screen of fewer rows the column is shown only when it is zoomed."""

_TABLES = 110
"""Cells the tables have on a broad screen."""

_BROAD = 150
"""From so many columns on the chosen column stands beside the tables."""


class DataArea(Following[View]):
    """Versions above, the chosen one's columns under them, the chosen column below or beside them."""

    NAME = "data"
    DEFAULT_CSS = """
    DataArea #tables { height: 1fr; }
    DataArea #columns { height: 1fr; margin-top: 1; }
    DataArea #gallery { height: 1fr; margin-top: 1; }
    DataArea #lower { height: 8; }
    DataArea #card { width: 1fr; }
    DataArea #portrait { width: 22; }
    DataArea.-broad #body { layout: horizontal; }
    DataArea.-broad #tables { width: 110; }
    DataArea.-broad #lower { width: 1fr; height: 1fr; }
    DataArea.-zoomed #tables { display: none; }
    DataArea.-zoomed #lower { width: 1fr; height: 1fr; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._version: int | None = None
        self._against: int | None = None  # None: the version before
        self._inside = False  # the columns had the keys last
        self._filters = {False: "", True: ""}  # of the versions, of the columns
        self._profiles = Profiles()
        self._shown: tuple[Sequence[VersionRow], str] = ((), "")

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            with Vertical(id="tables"):
                yield Table[VersionRow](
                    views.VERSION_COLUMNS, empty="no version is called that; esc shows all", id="versions"
                )
                yield Table[Change](
                    views.column_columns(None), empty="no column is called that; esc shows all", id="columns"
                )
                yield Drawing[View](self._draw_gallery, id="gallery")
            with Horizontal(id="lower"):
                yield Drawing[View](self._draw_card, id="card")
                yield Drawing[View](self._draw_portrait, id="portrait")

    # -- parts -------------------------------------------------------------------------------------

    @property
    def versions(self) -> Table[VersionRow]:
        return self.query_one("#versions", Table)

    @property
    def columns(self) -> Table[Change]:
        return self.query_one("#columns", Table)

    def main(self) -> Table[Any]:
        return self.columns if self._inside else self.versions

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        return (("v", "versions", self.versions), ("c", "columns", self.columns))

    def on_descendant_focus(self) -> None:
        """Remember which table has the keys: the filter is its."""
        if self.focused in (self.columns, self.versions):
            self._inside = self.focused is self.columns
            self.filter_text = self._filters[self._inside]
            self.refresh_frame()

    def _draw_card(self, view: View, width: int, height: int) -> list[Line]:
        return data_column.card(view, self.columns.current, self.now, width, height)

    def _draw_portrait(self, view: View, width: int, height: int) -> list[Line]:
        return data_column.portrait(view.chosen, width, height) if view.chosen else []

    def _draw_gallery(self, view: View, width: int, height: int) -> list[Line]:
        return gallery.draw(view, self.columns.current, width, height)

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        version, against, profiles = self._version, self._against, self._profiles
        known = self.view.versions if self.view else None
        return lambda db: read(db, version_id=version, against=against, profiles=profiles, known=known)

    def empty(self, view: View) -> bool:
        return not view.versions

    def previews(self) -> bool:
        return True

    def filtered(self, text: str) -> None:
        """The filter is that of the table that had the keys."""
        self._filters[self._inside] = text
        super().filtered(text)

    def show(self, view: View) -> None:
        chosen = view.chosen
        text, inner = self._filters[False].lower(), self._filters[True].lower()
        self._show_versions(view.versions, text)
        if chosen is not None:
            cells: dict[str, Sequence[Cell]] = {}

            def made(change: Change) -> Sequence[Cell]:
                if change.name not in cells:
                    cells[change.name] = views.change_cells(change, chosen)
                return cells[change.name]

            self.columns.show(
                ListRows[Change](
                    [c for c in chosen.changes if inner in f"{c.name} {c.profile.dtype} {c.fate}".lower()],
                    key=lambda c: c.name, cells=made, problem=views.wants_a_look,
                ),
                columns=views.column_columns(chosen.against, chosen.version),
            )  # fmt: skip
        self._arrange(view)
        for drawing in self.query(Drawing):
            drawing.show(view)

    def _show_versions(self, versions: Sequence[VersionRow], text: str) -> None:
        """Fill the table of versions, unless the same ones are in it."""
        if versions is self._shown[0] and text == self._shown[1]:
            return
        self._shown = (versions, text)
        now, named = self.now, self.me.named
        before = {v.id: old for v, old in pairwise(versions)
                  if v.dataset_id == old.dataset_id}  # fmt: skip
        self.versions.show(
            ListRows[VersionRow](
                views.named_like(versions, text),
                key=lambda v: v.id,
                cells=lambda v: views.version_cells(v, before.get(v.id), now, named),
            ),
            columns=views.version_columns(before),
        )

    def _arrange(self, view: View) -> None:
        broad = self.size.width >= _BROAD
        self.set_class(broad, "-broad")
        most = max(3, (self.size.height - 4) // 4)
        self.versions.styles.height = 1 + max(1, min(len(self.versions.rows), most))
        self._arrange_gallery(view, broad=broad)
        if not broad and not self.has_class("-zoomed"):
            self.query_one("#lower").styles.height = _CARD_ROWS + (2 if self.size.height >= 30 else 0)
        else:
            self.query_one("#lower").styles.height = "1fr"
        self.query_one("#lower").display = self.size.height >= _LOW or self.has_class("-zoomed")
        pixels = bool(view.chosen and data_column.portrait(view.chosen, _PORTRAIT_CELLS, _CARD_ROWS))
        self.query_one("#portrait").display = (
            pixels and not broad and self.size.width >= 70 and not self.has_class("-zoomed")
        )

    def _arrange_gallery(self, view: View, *, broad: bool) -> None:
        """Every column as a picture below the tables, where there is room for all of them."""
        needed = 1 + max(1, len(self.columns.rows))
        free = self.query_one("#body").size.height - len(self.versions.rows) - needed - 3
        columns = view.chosen.changes if view.chosen and view.chosen.measured else ()
        shown = broad and gallery.shape(len(columns), _TABLES, free) != (0, 0)
        self.query_one("#gallery").display = shown
        self.columns.styles.height = needed if shown else "1fr"

    def on_resize(self) -> None:
        if self.view is not None:
            self._arrange(self.view)

    # -- levels ------------------------------------------------------------------------------------

    def cmd_zoom(self) -> None:
        """The column alone on the screen, and back."""
        self.toggle_class("-zoomed")
        if self.view is not None:
            self._arrange(self.view)
        if not self.has_class("-zoomed"):
            self.call_after_refresh(self.main().focus)

    def cmd_compare(self) -> None:
        """Against the marked version; two marks: the newer against the older."""
        here, marked = self.versions.current, [v for v in self.versions.chosen() if self.versions.marks]
        pair = marked[:2] if len(marked) >= 2 else [v for v in (here, *marked) if v is not None]
        if self._against is not None and not marked:
            self._compare(self._version, None)
        elif len({v.id for v in pair}) < 2:
            self.notify("mark the version to compare with (space), then x on another", markup=False)
        else:
            old, new = sorted(pair, key=lambda v: (v.created_us, v.id))
            self._compare(new.id, old.id)

    def _compare(self, version: int | None, against: int | None) -> None:
        self._version, self._against = version, against
        if version is not None:
            self.versions.go_to(version)
        self.columns.focus()
        self.columns.cmd_top()
        self.reload(whole=False)

    def inside(self) -> bool:
        return super().inside() or self._inside or self._against is not None

    def out(self) -> bool:
        if self.has_class("-zoomed"):
            self.cmd_zoom()
        elif self._inside and self._filters[True]:
            return False
        elif self._against is not None:
            self._compare(self._version, None)
        elif self._inside:
            self.versions.focus()
        else:
            return False
        return True

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self, message: Table.Moved) -> None:
        row = message.table.current
        if isinstance(row, VersionRow) and row.id != self._version:
            self._version = row.id
            self.follow()
            return
        self.follow()
        self.refresh_frame()

    def followed(self) -> None:
        """Another version is read; another column of the same one is drawn from what is known."""
        chosen = self.view.chosen if self.view else None
        if chosen is None or chosen.version.id != self._version:
            self.reload(whole=False)
        for drawing in self.query(Drawing):
            drawing.redraw()

    def cmd_enter(self) -> None:
        if self._inside:
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
            if self._against is not None and chosen.against is not None:
                here += [(" against ", "dim"), (safe(chosen.against.label), "accent")]
        if self.is_mounted and self._inside and self.columns.current:
            here += [(" › ", "dim"), (safe(self.columns.current.name), "")]
        if self.filter_text:
            here.append((f"  / {safe(self.filter_text)}", "accent"))
        return here, views.summary(self.view, short=self.size.width < 100) if self.view else []

    def targets(self) -> Targets:
        chosen = self.view.chosen if self.view else None
        if chosen is None:
            return {}
        runs = [tie.row.id for tie in chosen.led_to if tie.row.kind == "run"]
        return {
            "data": chosen.version.id,
            "lineage": f"dataset_version:{chosen.version.id}",
            "run": runs[-1] if runs else None,
        }

    def copies(self) -> Mapping[str, str]:
        chosen = self.view.chosen if self.view else None
        if chosen is None:
            return {}
        row, against = chosen.version, chosen.against
        command = f"lineside data show {quote(row.label)}"
        if against is not None and (self._inside or self._against is not None):
            command = f"lineside data diff {quote(against.label)} {quote(row.label)}"
        value = self.columns.current.name if self._inside and self.columns.current else row.digest
        return {"command": command, "id": row.uid, "value": value}

    # -- doing -------------------------------------------------------------------------------------

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
