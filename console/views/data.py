"""What the data area draws: versions, columns with their shapes, one column in full."""

import re
from collections.abc import Sequence

from lineside.console.format import NONE, amount, bar, clock, count, number, plural
from lineside.console.reads.datasets import Chosen, View
from lineside.console.text import Line, Span, clip, fit, heading, safe
from lineside.console.views.models import Naming
from lineside.console.widgets import digit, histogram, sparkline
from lineside.console.widgets.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.datasets import ColumnProfile, VersionRow
from lineside.store.queries.lineage import NodeRow

VERSION_COLUMNS = (
    Column(key="version", title="data", priority=1, max=30),
    Column(key="rows", title="rows", align=">", priority=1),
    Column(key="columns", title="columns", align=">", priority=3),
    Column(key="bytes", title="size", align=">", priority=4),
    Column(key="target", title="target", priority=2, max=16),
    Column(key="time", title="time", priority=5, max=16),
    Column(key="origin", title="from", priority=3, min=6, max=60, grow=True),
    Column(key="by", title="by", priority=4, max=16),
    Column(key="at", title="at", priority=3, align=">"),
)

COLUMN_COLUMNS = (
    Column(key="name", title="column", priority=1, min=8, max=24),
    Column(key="role", title="is", priority=2),
    Column(key="dtype", title="type", priority=3, max=14),
    Column(key="nulls", title="empty", align=">", priority=2),
    Column(key="distinct", title="values", align=">", priority=4),
    Column(key="min", title="min", align=">", priority=3, max=12),
    Column(key="mean", title="mean", align=">", priority=2),
    Column(key="moved", title="moved", align=">", priority=3),
    Column(key="max", title="max", align=">", priority=3, max=12),
    Column(key="shape", title="shape", priority=1, min=10, max=28),
)

_PIXEL = re.compile(r".*?(\d+)_(\d+)")


def version_cells(row: VersionRow, now: Micros, named: Naming) -> Sequence[Cell]:
    """One line of the versions table."""
    return (
        safe(row.label),
        count(row.rows),
        (count(len(row.columns)), "dim"),
        (amount(row.bytes), "dim"),
        safe(row.target) if row.target else (NONE, "dim"),
        (safe(row.time_column or NONE), "dim"),
        (safe(origin(row)), "dim"),
        (safe(named(row.created_by)), "dim"),
        (clock(row.created_us, now=now), "dim"),
    )


def origin(row: VersionRow) -> str:
    """The file it came from, or what it was joined from."""
    if "path" in row.origin:
        return str(row.origin["path"]).rpartition("/")[2]
    return ", ".join(f"{key} {_plain(value)}" for key, value in row.origin.items())


def _plain(value: object) -> str:
    return " ".join(str(v) for v in value) if isinstance(value, list) else str(value)


def column_cells(column: ColumnProfile, chosen: Chosen) -> Sequence[Cell]:
    """One line of the columns table."""
    empty = column.nulls + column.nans
    share = f"{empty / column.rows:.1%}" if empty and column.rows else ("–", "dim")
    moved = shift(column, next((c for c in chosen.before if c.name == column.name), None))
    return (
        safe(column.name),
        _role(column.name, chosen.version),
        (column.dtype, "dim"),
        (share, "warn") if isinstance(share, str) else share,
        (count(column.distinct), "dim"),
        _edge(column.min),
        number(column.mean),
        (f"{moved:+.1f} σ", "drift" if abs(moved) >= 0.5 else "dim") if moved is not None else ("", ""),
        _edge(column.max),
        _shape(column),
    )


def shift(column: ColumnProfile, before: ColumnProfile | None) -> float | None:
    """How far the mean moved since the version before, in its standard deviations; None: not to be said."""
    if before is None or column.mean is None or before.mean is None or not before.std:
        return None
    return (column.mean - before.mean) / before.std


def _role(name: str, version: VersionRow) -> Cell:
    """What the column is for."""
    if name == version.target:
        return "target", "bold accent"
    if name == version.time_column:
        return "time", "accent"
    return ("hidden", "warn") if name in version.exclude else ("", "")


def _edge(value: float | str | None) -> Cell:
    return (fit(safe(value), min(12, len(value))), "dim") if isinstance(value, str) else number(value)


def _text(value: float | str) -> str:
    return safe(value) if isinstance(value, str) else number(value)


def _shape(column: ColumnProfile) -> Cell:
    """The histogram in one line, or the commonest words."""
    if column.min is not None and column.min == column.max:
        return f"always {_text(column.min)}", "dim"
    if column.counts:
        return sparkline.text([float(c) for c in column.counts], width=20, low=0.0), "a"
    return " ".join(f"{safe(value)} {n / max(1, column.rows):.0%}" for value, n in column.top[:3]), "dim"


def card(view: View, column: ColumnProfile | None, width: int, height: int) -> list[Line]:
    """One column in full, the version's history beside it."""
    chosen = view.chosen
    if chosen is None:
        return []
    if column is None:
        return [heading(safe(chosen.version.label).upper(), width)]
    head = heading(safe(column.name).upper(), width, right=_quantiles(column))
    body = _bars(column, width, height - 3) if column.counts else _tops(column, width, height - 3)
    return list([clip(line, width) for line in (head, *body, *_lives(chosen))][:height])


def _quantiles(column: ColumnProfile) -> str:
    return "  ".join(
        f"{q} {number(v, digits=3)}" for q, v in column.quantiles.items() if q in ("0.05", "0.5", "0.95")
    )


def _bars(column: ColumnProfile, width: int, height: int) -> list[Line]:
    if column.min is not None and column.min == column.max:
        return [[(f"  always {_text(column.min)}, in all {count(column.rows)} rows", "dim")]]
    total = sum(column.counts) or 1
    bars = histogram.single(
        [c / total for c in column.counts], width=width - 2, height=max(3, height),
        edges=column.edges,
    )  # fmt: skip
    return [[(" ", ""), *line] for line in bars]


def _tops(column: ColumnProfile, width: int, height: int) -> list[Line]:
    """The commonest values as bars."""
    most = max((n for _, n in column.top), default=1)
    wide = max((len(value) for value, _ in column.top), default=0)
    wide = min(24, wide)
    room = max(4, min(40, width - wide - 20))
    rows: list[Line] = [
        [(" " + fit(safe(value), wide) + "  ", ""), (bar(n / most, room), "a"), (f"  {n:,}", "dim")]
        for value, n in column.top[: max(1, height)]
    ]
    return rows


def _lives(chosen: Chosen) -> list[Line]:
    """Where the version came from, and what came of it."""
    files = "  ".join(f"{f.split} {f.rows:,}" for f in chosen.files)
    lines: list[Line] = [
        [(" splits ", "dim"), (safe(files), ""), ("   digest ", "dim"), (chosen.version.digest[:12], "dim")]
    ]
    used: list[Span] = [(" led to ", "dim"), *_named(chosen.led_to)]
    if chosen.came_from:
        used += [("   came from ", "dim"), *_named(chosen.came_from)]
    return [*lines, used]


def _named(rows: Sequence[NodeRow]) -> list[Span]:
    shown = [row.label.removeprefix("data:") for row in rows[:4]]
    more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
    return [(safe(", ".join(shown)) + more if shown else "nothing yet", "" if shown else "dim")]


def portrait(chosen: Chosen, width: int, height: int) -> list[Line]:
    """Where the columns are pixels: the mean row as a picture, and where it moved since then."""
    now = _pixels(chosen.profile)
    if not now or height < 5:
        return []
    pictures = [_picture(now, "mean row")]
    old = _pixels(chosen.before)
    if old and len(old) == len(now):
        moved = [[abs(a - b) for a, b in zip(r, s, strict=True)] for r, s in zip(now, old, strict=True)]
        pictures.append(_picture(moved, "moved"))
    return [[(" ", ""), *line] for line in digit.gallery(pictures, width=width - 1, height=height)]


def _pixels(profile: Sequence[ColumnProfile]) -> list[list[float]]:
    """Means by row and column of the picture; empty where the columns make none."""
    found = {(int(m[1]), int(m[2])): c.mean or 0.0 for c in profile if (m := _PIXEL.fullmatch(c.name))}
    if not found or len(found) < 9:
        return []
    high, wide = 1 + max(r for r, _ in found), 1 + max(c for _, c in found)
    return (
        [[found.get((r, c), 0.0) for c in range(wide)] for r in range(high)]
        if high * wide == len(found)
        else []
    )


def _picture(rows: list[list[float]], caption: str) -> digit.Picture:
    pixels = [value for row in rows for value in row]
    return digit.Picture(
        pixels=pixels, columns=len(rows[0]), full=max(pixels) or 1.0, caption=(caption, "dim")
    )


def summary(view: View) -> Line:
    """`4 versions of 2 datasets · 336 KiB`."""
    known = len({v.dataset_id for v in view.versions})
    size = amount(sum(v.bytes for v in view.versions))
    return [(f"{plural(len(view.versions), 'version')} of {plural(known, 'dataset')} · {size}", "dim")]
