"""Runs in groups: a list of them in place of the runs, one opened, and out again. `runs` has all the rest."""

import shlex
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lineside.console.overlays.choosing import choose_or_type
from lineside.console.ports import Actions, Store
from lineside.console.reads.leaderboard import Asked, Leaderboard
from lineside.console.screens.base.following import Following
from lineside.console.views.runs import groups as grouped
from lineside.console.widgets.tables.rows import ListRows
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.field import Field
from lineside.store.queries import grouping
from lineside.store.queries.groups import SORTS, GroupRow, Groups

_NONE = "none: runs, line by line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A list of groups that was left by opening one of them."""

    group: str
    where: str
    row: str  # the key of the opened group


class GroupedRuns(Following[Leaderboard]):
    """What the runs area knows of groups."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._asked = Asked()
        self._bests: dict[Hashable, int] = {}  # group on show → its best run, which stands for it below
        self._levels: list[Level] = []  # the lists of groups that were opened to come here
        self._return_to: Hashable | None = None

    def main(self) -> Table[Any]:
        """Runs, or groups of them."""
        return self.query_one("#runs", Table)

    def _run_of(self, key: Hashable) -> int | None:
        """The run that a row is, or that stands for a group."""
        return key if isinstance(key, int) else self._bests.get(key)

    def _show_groups(self, view: Leaderboard, found: Groups) -> None:
        self._bests = {row.where: row.best_run for row in found.rows if row.best_run is not None}
        at, curves, width = self.now, view.curves, self.app.size.width
        rows = ListRows[GroupRow](
            found.rows, key=lambda row: row.where,
            cells=lambda row: grouped.cells(row, curves, now=at, width=width),
        )  # fmt: skip
        self.main().show(rows, columns=grouped.columns(found.key, width=width), sort=view.asked.group_sort)
        if self._return_to is not None:
            self.main().go_to(self._return_to)
            self._return_to = None

    def _group_copies(self) -> Mapping[str, str]:
        row, view = self.main().current, self.view
        if not isinstance(row, GroupRow) or view is None or view.groups is None:
            return {}
        words = ["lineside", "runs", "ls", "--group", view.groups.key]
        words += ["--metric", view.groups.metric] if view.groups.metric else []
        words += ["--where", self.filter_text] if self.filter_text else []
        words += ["--sort", view.asked.group_sort] if view.asked.group_sort != "best" else []
        cells = [
            (cell, "") if isinstance(cell, str) else cell for cell in grouped.cells(row, {}, now=self.now)
        ]
        return {"command": shlex.join(words), "id": row.where, "value": "\t".join(text for text, _ in cells)}

    def _choose_group_sort(self) -> None:
        self.choose("sort groups by", SORTS, lambda at: self._sort_groups(SORTS[at]))

    def _sort_groups(self, key: str) -> None:
        self._set(group_sort="-" + key if self._asked.group_sort == key else key)

    def cmd_group(self) -> None:
        """By a key of the menu, or no longer."""
        view = self.view
        if view is None:
            return
        keys = [*grouping.FIELDS, *(f"param:{key}" for key in view.params)]
        keys += [_NONE] if view.groups is not None else []
        choose_or_type(self, "group by", keys, self._group, hint="lr, tag:base")

    def _group(self, key: str) -> None:
        if key == _NONE:
            self._leave_group()
            return
        self.store.read(lambda db: grouping.key(db, key))
        self.main().cmd_top()
        self._set(group=key)

    def _open_group(self, row: GroupRow) -> None:
        """Its runs, by a filter that anybody can read and change."""
        self._levels.append(Level(group=self._asked.group, where=self.filter_text, row=row.where))
        text = self.filter_text
        both = f"({text}) {row.where}" if " or " in text.lower() else f"{text} {row.where}".strip()
        self.main().cmd_top()
        self._look_at(group="", where=both)

    def _leave_group(self) -> bool:
        """Out of an opened group into the list of groups, and from there to all runs."""
        if self._levels and not self._asked.group:
            level = self._levels.pop()
            self._return_to = level.row
            self._look_at(group=level.group, where=level.where)
            return True
        if self._asked.group:
            self.main().cmd_top()
            self._set(group="")
            return True
        return False

    def _look_at(self, *, group: str, where: str) -> None:
        self._asked = replace(self._asked, group=group)
        self.query_one("#filter", Field).value = where
        self.filtered(where)

    def _set(self, **changed: str) -> None:
        self._asked = replace(self._asked, **changed)  # type: ignore[arg-type]
        self.reload()
