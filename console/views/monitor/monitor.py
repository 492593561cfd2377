"""What the monitor area draws: latency, the sheet of witnesses, distributions, the worst predictions."""

from collections.abc import Sequence

from lineside.console.format import NONE, clock, glyph, number, plural
from lineside.console.reads.monitoring import Chosen, View, Watch
from lineside.console.text import Line, Span, clip, fit, heading, joined, line_width, safe
from lineside.console.views.monitor.episodes import brief, of_endpoint
from lineside.console.widgets.charts import histogram, scores, sparkline
from lineside.console.widgets.charts.window import ALL, Plotted, Window
from lineside.console.widgets.images import digit
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.windows import ScoreRow, WindowRow, WorstRow
from lineside.store.states import AlertState

_SUMMED = 100
"""From so many columns on the top line counts the endpoints too."""

SILENT = frozenset({"new", "stopped", "no traffic", "stale", "poller down", "unparseable"})
"""The states in which nothing is known about now."""

ENDPOINT_COLUMNS = (
    Column(key="name", title="endpoint", priority=1, min=8, max=24, value=lambda e: e.name),
    Column(key="serves", title="serves", priority=3, value=lambda e: e.served_version or ""),
    Column(key="state", title="state", priority=1, value=lambda e: e.state),
    Column(key="rate", title="req/s", align=">", priority=3, value=lambda e: e.rate),
    Column(key="errors", title="err %", align=">", priority=5, value=lambda e: e.errors),
    Column(key="p50", title="p50 ms", align=">", priority=6, value=lambda e: e.p50_ms),
    Column(key="p99", title="p99 ms", align=">", priority=4, value=lambda e: e.p99_ms),
    Column(key="hour", title="last hour", priority=7, min=12),
    Column(key="alert", title="alert", priority=2, min=8),
    Column(key="since", title="since", priority=2, min=8, value=lambda e: e.state_since_us),
    Column(key="why", title="why", priority=8, min=12, max=60, grow=True),
)


def endpoint_cells(
    row: EndpointRow, latency: Sequence[float | None], now: Micros, alarms: Sequence[AlertRow] = ()
) -> Sequence[Cell]:
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
        of_endpoint(alarms),
        (clock(row.state_since_us, now=now), "dim"),
        (safe(row.detail), "dim"),
    )


def verdict(view: View, now: Micros, width: int) -> Line:
    """The chosen endpoint in one sentence, and the key that follows from it."""
    row = view.chosen.endpoint if view.chosen else None
    if row is None:
        return []
    mark, style = glyph(row.state)
    since = clock(row.state_since_us, now=now)
    words, key, then = _said(row, since, view.alarms.get(row.id, ()))
    spans: list[Span] = [(f" {mark} ", style), (safe(row.name), "bold"), (f" {words}", "")]
    end: list[Span] = [(f"  {key}", "key"), (f" {then} ", "dim")] if key else []
    return [*clip(spans, max(8, width - line_width(end))), *end]


def _said(row: EndpointRow, since: str, alarms: Sequence[AlertRow]) -> tuple[str, str, str]:
    """What is so, the key to press, and what that does."""
    detail = f": {safe(row.detail)}" if row.detail else ""
    told = {
        "new": ("was not looked at yet", "", ""),
        "stopped": (f"is stopped since {since}", "5 . s", "serves it")
        if row.alias
        else ("is stopped", "", ""),
        "no traffic": (f"answers, and nobody has asked since {since}", "t", "looks farther back"),
        "stale": (f"says the same since {since}{detail}", "y v", "its address"),
        "poller down": (f"cannot be read{detail}, since {since}", "y v", "its address"),
        "unparseable": (f"is not understood{detail}, since {since}", "y v", "its address"),
        "mismatch": (f"serves another version than it should since {since}{detail}", "g m", "its model"),
    }
    if row.state in told:
        return told[row.state]
    firing = next((a for a in alarms if a.state is AlertState.FIRING), None)
    if firing is not None:
        return brief(firing), "↵", "walks its windows"
    return (
        f"serves {serves_text(row)}, p99 {number(row.p99_ms, digits=2)} ms, no alert",
        "m",
        "all side by side",
    )


def serves_text(row: EndpointRow) -> str:
    cell = serves(row)
    return cell if isinstance(cell, str) else cell[0]


def serves(row: EndpointRow) -> Cell:
    """`v2`, or `v2≠v3` where the server and the registry disagree."""
    said = (
        f"v{row.served_version}" if (row.served_version or "").isdigit() else safe(row.served_version or NONE)
    )
    if row.state == "mismatch":
        meant = f"v{row.registry_version}" if row.registry_version is not None else "?"
        return f"{said}≠{meant}", "warn"
    return said, "" if row.served_version else "dim"


def latency(view: View, width: int, height: int, window: Window = ALL) -> Plotted:
    """p50 and p99 of the chosen endpoint, when another version took over, and when alerts fired."""
    chosen = view.chosen
    if chosen is None or not view.look.deep:  # numpy is imported by the second look, off the loop
        return Plotted(rows=[heading("LATENCY", width, right=f"ms, {_span(view.look.span_s)}")][:height])
    lines = (
        ("p99", "b", [s.p99_ms for s in chosen.scrapes]),
        ("p50", "a", [s.p50_ms for s in chosen.scrapes]),
    )
    head = _latency_head(view, chosen, width)
    return _series(view, chosen, lines, width - 1, height - 1, window).under(head, indent=1)


def traffic(view: View, width: int, height: int, window: Window = ALL) -> Plotted:
    """Requests and errors per second of the chosen endpoint."""
    chosen = view.chosen
    head = heading("TRAFFIC", width, right=f"per second, {_span(view.look.span_s)}")
    if chosen is None or not view.look.deep:
        return Plotted(rows=[head])
    lines = (
        ("requests", "c", [s.rate for s in chosen.scrapes]),
        ("errors", "bad", [s.errors / s.elapsed_s if s.elapsed_s else None for s in chosen.scrapes]),
    )
    return _series(view, chosen, lines, width - 1, height - 1, window).under(head, indent=1)


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


def _series(
    view: View,
    chosen: Chosen,
    given: Sequence[tuple[str, str, Sequence[float | None]]],
    width: int,
    height: int,
    window: Window,
) -> Plotted:
    """Lines over the span, with the swaps and the alerts that fired in it."""
    import numpy as np

    from lineside.console.widgets.charts import chart, ticks

    rows = chosen.scrapes
    x = np.array([s.at_us for s in rows], dtype=np.float64)
    lines = [
        chart.Line(
            name=name, x=x, y=np.array([_or_nothing(v) for v in values], dtype=np.float64), style=style
        )
        for name, style, values in given
    ]
    first, last = (rows[0].at_us, rows[-1].at_us) if rows else (1, 0)
    swaps = [s for s in chosen.swaps if first <= s.from_us <= last]
    fired = [a for a in view.alarms.get(chosen.endpoint.id, ()) if first <= (a.fired_us or 0) <= last]
    marks = [
        *(chart.Mark(x=float(s.from_us), text=f"v{s.number}") for s in swaps),
        *(chart.Mark(x=float(a.fired_us or 0), text="◆", style="drift") for a in fired),
    ]
    return chart.plotted(
        lines, width=width, height=height, view=window, x_scale=ticks.CLOCK, marks=marks, gaps=True,
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


def summary(view: View, *, width: int = 200) -> Line:
    """`6 endpoints · 2 firing · 3 no data`; on a narrow screen without the first."""
    firing = sum(a.state in (AlertState.FIRING, AlertState.PENDING) for a in view.alerts)
    dark = sum(e.state in SILENT and e.state != "new" for e in view.endpoints)
    parts: list[Line] = []
    if width >= _SUMMED or not (firing or dark):
        parts.append([(plural(len(view.endpoints), "endpoint"), "dim")])
    if firing:
        parts.append([(f"{firing} firing", "bold drift")])
    if dark:
        parts.append([(f"{dark} no data", "warn")])
    return joined(parts, " · ")
