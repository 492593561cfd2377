"""The endpoints as a table, the chosen one in a sentence, all of them in a count."""

from collections.abc import Sequence

from lineside.console.format import NONE, clock, glyph, number, plural
from lineside.console.reads.monitoring import HOUR_CELLS, View
from lineside.console.text import Line, Span, clip, joined, line_width, safe
from lineside.console.views.monitor.episodes import brief, of_endpoint
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.endpoints import EndpointRow
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
    Column(key="hour", title="last hour", priority=7, min=HOUR_CELLS),
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
        (sparkline.text(latency, width=HOUR_CELLS), "a" if known else "dim"),
        of_endpoint(alarms),
        (clock(row.state_since_us, now=now), "dim"),
        (safe(row.detail), "dim"),
    )


def verdict(view: View, now: Micros, width: int) -> Line:
    """The chosen endpoint in one sentence, and the key that follows from it."""
    row = view.chosen.endpoint if view.chosen else None
    if row is None:
        return []
    alarms = view.alarms.get(row.id, ())
    firing = any(a.state is AlertState.FIRING for a in alarms) and row.state not in SILENT
    mark, style = glyph(AlertState.FIRING if firing else row.state)
    words, key, then = _said(row, now, alarms)
    spans: list[Span] = [(f" {mark} ", style), (safe(row.name), "bold"), (f" {words}", "")]
    end: list[Span] = [(f"  {key}", "key"), (f" {then} ", "dim")] if key else []
    return [*clip(spans, max(8, width - line_width(end))), *end]


def _said(row: EndpointRow, now: Micros, alarms: Sequence[AlertRow]) -> tuple[str, str, str]:
    """What is so, the key to press, and what that does."""
    since = clock(row.state_since_us, now=now)
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
        return (
            f"{brief(firing)}, since {clock(firing.fired_us or firing.opened_us, now=now)}",
            "↵",
            "its windows",
        )
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


def summary(view: View, *, width: int = 200) -> Line:
    """`6 endpoints · 2 firing · 3 no data`; on a narrow screen without the first."""
    firing, pending = (
        sum(a.state is state for a in view.alerts) for state in (AlertState.FIRING, AlertState.PENDING)
    )
    dark = sum(e.state in SILENT and e.state != "new" for e in view.endpoints)
    parts: list[Line] = []
    if width >= _SUMMED or not (firing or pending or dark):
        parts.append([(plural(len(view.endpoints), "endpoint"), "dim")])
    if firing:
        parts.append([(f"{firing} firing", "bold drift")])
    if pending:
        parts.append([(f"{pending} pending", "warn")])
    if dark:
        parts.append([(f"{dark} no data", "warn")])
    return joined(parts, " · ")
