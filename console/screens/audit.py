"""Audit: every change anybody asked for, in a chain that shows the first row that was tampered with."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from lineside.console.ports import Question
from lineside.console.screens.area import Area, Targets
from lineside.console.text import Line
from lineside.console.views import audit as views
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.rows import PagedRows, RowSource
from lineside.console.widgets.table import Table
from lineside.store.queries import audit
from lineside.store.queries.audit import AuditRow, Verdict

_CHECKED = 5_000
"""A chain up to this long is checked whenever it grew (0.1 s); a longer one when somebody asks."""

_SEARCHED = 5_000
"""The newest rows that a filter looks through."""

_GOES: Mapping[str, tuple[str, str]] = {
    "model_version": ("models", "{}"), "promotion": ("models", "promotion:{}"),
    "dataset_version": ("data", "{}"), "run": ("runs", "{}"), "job": ("jobs", "{}"),
    "alert": ("monitor", "alert:{}"), "deployment": ("monitor", "deployment:{}"),
    "endpoint": ("monitor", "{}"),
}  # fmt: skip
"""Kind of subject → the area that shows it, and what it is called there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The trail as far as it is on screen."""

    newest: int  # number of the newest row; rows are numbered without a gap
    found: Sequence[int] | None  # rows that hold the filter's text; None: no filter
    verdict: Verdict | None  # None: not checked


class AuditArea(Area[View]):
    """The trail, newest first; the entry under the cursor in full below."""

    NAME = "audit"
    DEFAULT_CSS = """
    AuditArea #trail { height: 1fr; }
    AuditArea #entry { height: 6; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._verdict: Verdict | None = None
        self._asked = False

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            yield Table[AuditRow](views.COLUMNS, empty="nothing was done yet", id="trail")
            yield Drawing[AuditRow](self._draw, id="entry")

    def main(self) -> Table[AuditRow]:
        return self.query_one("#trail", Table)

    def _draw(self, row: AuditRow, width: int, height: int) -> list[Line]:
        return views.entry(row, self.now, width, height)

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        text, asked, before = self.filter_text.lower(), self._asked, self._verdict
        self._asked = False

        def look(db: sqlite3.Connection) -> View:
            newest = audit.newest(db, limit=1)
            number = newest[0].seq if newest else 0
            return View(
                newest=number,
                found=_search(db, text) if text else None,
                verdict=audit.verify(db) if asked or number <= _CHECKED else before,
            )

        return look

    def empty(self, view: View) -> bool:
        return not view.newest

    def show(self, view: View) -> None:
        self._verdict = view.verdict
        now = self.now
        ids = range(view.newest, 0, -1) if view.found is None else view.found
        rows: RowSource[AuditRow] = PagedRows[AuditRow](
            ids,
            fetch=self._fetch,
            cells=lambda row: views.cells(row, now, view.verdict),
            problem=lambda row: view.verdict is not None and row.seq == view.verdict.broken_seq,
        )
        self.main().show(rows)
        self._show_entry()

    def _fetch(self, ids: Sequence[int]) -> Mapping[int, AuditRow]:
        """One page: neighbours in a trail without a filter, single rows in a filtered one."""
        span = max(ids) - min(ids) + 1
        rows = self.store.read(lambda db: audit.newest(db, before=max(ids) + 1, limit=span))
        return {row.seq: row for row in rows}

    def cmd_check(self) -> None:
        self._asked = True
        self.reload()
        self.notify("checking every entry of the chain", markup=False)

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self) -> None:
        self._show_entry()

    def _show_entry(self) -> None:
        row = self.main().current
        entry = self.query_one("#entry", Drawing)
        entry.display = row is not None
        if row is not None:
            entry.show(row)

    @on(Table.Opened)
    def cmd_enter(self) -> None:
        row = self.main().current
        if row is None or row.subject_id is None or row.subject_kind not in _GOES:
            self.notify("nothing to look at", severity="warning", markup=False)
            return
        area, name = _GOES[row.subject_kind]
        target = name.format(row.subject_id)
        self.console_app.go(area, int(target) if target.isdigit() else target)

    # -- the frame ---------------------------------------------------------------------------------

    def crumb(self) -> tuple[Line, Line]:
        left: Line = [(" Audit", "bold")]
        if self.filter_text:
            left = [*left, (f" / {self.filter_text}", "accent")]
        return left, views.chain(self._verdict) if self.view else []

    def targets(self) -> Targets:
        row = self.main().current
        if row is None or row.subject_id is None:
            return {}
        kind, id = row.subject_kind, row.subject_id
        traced = {
            "dataset_version",
            "run",
            "model_version",
            "promotion",
            "deployment",
            "window",
            "alert",
            "retrain",
        }
        return {
            "run": id if kind == "run" else None,
            "job": id if kind == "job" else None,
            "model": id if kind == "model_version" else f"promotion:{id}" if kind == "promotion" else None,
            "data": id if kind == "dataset_version" else None,
            "endpoint": f"{kind}:{id}" if kind in ("alert", "deployment") else None,
            "lineage": f"{kind}:{id}" if kind in traced else None,
        }

    def copies(self) -> Mapping[str, str]:
        row = self.main().current
        if row is None:
            return {}
        return {"command": "lineside audit ls", "id": str(row.seq), "value": f"{row.seq} {row.hash}"}


def _search(db: sqlite3.Connection, text: str) -> list[int]:
    rows = audit.newest(db, limit=_SEARCHED)
    return [r.seq for r in rows if text in f"{r.who} {r.verb} {views.subject(r)} {r.detail}".lower()]
