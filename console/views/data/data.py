"""What the data area draws in its tables: versions, and the columns of one against another."""

from collections.abc import Mapping, Sequence
from typing import Any

from lineside.console.format import NONE, amount, clock, count, number, plural
from lineside.console.reads.changes import Change
from lineside.console.reads.datasets import Chosen, View
from lineside.console.text import Line, Span, fit, safe
from lineside.console.views.models.models import Naming
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.datasets import ColumnProfile, VersionRow


def version_columns(before: Mapping[int, VersionRow]) -> Sequence[Column]:
    """The columns of the versions table.

    Args:
        before: version → the one it grew from.
    """
    return (
        Column(key="version", title="data", priority=1, max=30, value=lambda v: (v.name, v.number)),
        Column(key="rows", title="rows", align=">", priority=1, value=lambda v: v.rows),
        Column(key="grew", title="grew by", align=">", priority=4,
               value=lambda v: grew(v, before.get(v.id)) or 0),
        Column(key="columns", title="columns", align=">", priority=3, value=lambda v: len(v.columns)),
        Column(key="bytes", title="size", align=">", priority=4, value=lambda v: v.bytes),
        Column(key="target", title="target", priority=2, max=16, value=lambda v: v.target or ""),
        Column(key="time", title="time", priority=6, max=16, value=lambda v: v.time_column or ""),
        Column(key="origin", title="made from", priority=3, min=9, max=44, grow=True,
               value=lambda v: origin(v)),
        Column(key="by", title="by", priority=5, max=16, value=lambda v: v.created_by),
        Column(key="at", title="added", priority=3, align=">", value=lambda v: v.created_us),
    )  # fmt: skip


def grew(row: VersionRow, before: VersionRow | None) -> int | None:
    """By how many rows; None: it is the first."""
    return row.rows - before.rows if before else None


def named_like(versions: Sequence[VersionRow], text: str) -> Sequence[VersionRow]:
    """Those with the text in their name, target or origin."""
    if not text:
        return versions
    return [v for v in versions if text in f"{v.label} {v.target or ''} {origin(v)}".lower()]


VERSION_COLUMNS = version_columns({})

_FATES = {"added": ("added", "ok"), "dropped": ("dropped", "bold bad"), "retyped": ("retyped", "bold warn")}
STILL = 0.005
"""A distance below this is shown as a dash."""


def column_columns(against: VersionRow | None, chosen: VersionRow | None = None) -> Sequence[Column]:
    """The columns of the columns table; the one that says what moved names against what."""
    name = "moved"
    if against is not None:
        other = chosen is not None and chosen.dataset_id != against.dataset_id
        name += f" vs {against.label if other else f'@{against.number}'}"
    return (
        Column(key="place", title="#", align=">", priority=6, value=lambda c: c.place),
        Column(key="name", title="column", priority=1, min=8, max=24, value=lambda c: c.name),
        Column(key="role", title="role", priority=2, value=lambda c: c.fate),
        Column(key="dtype", title="type", priority=4, max=14, value=lambda c: c.profile.dtype),
        Column(key="nulls", title="missing", align=">", priority=2, value=lambda c: c.missing_share),
        Column(key="moved", title=name, align=">", priority=1, value=lambda c: c.distance or 0.0),
        Column(key="distinct", title="distinct", align=">", priority=6, value=lambda c: c.profile.distinct),
        Column(key="min", title="min", align=">", priority=4, max=12, value=lambda c: _order(c.profile.min)),
        Column(key="mean", title="mean", align=">", priority=2, value=lambda c: _order(c.profile.mean)),
        Column(key="max", title="max", align=">", priority=4, max=12, value=lambda c: _order(c.profile.max)),
        Column(key="shape", title="shape", priority=1, min=10, max=28),
    )


def _order(value: float | str | None) -> tuple[int, Any]:
    """Nothing first, then numbers, then words."""
    return (0, 0.0) if value is None else (2, value) if isinstance(value, str) else (1, value)


def version_cells(row: VersionRow, before: VersionRow | None, now: Micros, named: Naming) -> Sequence[Cell]:
    """One line of the versions table."""
    by = grew(row, before)
    return (
        safe(row.label),
        count(row.rows),
        ("first", "dim") if by is None else (f"{by:+,}", "warn" if by < 0 else "dim"),
        (count(len(row.columns)), "dim"),
        (amount(row.bytes), "dim"),
        (safe(row.target), "accent") if row.target else (NONE, "dim"),
        (safe(row.time_column or NONE), "dim"),
        safe(origin(row)),
        (safe(named(row.created_by)), "dim"),
        (clock(row.created_us, now=now), "dim"),
    )


def origin(row: VersionRow) -> str:
    """The file it came from, or what it was joined from: `@2 and windows 1 2`."""
    if "path" in row.origin:
        return str(row.origin["path"]).rpartition("/")[2]
    given = dict(row.origin)
    parts = [f"@{given.pop('base')}"] if "base" in given else []
    windows = given.pop("windows", None)
    if isinstance(windows, list) and windows:
        parts.append(plural(len(windows), "window") if len(windows) > 4 else
                     ("windows " if len(windows) > 1 else "window ") + _plain(windows))  # fmt: skip
    parts += [f"{key} {_plain(value)}" for key, value in given.items()]
    return " + ".join(parts)


def _plain(value: object) -> str:
    return " ".join(str(v) for v in value) if isinstance(value, list) else str(value)


def change_cells(change: Change, chosen: Chosen) -> Sequence[Cell]:
    """One line of the columns table."""
    column = change.profile
    share = change.missing_share
    if not chosen.measured and change.now is not None:
        return _unmeasured(change, chosen)
    return (
        (str(change.place), "dim"),
        (safe(change.name), "bad" if change.fate == "dropped" else "bold" if change.moved else ""),
        _FATES.get(change.fate) or role(change.name, chosen.version),
        (column.dtype.partition("(")[0], "dim"),
        (f"{share:.1%}", "warn") if change.missing else (NONE, "dim"),
        _moved(change),
        (count(column.distinct), "dim"),
        _edge(column.min),
        number(column.mean),
        _edge(column.max),
        _shape(column),
    )


def _unmeasured(change: Change, chosen: Chosen) -> Sequence[Cell]:
    """A column of which only name and type are known."""
    name, dtype = safe(change.name), change.profile.dtype
    none: Cell = (NONE, "dim")
    return ((str(change.place), "dim"), name, role(change.name, chosen.version), (dtype, "dim"),
            none, none, none, none, none, none, ("not measured", "dim"))  # fmt: skip


def _moved(change: Change) -> Cell:
    if change.distance is None or change.distance < STILL:
        return NONE + "  ", "dim"
    return far(change) + (" ◆" if change.moved else "  "), "drift" if change.moved else "dim"


def far(change: Change) -> str:
    """`0.31 σ` of numbers, `12 %` of words."""
    value = change.distance or 0.0
    return f"{value:.2f} σ" if change.profile.counts else f"{value:.0%}"


def role(name: str, version: VersionRow) -> Span:
    """What the column is for."""
    if name == version.target:
        return "target", "bold accent"
    if name == version.time_column:
        return "time", "accent"
    return ("hidden", "warn") if name in version.exclude else ("feature", "dim")


def _edge(value: float | str | None) -> Cell:
    if not isinstance(value, str):
        return number(value)
    day = safe(value.partition("T")[0])  # of a moment: `2026-09-10T00:00:00+00:00`
    return fit(day, min(12, len(day))), "dim"


def text_of(value: float | str | None) -> str:
    """A value of a table, whatever its type."""
    return safe(value) if isinstance(value, str) else number(value)


def _shape(column: ColumnProfile) -> Cell:
    """The histogram in one line, or the commonest words."""
    if column.min is not None and column.min == column.max:
        return f"always {text_of(column.min)}", "dim"
    if column.counts:
        return sparkline.text([float(c) for c in column.counts], width=20, low=0.0), "a"
    return " ".join(f"{safe(value)} {n / max(1, column.rows):.0%}" for value, n in column.top[:3]), "dim"


def summary(view: View, *, short: bool) -> Line:
    """`4 versions of 2 datasets · 12 columns moved: n`."""
    known = len({v.dataset_id for v in view.versions})
    out: list[Span] = []
    if not short:
        out.append((f"{plural(len(view.versions), 'version')} of {plural(known, 'dataset')}", "dim"))
    if view.chosen is not None and not view.chosen.measured:
        return [*out, (" · " if out else "", "dim"), ("columns not measured", "warn")]
    changes = view.chosen.changes if view.chosen else ()
    lost = sum(c.fate != "same" for c in changes)
    holes = sum(bool(c.missing) for c in changes)
    moved = sum(c.moved for c in changes)
    for n, words, style in (
        (lost, "not as before", "bold bad"), (holes, "with holes", "warn"), (moved, "moved", "drift"),
    ):  # fmt: skip
        if n:
            out += [(" · " if out else "", "dim"), (f"{plural(n, 'column')} {words}", style)]
    return out


def wants_a_look(change: Change) -> bool:
    """Is it what `n` stops at?"""
    return change.fate != "same" or bool(change.missing) or change.moved
