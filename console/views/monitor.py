"""What the monitor area draws: latency, the sheet of witnesses, distributions, the worst predictions."""

from collections.abc import Sequence

from lineside.console.format import NONE, clock, glyph, number, plural
from lineside.console.reads.monitoring import Chosen, View, Watch
from lineside.console.text import Line, Span, clip, fit, heading, line_width, safe
from lineside.console.widgets import digit, histogram, scores, sparkline
from lineside.console.widgets.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.retrains import RetrainRow
from lineside.store.queries.windows import ScoreRow, WindowRow, WorstRow
from lineside.store.states import AlertState

SILENT = frozenset({"new", "stopped", "no traffic", "stale", "poller down", "unparseable"})
"""The states in which nothing is known about now."""

ENDPOINT_COLUMNS = (
    Column(key="name", title="endpoint", priority=1, min=8, max=24),
    Column(key="serves", title="serves", priority=2),
    Column(key="state", title="state", priority=1),
    Column(key="rate", title="req/s", align=">", priority=3),
    Column(key="errors", title="err %", align=">", priority=4),
    Column(key="p50", title="p50 ms", align=">", priority=5),
    Column(key="p99", title="p99 ms", align=">", priority=3),
    Column(key="hour", title="last hour", priority=6, min=12),
    Column(key="note", title="since", priority=2, min=8, max=60, grow=True),
)

ALERT_COLUMNS = (
    Column(key="state", title="alert", priority=1),
    Column(key="rule", title="rule", priority=3),
    Column(key="title", title="what", priority=1, grow=True, min=36, max=100),
    Column(key="at", title="since", priority=2),
    Column(key="then", title="and then", priority=4, max=44),
)


def endpoint_cells(row: EndpointRow, latency: Sequence[float | None], now: Micros) -> Sequence[Cell]:
    """One line of the endpoints table; what is not known now is `–`, what was never known too."""
    mark, style = glyph(row.state)
    known = row.state not in SILENT and row.requests is not None and bool(row.elapsed_s)
    rate = (row.requests or 0) / (row.elapsed_s or 1)
    wrong = 100 * (row.errors or 0) / row.requests if row.requests else 0.0
    return (
        safe(row.name),
        serves(row),
        (f"{mark} {row.state}", style),
        number(rate, digits=3) if known else (NONE, "dim"),
        (f"{wrong:.2f}", "bad" if wrong else "") if known else (NONE, "dim"),
        number(row.p50_ms, digits=2) if known else (NONE, "dim"),
        number(row.p99_ms, digits=2) if known else (NONE, "dim"),
        (sparkline.text(latency, width=12), "a" if known else "dim"),
        (_since(row, now), "dim"),
    )


def _since(row: EndpointRow, now: Micros) -> str:
    """Why it is as it is, or since when; for a server of ours that was stopped, how to start it again."""
    since = safe(row.detail) or clock(row.state_since_us, now=now)
    again = row.state == "stopped" and row.alias is not None
    return f"5 . s serves it · {since}" if again else since


def serves(row: EndpointRow) -> Cell:
    """`v2`, or `v2≠v3` where the server and the registry disagree."""
    said = (
        f"v{row.served_version}" if (row.served_version or "").isdigit() else safe(row.served_version or NONE)
    )
    if row.state == "mismatch":
        meant = f"v{row.registry_version}" if row.registry_version is not None else "?"
        return f"{said}≠{meant}", "warn"
    return said, "" if row.served_version else "dim"


def alert_cells(row: AlertRow, retrain: RetrainRow | None, now: Micros) -> Sequence[Cell]:
    """One episode, and what came of it."""
    mark, style = glyph(row.state)
    quiet = row.state is AlertState.RESOLVED
    then = row.resolution if quiet and row.resolution else f"by {row.acked_by}" if row.acked_by else ""
    if retrain is not None:
        then = f"retrain {retrain.id} {retrain.state}" + (f": {retrain.reason}" if retrain.reason else "")
    return (
        (f"{mark} {row.state}", style),
        (row.rule, "dim" if quiet else ""),
        (safe(row.title), "dim" if quiet else ""),
        (clock(row.fired_us or row.opened_us, now=now), "dim"),
        (safe(then), "dim"),
    )


def latency(view: View, width: int, height: int) -> list[Line]:
    """p50 and p99 of the chosen endpoint, and when another version took over."""
    chosen = view.chosen
    if chosen is None:
        return [heading("LATENCY", width)]
    if not view.look.deep:  # numpy is imported by the second look, off the loop
        return [heading("LATENCY", width, right=f"ms, {_span(view.look.span_s)}")]
    return [
        _latency_head(view, chosen, width),
        *([(" ", ""), *line] for line in _latency_chart(chosen, width - 1, height - 1)),
    ]


def _latency_head(view: View, chosen: Chosen, width: int) -> Line:
    """`LATENCY ── p99 4.7 p50 .85 ms 1 h`: where there is no room for names beside the chart."""
    span = _span(view.look.span_s)
    if width >= _ROOMY:
        return heading("LATENCY", width, right=f"ms, {span}")
    now = chosen.scrapes[-1] if chosen.scrapes else None
    tail: list[Span] = [
        (f" p99 {number(now.p99_ms, digits=2) if now else NONE}", "b"),
        (f" p50 {number(now.p50_ms, digits=2) if now else NONE}", "a"),
        (f" ms {span}", "dim"),
    ]
    return clip([*heading("LATENCY", max(9, width - line_width(tail))), *tail], width)


_ROOMY = 56
"""From so many columns on a panel has room for names beside its drawing and intervals in its heading."""


def _latency_chart(chosen: Chosen, width: int, height: int) -> list[Line]:
    import numpy as np

    from lineside.console.widgets import chart, ticks

    rows = chosen.scrapes
    x = np.array([s.at_us for s in rows], dtype=np.float64)
    lines = [
        chart.Line(
            name=name, x=x, y=np.array([_or_nothing(v) for v in values], dtype=np.float64), style=style
        )
        for name, style, values in (
            ("p99", "b", [s.p99_ms for s in rows]),
            ("p50", "a", [s.p50_ms for s in rows]),
        )
    ]
    swaps = [s for s in chosen.swaps if rows and rows[0].at_us <= s.from_us <= rows[-1].at_us]
    marks = [chart.Mark(x=float(s.from_us), text=f"v{s.number}") for s in swaps]
    return chart.render(
        lines, width=width, height=height, x_scale=ticks.CLOCK, marks=marks, gaps=True,
        legend=width >= _ROOMY - 1,
    )  # fmt: skip


def _or_nothing(value: float | None) -> float:
    return float("nan") if value is None else value


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"


def sheet(view: View, feature: str | None, width: int, height: int, *, focused: bool) -> list[Line]:
    """The three witnesses and the columns, window by window."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None:
        nobody = "nobody watches what it serves: [monitor.NAME] in lineside.toml"
        return [heading("DRIFT", width), *([[("  " + nobody, "dim")]] if view.chosen else [])]
    covered = watch.coverage.share
    walk = "←→ windows  ↑↓ columns" if focused else "↵ walks in it"
    note = f"labels {covered:.0%} · {walk}" if covered is not None else walk
    head = heading(
        f"DRIFT {safe(watch.monitor.name)}", width, right=note, style="bold accent" if focused else "head"
    )
    score = score_of(watch, feature)
    model = scores.Sheet(
        windows=watch.windows, scores=watch.scores, domain_line=watch.settings.get("domain_line"),
        drop=float(watch.settings.get("metric_drop", 0.05)),
        chosen=watch.window.number if watch.window else None, feature=score.feature if score else None,
    )  # fmt: skip
    return [head, *(clip(line, width) for line in scores.table(model, width=width, height=height - 1))]


def features(watch: Watch) -> list[str]:
    """The columns in the order of the sheet."""
    return scores.worst_features(watch.scores, [w.id for w in watch.windows])


def score_of(watch: Watch, feature: str | None) -> ScoreRow | None:
    """The chosen column in the chosen window, or the one that is worst there."""
    asked = [s for s in watch.detail if s.feature == feature]
    return next(iter(asked or watch.detail), None)


def distribution(view: View, feature: str | None, width: int, height: int) -> list[Line]:
    """One column: what training saw and what the window holds."""
    watch = view.chosen.watch if view.chosen else None
    score = score_of(watch, feature) if watch else None
    if watch is None or watch.window is None or score is None:
        why = watch.window.detail if watch and watch.window else ""
        return [heading("COLUMN", width), [("  " + safe(why or "nothing measured yet"), "dim")]]
    head = heading(safe(score.feature).upper(), width, right=f"trained ░  w{watch.window.number} █")
    bars = histogram.pair(
        score.reference, score.live, width=width - 2, height=height - 2,
        edges=score.edges,
    )  # fmt: skip
    return [head, _verdict(score, watch.window), *([(" ", ""), *line] for line in bars)]


def _verdict(score: ScoreRow, window: WindowRow) -> Line:
    """`◆ drifted  ks .29 > .10, p 0.0004, n 200`."""
    far = score.line is not None and score.value >= score.line
    calm: Span = (" ○ may be chance", "dim") if far else (" ● as in training", "ok")
    mark: Span = (" ◆ drifted", "drift") if score.fired else calm
    side = ">" if far else "<"
    line = f" {side} {scores.short(score.line)}" if score.line is not None else ", not judged"
    chance = f", {_chance(score.p_adjusted)}" if score.p_adjusted is not None else ""
    return [mark, (f"  {score.statistic} {scores.short(score.value)}{line}{chance}, n {window.rows}", "dim")]


def _chance(p: float) -> str:
    """A p value; below one in a million the digits say nothing more."""
    return "p < 1e-6" if p < 1e-6 else f"p {number(p, digits=2)}"


def worst(view: View, width: int, height: int) -> list[Line]:
    """The predictions of the window that went most wrong, drawn where they are pictures."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None or watch.window is None:
        return [heading("WORST", width)]
    head = heading(f"WORST OF WINDOW {watch.window.number}", width, right=_realised(watch.window, width))
    if watch.worst is None:
        return [head]
    if not watch.worst:
        return [head, [("  its rows are no longer kept", "dim")]]
    if watch.image is not None:
        gap: list[Line] = [[]] if height > 8 else []
        return [head, *gap, *_pictures(watch, width - 2, height - 1 - len(gap))]
    return [head, *_table(watch, width, height - 1)]


def _realised(window: WindowRow, width: int) -> str:
    if window.value is None:
        return "no labels yet"
    interval = (
        f" [{number(window.low, digits=2)}, {number(window.high, digits=2)}]"
        if window.low is not None and width >= _ROOMY
        else ""
    )
    return f"{window.metric} {number(window.value, digits=3)}{interval}, {plural(window.labelled, 'label')}"


def _pictures(watch: Watch, width: int, height: int) -> list[Line]:
    assert watch.image is not None
    image = watch.image
    pictures = [
        digit.Picture(
            pixels=[float(v) for v in row.values.values()][: image.rows * image.columns],
            columns=image.columns, full=image.full, caption=_caption(row),
        )
        for row in watch.worst or ()
    ]  # fmt: skip
    return [[("  ", ""), *line] for line in digit.gallery(pictures, width=width, height=height)]


def _caption(row: WorstRow) -> Span:
    """`9 read 1`: what it is, and what it was taken for."""
    if row.true is None:
        return f"read {row.predicted}", "dim"
    return (
        (f"{row.true} ✓", "ok") if row.true == row.predicted else (f"{row.true} read {row.predicted}", "bad")
    )


def _table(watch: Watch, width: int, height: int) -> list[Line]:
    """True, predicted, and the columns that drifted most, row by row."""
    named = [s.feature for s in watch.detail][:6]
    titles = ["true", "predicted", *named]
    rows = [[_short(row.true), _short(row.predicted), *(_short(row.values.get(n)) for n in named)]
            for row in (watch.worst or ())[: height - 1]]  # fmt: skip
    wide = [max(len(t), *(len(r[i]) for r in rows)) if rows else len(t) for i, t in enumerate(titles)]
    lines: list[Line] = [
        [("  " + "  ".join(fit(t, w, align=">") for t, w in zip(titles, wide, strict=True)), "dim")]
    ]
    for row in rows:
        cells = [fit(text, w, align=">") for text, w in zip(row, wide, strict=True)]
        lines.append([("  " + cells[0] + "  ", ""), (cells[1], "bad"), ("  " + "  ".join(cells[2:]), "dim")])
    return [clip(line, width) for line in lines]


def _short(value: object) -> str:
    if value is None:
        return NONE
    try:
        return number(float(str(value)), digits=3)
    except ValueError:
        return fit(safe(str(value)), min(14, len(str(value))))


def summary(view: View) -> Line:
    """`6 endpoints · 2 firing · 3 no data`."""
    firing = sum(a.state in (AlertState.FIRING, AlertState.PENDING) for a in view.alerts)
    dark = sum(e.state in SILENT and e.state != "new" for e in view.endpoints)
    out: list[Span] = [(plural(len(view.endpoints), "endpoint"), "dim")]
    if firing:
        out += [(" · ", "dim"), (f"{firing} firing", "bold drift")]
    if dark:
        out += [(" · ", "dim"), (f"{dark} no data", "warn")]
    return out
