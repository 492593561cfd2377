"""What the SQL area draws besides its table: the views one may ask, an error, one row as a record."""

from collections.abc import Mapping, Sequence
from typing import Any

from lineside.console.format import NONE
from lineside.console.text import Line, clip, fit, heading, safe
from lineside.console.views.grid import capped, wrapped
from lineside.console.widgets.rows import Cell, Column

EXAMPLES: Sequence[tuple[str, str]] = (
    (
        "the best runs by a metric",
        "select r.id, r.name, r.author, m.min as best from runs r join metrics m on m.run_id = r.id "
        "where m.metric = 'val_loss' order by best limit 20",
    ),
    (
        "what fails, and why",
        "select cause, detail, count(*) as runs from runs where status = 'FAILED' group by all "
        "order by runs desc",
    ),
    (
        "accuracy by window",
        "select monitor, number, version, rows, metric, value, low, high, baseline, domain_auc, "
        "columns_fired from windows order by number desc",
    ),
    (
        "the most drifted columns",
        "select number, feature, statistic, value, line from scores where fired order by value desc limit 50",
    ),
    (
        "who decided what",
        "select done_at, acting_as, name, verb, subject_id, detail from audit where verb like 'promotions.%' "
        "order by seq desc limit 50",
    ),
    ("how busy the box was", "select name, count(*) as jobs, sum(seconds) as seconds from jobs group by all"),
)

_RIGHT = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "REAL")


def columns(names: Sequence[str], types: Sequence[str]) -> list[Column]:
    """Numbers to the right; the first columns stay longest on a narrow screen."""
    return [
        Column(key=name, title=safe(name), align=">" if any(part in kind for part in _RIGHT) else "<",
               priority=1 + place, max=40)
        for place, (name, kind) in enumerate(zip(names, types, strict=True))
    ]  # fmt: skip


def cell(value: Any) -> Cell:
    """One value: null, NaN and the infinities are four different things."""
    if value is None:
        return NONE, "dim"
    if isinstance(value, float):
        bad = value != value or value in (float("inf"), float("-inf"))
        return {True: "NaN"}.get(value != value, f"{value:.10g}"), "bad" if bad else ""
    return safe(str(value).replace("\n", "⏎"))


def view_lines(views: Mapping[str, Sequence[str]], width: int, height: int) -> list[Line]:
    """Every view with its columns, wrapped under each other."""
    import textwrap

    lines: list[Line] = [heading("VIEWS YOU CAN ASK", width, right="e writes a query, x picks an example")]
    indent = max((len(name) for name in views), default=0) + 4
    for name, names in views.items():
        rows = textwrap.wrap(", ".join(names), max(20, width - indent - 1)) or [""]
        lines.append([("  ", ""), (fit(name, indent - 2), "accent"), (rows[0], "")])
        lines += [[(" " * indent, ""), (row, "")] for row in rows[1:]]
    return capped(lines, height)


def problem_lines(problem: str, hint: str, width: int, height: int) -> list[Line]:
    """DuckDB's own words, with the place it points at."""
    lines: list[Line] = [heading("NOT UNDERSTOOD", width, style="head bad")]
    lines += [
        [("  " + safe(row), "bad" if place == 0 else "")] for place, row in enumerate(problem.splitlines())
    ]
    return capped([*lines, *wrapped(safe(hint), width)], height)


def record_lines(names: Sequence[str], row: Sequence[Any], width: int, height: int) -> list[Line]:
    """One row, a column a line."""
    widest = max((len(name) for name in names), default=0)
    lines: list[Line] = [heading("RECORD", width, right="esc leaves")]
    for name, value in zip(names, row, strict=True):
        shown = cell(value)
        text, style = (shown, "") if isinstance(shown, str) else shown
        lines.append(clip([("  ", ""), (fit(safe(name), widest), "dim"), ("  ", ""), (text, style)], width))
    return capped(lines, height)
