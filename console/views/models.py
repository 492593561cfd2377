"""What the models area draws: versions against each other, and the packet of a request."""

import json
import textwrap
from collections.abc import Callable, Sequence

from lineside.console.format import NONE, clock, count, glyph, number, plural
from lineside.console.reads.registry import Packet, View
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.widgets.canvas import Canvas
from lineside.console.widgets.rows import Cell, Column
from lineside.console.widgets.scores import short
from lineside.store.clock import Micros
from lineside.store.queries.aliases import AliasRow
from lineside.store.queries.evidence import ApprovalRow, GateRow
from lineside.store.queries.models import VersionRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.queries.windows import WindowRow
from lineside.store.states import PROMOTION_ENDED, PromotionState

Naming = Callable[[str], str]
"""How a person is called here: `you` where it is you."""

VERSION_COLUMNS = (
    Column(key="version", title="version", priority=1, max=30),
    Column(key="aliases", title="holds", priority=1),
    Column(key="status", title="state", priority=2),
    Column(key="metric", title="metric", priority=6),
    Column(key="holdout", title="hold-out", align=">", priority=2),
    Column(key="lived", title="windows since", priority=3, max=34),
    Column(key="rows", title="rows", align=">", priority=5),
    Column(key="run", title="run", align=">", priority=4),
    Column(key="by", title="by", priority=5, max=16),
    Column(key="at", title="at", priority=4, align=">"),
)

REQUEST_COLUMNS = (
    Column(key="id", title="#", align=">", priority=1),
    Column(key="state", title="state", priority=1),
    Column(key="what", title="request", priority=1, grow=True, min=14, max=40),
    Column(key="gates", title="gates", priority=2, align=">"),
    Column(key="approvals", title="approved", priority=3, align=">"),
    Column(key="by", title="asks", priority=4, max=16),
    Column(key="at", title="at", priority=4, align=">"),
)

_PAST = PROMOTION_ENDED | {PromotionState.APPLIED}
_STATES = {PromotionState.PENDING_MANUAL_APPROVAL: "WAITS"}


def version_cells(row: VersionRow, lived: Sequence[WindowRow], now: Micros, named: Naming) -> Sequence[Cell]:
    """One line of the versions table."""
    mark, style = glyph(row.status)
    state = (
        row.status.removesuffix("_REGISTRATION") if row.status != "PENDING_REGISTRATION" else "REGISTERING"
    )
    return (
        safe(row.label),
        (" ".join(safe(a) for a in row.aliases), "bold ok"),
        (f"{mark} {state}", style),
        (safe(str(row.meta.get("metric", NONE))), "dim"),
        number(row.holdout, digits=3),
        (
            " ".join(short(w.value) for w in lived[-6:] if w.value is not None) or NONE,
            "a" if lived else "dim",
        ),
        (count(row.meta.get("trained_rows")), "dim"),
        (str(row.run_id), ""),
        (safe(named(row.created_by)), "dim"),
        (clock(row.created_us, now=now), "dim"),
    )


def request_cells(packet: Packet, now: Micros, named: Naming) -> Sequence[Cell]:
    """One line of the requests table."""
    row = packet.request
    mark, style = glyph(row.state)
    passed = sum(g.passed for g in packet.gates)
    broken = ("! ", "bad") if row.break_glass and row.ratified_by is None else ("", "")
    return (
        str(row.id),
        (f"{mark} {_STATES.get(PromotionState(row.state), row.state)}", style),
        (broken[0] + safe(row.label), broken[1]),
        (f"{passed}/{len(packet.gates)}", "ok" if passed == len(packet.gates) else "bad")
        if packet.gates
        else NONE,
        (f"{row.given}/{row.needed}", "" if row.given >= row.needed else "dim"),
        (safe(named(row.requested_by)), "dim"),
        (clock(row.created_us, now=now), "dim"),
    )


def packet(shown: Packet, now: Micros, named: Naming, width: int, height: int) -> list[Line]:
    """The whole case of one request: what, why, gates with their numbers, who said what."""
    row = shown.request
    verb = "held" if PromotionState(row.state) in _PAST else "holds"
    holds = f"v{row.expected} {verb} it" if row.expected is not None else f"nobody {verb} it"
    head = heading(f"REQUEST {row.id}", width, right=f"{safe(row.label)}, {holds}")
    mark, style = glyph(row.state)
    lines: list[Line] = [
        head,
        [(f" {mark} {_STATES.get(PromotionState(row.state), row.state)}", f"bold {style}"), *_when(row, now)],
        *_asked(row, named, width),
        *([[(f" {safe(row.outcome)}", style)]] if row.outcome else []),
        *_glass(row, now),
        *_gates(shown, width),
        *_approvals(shown, now, named),
        *_pins(row),
    ]
    return [clip(line, width) for line in lines[:height]]


def _asked(row: PromotionRow, named: Naming, width: int) -> list[Line]:
    """Who asks and why, on as many lines as that takes."""
    who = safe(named(row.requested_by))
    indent = 12 + width_of(who)
    first, *rest = _wrapped(row.reason, width - indent) or [""]
    asked: Line = [(" asked by ", "dim"), (who, ""), (f"  {first}", "")]
    return [asked, *([(" " * indent + more, "")] for more in rest)]


def _when(row: PromotionRow, now: Micros) -> Line:
    if row.applied_us is not None:
        return [(f"  applied {clock(row.applied_us, now=now)}", "dim")]
    if PromotionState(row.state) in PROMOTION_ENDED:
        return [(f"  {clock(row.decided_us, now=now)}", "dim")]
    return [(f"  since {clock(row.created_us, now=now)}, expires {clock(row.expires_us, now=now)}", "dim")]


def _glass(row: PromotionRow, now: Micros) -> list[Line]:
    if not row.break_glass:
        return []
    if row.ratified_by:
        return [[(f" ! glass was broken, ratified by {safe(row.ratified_by)}", "warn")]]
    return [
        [
            (
                f" ! glass was broken: somebody else ratifies before {clock(row.ratify_before_us, now=now)}",
                "bad",
            )
        ]
    ]


def _gates(shown: Packet, width: int) -> list[Line]:
    """Verdict, name, what was observed, what is required, on how many rows."""
    if not shown.gates:
        return [[(" gates ", "head"), ("not checked yet", "dim")]]
    name = max(width_of(safe(g.gate)) for g in shown.gates)
    observed = min(max(width_of(safe(g.observed)) for g in shown.gates), width - name - 5)
    room = width - name - observed - 7
    return [line for g in shown.gates for line in _gate(g, name, observed, room)]


def _gate(gate: GateRow, name: int, observed: int, room: int) -> list[Line]:
    """`✓ min_holdout  0.97 [0.93, 0.99]  at least 0.90  n 100`; what is required only where there is room."""
    tone = "" if gate.passed else "bad"
    first, *rest = _wrapped(gate.observed, observed) or [""]
    line: list[Span] = [(" ✓ " if gate.passed else " ✗ ", "ok" if gate.passed else "bold bad")]
    line += [(fit(safe(gate.gate), name) + "  ", ""), (fit(first, observed), tone)]
    asked = safe(gate.required) + (f"  n {count(gate.rows)}" if gate.rows else "")
    if room >= 10:
        line.append(("  " + fit(asked, min(room, width_of(asked))), "dim"))
    return [line, *([(" " * (name + 5) + more, tone)] for more in rest)]


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, cut between words."""
    return textwrap.wrap(safe(text), max(8, width))


def _approvals(shown: Packet, now: Micros, named: Naming) -> list[Line]:
    row = shown.request
    lines: list[Line] = [_said(a, now, named) for a in shown.approvals]
    if row.state == PromotionState.PENDING_MANUAL_APPROVAL:
        missing = row.needed - row.given
        who = "somebody else must approve" if named(row.requested_by) == "you" else "press . a to approve"
        lines.append([(" ? ", "bold ask"), (f"{plural(missing, 'approval')} missing: {who}", "ask")])
    return lines


def _said(word: ApprovalRow, now: Micros, named: Naming) -> Line:
    """`✓ approve by demo:ben  09:10:24  looks right`."""
    no = word.verdict == "reject"
    line: list[Span] = [(" ✗ " if no else " ✓ ", "bad" if no else "ok"), (f"{word.verdict} by ", "dim")]
    line += [(safe(named(word.actor)), "bold"), (f"  {clock(word.at_us, now=now)}", "dim")]
    if word.reason:
        line.append((f"  {safe(word.reason)}", ""))
    return [*line, (f"  {safe(word.stamp)}", "warn")] if word.stamp else line


def _pins(row: PromotionRow) -> list[Line]:
    """What the approvals count for."""
    pins = {name: value for name, value in json.loads(row.pins).items() if value is not None}
    if not pins:
        return []
    out: list[Span] = [(" pinned", "dim")]
    for name, value in pins.items():
        out.append((f"  {safe(name)} {safe(str(value))[:12]}", "dim"))
    return [out]


def card(view: View, chosen: VersionRow, now: Micros, width: int, height: int) -> list[Line]:
    """The chosen version beside its siblings: hold-outs, windows since, who held which alias when."""
    siblings = [v for v in view.versions if v.model_id == chosen.model_id]
    metric = safe(str(chosen.meta.get("metric", "")))
    lines: list[Line] = [heading(safe(chosen.label).upper(), width, right=_made(chosen))]
    if chosen.failure:
        lines.append([(f" {safe(chosen.failure)}", "bad")])
    lines.append([(f" {metric}: hold-out ├─●─┤ with its interval, windows it served ○", "dim")])
    room = max(1, height - len(lines) - 4)
    lines += whiskers(siblings[:room], view, chosen, width)
    lines += _history(view.holders, now, width)
    return [clip(line, width) for line in lines[:height]]


def stacked(cards: Sequence[list[Line]], height: int) -> list[Line]:
    """The first card, and under it those that still fit whole."""
    out: list[Line] = list(cards[0]) if cards else []
    for more in cards[1:]:
        if len(out) + 1 + len(more) <= height:
            out += [[], *more]
    return out


def _made(version: VersionRow) -> str:
    meta = version.meta
    parts = [meta.get("framework"), plural(len(meta.get("features", ())), "feature"), meta.get("task")]
    return ", ".join(safe(str(p)) for p in parts if p)


def whiskers(versions: Sequence[VersionRow], view: View, chosen: VersionRow, width: int) -> list[Line]:
    """One row for each version on a common scale."""
    spans = [
        (_interval(v), [w.value for w in view.lived.get(v.id, ()) if w.value is not None]) for v in versions
    ]
    values = [x for (interval, lived) in spans for x in (*interval, *lived) if x is not None]
    if not values:
        return [[("  no hold-out was measured", "dim")]]
    low, high = min(values), max(values)
    name = max(width_of(f"v{v.number}") for v in versions) + 2
    plot = max(10, min(72, width - name - 34))
    rows = []
    for version, (interval, lived) in zip(versions, spans, strict=True):
        canvas = Canvas(plot, 1)
        at = _scale(low, high, plot)
        _whisker(canvas, interval, at)
        for value in lived:
            canvas.put(at(value), 0, "◉" if canvas.at(at(value), 0)[0] == "●" else "○", "bold drift")
        rows.append(_whisker_row(version, canvas, interval, version.id == chosen.id, name))
    return [
        *rows,
        [
            (
                " " * name + fit(number(low, digits=3), plot - 6) + fit(number(high, digits=3), 6, align=">"),
                "dim",
            )
        ],
    ]


def _whisker_row(
    version: VersionRow, canvas: Canvas, interval: tuple[float | None, ...], here: bool, name: int
) -> Line:
    low, value, high = interval
    said = number(value, digits=3)
    said += f" [{number(low, digits=3)}, {number(high, digits=3)}]" if low is not None else ""
    label = fit(f" v{version.number}", name)
    holds = "  " + " ".join(safe(a) for a in version.aliases)
    return [(label, "bold accent" if here else ""), *canvas.lines()[0], (f" {said}", "" if here else "dim"),
            (holds, "ok")]  # fmt: skip


def _interval(version: VersionRow) -> tuple[float | None, float | None, float | None]:
    """Low, value, high of the hold-out."""
    found = version.meta.get("holdout") or {}
    return found.get("low"), found.get("value"), found.get("high")


def _scale(low: float, high: float, plot: int) -> Callable[[float], int]:
    span = high - low or 1.0
    return lambda value: round((value - low) / span * (plot - 1))


def _whisker(canvas: Canvas, interval: tuple[float | None, ...], at: Callable[[float], int]) -> None:
    low, value, high = interval
    if low is not None and high is not None:
        a, b = at(low), at(high)
        canvas.put(a, 0, "├" + "─" * max(0, b - a - 1) + "┤", "a")
    if value is not None:
        canvas.put(at(value), 0, "●", "bold a")


def _history(holders: Sequence[AliasRow], now: Micros, width: int) -> list[Line]:
    """`champion  v1 09:03 → v2 09:10`, one line for each alias, the newest at the right."""
    lines: list[Line] = []
    for alias in dict.fromkeys(h.alias for h in holders):
        line: list[Span] = [(f" {safe(alias)}", "bold ok")]
        times = [h for h in reversed(holders) if h.alias == alias][-6:]
        for place, held in enumerate(times):
            last = place == len(times) - 1
            line.append((" → " if place else "  ", "dim"))
            line.append((f"v{held.number}", "bold" if last else ""))
            line.append((f" {clock(held.from_us, now=now)}", "dim"))
        lines.append(line)
    return [[], *lines] if lines else []


def summary(view: View, waiting: int) -> Line:
    """`3 versions of 1 model · 1 waits for you`."""
    known = len({v.model_id for v in view.versions})
    out: list[Span] = [(f"{plural(len(view.versions), 'version')} of {plural(known, 'model')}", "dim")]
    if waiting:
        out += [(" · ", "dim"), (f"{waiting} {'waits' if waiting == 1 else 'wait'} for approval", "bold ask")]
    return out
