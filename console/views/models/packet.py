"""The packet of a request: what is asked, which key answers, the evidence, who said what when."""

import json
import textwrap
from collections.abc import Sequence

from lineside.console.format import clock, count, glyph, plural
from lineside.console.reads.registry import Packet
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.views.models.models import WORDS, Naming
from lineside.store.clock import Micros
from lineside.store.queries.audit import AuditRow
from lineside.store.queries.evidence import ApprovalRow, GateRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.states import PROMOTION_ENDED, PromotionState

_PAST = PROMOTION_ENDED | {PromotionState.APPLIED}
_WAITS = PromotionState.PENDING_MANUAL_APPROVAL
_NARROW = 60
"""In fewer columns the state and the keys are said in fewer words."""


def packet(
    shown: Packet, steps: Sequence[AuditRow], now: Micros, named: Naming, width: int, height: int, *,
    decides: bool = True,
) -> list[Line]:  # fmt: skip
    """The whole case of one request, what has to be decided on top.

    Args:
        steps: what was done to the request, oldest first; empty where that was not read.
        decides: whether who looks at it may approve and reject.
    """
    row = shown.request
    verb = "held" if PromotionState(row.state) in _PAST else "holds"
    holds = f"v{row.expected} {verb} it" if row.expected is not None else f"nobody {verb} it"
    head = heading(f"REQUEST {row.id}", width, right=f"{safe(row.label)}, {holds}", style="bold accent")
    must: list[Line] = [
        head,
        *_state(row, now, named, width, decides=decides),
        *_asked(row, named, width),
        *([[(f" {safe(row.outcome)}", glyph(row.state)[1])]] if row.outcome else []),
        *_glass(row, now),
        *_gates(shown, width),
        *_approvals(shown, now, named),
    ]
    for more in (_pins(row), _steps(steps, now, named, width)):
        if len(must) + len(more) <= height:
            must += more
    return [clip(line, width) for line in must[:height]]


def _state(row: PromotionRow, now: Micros, named: Naming, width: int, *, decides: bool) -> list[Line]:
    """What is asked and which keys answer; of a request that is decided, its state."""
    mark, style = glyph(row.state)
    word = WORDS.get(row.state, row.state)
    line: Line = [(f" {mark} {word}", f"bold {style}"), *_when(row, now, short=width < _NARROW)]
    if row.state != _WAITS:
        return [line]
    if not decides:
        missing = plural(row.needed - row.given, "approval")
        return [line, [(f" {missing} missing: an approver decides", "ask")]]
    return [line, _call(row, named, short=width < _NARROW)]


def _call(row: PromotionRow, named: Naming, *, short: bool) -> Line:
    """`1 approval missing: press . a to approve, . r to reject`."""
    missing = plural(row.needed - row.given, "approval")
    if short and named(row.requested_by) == "you":
        return [(" somebody else decides", "ask"), ("  . w", "key"), (" undoes", "dim")]
    if short:
        return [(" . a", "key"), (" approves it, ", "ask"), (". r", "key"), (" rejects it", "ask")]
    if named(row.requested_by) == "you":
        return [(f" {missing} missing: somebody else must approve", "ask"), ("  . w", "key"),
                (" takes it back", "dim")]  # fmt: skip
    return [(f" {missing} missing: press ", "ask"), (". a", "key"), (" to approve, ", "ask"),
            (". r", "key"), (" to reject", "ask")]  # fmt: skip


def _asked(row: PromotionRow, named: Naming, width: int) -> list[Line]:
    """Who asks and why, on as many lines as that takes."""
    who = safe(named(row.requested_by))
    indent = 12 + width_of(who)
    first, *rest = _wrapped(row.reason, width - indent) or [""]
    asked: Line = [(" asked by ", "dim"), (who, ""), (f"  {first}", "")]
    return [asked, *([(" " * indent + more, "")] for more in rest)]


def _when(row: PromotionRow, now: Micros, *, short: bool) -> Line:
    if row.applied_us is not None:
        return [(f"  applied {clock(row.applied_us, now=now)}", "dim")]
    if PromotionState(row.state) in PROMOTION_ENDED:
        return [(f"  {clock(row.decided_us, now=now)}", "dim")]
    since = "" if short else f"since {clock(row.created_us, now=now)}, "
    return [(f"  {since}expires {clock(row.expires_us, now=now)}", "dim")]


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
    room = width - name - observed - 7  # three before the name, two behind it and the observation
    return [line for g in shown.gates for line in _gate(g, name, observed, room)]


def _gate(gate: GateRow, name: int, observed: int, room: int) -> list[Line]:
    """`✓ min_holdout  0.97 [0.93, 0.99]  at least 0.90  n 100`; what is required only where it fits."""
    tone = "" if gate.passed else "bad"
    first, *rest = _wrapped(gate.observed, observed) or [""]
    line: list[Span] = [(" ✓ " if gate.passed else " ✗ ", "ok" if gate.passed else "bold bad")]
    line += [(fit(safe(gate.gate), name) + "  ", ""), (fit(first, observed), tone)]
    rows = f"  n {count(gate.rows)}" if gate.rows else ""
    asked = next((a for a in (safe(gate.required) + rows, safe(gate.required)) if width_of(a) <= room), "")
    if asked:
        line.append(("  " + asked, "dim"))
    return [line, *([(" " * (name + 5) + more, tone)] for more in rest)]


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, cut between words."""
    return textwrap.wrap(safe(text), max(8, width))


def _approvals(shown: Packet, now: Micros, named: Naming) -> list[Line]:
    return [_said(a, now, named) for a in shown.approvals]


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


def _steps(steps: Sequence[AuditRow], now: Micros, named: Naming, width: int) -> list[Line]:
    """Who brought the request into which state when, one step a line; one line for all where they are few."""
    if not steps:
        return []
    lines: list[Line] = [heading("HOW IT CAME SO FAR", width, right="8 tells all")]
    verb = max(width_of(_verb(row)) for row in steps)
    for row in steps[-8:]:
        became = str(json.loads(row.detail).get("to") or "")
        mark, style = glyph(became) if became else ("·", "dim")
        lines.append([
            (f" {clock(row.at_us, now=now)}  ", "dim"), (fit(_verb(row), verb), ""), ("  ", ""),
            (f"{mark} ", style), (fit(WORDS.get(became, became) if became else "", 24), style),
            (safe(named(row.acting_as or row.name)), "" if row.uid >= 0 else "dim"),
        ])  # fmt: skip
    return [[], *lines]


def _verb(row: AuditRow) -> str:
    return safe(row.verb.rpartition(".")[2])
