"""What the models area draws in its tables: versions against each other, and requests by their state."""

from collections.abc import Callable, Mapping, Sequence

from lineside.console.format import NONE, clock, count, glyph, number, plural
from lineside.console.reads.packages import package_of
from lineside.console.reads.registry import Packet, View
from lineside.console.text import Line, Span, safe
from lineside.console.widgets.charts.scores import short
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.models import VersionRow
from lineside.store.queries.windows import WindowRow
from lineside.store.states import PromotionState

Naming = Callable[[str], str]
"""How a person is called here: `you` where it is you."""


def version_columns(lived: Mapping[int, Sequence[WindowRow]]) -> Sequence[Column]:
    """The columns of the versions table.

    Args:
        lived: version → labelled windows it served, oldest first; the newest one is what it sorts by.
    """
    return (
        Column(key="version", title="version", priority=1, max=30, value=lambda v: (v.model, v.number)),
        Column(key="aliases", title="holds", priority=1, value=lambda v: " ".join(v.aliases)),
        Column(key="status", title="state", priority=2, value=lambda v: v.status),
        Column(key="metric", title="metric", priority=6, value=lambda v: package_of(v).metric),
        Column(key="holdout", title="hold-out", align=">", priority=2,
               value=lambda v: (v.holdout is not None, v.holdout or 0.0)),
        Column(key="lived", title="as served", priority=3, max=34, value=lambda v: _newest(lived, v)),
        Column(key="rows", title="learned from", align=">", priority=5,
               value=lambda v: package_of(v).trained_rows or 0),
        Column(key="run", title="run", align=">", priority=4, value=lambda v: v.run_id),
        Column(key="by", title="by", priority=5, max=16, value=lambda v: v.created_by),
        Column(key="at", title="registered", priority=4, align=">", value=lambda v: v.created_us),
    )  # fmt: skip


def _newest(lived: Mapping[int, Sequence[WindowRow]], version: VersionRow) -> tuple[bool, float]:
    """What the version achieved in its newest window; nothing comes first."""
    values = [window.value for window in lived.get(version.id, ()) if window.value is not None]
    return (bool(values), values[-1] if values else 0.0)


VERSION_COLUMNS = version_columns({})

REQUEST_COLUMNS = (
    Column(key="id", title="#", align=">", priority=1, value=lambda p: p.request.id),
    Column(key="state", title="state", priority=1, value=lambda p: p.request.state),
    Column(key="what", title="request", priority=1, grow=True, min=14, max=40,
           value=lambda p: p.request.label),
    Column(key="gates", title="gates", priority=2, align=">", value=lambda p: _failed(p)),
    Column(key="approvals", title="approved", priority=3, align=">", value=lambda p: p.request.given),
    Column(key="by", title="asked by", priority=4, max=16, value=lambda p: p.request.requested_by),
    Column(key="at", title="asked", priority=4, align=">", value=lambda p: p.request.created_us),
)  # fmt: skip

WORDS: Mapping[str, str] = {PromotionState.PENDING_MANUAL_APPROVAL: "WAITS"}
"""States that are said shorter."""


def _failed(packet: Packet) -> int:
    return sum(not gate.passed for gate in packet.gates)


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
        (safe(package_of(row).metric or NONE), "dim"),
        number(row.holdout, digits=3),
        (
            " ".join(short(w.value) for w in lived[-6:] if w.value is not None) or NONE,
            "a" if lived else "dim",
        ),
        (_learned(row), "dim"),
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
        (f"{mark} {WORDS.get(row.state, row.state)}", style),
        (broken[0] + safe(row.label), broken[1]),
        (f"{passed}/{len(packet.gates)}", "ok" if passed == len(packet.gates) else "bad")
        if packet.gates
        else NONE,
        (f"{row.given}/{row.needed}", "" if row.given >= row.needed else "dim"),
        (safe(named(row.requested_by)), "dim"),
        (clock(row.created_us, now=now), "dim"),
    )


def _learned(row: VersionRow) -> str:
    rows = package_of(row).trained_rows
    return f"{count(rows)} rows" if rows is not None else NONE


def stacked(cards: Sequence[list[Line]], height: int) -> list[Line]:
    """The first card, and under it those that still fit whole."""
    out: list[Line] = list(cards[0]) if cards else []
    for more in cards[1:]:
        if more and len(out) + 1 + len(more) <= height:
            out += [[], *more]
    return out


def summary(view: View, *, short: bool) -> Line:
    """`3 versions of 1 model · 1 waits for approval`; on a narrow screen only what waits."""
    waiting = sum(packet.undecided for packet in view.packets)
    known = len({v.model_id for v in view.versions})
    out: list[Span] = []
    if not (short and waiting):
        out.append((f"{plural(len(view.versions), 'version')} of {plural(known, 'model')}", "dim"))
    if waiting:
        said = f"{waiting} {'waits' if waiting == 1 else 'wait'}{'' if short else ' for somebody'}"
        out += [(" · " if out else "", "dim"), (said, "bold ask")]
    return out
