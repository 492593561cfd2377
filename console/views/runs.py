"""The panes of the runs area: chart, what differs, one run opened."""

import math
from collections.abc import Mapping, Sequence

from lineside.console.format import NONE, amount, between, clock, count, number, plural, state, took
from lineside.console.ports import Me
from lineside.console.reads.leaderboard import HOLDOUT, Detail, Leaderboard, RunLine
from lineside.console.reads.needs import why
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.views.grid import capped, grid, padded
from lineside.console.widgets import sparkline
from lineside.console.widgets.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.comparisons import Comparison, Difference
from lineside.store.queries.runs import RunRow

CURVE = 12
_LEAST_ROOM = 4
"""Rows that a chart needs."""


def columns(
    metric: str, params: Sequence[str], *, holdout: bool = False, families: bool = False
) -> list[Column]:
    """The columns for one metric, the hold-out where there is one, children, and the params that differ."""
    return [
        Column(key="id", title="#", align=">", priority=1),
        Column(key="status", title="status", priority=1, max=22),
        Column(key="name", title="name", priority=2, min=12, max=28, grow=True),
        Column(key="author", title="who", priority=4, max=12),
        *([Column(key=HOLDOUT, title=HOLDOUT, align=">", priority=1)] if holdout else []),
        Column(key=f"metric:{metric}", title=_title(metric), align=">", priority=1, max=14),
        *(Column(key=f"param:{key}", title=key, align=">", priority=3 + place, max=10)
          for place, key in enumerate(params)),
        *([Column(key="children", title="children", align=">", priority=4)] if families else []),
        Column(key="step", title="step", align=">", priority=5),
        Column(key="duration", title="took", align=">", priority=6),
        Column(key="curve", title="curve", priority=2, min=CURVE),
        Column(key="created", title="created", priority=9, align=">"),
    ]  # fmt: skip


def cells(
    line: RunLine,
    params: Sequence[str],
    curves: Mapping[int, Sequence[float]],
    me: Me,
    *,
    now: Micros,
    holdout: bool = False,
    families: bool = False,
    bests: Mapping[int, float | None] | None = None,
) -> list[Cell]:
    """One row; `bests` are the values of the chosen column where the points know it."""
    run, summary = line.run, line.summary
    bad = summary is not None and summary.last_kind != "finite"
    curve = sparkline.text(curves.get(run.id, ()), width=CURVE)
    return [
        str(run.id),
        status(run),
        safe(run.name),
        (safe(me.named(run.author)), "dim"),
        *(
            [(number(line.holdout.last_value if line.holdout else None), "" if line.holdout else "dim")]
            if holdout
            else []
        ),
        _chosen(line, bests),
        *(safe(line.params.get(key, NONE)) for key in params),
        *([_family(run)] if families else []),
        count(summary.last_step) if summary else NONE,
        (took(between(run.started_us, run.ended_us)), "dim"),
        (curve, "bad" if bad else "run"),
        (clock(run.created_us, now=now), "dim"),
    ]


def _title(metric: str) -> str:
    """`val_accuracy@best(…`: a long name leaves room for others."""
    return fit(safe(metric), min(20, width_of(safe(metric))))


def _chosen(line: RunLine, bests: Mapping[int, float | None] | None) -> Span:
    """The value of the chosen column; `…` until the points were looked at."""
    if bests is not None and line.run.id not in bests:
        return "…", "dim"
    value = line.value if bests is None else bests[line.run.id]
    bad = value is not None and not math.isfinite(value)
    return number(value), "bad" if bad else "dim" if value is None else "bold"


def _family(run: RunRow) -> Span:
    """How many children a parent has; whose child a run is."""
    if run.children:
        return count(run.children), ""
    return ("", "") if run.parent_id is None else (f"of {run.parent_id}", "dim")


def status(run: RunRow) -> Span:
    """`✗ FAILED signal 9`: the verdict with its cause."""
    words, style = state(run.status)
    if run.status in ("FAILED", "KILLED") and (run.cause or run.detail) and run.cause != "cancelled":
        words += " " + safe(why(run.cause, run.detail) if run.cause != "exit" else run.detail or "exit")
    return words, style


# -- the chart ------------------------------------------------------------------------------------


def chart_lines(
    board: Leaderboard, letters: Mapping[int, str], width: int, height: int, *, log_y: bool, now: Micros
) -> list[Line]:
    """The chosen metric of the marked runs, or of the one under the cursor."""
    from lineside.console.views import charts

    look = board.asked.look
    words = charts.said(board.lines, look, log_y=log_y, now=now)
    runs = len(board.asked.charted)
    words.append(f"{runs} marked" if runs > 1 else "this run")
    head = heading(safe(board.metric) or "chart", width, right=" · ".join(words))
    tail = differ_line(board.comparison, width) if board.comparison else None
    room = height - 1 - (1 if tail else 0)
    if not board.lines and board.asked.charted:
        said: Line = [
            (f"  no {safe(board.metric)} was logged: ", "dim"),
            ("m", "key"),
            (" chooses another", "dim"),
        ]
        return [head, [], said, *([[]] * max(0, room - 2)), *([tail] if tail else [])]
    small = room < _LEAST_ROOM
    body = [] if small else charts.rows(board.lines, look, letters, width=width - 1, height=room, log_y=log_y)
    return [head, *([(" ", ""), *line] for line in body), *([tail] if tail else [])]


def differ_line(found: Comparison, width: int) -> Line:
    """` a b c differ in 3 of 31: lr 3e-3 1e-3 3e-3 · depth 4 4 6`."""
    told = [row for row in found.rows if row.kind in ("param", "data")]
    spans: list[Span] = [(f" differ in {len(found.rows)} of {found.same + len(found.rows)}: ", "dim")]
    for place, row in enumerate(told):
        spans += [(" · ", "dim")] if place else []
        spans.append((safe(row.key), ""))
        spans += [(" " + safe(value or NONE), _letter(at)) for at, value in enumerate(row.values)]
    return clip(spans if told else [*spans, ("no param does", "dim")], width)


def _letter(place: int) -> str:
    return "abcdefgh"[place % 8]


# -- what differs -----------------------------------------------------------------------------------


def compare_lines(found: Comparison | None, width: int, height: int) -> list[Line]:
    """Side by side, only what differs; params first, for they are what somebody chose."""
    if found is None:
        return [heading("compare", width), [("  mark two or more runs with ", "dim"), ("space", "key")]]
    head = heading("compare", width, right=f"{found.same} equal, not shown")
    each = max(8, min(16, (width - 26) // max(1, len(found.run_ids)) - 2))
    names: Line = [(fit("", 26), ""), *((fit(f"{_letter(at)} {id}", each) + "  ", f"bold {_letter(at)}")
                   for at, id in enumerate(found.run_ids))]  # fmt: skip
    order = ("data", "param", "metric", "context", "tag", "artifact")
    rows = sorted(found.rows, key=lambda row: (order.index(row.kind), row.key))
    return [head, clip(names, width), *capped([clip(_side(row, each), width) for row in rows], height - 2)]


def _side(row: Difference, each: int) -> Line:
    cells = [(fit(safe(value or NONE), each) + "  ", "" if value else "dim") for value in row.values]
    return [(f" {row.kind:<8} ", "dim"), (fit(safe(row.key), 16), ""), *cells]


# -- one run ------------------------------------------------------------------------------------------

_METRIC = (
    Column(key="name", title="", priority=1, max=24),
    Column(key="last", title="", align=">", priority=1, min=8),
    Column(key="min", title="", align=">", priority=2, min=8),
    Column(key="max", title="", align=">", priority=2, min=8),
    Column(key="count", title="", align=">", priority=3, min=6),
    Column(key="bad", title="", priority=3),
)


def detail_lines(detail: Detail | None, me: Me, width: int, height: int, *, now: Micros) -> list[Line]:
    """All that is known of one run, in as many columns as there is room for."""
    if detail is None:
        return []
    run = detail.run
    top: list[Line] = [
        heading(f"RUN {run.id}", width, right=safe(run.uid)),
        clip(
            [
                ("  ", ""),
                (safe(run.name), "bold"),
                ("  ", ""),
                status(run),
                ("  by ", "dim"),
                (safe(me.named(run.author)), ""),
                ("  in ", "dim"),
                (safe(run.experiment), ""),
                (f"  child of run {run.parent_id}" if run.parent_id is not None else "", "dim"),
                (f"  {plural(run.children, 'child', 'children')}" if run.children else "", "dim"),
                ("  started ", "dim"),
                (clock(run.started_us, now=now), ""),
                ("  took ", "dim"),
                (took(between(run.started_us, run.ended_us)), ""),
            ],
            width,
        ),
    ]
    if run.note:
        top.append(clip([("  ", ""), (safe(run.note), "italic")], width))
    if run.dropped:
        top.append([(f"  {count(run.dropped)} points could not be written by the script", "warn")])
    blocks = [
        _metrics(detail),
        _pairs("params", detail.params),
        _artifacts(detail),
        _pairs("tags", detail.tags),
        _pairs("where it ran", {k: str(v) for k, v in detail.context.items()}),
    ]
    return [*top, *_flow([b for b in blocks if len(b) > 1], width, height - len(top))]


def _metrics(detail: Detail) -> list[Line]:
    head: Line = [(f"  {'metric':<24}  {'last':>8}  {'min':>8}  {'max':>8}  {'points':>6}", "dim")]
    rows: list[list[Cell]] = [
        [
            safe(m.metric),
            (number(m.last_value), "bold" if m.last_kind == "finite" else "bad"),
            number(m.min),
            number(m.max),
            count(m.count),
            (f"{m.nan + m.pos_inf + m.neg_inf} bad" if m.nan + m.pos_inf + m.neg_inf else "", "bad"),
        ]
        for m in detail.metrics
    ]
    widest = (Column(key="name", title="", priority=1, min=24, max=24), *_METRIC[1:])
    return [head, *([(" ", ""), *line] for line in grid(widest, rows, 76))]


def _pairs(title: str, values: Mapping[str, str]) -> list[Line]:
    widest = min(24, max((len(key) for key in values), default=0))
    lines: list[Line] = [[(f"  {title}", "dim")]]
    for key, value in values.items():
        lines.append([("  ", ""), (fit(safe(key), widest), ""), ("  ", ""), (safe(value), "bold")])
    return lines


def _artifacts(detail: Detail) -> list[Line]:
    lines: list[Line] = [[("  artifacts", "dim")]]
    for file in detail.artifacts:
        lines.append(
            [
                ("  ", ""),
                (fit(safe(file.path), 24), ""),
                (f"  {file.kind:<10} {amount(file.bytes):>8}  ", ""),
                (file.digest[:12], "dim"),
            ]
        )
    return lines


def _flow(blocks: Sequence[Sequence[Line]], width: int, height: int) -> list[Line]:
    """Blocks below each other; on a wide screen the first on the left, the others on the right."""
    if width < 130 or len(blocks) < 2:
        flat = [line for block in blocks for line in ([], *block)]
        return [clip(line, width) for line in capped(flat, height)]
    from lineside.console.text import beside

    left = [[], *blocks[0]]
    right = [line for block in blocks[1:] for line in ([], *block)]
    return beside(
        padded(left, height), padded(capped(right, height), height), widths=(80, width - 81), rule=" "
    )
