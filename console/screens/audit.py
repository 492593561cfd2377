"""Audit: every change anybody asked for, in a chain that shows the first row that was tampered with."""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from lineside.console.ports import Question
from lineside.console.reads.trail import View, read
from lineside.console.screens.base.area import Targets
from lineside.console.screens.base.following import Following
from lineside.console.text import Line, safe
from lineside.console.views import audit as views
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.tables.rows import PagedRows, RowSource
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.field import Field
from lineside.store.queries import audit, histories
from lineside.store.queries.audit import AuditRow
from lineside.store.queries.histories import History

_GOES: Mapping[str, tuple[str, str]] = {
    "model_version": ("models", "{}"), "promotion": ("models", "promotion:{}"),
    "dataset_version": ("data", "{}"), "run": ("runs", "{}"), "job": ("jobs", "{}"),
    "alert": ("monitor", "alert:{}"), "deployment": ("monitor", "deployment:{}"),
    "endpoint": ("monitor", "{}"), "retrain": ("lineage", "retrain:{}"), "window": ("lineage", "window:{}"),
}  # fmt: skip
"""Kind of subject → the area that shows it, and what it is called there."""

_TRACED = frozenset(
    {"dataset_version", "run", "model_version", "promotion", "deployment", "window", "alert", "retrain"}
)
NO_HISTORY = History(rows=(), total=0)
_BROAD = 150
"""From so many columns on the entry stands beside the trail."""


class AuditArea(Following[View]):
    """The trail, newest first; the entry under the cursor in full below it, or beside it."""

    NAME = "audit"
    DEFAULT_CSS = """
    AuditArea #trail { height: 1fr; }
    AuditArea #entry { height: 9; }
    AuditArea.-broad #body { layout: horizontal; }
    AuditArea.-broad #trail { width: 1fr; height: 1fr; }
    AuditArea.-broad #entry { width: 76; height: 1fr; }
    AuditArea.-zoomed #trail { display: none; }
    AuditArea.-zoomed #entry { width: 1fr; height: 1fr; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._asked = False
        self._of_subject: tuple[int, History] = (0, NO_HISTORY)

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            yield Table[AuditRow](views.COLUMNS, empty="no entry holds this; esc shows all", id="trail")
            yield Drawing[AuditRow](self._draw, id="entry")

    def main(self) -> Table[AuditRow]:
        return self.query_one("#trail", Table)

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        return (("t", "trail", self.main()),)

    def _draw(self, row: AuditRow, width: int, height: int) -> list[Line]:
        if self.view is None:
            return []
        return views.entry(self.view, row, self._around(row, height), self.now, width, height)

    def _around(self, row: AuditRow, height: int) -> History:
        """All that was done to the row's subject, where there is room; kept until the cursor moves."""
        id, kind = row.subject_id, row.subject_kind
        if id is None or height < 16:
            return NO_HISTORY
        if self._of_subject[0] != row.seq:
            at = row.seq
            found = self.store.read(lambda db: histories.around(db, kind, id, seq=at, limit=height))
            self._of_subject = (at, found)
        return self._of_subject[1]

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        text, check, before, now = self.filter_text, self._asked, self.view, self.now
        self._asked = False
        return lambda db: read(db, text=text, before=before, check=check, now=now)

    def empty(self, view: View) -> bool:
        return not view.newest

    def show(self, view: View) -> None:
        asked = self.view is not None and view.checked != self.view.checked
        self.view = view
        now, checked = self.now, view.checked
        ids = range(view.newest, 0, -1) if view.found is None else view.found
        rows: RowSource[AuditRow] = PagedRows[AuditRow](
            ids,
            fetch=self._fetch,
            cells=lambda row: views.cells(row, now, checked),
            problem=lambda row: views.wrong(row, checked),
        )
        self._of_subject = (0, NO_HISTORY)
        self.set_class(self.size.width >= _BROAD, "-broad")
        self.main().show(rows)
        if asked and checked is not None and checked.verdict.broken_seq is not None:
            self.main().go_to(checked.verdict.broken_seq)
        self._show_entry()

    def _fetch(self, ids: Sequence[int]) -> Mapping[int, AuditRow]:
        """One page: neighbours in a trail without a filter, the rows between in a filtered one."""
        span = max(ids) - min(ids) + 1
        if span <= 4 * len(ids):
            rows = self.store.read(lambda db: audit.newest(db, before=max(ids) + 1, limit=span))
        else:
            rows = self.store.read(
                lambda db: [row for i in ids for row in audit.newest(db, before=i + 1, limit=1)]
            )
        return {row.seq: row for row in rows}

    def on_resize(self) -> None:
        self.set_class(self.size.width >= _BROAD, "-broad")

    # -- keys --------------------------------------------------------------------------------------

    def cmd_check(self) -> None:
        self._asked = True
        self.reload()
        self.notify("checking every row of the chain", markup=False)

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")
        self.refresh_frame()

    def cmd_only(self) -> None:
        """A filter made of the row under the cursor; where there is one already, it is taken away."""
        row = self.main().current
        if self.filter_text or row is None:
            self._only("")
            return
        thing = f"to:{row.subject_kind}" + (f":{row.subject_id}" if row.subject_id is not None else "")
        who = row.acting_as or row.name
        terms = [f"who:{who.lower()}", f"did:{row.verb}", f"did:{row.verb.partition('.')[0]}.", thing]
        names = [
            f"what {safe(who)} did", f"every {safe(row.verb)}",
            f"all of {safe(row.verb.partition('.')[0])}", f"all that was done to {views.subject(row)}",
        ]  # fmt: skip
        self.choose("show only", names, lambda place: self._only(terms[place]))

    def _only(self, text: str) -> None:
        self.query_one("#filter", Field).value = text
        self.filtered(text)

    def out(self) -> bool:
        if self.has_class("-zoomed"):
            self.cmd_zoom()
            return True
        return False

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self) -> None:
        self.follow()

    def followed(self) -> None:
        """The entry is drawn from the row, and from what is read of its subject."""
        self._show_entry()

    def _show_entry(self) -> None:
        row = self.main().current
        entry = self.query_one("#entry", Drawing)
        entry.display = row is not None
        if row is not None:
            entry.show(row)

    def cmd_enter(self) -> None:
        row = self.main().current
        if row is None or row.subject_id is None or row.subject_kind not in _GOES:
            self.notify("done to lineside itself: nothing to look at", severity="warning", markup=False)
            return
        area, name = _GOES[row.subject_kind]
        target = name.format(row.subject_id)
        self.console_app.go(area, int(target) if target.isdigit() else target)

    # -- the frame ---------------------------------------------------------------------------------

    def crumb(self) -> tuple[Line, Line]:
        left: Line = [(" Audit", "bold")]
        if self.filter_text and self.view:
            found = len(self.view.found or ())
            of = f"  {found:,} of {self.view.newest:,}"
            left = [*left, (f" / {safe(self.filter_text)}", "accent"), (of, "dim")]
        return left, views.chain(self.view.checked, self.now) if self.view else []

    def targets(self) -> Targets:
        row = self.main().current
        if row is None or row.subject_id is None:
            return {}
        kind, id = row.subject_kind, row.subject_id
        return {
            "run": id if kind == "run" else None,
            "job": id if kind == "job" else None,
            "model": id if kind == "model_version" else f"promotion:{id}" if kind == "promotion" else None,
            "data": id if kind == "dataset_version" else None,
            "endpoint": f"{kind}:{id}" if kind in ("alert", "deployment") else None,
            "lineage": f"{kind}:{id}" if kind in _TRACED else None,
        }

    def copies(self) -> Mapping[str, str]:
        row = self.main().current
        if row is None:
            return {}
        values = " ".join([str(row.seq), row.who, row.verb, views.subject(row), views.told(row)])
        command = f"lineside audit ls{_options(self.filter_text)}"
        return {"command": command, "id": f"{row.seq}:{row.hash}", "value": values}


def _options(text: str) -> str:
    """The filter as options of `lineside audit ls`: `--who ana --did promotions.`."""
    names = {"who": "--who", "did": "--did", "to": "--to"}
    out = []
    for term in text.split():
        field, _, word = term.partition(":")
        name, value = (names[field], word) if field in names and word else ("--has", term)
        out.append(f" {name} {quote(value)}")
    return "".join(out)
